"""What a protocol over processed images found: lines for people, JSON, parquet and a figure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

from flickrexif.atomic import atomic_path, write_text
from flickrexif.probing.reporting.table import table
from flickrexif.probing.result import ABOVE, NOT_ABOVE, percent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from flickrexif.probing.protocols.semantics import SetupAccuracy


def around(value: float, low: float, high: float) -> str:
    """A share and its interval, in percent."""
    return f"{percent(value)} [{percent(low)}, {percent(high)}]"


@dataclass(frozen=True, slots=True)
class ProcessingRow:
    """How well one encoder's embeddings tell the classes of one family; shares of the test images.

    ``accuracy`` is the mean over the draws of classes and ``deviation`` their standard deviation;
    ``by_seed`` has each. ``low`` and ``high`` bound the 95 % interval over draws and over owners,
    or images where owners are not known. ``chance`` is 1 / classes, ``majority`` what always saying
    the class drawn most often gives, ``shuffled`` the mean of probes of permuted labels and
    ``shuffled_error`` its standard error over the draws. Of a single draw there is neither
    ``deviation`` nor ``shuffled_error``.
    """

    family: str
    encoder: str
    classes: int
    accuracy: float
    low: float
    high: float
    deviation: float | None
    by_seed: tuple[float, ...]
    chance: float
    majority: float
    shuffled: float
    shuffled_error: float | None

    @property
    def above_chance(self) -> bool:
        """Whether the interval lies above chance and the majority class."""
        return self.low > max(self.chance, self.majority)

    @property
    def verdict(self) -> str:
        """`above_chance` in words."""
        return ABOVE if self.above_chance else NOT_ABOVE

    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        return (
            self.family,
            self.encoder,
            around(self.accuracy, self.low, self.high),
            "-" if self.deviation is None else percent(self.deviation),
            percent(self.chance),
            percent(self.majority),
            percent(self.shuffled),
            self.verdict,
        )


@dataclass(frozen=True, slots=True)
class NeighboursRow:
    """The kNN accuracy of one encoder in one set-up of one family; shares of the query images.

    Intervals are 95 %, over owners or over images where owners are not known. ``against_same`` is
    the accuracy minus that of all-same, with an interval of that difference; None where all-same
    was not asked for. ``chance`` is 1 / ``labels``, those of the gallery.
    """

    family: str
    encoder: str
    setup: str
    comparisons: int
    labels: int
    accuracy: float
    low: float
    high: float
    against_same: float | None
    against_same_low: float | None
    against_same_high: float | None
    chance: float

    @classmethod
    def of(cls, found: SetupAccuracy, *, family: str, encoder: str, labels: int) -> Self:
        """The row of what `setup_accuracies` found."""
        accuracy, apart = found.accuracy, found.against_same
        return cls(
            family=family,
            encoder=encoder,
            setup=found.setup,
            comparisons=found.comparisons,
            labels=labels,
            accuracy=accuracy.value,
            low=accuracy.low,
            high=accuracy.high,
            against_same=None if apart is None else apart.value,
            against_same_low=None if apart is None else apart.low,
            against_same_high=None if apart is None else apart.high,
            chance=1 / labels,
        )

    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        return (
            self.family,
            self.encoder,
            self.setup,
            around(self.accuracy, self.low, self.high),
            self._against_same(),
            percent(self.chance),
            str(self.comparisons),
        )

    def _against_same(self) -> str:
        numbers = self.against_same, self.against_same_low, self.against_same_high
        if self.setup == "all-same" or None in numbers:
            return "-"
        value, low, high = (f"{100 * number:+.1f}" for number in numbers if number is not None)
        return f"{value} [{low}, {high}]"


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
        return "owners" if self.owners < list(self.counts.values())[-1] else "images"

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
