"""The print rule against C's own formatting (Python's ``%``), value by value."""

from __future__ import annotations

import csv

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flickrexif.exif.prints import (
    print_decimal,
    print_exposure,
    print_f_number,
    print_focal_length,
    round_digits,
)

LARGEST = 2**32 - 1
WHOLE = st.integers(1, LARGEST)
DENOMINATORS = [1, 2, 5, 10, 16, 20, 32, 60, 100, 256, 1000, 10_000, 1_000_000, 10_000_000,
                1_677_721_600, 3_791_912_960, 268_435_456, 57_147_402, 19_645, 893]  # fmt: skip
"""As cameras write them."""


RATIOS = st.one_of(
    st.tuples(WHOLE, WHOLE),
    st.tuples(WHOLE, st.sampled_from(DENOMINATORS)),
    st.tuples(st.sampled_from(DENOMINATORS), WHOLE),
    st.tuples(st.integers(1, 1000), st.integers(1, 10_000)),
    st.builds(lambda k: (2, 2 * k + 1), st.integers(4, 10**6)),  # 1 / s is k + 0.5
    st.builds(lambda k, d: (2 * k + 1, d), st.integers(0, 10**8), st.sampled_from([4, 20, 40])),
    st.builds(lambda n, power: (n, 2**power), WHOLE, st.integers(0, 31)),  # ties in binary
    st.builds(lambda k, power: (10 * k + 5, 10**power), st.integers(0, 10**8), st.integers(1, 9)),
)


def ten_digits(value):
    return float(f"{value:.10g}")


def exposure(value):
    value = ten_digits(value)
    return f"1/{int(0.5 + 1 / value)}" if value < 0.25001 else f"{value:.1f}".removesuffix(".0")


def f_number(value):
    value = ten_digits(value)
    return f"{value:.2f}" if value < 1 else f"{value:.1f}"


def printed(values):
    value = pl.col("value")
    return pl.DataFrame({"value": values}, schema={"value": pl.Float64}).select(
        rounded=round_digits(value),
        decimal=print_decimal(value),
        exposure=print_exposure(value),
        f_number=print_f_number(value),
        focal_length=print_focal_length(value),
    )


def by_c(values):
    return [
        (ten_digits(one), f"{one:.1f}", exposure(one), f_number(one), f"{ten_digits(one):.1f} mm")
        for one in values
    ]


@settings(max_examples=150)
@given(st.lists(RATIOS, min_size=1, max_size=200))
@example([(12, 7830), (1, LARGEST), (LARGEST, 1), (2, 13), (1, 32768), (999, 1000), (33333, 10**6)])
@example([(4182025, 268435456), (123456789 * 4 + 1, 4), (1, 4), (25001, 100000), (2500099, 10**7)])
def test_rationals_print_as_exiftool_prints_them(ratios):
    values = [numerator / denominator for numerator, denominator in ratios]
    assert printed(values).rows() == by_c(values)


@given(st.lists(st.floats(1 / LARGEST, LARGEST), min_size=1, max_size=200))
def test_any_double_in_range_prints_as_c_prints_it(values):
    assert printed(values).rows() == by_c(values)


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.25, "1.2"), (0.05, "0.1"), (1.15, "1.1"), (0.25, "0.2"), (0.75, "0.8"), (0.0, "0.0")],
)
def test_ties_and_near_ties(value, text):
    assert pl.select(print_decimal(pl.lit(value))).item() == text


def test_null_prints_as_null():
    assert printed([None, 2.0]).row(0) == (None,) * 5


def test_every_rational_of_the_oracle_prints_as_exiftool_printed_it(oracle):
    columns = {"exposure": "exposure_time", "f_number": "f_number", "focal_length": "focal_length"}
    with (oracle / "exif" / "truth.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    checked = 0
    for ours, theirs in columns.items():
        known = [row for row in rows if row[f"{theirs}_rational"] and float(row[theirs]) > 0]
        ratios = [row[f"{theirs}_rational"] for row in known]
        values = [int(over) / int(under) for over, under in (one.split("/") for one in ratios)]
        expected = [row[f"{theirs}_print"] for row in known]
        assert printed(values)[ours].to_list() == expected
        checked += len(known)
    assert checked > 600


def test_ten_digits_come_before_the_fraction():  # the exact value is 1/652.5
    assert printed([12 / 7830]).row(0)[2] == "1/652"
