"""A probe held against another, or against the figures that the study published."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from flickrexif.errors import UsageError
from flickrexif.probing.controls import stream
from flickrexif.probing.reporting.beside_published import published_ranges
from flickrexif.probing.reporting.comparability import (
    between_runs,
    from_paper,
    from_paper_setup,
)
from flickrexif.probing.reporting.comparison import ComparedProbe, ProbeComparison
from flickrexif.probing.reporting.measured import Measured
from flickrexif.probing.reporting.predictions import FILE, read_predictions
from flickrexif.probing.reporting.published import ACQUISITION, published_for, published_label
from flickrexif.probing.reporting.report import ProbeReport
from flickrexif.probing.resampling import estimates

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from flickrexif.probing.reporting.predictions import Predictions
    from flickrexif.probing.reporting.published import PublishedAccuracy
    from flickrexif.probing.result import AttributeResult

PAPER = "paper"
"""The word that stands for the published figures; a folder of that name is ``./paper``."""
PUBLISHED = "the published figures (ICCV 2025)"
RESAMPLES = 2000
SHOWN = 4
"""How many reasons an error names."""


@dataclass(frozen=True, slots=True)
class _Run:
    """A report as it lies on disk, with its predictions where they were written."""

    path: Path
    report: ProbeReport
    predictions: Mapping[tuple[str, str], Predictions]

    @classmethod
    def read(cls, path: Path) -> _Run:
        file = (path if path.is_dir() else path.parent) / FILE
        return cls(path, ProbeReport.read(path), read_predictions(file) if file.is_file() else {})

    @property
    def results(self) -> Mapping[tuple[str, str], AttributeResult]:
        return {(result.encoder, result.attribute): result for result in self.report.results}


def compare_runs(first: Path, second: Path) -> ProbeComparison:
    """Two runs: what both probed, with the interval of each difference."""
    ours, theirs = _Run.read(first), _Run.read(second)
    rows: list[ComparedProbe] = []
    left_out: dict[str, str] = {}
    counterparts = _counterparts(ours.report, theirs.report)
    for key, result in ours.results.items():
        there = (counterparts.get(result.encoder, ""), result.attribute)
        other = theirs.results.get(there)
        why = _unlike(result, other)
        if other is None or why is not None:
            left_out[_called(*key)] = str(why)
            continue
        asked = _same_questions(ours.predictions.get(key), theirs.predictions.get(there))
        rows.append(_row(result, other, asked))
    found = {(row.counterpart, row.attribute) for row in rows}
    left_out |= {
        _called(*key): "only in the second"
        for key in theirs.results
        if key not in found and _called(*key) not in left_out
    }
    warnings = between_runs(ours.report, theirs.report)
    return _comparison(str(first), str(second), rows, left_out, warnings)


def compare_paper(first: Path) -> ProbeComparison:
    """A run and what the study published of the same encoders and attributes.

    Where no encoder of the run is the study's, nothing is compared: `ProbeComparison.beside` then
    has the study's own figures of the run's attributes.
    """
    report = ProbeReport.read(first)
    rows: list[ComparedProbe] = []
    left_out: dict[str, str] = {}
    used: list[tuple[AttributeResult, PublishedAccuracy]] = []
    for result in report.results:
        called = _called(result.encoder, result.attribute)
        label = published_label(result.encoder)
        classes = report.classes.get(result.attribute, ())
        found = published_for(label, result.attribute, classes) if label else ()
        if not found:
            left_out[called] = "not published" if label else "no encoder of the study"
        for published in found:
            if len(published.classes) != result.classes:
                left_out[called] = f"{result.classes} classes, published {len(published.classes)}"
                continue
            used.append((result, published))
            rows.append(_published_row(result, published))
    if not any(published_label(encoder.name) for encoder in report.encoders):
        beside = published_ranges(report)
        if beside:
            told = from_paper_setup(report, beside)
            return ProbeComparison(str(first), PUBLISHED, (), left_out, told, beside)
    return _comparison(str(first), PUBLISHED, rows, left_out, from_paper(report, used))


def paired_interval(
    first: Predictions, second: Predictions, *, resamples: int = RESAMPLES, seed: int = 0
) -> tuple[float, float]:
    """The 95 % interval of the difference in accuracy when owners are drawn again, with return.

    Both answer each drawn photo, so that what a photo is like falls out of the difference.
    """
    gain = first.correct.astype(np.float64) - second.correct
    random = stream(seed, "paired", first.encoder, first.attribute)
    owners = first.owners.astype(np.str_)
    (found,) = estimates(gain[:, None], resamples=resamples, random=random, groups=owners)
    return found.low, found.high


def unpaired_interval(first: Measured, second: Measured) -> tuple[float, float]:
    """The 95 % interval of the difference of two independent accuracies, from their own intervals.

    Each bound takes the near side of one interval and the far side of the other (Newcombe,
    Statistics in Medicine 17, 1998, method 10, for any intervals). `ValueError` without intervals.
    """
    if first.low is None or first.high is None or second.low is None or second.high is None:
        raise ValueError("both accuracies must have an interval")
    difference = first.accuracy - second.accuracy
    below = math.hypot(first.accuracy - first.low, second.high - second.accuracy)
    above = math.hypot(first.high - first.accuracy, second.accuracy - second.low)
    return difference - below, difference + above


def _counterparts(first: ProbeReport, second: ProbeReport) -> Mapping[str, str]:
    """The encoders that stand on both sides; where none does and each has one, these two."""
    mine, others = ([encoder.name for encoder in report.encoders] for report in (first, second))
    if not set(mine) & set(others) and len(mine) == len(others) == 1:
        return {mine[0]: others[0]}
    return {name: name for name in mine if name in others}


def _row(
    result: AttributeResult, other: AttributeResult, asked: tuple[Predictions, Predictions] | None
) -> ComparedProbe:
    first, second = Measured.of(result), Measured.of(other)
    low, high = paired_interval(*asked) if asked else unpaired_interval(first, second)
    return ComparedProbe(
        encoder=result.encoder,
        attribute=result.attribute,
        counterpart=other.encoder,
        first=first,
        second=second,
        low=low,
        high=high,
        paired=len(asked[0].photo_ids) if asked else 0,
    )


def _published_row(result: AttributeResult, published: PublishedAccuracy) -> ComparedProbe:
    where = "" if published.dataset == ACQUISITION else f" ({published.dataset})"
    return ComparedProbe(
        encoder=result.encoder,
        attribute=result.attribute + where,
        counterpart=published.encoder,
        first=Measured.of(result),
        second=Measured(published.accuracy, None, None, published.chance),
        low=None,
        high=None,
        paired=0,
    )


def _unlike(first: AttributeResult, second: AttributeResult | None) -> str | None:
    """Why two results cannot stand beside each other; None where they can."""
    if second is None:
        return "only in the first"
    if first.classes != second.classes:
        return f"{first.classes} classes in the first, {second.classes} in the second"
    return None


def _same_questions(
    first: Predictions | None, second: Predictions | None
) -> tuple[Predictions, Predictions] | None:
    """Both, where both were written and are about the same photos."""
    if first is None or second is None or not first.asks_the_same(second):
        return None
    return first, second


def _comparison(
    first: str,
    second: str,
    rows: Sequence[ComparedProbe],
    left_out: Mapping[str, str],
    warnings: tuple[str, ...],
) -> ProbeComparison:
    if not rows:
        reasons = "; ".join(f"{what}: {why}" for what, why in list(left_out.items())[:SHOWN])
        raise UsageError(
            f"nothing in {first!r} can be compared with {second!r} ({reasons}): "
            "probe the same encoders and attributes"
        )
    return ProbeComparison(first, second, tuple(rows), left_out, warnings)


def _called(encoder: str, attribute: str) -> str:
    return f"{attribute} by {encoder}"
