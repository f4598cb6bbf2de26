from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flickrexif.corpus.months import Month, parse_months
from flickrexif.errors import UsageError

TODAY = date(2026, 11, 22)
MONTHS = st.builds(Month, st.integers(1826, 2025), st.integers(1, 12))


def test_one_month_and_a_range():
    assert [str(m) for m in parse_months("2020-01", today=TODAY)] == ["2020-01"]
    months = parse_months("2019-11..2020-02", today=TODAY)
    assert [str(m) for m in months] == ["2019-11", "2019-12", "2020-01", "2020-02"]


@given(MONTHS, MONTHS)
def test_ranges_are_whole_and_ascending(one, other):
    first, last = sorted([one, other])
    months = parse_months(f"{first}..{last}", today=TODAY)
    assert (months[0], months[-1]) == (first, last)
    for before, after in pairwise(months):
        assert before.last + timedelta(seconds=1) == after.first


@given(st.datetimes())
def test_a_moment_lies_in_its_month(moment):
    month = Month.of(moment)
    assert month.first <= moment
    assert (moment.year, moment.month) == (month.year, month.number)


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        ("2020-13", "YYYY-MM"),
        ("2020-00", "YYYY-MM"),
        ("2020", "YYYY-MM"),
        ("2020-1", "YYYY-MM"),
        ("", "YYYY-MM"),
        ("..", "YYYY-MM"),
        ("2020-01..", "YYYY-MM"),
        ("2020-01..2020-02..2020-03", "YYYY-MM"),
        ("2020-01,2020-02", "YYYY-MM"),
        ("0000-01", "YYYY-MM"),
        ("٢٠٢٠-٠١", "YYYY-MM"),  # noqa: RUF001 - digits, but not these
        ("2020-06..2020-01", r"2020-01\.\.2020-06"),
        ("2026-12", "2026-11"),
        ("2020-01..2027-01", "2026-11"),
    ],
)
def test_other_words_are_refused_in_one_line_with_the_remedy(words, remedy):
    with pytest.raises(UsageError, match=remedy) as caught:
        parse_months(words, today=TODAY)
    assert repr(words) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_present_month_may_be_asked_for():
    assert parse_months("2026-11", today=TODAY) == (Month(2026, 11),)
