"""What the study measured of an attribute, beside what encoders that are not the study's found."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from flickrexif.probing.reporting.families import COLOURS
from flickrexif.probing.reporting.measured import Measured
from flickrexif.probing.reporting.published import ACQUISITION, published_of
from flickrexif.probing.reporting.table import table
from flickrexif.probing.result import percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flickrexif.probing.reporting.published import PublishedAccuracy
    from flickrexif.probing.reporting.report import ProbeReport


@dataclass(frozen=True, slots=True)
class PublishedRange:
    """What the study's encoders reached on one attribute of one data set; shares, 0 to 1."""

    attribute: str
    """By our name, with the data set where that is one of processing."""
    chance: float
    hidden: float | None
    """The share of each image that was masked, where it is told."""
    encoders: int
    medians: Mapping[str, float]
    """Family → the median of its encoders."""
    best: float
    best_encoder: str
    """The label in the study's plots."""
    ours: Mapping[str, Measured] = field(default_factory=dict)
    """Encoders of our own → what these reached. They are others, on other photos."""


def published_ranges(report: ProbeReport) -> tuple[PublishedRange, ...]:
    """For each attribute of ``report`` that the study has, its figures and all of ours."""
    found = []
    for attribute in dict.fromkeys(result.attribute for result in report.results):
        ours = {
            result.encoder: Measured.of(result)
            for result in report.results
            if result.attribute == attribute
        }
        published = published_of(attribute, report.classes.get(attribute, ()))
        for dataset in dict.fromkeys(one.dataset for one in published):
            of = [one for one in published if one.dataset == dataset]
            found.append(_range(attribute, of, ours))
    return tuple(found)


def range_lines(ranges: Sequence[PublishedRange]) -> list[str]:
    """A table in percent, with a row for each attribute and encoder of ours."""
    families = [name for name in COLOURS if any(name in one.medians for one in ranges)]
    header = (
        *("attribute", "our encoder", "ours [95 % CI]", "chance"),
        *("published: chance", *families, "best", "best encoder"),
    )
    rows = []
    for one in ranges:
        theirs = (
            percent(one.chance),
            *(percent(one.medians[name]) if name in one.medians else "-" for name in families),
            percent(one.best),
            one.best_encoder,
        )
        for place, (encoder, measured) in enumerate(one.ours.items()):
            told = ("", *("" for _ in theirs)) if place else (one.attribute, *theirs)
            rows.append((told[0], encoder, measured.told(), percent(measured.chance), *told[1:]))
    return [
        f"in %; published: medians by family and the best of {ranges[0].encoders} encoders",
        *table([header, *rows], left=(0, 1, -1)),
    ]


def _range(
    attribute: str, published: Sequence[PublishedAccuracy], ours: Mapping[str, Measured]
) -> PublishedRange:
    best = max(published, key=lambda one: one.accuracy)
    where = "" if best.dataset == ACQUISITION else f" ({best.dataset})"
    families = dict.fromkeys(one.family for one in published)
    return PublishedRange(
        attribute=attribute + where,
        chance=best.chance,
        hidden=best.hidden,
        encoders=len(published),
        medians={
            name: median(one.accuracy for one in published if one.family == name)
            for name in families
        },
        best=best.accuracy,
        best_encoder=best.encoder,
        ours=ours,
    )
