"""How does a classifier fare as images degrade? Probabilities at each level of a sweep.

An image is resized and cropped first and then degraded, as ``flickrexif degrade --crop`` does: the
sensor's pixel and the blur disc are in units of the pixels that the classifier gets, so a level
means the same for every image. Before the crop, the resize would average the noise of large photos
away and leave it in small ones, and how large a photo is goes with its camera. Blur and noise are
made in linear light (`flickrexif.imaging.degrade`). Only probabilities are kept, levels x images x
classes float32.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import numpy as np
import torch

from flickrexif.errors import UsageError
from flickrexif.imaging.image_set import read_images
from flickrexif.imaging.reading import exact_reader
from flickrexif.imaging.sensor import degrade
from flickrexif.probing import controls
from flickrexif.probing.embedding.forward import Forward, full_precision
from flickrexif.probing.encoders import encoder_named
from flickrexif.probing.placing import device_named
from flickrexif.probing.protocols import degradation_scores
from flickrexif.probing.protocols.degradation_judge import fitted, given
from flickrexif.probing.protocols.degradation_rows import Outcomes
from flickrexif.probing.protocols.degradation_summary import DegradationReport
from flickrexif.probing.protocols.set_crops import (
    SoundCrops,
    batch_of,
    crop_of,
    groups_of,
    require_classes,
)
from flickrexif.probing.threads import torch_threads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from flickrexif.imaging.image_place import Place
    from flickrexif.imaging.image_set import ImageSet
    from flickrexif.probing.encoders import Encoder
    from flickrexif.probing.protocols.degradation_judge import Classify, Judge
    from flickrexif.probing.protocols.degradation_plan import DegradationPlan
    from flickrexif.progress import Progress


def run(
    images: ImageSet, plan: DegradationPlan, *, classify: Classify | None, progress: Progress
) -> DegradationReport:
    """See `flickrexif.probing.degradation_report`."""
    require_classes(images)
    labelled = [place for place in images.places if place.label is not None]
    encoder = _encoder(plan) if classify is None else None
    crop = crop_of(encoder, plan.crop)

    def crops_of(places: Sequence[Place]) -> SoundCrops:
        most = plan.most_unreadable
        return SoundCrops.of(
            images.path, len(places), crop, most_unreadable=most, progress=progress
        )

    with torch_threads(plan.threads), full_precision(), torch.inference_mode():
        if classify is not None:
            judge = given(classify, labelled, plan.classes or images.classes)
            crops = crops_of(judge.tested)
        elif encoder is not None:
            forward, crops = Forward(encoder, None, plan.batch), crops_of(labelled)
            judge = fitted(forward, labelled, images.classes, crops=crops, seed=plan.seed)
        outcomes = _outcomes(judge, crops, plan)
    levels = degradation_scores.level_rows(outcomes, resamples=plan.resamples, seed=plan.seed)
    classes = degradation_scores.class_rows(outcomes)
    confusions = degradation_scores.confusion_rows(outcomes)
    known = outcomes.labels if judge.fitted is None else judge.fitted
    return DegradationReport(
        images=images.path.resolve().name,
        classifier=judge.name,
        provenance={**judge.provenance, "pixels": exact_reader().provenance},
        sweep=plan.name,
        degradations={level.name: asdict(level) for level in plan.levels},
        crop=crop.size,
        seed=plan.seed,
        shown=plan.shown,
        splits=judge.splits,
        fitted=0 if judge.fitted is None else len(judge.fitted),
        chance=1 / len(judge.classes),
        majority=controls.majority_accuracy(known, outcomes.labels),
        unlabelled=len(images) - len(labelled),
        unreadable=crops.unreadable,
        left_out=judge.left_out,
        levels=levels,
        classes=classes,
        standings=degradation_scores.standings(outcomes, classes),
        confusions=confusions,
        curves=degradation_scores.confusion_curves(outcomes, confusions),
        outcomes=outcomes,
    )


def _encoder(plan: DegradationPlan) -> Encoder:
    if not isinstance(plan.encoder, str):
        return plan.encoder
    return encoder_named(plan.encoder, device=device_named(plan.device), dtype=plan.dtype)


def _outcomes(judge: Judge, crops: SoundCrops, plan: DegradationPlan) -> Outcomes:
    """Read each test image once, make every level of it, and classify them all."""
    tested = []
    found: list[list[NDArray[np.float32]]] = [[] for _ in plan.levels]
    crops.progress.start(f"{plan.name} for {judge.name}", len(judge.tested), "images")
    for group in groups_of(crops(read_images(judge.tested)), plan.batch):
        tested += [image.place for image, _ in group]
        for level, said in zip(plan.levels, found, strict=True):
            degraded = [degrade(pixels, level, image.name) for image, pixels in group]
            said.append(judge.probabilities(batch_of(degraded)))
    crops.progress.close()
    if not tested:
        raise UsageError(f"no test image of {str(crops.path)!r} can be read: mend or add images")
    owners = [place.credit.get("owner_id") or place.name for place in tested]
    labels = [judge.classes.index(str(place.label)) for place in tested]
    return Outcomes(
        levels=tuple(level.name for level in plan.levels),
        classes=judge.classes,
        names=tuple(place.name for place in tested),
        labels=np.array(labels, dtype=np.int64),
        owners=np.array(owners, dtype=np.str_),
        probabilities=tuple(np.concatenate(level) for level in found),
    )
