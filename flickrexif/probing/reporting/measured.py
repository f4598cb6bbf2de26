"""An accuracy as it stands on one side of a comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from flickrexif.probing.result import percent

if TYPE_CHECKING:
    from flickrexif.probing.result import AttributeResult


@dataclass(frozen=True, slots=True)
class Measured:
    """One side's accuracy (a share, 0 to 1), its interval where there is one, and its chance."""

    accuracy: float
    low: float | None
    high: float | None
    chance: float

    @classmethod
    def of(cls, result: AttributeResult) -> Self:
        """That of a probe."""
        return cls(result.accuracy, result.low, result.high, result.chance)

    def told(self) -> str:
        """In percent, with the interval."""
        if self.low is None or self.high is None:
            return percent(self.accuracy)
        return f"{percent(self.accuracy)} [{percent(self.low)}, {percent(self.high)}]"
