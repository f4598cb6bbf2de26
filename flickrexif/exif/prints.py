"""Exact values → the labels that Flickr prints, by exiftool's rule, as polars expressions.

A rational is first rounded to ten significant digits, as Perl's ``%.10g`` gives it; then an
exposure below 0.25001 s becomes ``1/n``, and other numbers get one decimal as C's ``%.1f`` gives
it. So a label is a whole number in words: 56 tenths are ``5.6``. Writing digits is most of the
cost: numbers that cameras usually give find their words in a table, only others are written out.
"""

from __future__ import annotations

from functools import cache

import polars as pl

from flickrexif.exif.rounding import in_steps, nearest_multiple, round_digits

LONGEST_FRACTION_S = 0.25001
TENTHS = pl.lit(10.0)
NUMBER = pl.field("number")


class Words:
    """The words of the whole numbers from ``first`` on."""

    def __init__(self, first: int, words: list[str]) -> None:
        self.numbers = pl.int_range(first, first + len(words), eager=True)
        self.words = pl.Series(words)
        place = pl.field("text").cast(pl.Enum(self.words), strict=False).to_physical()
        self._number = place.cast(pl.Float64) + first  # once: an Enum takes a millisecond

    def of(self, number: pl.Expr) -> pl.Expr:
        """The words of each number (Int64); null for numbers that the table lacks."""
        return number.replace_strict(self.numbers, self.words, default=None, return_dtype=pl.String)

    def number(self, text: pl.Expr) -> pl.Expr:
        """The number (Float64) that has these words; null for texts that the table lacks."""
        return in_steps({"text": text}, {"number": self._number})


@cache
def exposure_words() -> Words:
    """``n`` stands for 1/n s, ``-n`` for n tenths of a second."""
    seconds = [f"{tenths / 10:.1f}".removesuffix(".0") for tenths in range(600, -1, -1)]
    fractions = [f"1/{n}" for n in range(1, 8001)]
    return Words(-600, [*seconds, *fractions])


@cache
def f_number_words() -> Words:
    """``n`` stands for n tenths, ``-n`` for n hundredths."""
    below_one = [f"{hundredths / 100:.2f}" for hundredths in range(100, -1, -1)]
    return Words(-100, [*below_one, *(f"{n / 10:.1f}" for n in range(1, 1001))])


@cache
def focal_length_words() -> Words:
    """``n`` stands for n tenths of a millimetre."""
    return Words(0, [f"{n / 10:.1f} mm" for n in range(6001)])


def read_usual_exposure(text: pl.Expr) -> pl.Expr:
    """The seconds that a usual print tells, as the nearest double; null for other texts."""
    is_inverse = NUMBER > 0
    return in_steps(
        {"number": exposure_words().number(text)},
        {
            "over": pl.when(is_inverse).then(1.0).otherwise(-NUMBER),
            "under": pl.when(is_inverse).then(NUMBER).otherwise(TENTHS),
        },
        {"seconds": pl.field("over") / pl.field("under")},
    )


def read_usual_focal_length(text: pl.Expr) -> pl.Expr:
    """The millimetres that a usual print tells, as the nearest double; null for other texts."""
    return _tenth(focal_length_words().number(text))


def print_exposure(seconds: pl.Expr) -> pl.Expr:
    """Seconds as exiftool prints an exposure time: ``1/60``, ``0.3``, ``2``, ``2.5``."""
    value, number, rare = pl.field("value"), pl.field("number"), pl.field("rare")
    is_fraction, inverse = value < LONGEST_FRACTION_S, (0.5 + 1.0 / value).floor()
    fraction = pl.format("1/{}", pl.when(rare > 0).then(rare))
    return in_steps(
        {"value": round_digits(seconds)},
        {"tenths": nearest_multiple(value, TENTHS)},
        {"number": pl.when(is_fraction).then(inverse).otherwise(-pl.field("tenths"))},
        {"number": number.cast(pl.Int64)},
        {"usual": exposure_words().of(number)},
        {"rare": pl.when(pl.field("usual").is_null()).then(number)},
        {"label": pl.coalesce(pl.field("usual"), fraction, _decimal(-rare).str.strip_suffix(".0"))},
    )


def print_f_number(f_number: pl.Expr) -> pl.Expr:
    """An f-number as exiftool prints it: one decimal, two below 1."""
    value, number, usual = pl.field("value"), pl.field("number"), pl.field("usual")
    hundredths_or_tenths = pl.when(pl.field("number") < 1.0).then(100.0).otherwise(10.0)
    return in_steps(
        {"value": round_digits(f_number)},
        {"number": nearest_multiple(value, hundredths_or_tenths)},
        {"number": pl.when(value < 1.0).then(-number).otherwise(number).cast(pl.Int64)},
        {"usual": f_number_words().of(number)},
        {"label": pl.coalesce(usual, _decimal(pl.when(usual.is_null()).then(number)))},
    )


def print_focal_length(millimetres: pl.Expr) -> pl.Expr:
    """Millimetres as exiftool prints a focal length: ``50.0 mm``."""
    number, usual = pl.field("number"), pl.field("usual")
    return in_steps(
        {"number": nearest_multiple(round_digits(millimetres), TENTHS).cast(pl.Int64)},
        {"usual": focal_length_words().of(number)},
        {"label": pl.coalesce(usual, _decimal(pl.when(usual.is_null()).then(number)) + " mm")},
    )


def _decimal(tenths: pl.Expr) -> pl.Expr:
    """Positive tenths with their point; null for other numbers."""
    return _tenth(pl.when(tenths > 0).then(tenths).cast(pl.Float64)).cast(pl.String)


def _tenth(number: pl.Expr) -> pl.Expr:
    """The double nearest to a tenth of a whole number.

    The divisor is a field: by a literal, or what may become one, polars multiplies its inverse.
    """
    return in_steps(
        {"number": number, "ten": TENTHS}, {"tenth": pl.field("number") / pl.field("ten")}
    )
