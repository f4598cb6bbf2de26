"""What a leak check found, as lines for people, JSON and a figure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from flickrexif.atomic import atomic_path, write_text
from flickrexif.probing.reporting.table import table
from flickrexif.probing.resampling import drawn
from flickrexif.probing.result import percent
from flickrexif.probing.verdict import AgainstChance

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HEADER = (
    "ratio",
    "hidden",
    "accuracy [95 % CI]",
    "balanced",
    "chance",
    "majority",
    "verdict",
)


@dataclass(frozen=True, slots=True)
class LeakRow(AgainstChance):
    """One mask ratio's figures; accuracies are shares (0 to 1) of the test images.

    ``hidden`` is the share of pixels really hidden. ``low`` and ``high`` bound the accuracy's 95 %
    interval over owners, or over images where owners are not known. ``balanced_accuracy`` is the
    mean over the classes of the share of each that is found: hold it against ``chance``,
    1 / classes, and where classes differ in size the accuracy against ``majority``.
    """

    ratio: float
    hidden: float
    accuracy: float
    low: float
    high: float
    balanced_accuracy: float
    chance: float
    majority: float
    penalty: float
    validation_accuracy: float

    def cells(self) -> tuple[str, ...]:
        """The row of this ratio in the table."""
        return (
            f"{self.ratio:g}",
            percent(self.hidden),
            f"{percent(self.accuracy)} [{percent(self.low)}, {percent(self.high)}]",
            percent(self.balanced_accuracy),
            percent(self.chance),
            percent(self.majority),
            self.verdict,
        )


@dataclass(frozen=True, slots=True)
class LeakReport:
    """How much of what images show one encoder still finds under each mask ratio."""

    images: str
    """The name of the set."""
    encoder: str
    provenance: Mapping[str, str]
    mask: Mapping[str, Any]
    """The mask's words but its ratio."""
    crop: int
    seed: int
    classes: tuple[str, ...]
    splits: str
    """Where train, validation and test are from, in words."""
    train: int
    validation: int
    test: int
    test_owners: int
    """Of the test images; as many as these where owners are not known."""
    unlabelled: int
    """Images without a label, which were not looked at."""
    unreadable: Mapping[str, str]
    """Images that could not be read, by name, with the reason."""
    left_out: Mapping[str, str]
    """Classes that lack images, with the reason."""
    rows: tuple[LeakRow, ...]

    @property
    def drawn(self) -> str:
        """What the intervals take as independent: owners or images."""
        return drawn(owners=self.test_owners, images=self.test)

    @property
    def clean_from(self) -> float | None:
        """The smallest ratio from which on nothing is above chance; None where even the last is."""
        clean = None
        for row in reversed(self.rows):
            if row.above_chance:
                break
            clean = row.ratio
        return clean

    def lines(self) -> list[str]:
        """A heading, where the splits are from, a table in percent, and what was left out."""
        lines = [
            f"{self.images}, encoder {self.encoder}: {len(self.classes)} classes, "
            f"{self.train:,} train, {self.validation:,} validation, {self.test:,} test images",
            f"splits: {self.splits}",
            f"mask {self.mask['geometry']} over {self.crop} px (accuracies in %, intervals over "
            f"{self.drawn})",
            *table([HEADER, *(row.cells() for row in self.rows)], left=(-1,)),
            self._conclusion(),
        ]
        if self.unreadable:
            lines.append(f"images skipped, as they could not be read: {len(self.unreadable):,}")
        if self.unlabelled:
            lines.append(f"images skipped, as they have no label: {self.unlabelled:,}")
        return lines + [f"class {name!r} left out: {why}" for name, why in self.left_out.items()]

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON holds it: `dataclasses.asdict` plus the verdicts."""
        rows = [asdict(row) | {"verdict": row.verdict} for row in self.rows]
        return asdict(self) | {
            "rows": rows,
            "clean_from": self.clean_from,
            "intervals_over": self.drawn,
        }

    def write(self, out: Path) -> None:
        """Write results.json and leak.png into ``out``, each atomically."""
        from flickrexif.probing.protocols.leak_figure import draw

        out.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.as_dict(), indent=2, sort_keys=True, ensure_ascii=False)
        write_text(out / "results.json", text + "\n")
        with atomic_path(out / "leak.png") as partial:
            draw(self, partial)

    def _conclusion(self) -> str:
        if self.clean_from is None:
            return "what the images show is found above chance even at the largest ratio"
        return f"from ratio {self.clean_from:g} on, nothing is found above chance"
