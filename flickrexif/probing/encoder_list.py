"""Encoders as a list tells them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flickrexif.probing.reporting.table import table

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADER = ("encoder", "family", "px", "dim", "GFLOP", "weights")


@dataclass(frozen=True, slots=True)
class ListedEncoder:
    """An encoder that has a name of its own."""

    name: str
    family: str
    """`flickrexif.probing.encoders.protocol.Family`."""
    crop: int | None
    """Pixels a side of what it takes; None is any."""
    dim: int
    gflop: float | None
    """10^9 operations for one image; None where nobody counted."""
    at_hand: bool
    """Whether its weights are on this machine."""
    weights: str
    """Where they come from."""
    published: str | None
    """What the published plots call it."""

    def cells(self) -> tuple[str, ...]:
        """A row under `HEADER`."""
        crop = "any" if self.crop is None else str(self.crop)
        cost = "" if self.gflop is None else f"{self.gflop:.1f}"
        weights = "at hand" if self.at_hand else self.weights
        return self.name, self.family, crop, str(self.dim), cost, weights


def lines(rows: Sequence[ListedEncoder]) -> list[str]:
    """A table with one row per encoder."""
    return table([HEADER, *(row.cells() for row in rows)], left=(0, 1, -1))
