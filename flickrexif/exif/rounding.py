"""Doubles rounded exactly as C's ``printf`` rounds them, as polars expressions.

C rounds the exact binary value, ties to even. A product of doubles is rounded before one can look
at it, so the distance from a tie is added up from partial products that are exact (T. J. Dekker, A
floating-point technique for extending the available precision, 1971).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST = 2.0**32 - 1
"""The largest number that an Exif rational holds; its inverse is the smallest."""
DIGITS = 10

NUMBER, FACTOR, FLOOR, HIGH, LOW = map(pl.field, ("number", "factor", "floor", "high", "low"))
FACTOR_HIGH, FACTOR_LOW, PAST_HALF = map(pl.field, ("factor_high", "factor_low", "past_half"))
IS_NEARER_ABOVE = (PAST_HALF > 0.0) | ((PAST_HALF == 0.0) & (FLOOR % 2.0 == 1.0))
NEAREST = FLOOR + IS_NEARER_ABOVE.cast(pl.Float64)


def round_digits(value: pl.Expr) -> pl.Expr:
    """A double rounded to ten significant digits, as C's ``%.10g`` prints it.

    For values from 1 / `LARGEST` to `LARGEST`: their factors are powers of ten that doubles hold.
    """
    lift, lifted = pl.field("lift"), pl.field("lifted")
    places = {10.0 ** (place + 1): 10.0 ** (DIGITS - 1 - place) for place in range(DIGITS - 1)}
    products = HIGH * FACTOR_LOW + LOW * FACTOR_HIGH
    return in_steps(
        {"number": value},
        {"lift": _by_size(NUMBER, {1e-5: 1e10, 1.0: 1e5})},
        {"lifted": NUMBER * lift},
        {"factor": lift * _by_size(lifted, places)},
        {"floor": (NUMBER * FACTOR).floor()},
        {"high": _first_bits(NUMBER), "factor_high": _first_bits(FACTOR)},
        {"low": NUMBER - HIGH, "factor_low": FACTOR - FACTOR_HIGH},
        {"past_half": (HIGH * FACTOR_HIGH - FLOOR - 0.5) + products + LOW * FACTOR_LOW},
        {"rounded": NEAREST / FACTOR},
    )


def nearest_multiple(value: pl.Expr, factor: pl.Expr) -> pl.Expr:
    """The whole number nearest to ``value`` times ``factor``, ties to even, as a double.

    ``factor`` has at most 24 significant bits and may depend on the value, the field ``number``.
    """
    return in_steps(
        {"number": value},
        {"factor": factor},
        {"floor": (NUMBER * FACTOR).floor(), "high": _first_bits(NUMBER)},
        {"past_half": (HIGH * FACTOR - FLOOR - 0.5) + (NUMBER - HIGH) * FACTOR},
        {"nearest": NEAREST},
    )


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


def _first_bits(number: pl.Expr) -> pl.Expr:
    """A double's first 24 bits; 29 are left for the difference, so both parts multiply exactly."""
    return number.cast(pl.Float32).cast(pl.Float64)


def _by_size(number: pl.Expr, below: Mapping[float, float]) -> pl.Expr:
    """What ``below`` gives for the first of its limits that is above ``number``, else 1."""
    given = pl.lit(1.0)
    for limit, result in reversed([*below.items()]):
        given = pl.when(number < limit).then(result).otherwise(given)
    return given
