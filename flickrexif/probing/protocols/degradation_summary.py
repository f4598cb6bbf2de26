"""How a classifier fares as images degrade, as lines for people, JSON, parquet and a figure."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from flickrexif.atomic import atomic_path, write_text
from flickrexif.probing.reporting.table import table
from flickrexif.probing.resampling import drawn
from flickrexif.probing.result import percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import polars as pl

    from flickrexif.probing.protocols.degradation_rows import (
        ClassRow,
        ClassStanding,
        ConfusionCurve,
        ConfusionRow,
        LevelRow,
        Outcomes,
    )
    from flickrexif.probing.resampling import Estimate

LEVELS = ("level", "accuracy [95 % CI]", "fall [95 % CI]", "balanced", "drop", "changed")
CLASSES = ("class", "images", "z", "scatter", "accuracy", "least")


@dataclass(frozen=True, slots=True, eq=False)
class DegradationReport:
    """What a classifier says of images at each level of a sweep, the original first."""

    images: str
    """The name of the set."""
    classifier: str
    """Its name, or that of the encoder under the linear head."""
    provenance: Mapping[str, Any]
    sweep: str
    degradations: Mapping[str, Any]
    """What each level does, in plain values."""
    crop: int
    seed: int
    shown: int
    splits: str
    """Which images are tested, and which the head is fitted to, in words."""
    fitted: int
    """Images that the head is fitted to; 0 for a classifier of one's own."""
    chance: float
    majority: float
    """The accuracy of always saying the commonest class: of what was fitted, else of the tested."""
    unlabelled: int
    unreadable: Mapping[str, str]
    """Images that could not be read, by name, with the reason."""
    left_out: Mapping[str, str]
    """Classes that lack images, with the reason."""
    levels: tuple[LevelRow, ...]
    classes: tuple[ClassRow, ...]
    standings: tuple[ClassStanding, ...]
    """The classes over the whole sweep, the one that is hurt most first."""
    confusions: tuple[ConfusionRow, ...]
    """New ones, level by level, the commonest first."""
    curves: tuple[ConfusionCurve, ...]
    """The commonest new confusion of each class that has one, the commonest first."""
    outcomes: Outcomes

    @property
    def tested(self) -> int:
        """The number of test images."""
        return len(self.outcomes.names)

    @property
    def intervals_over(self) -> str:
        """What the intervals take as independent: owners or images."""
        return drawn(owners=len(np.unique(self.outcomes.owners)), images=self.tested)

    @property
    def worst(self) -> tuple[ClassStanding, ...]:
        """The classes that the sweep hurts most, at most ``shown`` and half of all."""
        return self.standings[: self._half]

    @property
    def best(self) -> tuple[ClassStanding, ...]:
        """The classes that it hurts least, the least first, as many as `worst`."""
        return self.standings[: -self._half - 1 : -1]

    def lines(self) -> list[str]:
        """A heading, tables of levels, classes and confusions, and what was left out."""
        lines = [self._heading(), f"splits: {self.splits}"]
        for title, rows, left in self._tables():
            lines += [title, *table(rows, left=left)]
        return lines + self._left_out()

    def markdown(self) -> str:
        """`lines` with tables as Markdown has them."""
        from flickrexif.release.card import markdown_text

        parts = [f"# {markdown_text(self._heading())}\n", f"Splits: {self.splits}.\n"]
        for title, rows, left in self._tables():
            parts.append(f"{title}:\n\n{_markdown(rows, left)}")
        return (
            "\n".join([*parts, *(f"- {markdown_text(line)}" for line in self._left_out())]).rstrip()
            + "\n"
        )

    def as_dict(self) -> dict[str, Any]:
        """All but what was said of each image, as JSON holds it; no value is NaN."""
        words = {
            name: getattr(self, name)
            for name in self.__dataclass_fields__
            if name not in {"levels", "classes", "standings", "confusions", "curves", "outcomes"}
        }
        curves = [asdict(curve) for curve in self.curves]
        for curve in curves:
            curve["auc"] = [None if math.isnan(auc) else auc for auc in curve["auc"]]
        return words | {
            "tested": self.tested,
            "intervals_over": self.intervals_over,
            "levels": [asdict(row) for row in self.levels],
            "classes": [asdict(standing) for standing in self.standings],
            "by_level_and_class": [asdict(row) for row in self.classes],
            "confusions": [asdict(row) for row in self.confusions],
            "curves": curves,
        }

    def predictions(self) -> pl.DataFrame:
        """A row for each image and level: what was said of it, and with what probability."""
        import polars as pl

        found, names = self.outcomes, np.array(self.outcomes.classes)
        tops = found.probabilities[0].argmax(axis=1)[:, None]
        count = len(found.levels)
        return pl.DataFrame(
            {
                "level": np.repeat(np.array(found.levels), self.tested),
                "image": list(found.names) * count,
                "label": np.tile(names[found.labels], count),
                "said": names[found.predicted.ravel()],
                "probability": np.concatenate([p.max(axis=1) for p in found.probabilities]),
                "probability_of_the_original_class": np.concatenate(
                    [np.take_along_axis(p, tops, axis=1)[:, 0] for p in found.probabilities]
                ),
            }
        )

    def write(self, out: Path) -> None:
        """Write the report into ``out``, each file atomically.

        results.json and degradations.md tell it, degradations.png draws it, classes.parquet has a
        row per level and class, predictions.parquet one per level and image.
        """
        import polars as pl

        from flickrexif.probing.protocols.degradation_figure import draw

        out.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.as_dict(), indent=2, sort_keys=True, ensure_ascii=False)
        write_text(out / "results.json", text + "\n")
        write_text(out / "degradations.md", self.markdown())
        with atomic_path(out / "classes.parquet") as partial:
            pl.DataFrame([asdict(row) for row in self.classes]).write_parquet(partial)
        with atomic_path(out / "predictions.parquet") as partial:
            self.predictions().write_parquet(partial)
        with atomic_path(out / "degradations.png") as partial:
            draw(self, partial)

    @property
    def _half(self) -> int:
        return max(1, min(self.shown, len(self.standings) // 2))

    def _heading(self) -> str:
        fitted = f"{self.fitted:,} fitted, " if self.fitted else ""
        return (
            f"{self.images}, {self.classifier}: {self.sweep.replace('_', ' ')} over {self.crop} "
            f"px, {len(self.standings)} classes, {fitted}{self.tested:,} test images"
        )

    def _tables(self) -> list[tuple[str, list[tuple[str, ...]], tuple[int, ...]]]:
        """Title, rows (the first the header), and which columns are words."""
        chance = f"chance {percent(self.chance)}, majority {percent(self.majority)}"
        over = f"accuracies in %, {chance}; intervals over {self.intervals_over}"
        levels = [LEVELS, *map(_level_cells, self.levels)]
        parts: list[tuple[str, list[tuple[str, ...]], tuple[int, ...]]]
        parts = [(f"levels ({over})", levels, (0,))]
        for title, those in (("hurt most", self.worst), ("hurt least", self.best)):
            rows = [CLASSES, *map(_class_cells, those)]
            parts.append((f"classes {title} (z over all images, mean of levels)", rows, (0,)))
        if self.curves:
            header = ("class", "said instead", "images", *(row.level for row in self.levels))
            cells = [header, *map(_curve_cells, self.curves[: self.shown])]
            title = "new confusions and their AUC (1 apart, 0.5 confused, 0 taken for one another)"
            parts.append((title, cells, (0, 1)))
        return parts

    def _left_out(self) -> list[str]:
        lines = []
        if not self.confusions:
            lines.append("no image that was said right is said wrong at any level")
        if self.unreadable:
            lines.append(f"images skipped, as they could not be read: {len(self.unreadable):,}")
        if self.unlabelled:
            lines.append(f"images skipped, as they have no label: {self.unlabelled:,}")
        return lines + [f"class {name!r} left out: {why}" for name, why in self.left_out.items()]


def _level_cells(row: LevelRow) -> tuple[str, ...]:
    return (
        row.level,
        _with_interval(row.accuracy),
        _with_interval(row.fall),
        percent(row.balanced_accuracy),
        f"{row.drop.value:.3f}",
        percent(row.changed),
    )


def _with_interval(found: Estimate) -> str:
    return f"{percent(found.value)} [{percent(found.low)}, {percent(found.high)}]"


def _class_cells(standing: ClassStanding) -> tuple[str, ...]:
    return (
        standing.class_name,
        f"{standing.images:,}",
        f"{standing.z:+.2f}",
        f"{standing.scatter:.2f}",
        percent(standing.accuracy),
        percent(standing.least),
    )


def _curve_cells(curve: ConfusionCurve) -> tuple[str, ...]:
    aucs = ("-" if math.isnan(auc) else f"{auc:.3f}" for auc in curve.auc)
    return (curve.class_name, curve.said, f"{curve.images:,}", *aucs)


def _markdown(rows: Sequence[Sequence[str]], left: Sequence[int]) -> str:
    """A Markdown table; the words at ``left``, which may be of others, are escaped."""
    from flickrexif.release.card import markdown_text

    ruler = [" --- " if place in left else " ---: " for place in range(len(rows[0]))]
    header, *others = (
        [markdown_text(cell) if place in left else cell for place, cell in enumerate(row)]
        for row in rows
    )
    lines = [f"| {' | '.join(cells)} |" for cells in (header, *others)]
    return "\n".join([lines[0], f"|{'|'.join(ruler)}|", *lines[1:]]) + "\n"
