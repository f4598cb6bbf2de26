"""Exact rounding against C's own (Python's ``%``) and against whole-number arithmetic."""

from __future__ import annotations

from fractions import Fraction

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flickrexif.exif.rounding import LARGEST, in_steps, nearest_multiple, round_digits

EXPONENTS = range(-9, 10)


def eleven_digits(digits, exponent):
    """The double nearest to a tie: eleven digits, the last of which is five."""
    return float(f"{digits}5e{exponent - 10}")


TIES = st.builds(eleven_digits, st.integers(10**9, 10**10 - 1), st.sampled_from(EXPONENTS))
BINARY_TIES = st.builds(lambda n, power: n / 2**power, st.integers(1, 2**32), st.integers(0, 31))
VALUES = st.one_of(st.floats(1 / LARGEST, LARGEST), TIES, BINARY_TIES).filter(
    lambda value: 1 / LARGEST <= value <= LARGEST
)


def rounded(values):
    column = pl.Series("value", values, pl.Float64)
    return column.to_frame().select(round_digits(pl.col("value"))).to_series().to_list()


@settings(max_examples=150)
@given(st.lists(VALUES, min_size=1, max_size=200))
@example([1 / 32768, 1 / LARGEST, LARGEST, 0.1, 1.0, 9999999999.5, 0.99999999995, 1e-5, 1e5])
def test_ten_digits_are_those_of_c(values):
    assert rounded(values) == [float(f"{value:.10g}") for value in values]


@pytest.mark.parametrize("exponent", EXPONENTS)
def test_ties_of_one_decade_round_as_c_rounds_them(exponent):
    values = [eleven_digits(10**9 + 9_000_017 * step, exponent) for step in range(900)]
    known = [value for value in values if value <= LARGEST]
    assert rounded(known) == [float(f"{value:.10g}") for value in known]


def test_powers_of_ten_and_their_neighbours():
    powers = [10.0**exponent for exponent in EXPONENTS]
    assert rounded(powers) == powers
    tiny = [power * (1 - 2.0**-53) for power in powers]
    assert rounded(tiny) == powers


@given(
    st.lists(st.one_of(VALUES, st.builds(lambda n: (2 * n + 1) / 20, st.integers(0, 10**9)))),
    st.sampled_from([1.0, 10.0, 100.0]),
)
def test_nearest_multiples_are_exact(values, factor):
    column = pl.Series("value", values, pl.Float64)
    got = column.to_frame().select(nearest_multiple(pl.col("value"), pl.lit(factor))).to_series()
    assert got.to_list() == [round(Fraction(value) * int(factor)) for value in values]


def test_null_stays_null():
    assert rounded([None, 2.0]) == [None, 2.0]


def test_a_step_sees_the_fields_before_it():
    steps = ({"x": pl.lit(3)}, {"y": pl.field("x") + 1}, {"y": pl.field("y") * pl.field("x")})
    assert pl.select(in_steps(*steps)).item() == 12
