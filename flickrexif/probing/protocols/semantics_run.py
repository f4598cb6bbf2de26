"""The five set-ups over any labelled set of images, from its files to a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from flickrexif.errors import UsageError
from flickrexif.imaging.processing import FAMILIES
from flickrexif.probing import controls
from flickrexif.probing.measure import fitting_device
from flickrexif.probing.protocols.processed import embed_processed, encoders_of
from flickrexif.probing.protocols.protocol_report import NeighboursReport
from flickrexif.probing.protocols.protocol_rows import NeighboursRow
from flickrexif.probing.protocols.protocol_splits import owners_of, parted
from flickrexif.probing.protocols.semantics import LabelledImages, searches, setup_accuracies
from flickrexif.probing.protocols.set_crops import require_classes
from flickrexif.probing.threads import torch_threads

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from flickrexif.imaging.image_place import Place
    from flickrexif.imaging.image_set import ImageSet
    from flickrexif.probing.encoders import Encoder
    from flickrexif.probing.protocols.processed import Processed
    from flickrexif.probing.protocols.protocol_plan import NeighboursPlan
    from flickrexif.probing.protocols.protocol_splits import Parts
    from flickrexif.progress import Progress


def run(images: ImageSet, plan: NeighboursPlan, *, progress: Progress) -> NeighboursReport:
    """See `flickrexif.probing.neighbours_protocol`."""
    encoders = encoders_of(plan)
    require_classes(images)
    labelled = [place for place in images.places if place.label is not None]
    parts = parted(labelled, seed=plan.seed)
    _require_compared(parts, labelled, plan)
    with torch_threads(plan.threads):
        processed = embed_processed(labelled, encoders, plan, progress=progress)
        gallery, queries, left_out = _compared(parts, processed.places)
        total = sum(
            searches(len(FAMILIES[family].classes), plan.setups, seeds=plan.seeds)
            for family in plan.families
        )
        progress.start("search neighbours", total * len(encoders), "searches")
        rows = tuple(_rows(processed, encoders, gallery, queries, plan, progress))
        progress.close()
    return NeighboursReport(
        images=images.path.resolve().name,
        encoders={encoder.name: dict(encoder.provenance) for encoder in encoders},
        pixels=processed.provenance,
        splits=parts.how,
        counts={"gallery": len(gallery), "queries": len(queries)},
        owners=len(np.unique(owners_of(processed.places)[queries])),
        unlabelled=len(images) - len(labelled),
        left_out=left_out,
        unreadable=processed.unreadable,
        words=plan.words(),
        rows=rows,
    )


def _compared(
    parts: Parts, places: Sequence[Place]
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """The rows of gallery and queries, and how many queries have a label that no gallery has.

    The gallery is train and validation, as nothing is chosen on validation here.
    """
    gallery = np.concatenate([parts.rows(split, places) for split in ("train", "validation")])
    known = {places[row].label for row in gallery}
    asked = parts.rows("test", places)
    queries = np.array([row for row in asked if places[row].label in known], dtype=np.int64)
    return np.sort(gallery), queries, len(asked) - len(queries)


def _rows(
    processed: Processed,
    encoders: Sequence[Encoder],
    gallery: NDArray[np.int64],
    queries: NDArray[np.int64],
    plan: NeighboursPlan,
    progress: Progress,
) -> Iterator[NeighboursRow]:
    told = [str(place.label) for place in processed.places]
    labels = np.unique(told, return_inverse=True)[1].astype(np.int64)
    owners = owners_of(processed.places)[queries]
    majority = controls.majority_accuracy(labels[gallery], labels[queries])
    held, asked = (torch.from_numpy(rows) for rows in (gallery, queries))
    for family in plan.families:
        for encoder in encoders:
            vectors = processed.vectors[encoder.name, family]
            found = setup_accuracies(
                LabelledImages(vectors[:, held], labels[gallery]),
                LabelledImages(vectors[:, asked], labels[queries], owners),
                plan,
                device=fitting_device(plan.probe),
                advance=progress.advance,
            )
            for one in found:
                yield NeighboursRow.of(
                    one,
                    family=family,
                    encoder=encoder.name,
                    labels=len(np.unique(labels[gallery])),
                    majority=majority,
                )


def _require_compared(parts: Parts, places: Sequence[Place], plan: NeighboursPlan) -> None:
    """Before anything is embedded."""
    gallery, queries, _ = _compared(parts, places)
    if not len(queries):
        raise UsageError(
            f"no image can be asked about: {len(gallery)} are in the gallery, and none of its "
            "labels is in test; add images to each label"
        )
    if plan.k > len(gallery):
        raise UsageError(f"k is {plan.k!r}; the gallery has {len(gallery)} images: give fewer")
