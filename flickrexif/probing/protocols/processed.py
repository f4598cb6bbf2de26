"""The embeddings of every image under every processing: one store for all protocols and seeds.

An image is decoded once. Each class of each family is made of it at its full size, as the study
does it, cropped as the encoders want it, and embedded once. A draw of classes then only picks rows.
What is held is classes x images x dimensions float32, for each encoder.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from flickrexif.errors import UsageError
from flickrexif.imaging import processing
from flickrexif.imaging.decode import UnreadableImage, decode_rgb
from flickrexif.imaging.image_set import read_images
from flickrexif.imaging.reading import exact_reader
from flickrexif.probing.embedding.forward import Forward, full_precision
from flickrexif.probing.encoders import encoder_named
from flickrexif.probing.placing import device_named
from flickrexif.probing.protocols.set_crops import batch_of, groups_of
from flickrexif.probing.protocols.unreadable import Unreadable
from flickrexif.treating.rows import row_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from torch import Tensor

    from flickrexif.imaging.crop import Crop
    from flickrexif.imaging.image_place import Place
    from flickrexif.imaging.image_set import SetImage
    from flickrexif.imaging.reading import Pixels
    from flickrexif.probing.encoders import Encoder
    from flickrexif.probing.protocols.protocol_plan import ProtocolPlan
    from flickrexif.progress import Progress

Class = tuple[str, str]
"""A family and one of its classes."""


@dataclass(frozen=True, slots=True, eq=False)
class Processed:
    """The readable images of a set, embedded under each class of some families.

    ``vectors`` has, by encoder and family, K x N x D float32: classes in the family's order, images
    in that of ``places``.
    """

    places: tuple[Place, ...]
    vectors: Mapping[tuple[str, str], Tensor]
    unreadable: Mapping[str, str]
    """Name → reason."""
    provenance: str
    """The libraries that processed, decoded and resized."""


def encoders_of(plan: ProtocolPlan) -> tuple[Encoder, ...]:
    """The encoders of ``plan``, on its device; `UsageError` for one that cannot be had."""
    device = device_named(plan.device)
    return tuple(
        encoder_named(one, device=device, dtype=plan.dtype) if isinstance(one, str) else one
        for one in plan.encoders
    )


def embed_processed(
    places: Sequence[Place],
    encoders: Sequence[Encoder],
    plan: ProtocolPlan,
    *,
    progress: Progress,
) -> Processed:
    """Embed the images at ``places`` by each of ``encoders`` under each class of the families.

    The random scale of a family that has one is drawn once for an image, by the plan's seed.
    Raises `UsageError` when more images than the plan allows, or all, cannot be read, and for
    embeddings that are no finite numbers.
    """
    crops = {encoder.name: encoder.preprocess.crop_or(plan.crop) for encoder in encoders}
    forwards = [Forward(encoder, None, plan.batch) for encoder in encoders]
    unreadable = Unreadable(f"{len(places)} images", len(places), plan.most_unreadable)
    making = _Making(places, tuple(dict.fromkeys(crops.values())), plan, progress, unreadable)
    progress.start("embed processed images", len(places), "images")
    stores: dict[tuple[str, str], Tensor] = {}
    with full_precision():
        for group in groups_of(making, plan.batch):
            start = len(making.known) - len(group)
            names = [place.name for place in making.known[start:]]
            for forward in forwards:
                encoder = forward.encoder.name
                for family in plan.families:
                    made = _embedded(forward, family, [m[crops[encoder]] for m in group], names)
                    if (encoder, family) not in stores:
                        shape = len(made), len(places), made.shape[2]
                        stores[encoder, family] = torch.empty(shape)
                    stores[encoder, family][:, start : start + len(group)] = made
    progress.close()
    count = len(making.known)
    return Processed(
        tuple(making.known),
        {key: store[:, :count] for key, store in stores.items()},
        unreadable.reasons,
        f"{processing.provenance()}; {exact_reader().provenance}",
    )


Made = dict["Crop", dict[Class, "Pixels"]]
"""An image under every class, in every crop."""


@dataclass(slots=True)
class _Making:
    """The images of a set under every class, and what is known of those read so far."""

    places: Sequence[Place]
    crops: tuple[Crop, ...]
    plan: ProtocolPlan
    progress: Progress
    unreadable: Unreadable
    known: list[Place] = field(default_factory=list)

    def __iter__(self) -> Iterator[Made]:
        for image in read_images(self.places):
            self.progress.advance()
            try:
                made = self._made(image)
            except UnreadableImage as error:
                self.unreadable.add(image.name, error.reason)
                continue
            self.known.append(image.place)
            yield made
        if not self.known:
            raise UsageError("none of the images can be read: name another set")

    def _made(self, image: SetImage) -> Made:
        decoded, photo_id, reader = decode_rgb(image.content), row_id(image.name), exact_reader()
        made: Made = {crop: {} for crop in self.crops}
        for family in self.plan.families:
            for name in processing.FAMILIES[family].classes:
                file = processing.process(decoded, family, name, photo_id, seed=self.plan.seed)
                for crop, pixels in zip(self.crops, reader(file, self.crops), strict=True):
                    made[crop][family, name] = pixels
        return made


def _embedded(
    forward: Forward, family: str, group: list[dict[Class, Pixels]], names: list[str]
) -> Tensor:
    """K x images x D."""
    classes = processing.FAMILIES[family].classes
    batches = (batch_of([made[family, name] for made in group]) for name in classes)
    with torch.inference_mode():
        return torch.stack([forward(batch, names) for batch in batches])
