"""What a check of a golden set found, as lines for people and JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from flickrexif.probing.reporting.table import table
from flickrexif.probing.result import percent

if TYPE_CHECKING:
    from collections.abc import Mapping

HOLDS, DROPPED = "holds", "dropped"


@dataclass(frozen=True, slots=True)
class DistortionRow:
    """One distortion: accuracies (shares, 0 to 1; None without classes) and cosines.

    ``newly_wrong`` counts images that were said right and no longer are. The cosines are of each
    image's embedding now to the frozen one: near 1 for the same weights, and of no meaning for an
    encoder trained anew, whose space is another.
    """

    distortion: str
    images: int
    frozen: float | None
    now: float | None
    newly_wrong: int | None
    mean_cosine: float
    least_cosine: float
    dropped: bool

    @property
    def drop(self) -> float | None:
        """The frozen accuracy minus that of now."""
        return None if self.frozen is None or self.now is None else self.frozen - self.now

    @property
    def verdict(self) -> str:
        """`dropped` in words."""
        return DROPPED if self.dropped else HOLDS

    def cells(self) -> tuple[str, ...]:
        """The row of this distortion in the table."""
        wrong = "-" if self.newly_wrong is None else str(self.newly_wrong)
        return (
            self.distortion,
            str(self.images),
            percent(self.frozen),
            percent(self.now),
            percent(self.drop),
            wrong,
            f"{self.mean_cosine:.4f}",
            f"{self.least_cosine:.4f}",
            self.verdict,
        )


@dataclass(frozen=True, slots=True)
class StressRow:
    """A failure that was added: the class it has, the one that is said of it now, and why."""

    name: str
    label: str
    said: str
    reason: str

    @property
    def right(self) -> bool:
        """Whether it is said right now."""
        return self.label == self.said


HEADER = (
    "distortion",
    "images",
    "frozen",
    "now",
    "drop",
    "newly wrong",
    "cosine",
    "least",
    "verdict",
)


@dataclass(frozen=True, slots=True)
class GoldenCheck:
    """An encoder as it is now, on the images of a golden set."""

    golden: str
    """The name of the golden set."""
    frozen: Mapping[str, Any]
    """The encoder that the set was frozen with: name, dim, provenance."""
    checked: Mapping[str, Any]
    """The encoder that was checked."""
    identical: bool
    """Whether its embeddings are the frozen ones, bit for bit."""
    frozen_with: Mapping[str, str]
    made_with: Mapping[str, str]
    """Versions, then and now."""
    margin: float | None
    """How far an accuracy may fall; None without classes."""
    least_cosine: float | None
    """What the least cosine of a distortion must reach; None with classes."""
    rows: tuple[DistortionRow, ...]
    stress: tuple[StressRow, ...]

    @property
    def dropped(self) -> tuple[str, ...]:
        """The distortions that dropped; none when all hold."""
        return tuple(row.distortion for row in self.rows if row.dropped)

    @property
    def stress_accuracy(self) -> float | None:
        """The share of the failures that are said right now; None where there are none."""
        right = [row.right for row in self.stress]
        return sum(right) / len(right) if right else None

    def lines(self) -> list[str]:
        """Who was checked, a table with a row per distortion and one of failures, a conclusion."""
        rows = [HEADER, *(row.cells() for row in self.rows)]
        if self.stress:
            now = percent(self.stress_accuracy)
            rows.append(("stress", str(len(self.stress)), "-", now, "-", "-", "-", "-", "told"))
        return [
            f"{self.golden}: encoder {self.checked['name']}, {self._weights()} (accuracies in %)",
            *self._versions(),
            *table(rows),
            *(
                f"failure {row.name!r} ({row.label}) is said to be {row.said}: {row.reason}"
                for row in self.stress
                if not row.right
            ),
            *self._coarse(),
            *self._crowded(),
            self._conclusion(),
        ]

    def as_dict(self) -> dict[str, Any]:
        """The check as JSON holds it: `dataclasses.asdict` plus drops and verdicts."""
        return asdict(self) | {
            "rows": [asdict(r) | {"drop": r.drop, "verdict": r.verdict} for r in self.rows],
            "stress": [asdict(row) | {"right": row.right} for row in self.stress],
            "stress_accuracy": self.stress_accuracy,
            "dropped": list(self.dropped),
        }

    def _weights(self) -> str:
        if self.identical:
            return "embeddings equal to the frozen ones bit for bit"
        same = self.checked["provenance"] == self.frozen["provenance"]
        if same and self.checked["name"] == self.frozen["name"]:
            return "the same provenance as when frozen, but other embeddings"
        return f"other weights than the frozen {self.frozen['name']}"

    def _versions(self) -> list[str]:
        others = [
            f"{name} {self.frozen_with[name]} -> {now}"
            for name, now in self.made_with.items()
            if self.frozen_with.get(name, now) != now
        ]
        return [f"other versions than when frozen: {', '.join(others)}"] if others else []

    def _coarse(self) -> list[str]:
        """A margin below one image allows none to be lost."""
        if self.margin is None:
            return []
        images = min(row.images for row in self.rows)
        if self.margin >= 1 / images:
            return []
        return [
            f"one of {images} images is {percent(1 / images)} %, more than the margin of "
            f"{percent(self.margin)} %: not one may be lost"
        ]

    def _crowded(self) -> list[str]:
        """Failures that grow beyond what is held are a set of their own."""
        images = min(row.images for row in self.rows)
        if len(self.stress) <= images:
            return []
        return [
            f"{len(self.stress)} failures outnumber the {images} images tested: freeze a larger set"
        ]

    def _conclusion(self) -> str:
        rule = (
            f"at most {percent(self.margin)} % below the frozen accuracy"
            if self.margin is not None
            else f"each cosine to the frozen embedding at least {self.least_cosine:g}"
        )
        if not self.dropped:
            return f"all {len(self.rows)} distortions hold ({rule})"
        return f"{len(self.dropped)} of {len(self.rows)} distortions dropped (allowed: {rule})"
