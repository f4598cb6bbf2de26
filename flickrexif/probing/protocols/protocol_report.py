"""What a protocol over processed images found: lines for people, JSON, parquet and a figure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from flickrexif.atomic import atomic_path, write_text
from flickrexif.probing.reporting.table import table
from flickrexif.probing.resampling import drawn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from flickrexif.probing.protocols.protocol_rows import NeighboursRow, ProcessingRow


@dataclass(frozen=True, slots=True, kw_only=True)
class _Report:
    """What both protocols tell."""

    images: str
    """The name of the set."""
    encoders: Mapping[str, Mapping[str, str]]
    """Name → provenance."""
    pixels: str
    """The libraries that processed, decoded and resized."""
    splits: str
    """Where the splits are from, in words."""
    counts: Mapping[str, int]
    """Images of each part; those that are tested last."""
    owners: int
    """Of the images that are tested; as many as these where owners are not known."""
    unreadable: Mapping[str, str]
    """Images that could not be read, by name, with the reason."""
    words: Mapping[str, Any]
    """The plan."""

    def _counted(self) -> str:
        return ", ".join(f"{count:,} {part}" for part, count in self.counts.items())

    def _drawn(self) -> str:
        """What the intervals take as independent."""
        return drawn(owners=self.owners, images=list(self.counts.values())[-1])

    def _skipped(self) -> list[str]:
        if not self.unreadable:
            return []
        return [f"images skipped, as they could not be read: {len(self.unreadable):,}"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessingReport(_Report):
    """How well embeddings tell how images were processed, by family and encoder."""

    rows: tuple[ProcessingRow, ...]

    def lines(self) -> list[str]:
        """A heading, where the splits are from, a table in percent, and what was left out."""
        header = (
            "family",
            "encoder",
            "accuracy [95 % CI]",
            "sd",
            "chance",
            "majority",
            "shuffled",
            "verdict",
        )
        return [
            f"{self.images}: {self._counted()} images, {self.words['seeds']} draws of processings",
            f"splits: {self.splits}",
            f"accuracies in %, intervals over draws and {self._drawn()}, sd over the draws",
            *table([header, *(row.cells() for row in self.rows)], left=(0, 1, -1)),
            *self._skipped(),
        ]

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON holds it: `dataclasses.asdict` plus the verdicts."""
        rows = [asdict(row) | {"verdict": row.verdict} for row in self.rows]
        return asdict(self) | {"rows": rows}

    def write(self, out: Path) -> None:
        """Write results.json, results.parquet and processing.png into ``out``, each atomically."""
        from flickrexif.probing.protocols.protocol_figure import draw_processing

        write(self.as_dict(), out, "processing.png", lambda file: draw_processing(self, file))


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighboursReport(_Report):
    """How what images look like depends on their processing, by family, encoder and set-up."""

    unlabelled: int
    """Images without a label, which were not looked at."""
    left_out: int
    """Queries with a label that no gallery image has."""
    rows: tuple[NeighboursRow, ...]

    def lines(self) -> list[str]:
        """A heading, where the splits are from, a table in percent, and what was left out."""
        header = (
            "family",
            "encoder",
            "set-up",
            "accuracy [95 % CI]",
            "against all-same",
            "chance",
            "majority",
            "comparisons",
        )
        lines = [
            f"{self.images}: {self._counted()}, k = {self.words['k']}",
            f"splits: {self.splits}",
            f"accuracies in %, intervals over {self._drawn()}",
            *table([header, *(row.cells() for row in self.rows)], left=(0, 1, 2)),
            *self._skipped(),
        ]
        if self.unlabelled:
            lines.append(f"images skipped, as they have no label: {self.unlabelled:,}")
        if self.left_out:
            lines.append(f"queries left out, as no gallery has their label: {self.left_out:,}")
        return lines

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON holds it."""
        return asdict(self)

    def write(self, out: Path) -> None:
        """Write results.json, results.parquet and neighbours.png into ``out``, each atomically."""
        from flickrexif.probing.protocols.protocol_figure import draw_neighbours

        write(self.as_dict(), out, "neighbours.png", lambda file: draw_neighbours(self, file))


def write(told: Mapping[str, Any], out: Path, figure: str, draw: Callable[[Path], None]) -> None:
    """The files of a report."""
    import polars as pl

    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(told, indent=2, sort_keys=True, ensure_ascii=False)
    write_text(out / "results.json", text + "\n")
    rows: Sequence[Mapping[str, Any]] = told["rows"]
    with atomic_path(out / "results.parquet") as partial:
        pl.DataFrame(rows, infer_schema_length=None).write_parquet(partial)
    with atomic_path(out / figure) as partial:
        draw(partial)
