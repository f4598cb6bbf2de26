"""The print rule against C's own formatting (Python's ``%``), value by value."""

from __future__ import annotations

import csv

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flickrexif.exif.prints import (
    exposure_words,
    f_number_words,
    focal_length_words,
    print_exposure,
    print_f_number,
    print_focal_length,
    read_usual_exposure,
    read_usual_focal_length,
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
        exposure=print_exposure(value),
        f_number=print_f_number(value),
        focal_length=print_focal_length(value),
    )


def by_c(values):
    return [(exposure(one), f_number(one), f"{ten_digits(one):.1f} mm") for one in values]


def columns_of(numbers):
    """Few rows or many: a query costs the same for either."""
    few, many = ((1, 3), (100, 200))
    return st.one_of(*(st.lists(numbers, min_size=low, max_size=high) for low, high in (few, many)))


@settings(max_examples=15)  # of 75 rows in the mean
@given(columns_of(RATIOS))
@example([(12, 7830), (1, LARGEST), (LARGEST, 1), (2, 13), (1, 32768), (999, 1000), (33333, 10**6)])
@example([(4182025, 268435456), (123456789 * 4 + 1, 4), (1, 4), (25001, 100000), (2500099, 10**7)])
def test_rationals_print_as_exiftool_prints_them(ratios):
    values = [numerator / denominator for numerator, denominator in ratios]
    assert printed(values).rows() == by_c(values)


@settings(max_examples=15)  # of 75 rows in the mean
@given(columns_of(st.floats(1 / LARGEST, LARGEST)))
def test_any_double_in_range_prints_as_c_prints_it(values):
    assert printed(values).rows() == by_c(values)


@pytest.mark.parametrize("decade", range(-9, 10))
def test_a_column_of_one_decade_prints_as_c_prints_it(decade):
    """Where all rows agree polars may take a column for a literal and multiply by an inverse."""
    values = [digits * 10.0**decade / 997 for digits in range(997, 9970, 31)]
    assert printed(values).rows() == by_c(values)


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.25, "1.2 mm"), (0.05, "0.1 mm"), (1.15, "1.1 mm"), (0.25, "0.2 mm"), (0.75, "0.8 mm")],
)
def test_ties_and_near_ties(value, text):
    assert pl.select(print_focal_length(pl.lit(value))).item() == text


def test_usual_numbers_and_the_next_ones_print_alike():
    """Around the ends of the tables, and every number in them."""
    tenths = [n / 10 for n in range(1, 8100)] + [10**6 + 0.25, 10**9 + 0.5]
    hundredths = [n / 100 for n in range(1, 100)]
    inverses = [1 / n for n in range(1, 8100)]
    values = [*tenths, *hundredths, *inverses]
    assert printed(values).rows() == by_c(values)


def test_usual_words_are_read_as_the_doubles_they_name():
    for words, read in (
        (exposure_words(), read_usual_exposure),
        (focal_length_words(), read_usual_focal_length),
    ):
        texts = words.words.to_list()
        ratios = [text.removesuffix(" mm").split("/") for text in texts]
        values = [float(over) / float(*(under or ["1"])) for over, *under in ratios]
        assert words.words.to_frame("x").select(read(pl.col("x"))).to_series().to_list() == values
    lengths = (
        focal_length_words().words.to_frame("x").select(y=read_usual_focal_length(pl.col("x")))
    )
    assert lengths["y"].to_list() == [n / 10 for n in range(6001)]


@pytest.mark.parametrize("words", [exposure_words(), f_number_words(), focal_length_words()])
def test_words_and_numbers_are_one_to_one(words):
    frame = pl.DataFrame({"x": words.numbers, "text": words.words})
    assert frame.select(words.of(pl.col("x"))).to_series().equals(words.words)
    assert frame.select(words.number(pl.col("text"))).to_series().to_list() == frame["x"].to_list()


def test_unusual_texts_are_not_read():
    odd = pl.DataFrame({"x": ["1/60 s", "", "01/60", " 50.0 mm", "50 mm", "-0", None]})
    for read in (read_usual_exposure, read_usual_focal_length):
        assert odd.select(read(pl.col("x"))).to_series().null_count() == len(odd)


def test_null_prints_as_null():
    assert printed([None, 2.0]).row(0) == (None,) * 3


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
    assert printed([12 / 7830]).row(0)[0] == "1/652"
