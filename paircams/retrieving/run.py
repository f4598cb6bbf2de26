"""From a set of pairs to a report: read, embed, search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flickrexif.probing.embedding.masked_tables import view_of_files
from flickrexif.probing.protocols.embedder import Embedder
from flickrexif.probing.protocols.pair_arrays import retrieve_arrays
from paircams.layout import SIDES
from paircams.pairs import read_pairs
from paircams.retrieving.report import RetrievalReport, RetrievalRow
from paircams.retrieving.sides import read_sides

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flickrexif.imaging.reading import Pixels
    from flickrexif.progress import Progress
    from paircams.retrieving.plan import RetrievePlan
    from paircams.retrieving.sides import Sides


def run(path: Path, plan: RetrievePlan, *, progress: Progress) -> RetrievalReport:
    """See `paircams.retrieving.retrieve`."""
    declared = read_pairs(path, classes=plan.classes)
    tables = (file.path for file in declared.files() if file.row is not None)
    view = view_of_files(tables, None, crop=plan.crop)
    embedders = [
        Embedder.of(
            name,
            device=plan.device,
            dtype=plan.dtype,
            threads=plan.threads,
            batch=plan.batch,
            mask=view.mask,
        )
        for name in dict.fromkeys(plan.encoders)
    ]
    crops = {
        one.name: view.crop_for(one.encoder) if view.prepared else one.crop(plan.crop)
        for one in embedders
    }
    distinct = list(dict.fromkeys(crops.values()))
    sides = read_sides(declared, view, distinct, progress)
    progress.start("encoders", len(embedders), "encoder")
    rows: list[RetrievalRow] = []
    for embedder in embedders:
        rows.append(_row(embedder, sides, distinct.index(crops[embedder.name]), plan))
        progress.advance()
    progress.close()
    return RetrievalReport(
        pairs=path.resolve().name,
        subjects=len(sides.subjects),
        left_out=dict(sides.left_out),
        words=plan.words() | {"mask": view.mask.words() if view.mask else None},
        rows=tuple(rows),
    )


def _row(embedder: Embedder, sides: Sides, crop: int, plan: RetrievePlan) -> RetrievalRow:
    embedded = [embedder(_named(sides, side, crop)) for side in SIDES]
    found = retrieve_arrays(
        *embedded,
        resamples=plan.resamples,
        seed=plan.seed,
        device=plan.device,
        threads=plan.threads,
    )
    return RetrievalRow.of(embedder.name, embedder.encoder.family, dict(embedder.provenance), found)


def _named(sides: Sides, side: str, crop: int) -> Iterator[tuple[str, Pixels]]:
    shown = sides.smartphone if side == SIDES[0] else sides.camera
    for subject, crops in zip(sides.subjects, shown, strict=True):
        yield f"{subject} {side}", crops[crop]
