"""What an audit found."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Association:
    """How strongly an attribute's classes go together with something else about the photos."""

    attribute: str
    with_what: str
    """A column of the photos, or another attribute of the release."""
    cramers_v: float
    """Corrected for bias; 0 is independent, 1 is the same, NaN is undefined."""
    photos: int
    """Photos of the attribute for which both are known."""
    levels: int
    """Distinct values of ``with_what`` among them."""


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What a release gives away besides its labels, the strongest first within each attribute."""

    release: str
    version: str
    associations: tuple[Association, ...]

    def lines(self) -> list[str]:
        """A heading and a table for people."""
        rows = [("attribute", "goes with", "Cramer's V", "photos", "levels")]
        rows += [
            (a.attribute, a.with_what, _figure(a.cramers_v), f"{a.photos:,}", f"{a.levels:,}")
            for a in self.associations
        ]
        version = f" {self.version}" if self.version else ""
        heading = f"{self.release}{version}: what goes with each attribute (0 nothing, 1 the same)"
        if not self.associations:
            return [heading, "nothing is told of its images besides one label"]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return [heading, *(_row(row, widths) for row in rows)]

    def as_dict(self) -> dict[str, Any]:
        """The report as JSON holds it; an undefined V is None."""
        fields = asdict(self)
        for association in fields["associations"]:
            if math.isnan(association["cramers_v"]):
                association["cramers_v"] = None
        fields["associations"] = list(fields["associations"])
        return fields


def _figure(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"


def _row(cells: tuple[str, ...], widths: list[int]) -> str:
    padded = [
        cell.ljust(width) if place < 2 else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(padded).rstrip()
