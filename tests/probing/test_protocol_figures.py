"""Figures of protocols whose intervals miss the mean by a last bit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from flickrexif.probing import LeakReport, NeighboursReport, ProcessingReport
from flickrexif.probing.protocols import leak_figure
from flickrexif.probing.protocols.leak_report import LeakRow
from flickrexif.probing.protocols.protocol_rows import NeighboursRow, ProcessingRow
from flickrexif.probing.reporting.figure import whiskers
from flickrexif.probing.resampling import estimates

if TYPE_CHECKING:
    from pathlib import Path

SHARE = 0.3
BEYOND = math.nextafter(SHARE, 1)
ROW = {
    "accuracy": SHARE,
    "low": BEYOND,
    "high": BEYOND,
    "chance": 0.25,
    "majority": 0.25,
}
HEAD = {
    "images": "set",
    "encoders": {},
    "pixels": "",
    "splits": "",
    "counts": {},
    "owners": 1,
    "unreadable": {},
    "words": {"k": 3},
}


def test_means_of_equal_shares_that_are_drawn_again_miss_the_mean_by_a_last_bit():
    """Each query is right in 3 of 10 galleries, and owners have 1 to 9 of them."""
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(9).astype(np.str_), np.arange(1, 10))
    values = np.full((len(groups), 1), SHARE)
    (found,) = estimates(values, resamples=100, random=random, groups=groups)
    assert not found.low <= found.value <= found.high
    assert min(whiskers(found.value, found.low, found.high)) >= 0


def test_a_processing_is_drawn_whose_interval_misses_the_mean(tmp_path: Path):
    words = {"classes": 4, "deviation": None, "by_seed": (), "shuffled": 0.2}
    row = ProcessingRow("jpeg", r"own $\x$", **words, **ROW, shuffled_error=None)
    ProcessingReport(**HEAD, rows=(row,)).write(tmp_path)
    assert (tmp_path / "processing.png").stat().st_size > 0


def test_neighbours_are_drawn_whose_interval_misses_the_mean(tmp_path: Path):
    against = dict.fromkeys(("against_same", "against_same_low", "against_same_high"))
    rows = tuple(
        NeighboursRow("jpeg", encoder, "all-same", 1, 4, **against, **ROW)
        for encoder in (r"own $\x$", "other")
    )
    NeighboursReport(**HEAD, unlabelled=0, left_out=0, rows=rows).write(tmp_path)
    assert (tmp_path / "neighbours.png").stat().st_size > 0


@pytest.mark.parametrize("low", [BEYOND, 0.1])
def test_a_leak_is_drawn_whose_interval_misses_the_mean(tmp_path: Path, low: float):
    fit = {"penalty": 1.0, "validation_accuracy": 0.3, "balanced_accuracy": 0.3}
    row = LeakRow(0.9, 0.9, **(ROW | {"low": low}), **fit)
    words = {"provenance": {}, "mask": {"geometry": "center"}, "crop": 32, "seed": 0}
    counts = dict.fromkeys(("train", "validation", "test", "test_owners"), 4) | {"unlabelled": 0}
    head = {"images": "set", "encoder": "own", "classes": ("a", "b"), "splits": ""}
    report = LeakReport(**head, **words, **counts, unreadable={}, left_out={}, rows=(row,))
    leak_figure.draw(report, tmp_path / "leak.png")
    assert (tmp_path / "leak.png").stat().st_size > 0
