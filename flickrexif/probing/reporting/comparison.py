"""Two probes beside each other, as lines for people and as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from flickrexif.probing.reporting.beside_published import range_lines
from flickrexif.probing.reporting.table import table
from flickrexif.probing.result import percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flickrexif.probing.reporting.beside_published import PublishedRange
    from flickrexif.probing.reporting.measured import Measured

HEADER = (
    "encoder",
    "attribute",
    "first [95 % CI]",
    "chance",
    "second",
    "chance",
    "difference [95 % CI]",
    "verdict",
)


@dataclass(frozen=True, slots=True)
class ComparedProbe:
    """One encoder's probe of one attribute on both sides.

    ``difference`` is first less second. ``low`` and ``high`` bound its 95 % interval; None against
    the paper, whose figures have no interval. ``paired`` is the number of test photos that both
    answered, 0 where the interval is from the two sides' own.
    """

    encoder: str
    attribute: str
    counterpart: str
    """What the second side calls it."""
    first: Measured
    second: Measured
    low: float | None
    high: float | None
    paired: int

    @property
    def difference(self) -> float:
        """First less second, in shares."""
        return self.first.accuracy - self.second.accuracy

    @property
    def inside(self) -> bool:
        """Whether the second accuracy lies inside the first's interval."""
        low, high = self.first.low, self.first.high
        return low is not None and high is not None and low <= self.second.accuracy <= high

    @property
    def differs(self) -> bool:
        """Whether the difference's interval leaves 0 out, or the published figure lies outside."""
        if self.low is None or self.high is None:
            return not self.inside
        return not self.low <= 0 <= self.high

    @property
    def verdict(self) -> str:
        """`differs` in words."""
        if self.low is None:
            return "inside our interval" if self.inside else "outside our interval"
        return "differ" if self.differs else "no difference told"

    def cells(self) -> tuple[str, ...]:
        """The row in the table."""
        interval = f" [{_signed(self.low)}, {_signed(self.high)}]" if self.low is not None else ""
        both = (self.encoder, self.counterpart)
        return (
            self.encoder if self.low is None or both[0] == both[1] else " / ".join(both),
            self.attribute,
            self.first.told(),
            percent(self.first.chance),
            self.second.told(),
            percent(self.second.chance),
            _signed(self.difference) + interval,
            self.verdict,
        )


@dataclass(frozen=True, slots=True)
class ProbeComparison:
    """A probe beside another one, or beside the published figures."""

    first: str
    second: str
    rows: tuple[ComparedProbe, ...]
    left_out: Mapping[str, str]
    """What stands on one side and was not compared, with the reason."""
    warnings: tuple[str, ...]
    """What else differs between the two, so that a difference may not be the encoders'."""
    beside: tuple[PublishedRange, ...] = ()
    """Where the first has no encoder of the study: what the study's encoders reached."""

    def lines(self) -> list[str]:
        """A heading, a table in percent, how many differ, and what to mind."""
        if self.beside:
            return self._lines_beside()
        lines = [
            f"first: {self.first}",
            f"second: {self.second}",
            *table([HEADER, *(row.cells() for row in self.rows)], left=(0, 1, -1)),
            self._conclusion(),
        ]
        lines += [f"mind: {warning}" for warning in self.warnings]
        return lines + [f"not compared: {what}: {why}" for what, why in self.left_out.items()]

    def _lines_beside(self) -> list[str]:
        return [
            f"nothing is compared: none of the encoders in {self.first!r} is one of the study's, "
            "which `flickrexif encoders` lists",
            f"below stand OTHER encoders, on other photos, beside {self.second}",
            *range_lines(self.beside),
            *(f"mind: {warning}" for warning in self.warnings),
        ]

    def as_dict(self) -> dict[str, Any]:
        """As JSON holds it: the fields, the differences and the verdicts."""
        rows = [
            asdict(row)
            | {"difference": row.difference, "inside": row.inside, "verdict": row.verdict}
            for row in self.rows
        ]
        return asdict(self) | {"rows": rows}

    def _conclusion(self) -> str:
        told = f"{sum(row.differs for row in self.rows)} of {len(self.rows)} differ"
        paired = [row for row in self.rows if row.paired]
        if any(row.low is None for row in self.rows):
            return f"{told} from the published by more than our interval over owners"
        by_chance = f"at 95 %, {len(self.rows) / 20:.1f} would by chance alone"
        how = "photo by photo" if len(paired) == len(self.rows) else "by their own intervals"
        if 0 < len(paired) < len(self.rows):
            how = f"{len(paired)} photo by photo, the others by their own intervals"
        return f"{told} ({how}; {by_chance})"


def _signed(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:+.1f}"
