"""Does a mask hide what an image shows? An encoder's semantic accuracy under each mask ratio.

The labels are of the scene (the folder a cat lies in), not of the camera: a mask that is to leave
traces alone must bring their accuracy down to chance. Each image is decoded and cropped once, then
embedded under every mask; the linear probe is that of `flickrexif.probing.measure`. Only the
embeddings are kept, ratios x images x dimensions float32.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from flickrexif.errors import UsageError
from flickrexif.imaging.decode import UnreadableImage
from flickrexif.imaging.reading import exact_reader
from flickrexif.probing import controls
from flickrexif.probing.embeddings import Embeddings
from flickrexif.probing.encoders import encoder_named
from flickrexif.probing.encoders.masked import embed_masked, visible_of
from flickrexif.probing.measure import Features, solve
from flickrexif.probing.protocols.leak_report import LeakReport, LeakRow
from flickrexif.probing.protocols.leak_splits import Labelled, deal
from flickrexif.probing.threads import torch_threads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from flickrexif.imaging.crop import Crop
    from flickrexif.imaging.image_set import ImageSet
    from flickrexif.imaging.mask import MaskSpec
    from flickrexif.probing.encoders import Encoder
    from flickrexif.probing.protocols.leak_plan import LeakPlan
    from flickrexif.probing.release_data import AttributeData
    from flickrexif.progress import Progress

log = logging.getLogger("flickrexif")


def run(images: ImageSet, plan: LeakPlan, *, progress: Progress) -> LeakReport:
    """See `flickrexif.probing.leak_check`."""
    encoder = encoder_named(plan.encoder) if isinstance(plan.encoder, str) else plan.encoder
    _require_classes(images)
    crop = encoder.preprocess.crop_or(plan.crop)
    reading = _Reading(images, plan, crop, progress)
    with torch_threads(plan.threads):
        progress.start(f"embed by {encoder.name}", len(images), "images")
        masked = _embedded(reading, encoder)
        progress.close()
        dealt = deal(reading.known, images.classes, seed=plan.seed)
        progress.start("probe", len(masked), "mask ratios")
        rows = tuple(_row(dealt.attribute, each, encoder, plan, progress) for each in masked)
        progress.close()
    attribute = dealt.attribute
    return LeakReport(
        images=images.path.resolve().name,
        encoder=encoder.name,
        provenance={**encoder.provenance, "pixels": exact_reader().provenance},
        mask={word: value for word, value in plan.mask.words().items() if word != "ratio"},
        crop=crop.size,
        seed=plan.seed,
        classes=attribute.classes,
        splits=dealt.how,
        train=len(attribute.train),
        validation=len(attribute.validation),
        test=len(attribute.test),
        test_owners=len(np.unique(attribute.test.owner_ids)),
        unlabelled=reading.unlabelled,
        unreadable=reading.unreadable,
        left_out=dealt.left_out,
        rows=rows,
    )


def image_interval(
    correct: NDArray[np.bool_], *, resamples: int, random: np.random.Generator
) -> tuple[float, float]:
    """The 95 % percentile interval of an accuracy when the images are drawn again, with return.

    Of n images of which k are right, the number right in a resample is binomial (n, k / n): it is
    drawn as such (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 13).
    """
    drawn = random.binomial(len(correct), correct.mean(), size=resamples) / len(correct)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def _interval(
    correct: NDArray[np.bool_],
    owners: NDArray[np.str_],
    resamples: int,
    random: np.random.Generator,
) -> tuple[float, float]:
    if len(np.unique(owners)) == len(owners):
        return image_interval(correct, resamples=resamples, random=random)
    return controls.owner_interval(correct, owners, resamples=resamples, random=random)


@dataclass(slots=True)
class _Reading:
    """The labelled images of a set as crops, and what is known of each one read so far."""

    images: ImageSet
    plan: LeakPlan
    crop: Crop
    progress: Progress
    known: list[Labelled] = field(default_factory=list)
    unlabelled: int = 0
    unreadable: dict[str, str] = field(default_factory=dict)

    def __iter__(self) -> Iterator[tuple[str, Tensor]]:
        """Yield (name, uint8 3 x crop x crop)."""
        reader = exact_reader()
        for image in self.images:
            self.progress.advance()
            if image.label is None:
                self.unlabelled += 1
                continue
            try:
                (pixels,) = reader(image.content, (self.crop,))
            except UnreadableImage as error:
                self._skip(image.name, error.reason)
                continue
            owner = image.place.credit.get("owner_id")
            self.known.append(Labelled(image.name, image.label, image.split, owner))
            yield image.name, torch.from_numpy(np.array(pixels)).permute(2, 0, 1)

    def _skip(self, name: str, reason: str) -> None:
        log.warning("image %r is skipped: %s", name, reason)
        self.unreadable[name] = reason
        most, count = self.plan.most_unreadable, len(self.images)
        if len(self.unreadable) > most * count:
            raise UsageError(
                f"more than {most:.0%} of the {count} images of {str(self.images.path)!r} cannot "
                f"be read (the last was {name!r}: {reason}): mend or remove them, or raise "
                "most_unreadable"
            )


@dataclass(slots=True)
class _Masked:
    """The embeddings of all images under one mask."""

    mask: MaskSpec
    vectors: list[Tensor] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    """Of each image, the share of pixels hidden."""

    def add(self, names: list[str], images: Tensor, encoder: Encoder) -> None:
        seen = visible_of(self.mask, images, names)
        self.vectors.append(embed_masked(encoder, images, self.mask, names))
        each = 1 - seen.expand(images.shape[0], *images.shape[2:]).double().mean((1, 2))
        self.shares += each.tolist()


def _embedded(reading: _Reading, encoder: Encoder) -> list[_Masked]:
    plan, images = reading.plan, iter(reading)
    found = [_Masked(mask) for mask in plan.masks]
    with torch.inference_mode():
        while group := list(islice(images, plan.batch)):
            names = [name for name, _ in group]
            pixels = torch.stack([pixels for _, pixels in group])
            for each in found:
                each.add(names, pixels, encoder)
    return found


def _row(
    attribute: AttributeData,
    masked: _Masked,
    encoder: Encoder,
    plan: LeakPlan,
    progress: Progress,
) -> LeakRow:
    places = np.arange(len(masked.shares), dtype=np.int64)
    embeddings = Embeddings(encoder.name, encoder.provenance, places, torch.cat(masked.vectors))
    outcome = solve(attribute, Features.of(attribute, embeddings), plan.probe, shuffles=0)
    truth = attribute.test.labels
    correct = outcome.predicted == truth
    random = controls.stream(plan.seed, "leak bootstrap", repr(masked.mask.ratio))
    low, high = _interval(correct, attribute.test.owner_ids, plan.resamples, random)
    fitted = np.concatenate([attribute.train.labels, attribute.validation.labels])
    progress.advance()
    return LeakRow(
        ratio=masked.mask.ratio,
        hidden=float(np.mean(masked.shares)),
        accuracy=float(correct.mean()),
        low=low,
        high=high,
        balanced_accuracy=controls.balanced_accuracy(outcome.predicted, truth),
        chance=1 / len(attribute.classes),
        majority=controls.majority_accuracy(fitted, truth),
        penalty=outcome.penalty,
        validation_accuracy=outcome.validation_accuracy,
    )


def _require_classes(images: ImageSet) -> None:
    if not images.classes:
        raise UsageError(
            f"the images of {str(images.path)!r} have no labels: put them into one folder per "
            "class, or give the parquet a column 'label'"
        )
    if len(images.classes) < 2:
        raise UsageError(
            f"all images of {str(images.path)!r} are of one class, {images.classes[0]!r}: "
            "add a second class, in a folder of its own"
        )
