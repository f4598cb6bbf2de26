"""Does an embedding tell how an image was processed? A linear probe of the processing label.

Each image gets one class of a family at random, all equally likely, so that what it shows says
nothing of its class; a probe then has only the traces that processing left. Ten draws are averaged:
they share one store of embeddings (`flickrexif.probing.protocols.processed`), of which each takes
the rows that it drew. The probe, its penalties and its shuffled control are those of
`flickrexif.probing.measure`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from flickrexif.imaging.processing import FAMILIES, draw_class
from flickrexif.probing import controls
from flickrexif.probing.embeddings import Embeddings
from flickrexif.probing.measure import Features, fitting_device, solve
from flickrexif.probing.protocols.processed import embed_processed, encoders_of
from flickrexif.probing.protocols.protocol_report import ProcessingReport
from flickrexif.probing.protocols.protocol_rows import ProcessingRow
from flickrexif.probing.protocols.protocol_splits import owners_of, parted
from flickrexif.probing.release_data import SPLITS, AttributeData, Split
from flickrexif.probing.resampling import Estimate, certain, crossed_estimate, drawn
from flickrexif.probing.threads import torch_threads
from flickrexif.treating.rows import row_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from flickrexif.imaging.image_place import Place
    from flickrexif.imaging.image_set import ImageSet
    from flickrexif.probing.encoders import Encoder
    from flickrexif.probing.protocols.protocol_plan import ProcessingPlan
    from flickrexif.probing.protocols.protocol_splits import Parts
    from flickrexif.progress import Progress


def run(images: ImageSet, plan: ProcessingPlan, *, progress: Progress) -> ProcessingReport:
    """See `flickrexif.probing.processing_protocol`."""
    encoders = encoders_of(plan)
    parts = parted(images.places, seed=plan.seed)
    parts.require_three()
    with torch_threads(plan.threads):
        processed = embed_processed(images.places, encoders, plan, progress=progress)
        total = len(plan.families) * len(encoders) * plan.seeds
        progress.start("probe processing labels", total, "probes")
        rows = tuple(
            _row(
                family,
                encoder,
                processed.vectors[encoder.name, family],
                _draws(family, processed.places, parts, plan),
                plan,
                progress,
            )
            for family in plan.families
            for encoder in encoders
        )
        progress.close()
    tested = parts.rows("test", processed.places)
    return ProcessingReport(
        images=images.path.resolve().name,
        encoders={encoder.name: dict(encoder.provenance) for encoder in encoders},
        pixels=processed.provenance,
        splits=parts.how,
        counts={split: len(parts.rows(split, processed.places)) for split in SPLITS},
        owners=len(np.unique(owners_of(processed.places)[tested])),
        unreadable=processed.unreadable,
        words=plan.words(),
        rows=rows,
    )


def _draws(
    family: str, places: Sequence[Place], parts: Parts, plan: ProcessingPlan
) -> Iterator[AttributeData]:
    """One attribute for each seed: the classes drawn for the images of each split."""
    classes = FAMILIES[family].classes
    owners = owners_of(places)
    by_split = [parts.rows(split, places) for split in SPLITS]
    for seed in range(plan.seed, plan.seed + plan.seeds):
        names = (draw_class(family, row_id(place.name), seed=seed) for place in places)
        labels = np.array([classes.index(name) for name in names], dtype=np.int64)
        splits = (Split(rows, labels[rows], owners[rows]) for rows in by_split)
        yield AttributeData(family, classes, False, *splits).require_learnable()


def _row(
    family: str,
    encoder: Encoder,
    store: Tensor,
    draws: Iterator[AttributeData],
    plan: ProcessingPlan,
    progress: Progress,
) -> ProcessingRow:
    right: list[NDArray[np.bool_]] = []
    shuffled: list[float] = []
    majorities: list[float] = []
    for each in draws:
        taken = _embeddings(store, each, encoder)
        features = Features.of(each, taken, device=fitting_device(plan.solving))
        outcome = solve(each, features, plan.solving, shuffles=plan.shuffles)
        truth = each.test.labels
        right.append(outcome.predicted == truth)
        shuffled.append(float((outcome.shuffled == truth).mean()))
        fitted = np.concatenate([each.train.labels, each.validation.labels])
        majorities.append(controls.majority_accuracy(fitted, truth))
        progress.advance()
    accuracies = np.mean(right, axis=1)
    random = controls.stream(plan.seed, "processing bootstrap", family, encoder.name)
    estimate = accuracy_estimate(
        np.array(right).T, each.test.owner_ids, resamples=plan.resamples, random=random
    )
    return ProcessingRow(
        family=family,
        encoder=encoder.name,
        classes=len(each.classes),
        accuracy=estimate.value,
        low=estimate.low,
        high=estimate.high,
        deviation=float(accuracies.std(ddof=1)) if plan.seeds > 1 else None,
        by_seed=tuple(accuracies.tolist()),
        chance=1 / len(each.classes),
        majority=float(np.mean(majorities)),
        shuffled=float(np.mean(shuffled)),
        shuffled_error=controls.standard_error(np.array(shuffled)) if plan.seeds > 1 else None,
    )


def accuracy_estimate(
    right: NDArray[np.bool_],
    owners: NDArray[np.str_],
    *,
    resamples: int,
    random: np.random.Generator,
) -> Estimate:
    """The share that is ``right`` (images x draws), with its interval over draws and owners.

    See `crossed_estimate`, and `certain` where all are right, or none.
    """
    if right.all() or not right.any():
        known = len(np.unique(owners))
        units = known if drawn(owners=known, images=len(owners)) == "owners" else len(owners)
        return Estimate(float(right.all()), *certain(units, right=bool(right.all())))
    values = right.astype(np.float64)
    return crossed_estimate(values, resamples=resamples, random=random, groups=owners)


def _embeddings(store: Tensor, taken: AttributeData, encoder: Encoder) -> Embeddings:
    """The rows of ``store`` (K x N x D) that a draw, ``taken``, has."""
    splits = (taken.train, taken.validation, taken.test)
    rows = np.concatenate([split.photo_ids for split in splits])
    labels = np.concatenate([split.labels for split in splits])
    order = np.argsort(rows)
    found = store[torch.from_numpy(labels[order]), torch.from_numpy(rows[order])]
    return Embeddings(encoder.name, encoder.provenance, rows[order], found)
