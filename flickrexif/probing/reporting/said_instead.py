"""Which classes a probe takes for which, chosen and counted for a page that people read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flickrexif.probing.reporting.families import by_family

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flickrexif.probing.reporting.report import ProbeReport
    from flickrexif.probing.result import AttributeResult

MOST_CLASSES = 30
"""A page shows no larger matrix; results.json holds them all."""


@dataclass(frozen=True, slots=True)
class SaidInstead:
    """One probe's matrix: a row per true class, the shares of its test photos said to be each."""

    attribute: str
    encoder: str
    accuracy: float
    classes: tuple[str, ...]
    shares: tuple[tuple[float, ...], ...]

    @property
    def rows(self) -> tuple[tuple[str, tuple[float, ...]], ...]:
        """Each class with its shares."""
        return tuple(zip(self.classes, self.shares, strict=True))


def said_instead(report: ProbeReport) -> tuple[SaidInstead, ...]:
    """For each attribute the most accurate encoder of each family, where its matrix is known.

    Attributes of more than `MOST_CLASSES` classes are left out.
    """
    return tuple(
        SaidInstead(
            result.attribute,
            result.encoder,
            result.accuracy,
            report.classes[result.attribute],
            shares(result.confusion),
        )
        for result in _best(report)
        if 0 < len(result.confusion) <= MOST_CLASSES and result.attribute in report.classes
    )


def shares(counts: Sequence[Sequence[int]]) -> tuple[tuple[float, ...], ...]:
    """Each row of a confusion matrix over its sum; zeros for a class without test photos."""
    return tuple(tuple(count / max(1, sum(row)) for count in row) for row in counts)


def _best(report: ProbeReport) -> Iterator[AttributeResult]:
    by_attribute: dict[str, dict[str, AttributeResult]] = {}
    for result in report.results:
        by_attribute.setdefault(result.attribute, {})[result.encoder] = result
    for results in by_attribute.values():
        for group in by_family(report.encoders).values():
            yield max((results[e.name] for e in group), key=lambda result: result.accuracy)
