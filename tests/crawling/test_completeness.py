from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flickrexif.corpus.rows import Captures
from flickrexif.crawling.completeness import completeness_of

COUNTS = st.integers(0, 10**9)


@st.composite
def captures(draw):
    both, only_first, only_second = draw(COUNTS), draw(COUNTS), draw(COUNTS)
    return Captures("2020-01", both + only_first, both + only_second, both)


def two_passes(number, first, second, rng):
    """What two passes see of ``number`` photos that each shows with its own chance."""
    seen = [(rng.random() < first, rng.random() < second) for _ in range(number)]
    by_first, by_second = (sum(photo[sweep] for photo in seen) for sweep in (0, 1))
    return Captures("2020-01", by_first, by_second, sum(map(all, seen)))


@given(captures())
def test_a_share_lies_within_its_interval_and_never_beyond_all(seen):
    told = completeness_of(seen)
    if told is None:
        assert not (seen.first and seen.second)
        return
    assert told.listed == seen.first + seen.second - seen.both
    assert told.estimated >= told.listed
    assert 0 < told.low <= told.share <= told.high <= 1


@given(captures())
def test_the_order_of_the_passes_does_not_matter(seen):
    turned = Captures(seen.month, seen.second, seen.first, seen.both)
    assert completeness_of(turned) == completeness_of(seen)


@given(captures())
def test_the_estimate_is_chapmans(seen):
    told = completeness_of(seen)
    if told is not None:
        chapman = (seen.first + 1) * (seen.second + 1) / (seen.both + 1) - 1
        assert math.isclose(told.estimated, chapman, rel_tol=1e-9)


@given(st.integers(1, 10**9), st.integers(0, 10**9))
def test_it_is_one_when_a_pass_saw_all_that_the_other_did(number, more):
    told = completeness_of(Captures("2020-01", number, number + more, number))
    assert (told.share, told.low, told.high) == (1, 1, 1)


@given(st.integers(1, 1000), st.integers(1, 1000))
def test_without_overlap_much_is_missing_and_little_is_known(first, second):
    told = completeness_of(Captures("2020-01", first, second, 0))
    assert told.estimated == (first + 1) * (second + 1) - 1
    assert told.share <= 2 / 3
    assert (told.low < told.share, told.high) == (True, 1)


@pytest.mark.parametrize("counts", [(0, 0, 0), (5, 0, 0), (0, 5, 0)])
def test_one_pass_tells_nothing_of_what_it_missed(counts):
    assert completeness_of(Captures("2020-01", *counts)) is None


@pytest.mark.parametrize("counts", [(3, 3, 4), (3, 5, 4), (3, 3, -1)])
def test_counts_that_cannot_be_are_refused(counts):
    with pytest.raises(ValueError, match="cannot be"):
        completeness_of(Captures("2020-01", *counts))


@pytest.mark.parametrize(
    ("number", "first", "second"),
    [(60, 0.8, 0.8), (200, 0.9, 0.9), (400, 0.7, 0.8), (400, 0.5, 0.6), (400, 0.97, 0.9)],
)
def test_the_truth_lies_in_the_interval_as_often_as_it_should(number, first, second):
    rng, rounds = Random(f"{number} {first} {second}"), 400
    held, shares = 0, []
    for _ in range(rounds):
        told = completeness_of(two_passes(number, first, second, rng))
        held += told.low <= told.listed / number <= told.high
        shares.append(number / told.estimated)
    assert 0.92 <= held / rounds <= 0.995
    assert abs(sum(shares) / rounds - 1) < 0.01


def test_what_both_passes_hide_is_not_seen():
    rng = Random(1)
    seen = two_passes(800, 0.9, 0.9, rng)
    told = completeness_of(seen)
    assert told.share > 0.98
    assert told.listed / 1000 < 0.8 < told.low
