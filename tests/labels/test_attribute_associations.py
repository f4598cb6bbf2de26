"""Which attributes go together, against a count in plain Python and known tables."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flickrexif.labels.associations import associate
from flickrexif.labels.attributes import attribute
from flickrexif.labels.label import label_photos
from flickrexif.labels.select import Rules

THREE = [attribute(name) for name in ("make", "is_smartphone", "iso")]
CODES = st.lists(
    st.tuples(*[st.one_of(st.none(), st.integers(0, 3))] * 3), min_size=1, max_size=120
)


def codes_of(rows):
    schema = {one.name: pl.UInt32 for one in THREE}
    return pl.DataFrame(rows, schema=schema, orient="row")


def bergsma(pairs):
    """Bias-corrected Cramér's V by the paper's formulas, from a list of pairs."""
    photos, table = len(pairs), Counter(pairs)
    left, right = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    if photos < 2 or len(left) < 2 or len(right) < 2:
        return None
    chi = sum(
        (table[a, b] - left[a] * right[b] / photos) ** 2 / (left[a] * right[b] / photos)
        for a in left
        for b in right
    )
    r, c = len(left), len(right)
    phi = max(0.0, chi / photos - (r - 1) * (c - 1) / (photos - 1))
    r, c = r - (r - 1) ** 2 / (photos - 1), c - (c - 1) ** 2 / (photos - 1)
    return min(1.0, math.sqrt(phi / (min(r, c) - 1))) if min(r, c) > 1 else None


@given(CODES)
def test_pairs_are_those_of_a_plain_count_and_the_strongest_come_first(rows):
    found = associate(codes_of(rows), THREE)
    expected = {}
    for first, second in combinations(range(3), 2):
        both = [
            (row[first], row[second])
            for row in rows
            if row[first] is not None and row[second] is not None
        ]
        expected[THREE[first].name, THREE[second].name] = (bergsma(both), len(both))
    assert {pair.attributes for pair in found} == set(expected)
    for pair in found:
        strength, photos = expected[pair.attributes]
        assert pair.photos == photos
        assert pair.cramers_v == (None if strength is None else pytest.approx(strength, abs=1e-4))
    strengths = [pair.cramers_v or 0.0 for pair in found]
    assert strengths == sorted(strengths, reverse=True)


def test_the_order_of_photos_does_not_matter():
    dice = np.random.default_rng(0)
    rows = codes_of(dice.integers(0, 4, (500, 3)).tolist())
    assert associate(rows, THREE) == associate(rows.reverse(), THREE)


def test_the_same_is_one_and_chance_is_none():
    dice = np.random.default_rng(1)
    make = dice.integers(0, 8, 4000)
    rows = [
        (int(a), int(a) % 2, int(b)) for a, b in zip(make, dice.integers(0, 9, 4000), strict=True)
    ]
    first, *others = associate(codes_of(rows), THREE)
    assert first.attributes == ("make", "is_smartphone")
    assert first.cramers_v == pytest.approx(1.0, abs=2e-3)
    assert first.by_construction
    for pair in others:
        assert pair.cramers_v < 0.05
        assert not pair.by_construction


def test_a_confound_is_told_before_publishing(simulated):
    """Photos of one maker all get one speed: the first pair that people see."""
    iso = pl.when(pl.col("make") == "Apple").then(pl.lit("32")).otherwise(pl.lit("400"))
    planted = simulated.with_columns(iso_speed=iso, focal_length=pl.lit(None, pl.String))
    _, summary = label_photos(planted, Rules("auto", min_photos=20, min_owners=4), 0)
    strong = {pair.attributes: pair for pair in summary.associations}
    assert strong["make", "iso"].cramers_v > 0.95
    lines = summary.lines()
    start = next(row for row, line in enumerate(lines) if line.startswith("go together"))
    assert any("make and iso" in line for line in lines[start + 1 : start + 5])
    assert not any("make and model" in line for line in lines)
    names = set(summary.attributes)
    assert len(summary.associations) == len(names) * (len(names) - 1) // 2
