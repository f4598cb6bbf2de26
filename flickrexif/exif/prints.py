"""Exact values → the labels that Flickr prints, by exiftool's rule, as polars expressions.

A rational is first rounded to ten significant digits, as Perl's ``%.10g`` gives it; then an
exposure below 0.25001 s becomes ``1/n``, and other numbers get one decimal as C's ``%.1f`` gives
it. Both round the exact binary value, ties to even. The expressions do the same without a product
that is rounded first: its error is computed too (T. J. Dekker, A floating-point technique for
extending the available precision, 1971) and decides what is near a tie.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST = 2.0**32 - 1
"""The largest number that an Exif rational holds; its inverse is the smallest."""
LONGEST_FRACTION_S = 0.25001
DIGITS = 10
SPLITTER = 2.0**27 + 1


def print_exposure(seconds: pl.Expr) -> pl.Expr:
    """Seconds as exiftool prints an exposure time: ``1/60``, ``0.3``, ``2``, ``2.5``."""
    value = pl.field("value")
    is_fraction = value < LONGEST_FRACTION_S
    inverse = pl.when(is_fraction).then((0.5 + 1.0 / value).floor()).cast(pl.Int64)
    decimal = print_decimal(pl.when(~is_fraction).then(value)).str.strip_suffix(".0")
    return in_steps(
        {"value": round_digits(seconds)},
        {"label": pl.coalesce(pl.format("1/{}", inverse), decimal)},
    )


def print_f_number(f_number: pl.Expr) -> pl.Expr:
    """An f-number as exiftool prints it: one decimal, two below 1."""
    value, text = pl.field("value"), pl.field("text")
    scale = pl.when(pl.field("value") < 1.0).then(100.0).otherwise(10.0)
    is_short = (value < 1.0) & (text.str.len_bytes() == len("0.0"))
    return in_steps(
        {"value": round_digits(f_number)},
        {"text": _rounded(value, scale).cast(pl.String)},
        {"label": pl.when(is_short).then(text + "0").otherwise(text)},
    )


def print_focal_length(millimetres: pl.Expr) -> pl.Expr:
    """Millimetres as exiftool prints a focal length: ``50.0 mm``."""
    return print_decimal(round_digits(millimetres)) + " mm"


def print_decimal(value: pl.Expr) -> pl.Expr:
    """A double from 0 to `LARGEST` as C's ``%.1f`` prints it."""
    tens = pl.when(pl.field("value").is_not_null()).then(10.0)
    return _rounded(value, tens).cast(pl.String)  # the shortest digits that give the double


def round_digits(value: pl.Expr) -> pl.Expr:
    """A double rounded to ten significant digits, as C's ``%.10g`` prints it.

    For values from 1 / `LARGEST` to `LARGEST`: their scales are powers of ten that doubles hold.
    """
    return _rounded(value, 10.0 ** (DIGITS - 1.0 - pl.field("value").log10().floor()))


def in_steps(*steps: Mapping[str, pl.Expr]) -> pl.Expr:
    """The last step's field, computed from the fields of the steps before it (`polars.field`).

    Polars computes an expression as often as it is named, a field once.
    """
    first, *others = steps
    fields = pl.struct([value.alias(name) for name, value in first.items()])
    for step in others:
        fields = fields.struct.with_fields(**step)
    (result,) = steps[-1]
    return fields.struct.field(result)


def _rounded(value: pl.Expr, scale: pl.Expr) -> pl.Expr:
    """The multiple of 1 / ``scale`` that is nearest to ``value``, ties to even multiples.

    ``scale`` is a column over the field value, and never a literal: polars would multiply by its
    inverse instead of dividing.
    """
    whole, factor, product = pl.field("value"), pl.field("scale"), pl.field("product")
    high, low = pl.field("high"), pl.field("low")
    factor_high, factor_low = pl.field("factor_high"), pl.field("factor_low")
    floor, past_half = pl.field("floor"), pl.field("past_half")
    error = (high * factor_high - product) + high * factor_low + low * factor_high
    up = (past_half > 0.0) | ((past_half == 0.0) & (floor % 2.0 == 1.0))
    return in_steps(
        {"value": value},
        {"scale": scale},
        {"product": whole * factor, "high": _high(whole), "factor_high": _high(factor)},
        {"floor": product.floor(), "low": whole - high, "factor_low": factor - factor_high},
        {"past_half": (product - floor - 0.5) + (error + low * factor_low)},
        {"rounded": (floor + up.cast(pl.Float64)) / factor},
    )


def _high(number: pl.Expr) -> pl.Expr:
    """The first 26 bits of a double."""
    return number * SPLITTER - (number * SPLITTER - number)
