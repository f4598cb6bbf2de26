"""Does a mask hide what an image shows? An encoder's semantic accuracy under each mask ratio.

The labels are of the scene (the folder a cat lies in), not of the camera: a mask that is to leave
traces alone must bring their accuracy down to chance. Each image is decoded and cropped once, then
embedded under every mask; the linear probe is that of `flickrexif.probing.measure`. Only the
embeddings are kept, ratios x images x dimensions float32.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from flickrexif.imaging.image_set import read_images
from flickrexif.imaging.reading import exact_reader
from flickrexif.probing import controls
from flickrexif.probing.embedding.forward import Forward, full_precision
from flickrexif.probing.embeddings import Embeddings
from flickrexif.probing.encoders import encoder_named
from flickrexif.probing.encoders.masked import visible_of
from flickrexif.probing.measure import Features, solve
from flickrexif.probing.placing import device_named
from flickrexif.probing.protocols.leak_report import LeakReport, LeakRow
from flickrexif.probing.protocols.leak_splits import Labelled, deal
from flickrexif.probing.protocols.set_crops import (
    SoundCrops,
    batch_of,
    groups_of,
    require_classes,
)
from flickrexif.probing.resampling import certain, drawn
from flickrexif.probing.threads import torch_threads

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from flickrexif.imaging.image_set import ImageSet, SetImage
    from flickrexif.imaging.mask import MaskSpec
    from flickrexif.imaging.reading import Pixels
    from flickrexif.probing.encoders import Encoder
    from flickrexif.probing.protocols.leak_plan import LeakPlan
    from flickrexif.probing.release_data import AttributeData
    from flickrexif.progress import Progress


def run(images: ImageSet, plan: LeakPlan, *, progress: Progress) -> LeakReport:
    """See `flickrexif.probing.leak_check`."""
    encoder = _encoder(plan)
    require_classes(images)
    labelled = [place for place in images.places if place.label is not None]
    crop = encoder.preprocess.crop_or(plan.crop)
    crops = SoundCrops.of(
        images.path,
        len(labelled),
        crop,
        most_unreadable=plan.most_unreadable,
        progress=progress,
    )
    with torch_threads(plan.threads), full_precision():
        progress.start(f"embed by {encoder.name}", len(labelled), "images")
        known, masked = _embedded(crops(read_images(labelled)), encoder, plan)
        progress.close()
        dealt = deal(known, images.classes, seed=plan.seed)
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
        unlabelled=len(images) - len(labelled),
        unreadable=crops.unreadable,
        left_out=dealt.left_out,
        rows=rows,
    )


def image_interval(
    correct: NDArray[np.bool_], *, resamples: int, random: np.random.Generator
) -> tuple[float, float]:
    """The 95 % percentile interval of an accuracy when the images are drawn again, with return.

    Of n images of which k are right, the number right in a resample is binomial (n, k / n): it is
    drawn as such (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 13). Where
    all are right, or all wrong, it is `flickrexif.probing.resampling.certain`.
    """
    if correct.all() or not correct.any():
        return certain(len(correct), right=bool(correct.all()))
    shares = random.binomial(len(correct), correct.mean(), size=resamples) / len(correct)
    low, high = np.percentile(shares, [2.5, 97.5])
    return float(low), float(high)


def _interval(
    correct: NDArray[np.bool_],
    owners: NDArray[np.str_],
    resamples: int,
    random: np.random.Generator,
) -> tuple[float, float]:
    if drawn(owners=len(np.unique(owners)), images=len(owners)) == "images":
        return image_interval(correct, resamples=resamples, random=random)
    return controls.owner_interval(correct, owners, resamples=resamples, random=random)


@dataclass(slots=True)
class _Masked:
    """The embeddings of all images under one mask."""

    forward: Forward
    mask: MaskSpec
    vectors: list[Tensor] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    """Of each image, the share of pixels hidden."""

    def add(self, names: list[str], images: Tensor) -> None:
        seen = visible_of(self.mask, images, names)
        self.vectors.append(self.forward(images, names))
        each = 1 - seen.expand(images.shape[0], *images.shape[2:]).double().mean((1, 2))
        self.shares += each.tolist()


def _encoder(plan: LeakPlan) -> Encoder:
    if not isinstance(plan.encoder, str):
        return plan.encoder
    return encoder_named(plan.encoder, device=device_named(plan.device), dtype=plan.dtype)


def _embedded(
    crops: Iterable[tuple[SetImage, Pixels]], encoder: Encoder, plan: LeakPlan
) -> tuple[list[Labelled], list[_Masked]]:
    """What is known of each image, and all of them under each mask."""
    known: list[Labelled] = []
    found = [_Masked(Forward(encoder, mask, plan.batch), mask) for mask in plan.masks]
    with torch.inference_mode():
        for group in groups_of(crops, plan.batch):
            known += [Labelled.of(image.place) for image, _ in group]
            names = [image.name for image, _ in group]
            pixels = batch_of([pixels for _, pixels in group])
            for each in found:
                each.add(names, pixels)
    return known, found


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
