"""Other classes for numbers: standard stops, and the focal length's 35 mm equivalent.

A stop is a factor of two of light. The APEX system (Exif 2.32 annex C; ISO 2720 for the values on
exposure meters) puts every exposure time, f-number and ISO speed on a scale of stops::

    Tv = -log2(seconds)    Av = 2 log2(f-number)    Sv = log2(ISO / 3.125)

Cameras step along it by thirds or whole stops and show rounded numbers: 1/60 stands for 1/64 s,
f/5.6 for 5.657. A value belongs to the step nearest to it on that scale, so that a bin reaches to
the geometric mean of the neighbours' exact values, and three third-stop bins make one full-stop
bin. The class is the number that cameras show. Values more than half a bin beyond the ends of the
series are in no class.

Bins go by the printed value, never by the exact one beside it: the same photo has the same class
whether its tags came from a file or from Flickr.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Mapping

PRINTED = "printed"
"""The scheme of an attribute's own row in the table: each printed value is a class."""
OUTSIDE = pl.lit("outside the bins")

THIRDS_OF_EXPOSURE = (
    "60", "50", "40", "30", "25", "20", "15", "13", "10", "8", "6", "5", "4", "3.2", "2.5", "2",
    "1.6", "1.3", "1", "0.8", "0.6", "0.5", "0.4", "0.3", "1/4", "1/5", "1/6", "1/8", "1/10",
    "1/13", "1/15", "1/20", "1/25", "1/30", "1/40", "1/50", "1/60", "1/80", "1/100", "1/125",
    "1/160", "1/200", "1/250", "1/320", "1/400", "1/500", "1/640", "1/800", "1/1000", "1/1250",
    "1/1600", "1/2000", "1/2500", "1/3200", "1/4000", "1/5000", "1/6400", "1/8000", "1/10000",
    "1/12800", "1/16000", "1/20000", "1/25600", "1/32000",
)  # fmt: skip
"""Seconds by thirds of a stop, from Tv -6 up."""
THIRDS_OF_APERTURE = (
    "1.0", "1.1", "1.2", "1.4", "1.6", "1.8", "2.0", "2.2", "2.5", "2.8", "3.2", "3.5", "4.0",
    "4.5", "5.0", "5.6", "6.3", "7.1", "8.0", "9.0", "10.0", "11.0", "13.0", "14.0", "16.0", "18.0",
    "20.0", "22.0", "25.0", "29.0", "32.0", "36.0", "40.0", "45.0", "51.0", "57.0", "64.0",
)  # fmt: skip
"""F-numbers by thirds of a stop, from Av 0 up."""
THIRDS_OF_ISO = (
    "6", "8", "10", "12", "16", "20", "25", "32", "40", "50", "64", "80", "100", "125", "160",
    "200", "250", "320", "400", "500", "640", "800", "1000", "1250", "1600", "2000", "2500", "3200",
    "4000", "5000", "6400", "8000", "10000", "12800", "16000", "20000", "25600", "32000", "40000",
    "51200", "64000", "80000", "102400", "128000", "160000", "204800", "256000", "320000", "409600",
)  # fmt: skip
"""ISO speeds by thirds of a stop, from Sv 1 up."""
COMMON_LENSES = (14, 20, 24, 28, 35, 50, 85, 135, 200, 300, 400, 600)
"""Focal lengths, in millimetres, in which makers of 35 mm cameras usually offer fixed lenses."""


@dataclass(frozen=True, slots=True, eq=False)
class Scheme:
    """One way to class an attribute; its expressions read the photos table."""

    name: str
    source_column: str
    description: str
    """Of the attribute in this scheme."""
    expression: pl.Expr
    """The class (a string) or null."""
    why_none: pl.Expr
    """Why a photo with a value in the source column has no class."""
    classes: tuple[str, ...] | None = None
    """All classes that can come, in the order of the scale; ``None`` where they are unbounded."""


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """The standard values of a printed ``column``, by thirds of a stop from a whole one up."""

    column: str
    what: str
    apex: pl.Expr
    """The APEX value of the column, in stops."""
    thirds: tuple[str, ...]
    first: int
    """The APEX value of the first of ``thirds``."""

    def scheme(self, *, per_stop: int) -> Scheme:
        """The scheme of bins of a third (``per_stop`` 3) or of a whole stop (1)."""
        classes = self.thirds[:: 3 // per_stop]
        steps = {float(step): name for step, name in enumerate(classes, self.first * per_stop)}
        word = {3: "third-stop", 1: "full-stop"}[per_stop]
        return Scheme(
            name=word,
            source_column=self.column,
            description=f"{self.what}, in {word} bins around the standard values",
            expression=(self.apex * per_stop)
            .round()
            .replace_strict(steps, default=None, return_dtype=pl.String),
            why_none=OUTSIDE,
            classes=classes,
        )


def number(printed: pl.Expr) -> pl.Expr:
    """The number that a column of printed values shows: ``1/60``, ``0.3``, ``5.6``, ``400``."""
    below = 1.0 / printed.str.strip_prefix("1/").cast(pl.Float64, strict=False)
    whole = printed.cast(pl.Float64, strict=False)
    return pl.when(printed.str.starts_with("1/")).then(below).otherwise(whole)


EXPOSURE = Scale(
    column="exposure",
    what="exposure time in seconds",
    apex=-number(pl.col("exposure")).log(2),
    thirds=THIRDS_OF_EXPOSURE,
    first=-6,
)
APERTURE = Scale(
    column="aperture",
    what="f-number",
    apex=2.0 * number(pl.col("aperture")).log(2),
    thirds=THIRDS_OF_APERTURE,
    first=0,
)
ISO = Scale(
    column="iso_speed",
    what="ISO speed",
    apex=(number(pl.col("iso_speed")) / 3.125).log(2),
    thirds=THIRDS_OF_ISO,
    first=1,
)
EQUIVALENT = Scheme(
    name="35mm",
    source_column="focal_length_35mm",
    description="focal length of the lens as its 35 mm equivalent, in whole millimetres",
    expression=pl.col("focal_length_35mm").cast(pl.String) + " mm",
    why_none=OUTSIDE,
)


def _common_lens() -> pl.Expr:
    """The nearest of `COMMON_LENSES`: a bin reaches to the geometric mean of two neighbours.

    Beyond the first and the last it reaches as far as on their other side. At a mean itself the
    longer lens has it.
    """
    first, second, *_, last_but_one, last = COMMON_LENSES
    ends = (first**2 / second, *COMMON_LENSES, last**2 / last_but_one)
    means_squared = [shorter * longer for shorter, longer in pairwise(ends)]
    squared = pl.col("focal_length_35mm").cast(pl.Float64) ** 2
    passed = pl.sum_horizontal(squared >= mean for mean in means_squared)
    names = {place: f"{lens} mm" for place, lens in enumerate(COMMON_LENSES, 1)}
    return (
        pl.when(pl.col("focal_length_35mm").is_not_null())
        .then(passed)
        .replace_strict(names, default=None, return_dtype=pl.String)
    )


COMMON = Scheme(
    name="35mm-common",
    source_column="focal_length_35mm",
    description="focal length of the lens as its 35 mm equivalent, nearest of the common lenses",
    expression=_common_lens(),
    why_none=OUTSIDE,
    classes=tuple(f"{lens} mm" for lens in COMMON_LENSES),
)


def _by_name(*schemes: Scheme) -> Mapping[str, Scheme]:
    return {scheme.name: scheme for scheme in schemes}


SCHEMES: Mapping[str, Mapping[str, Scheme]] = {
    "exposure": _by_name(EXPOSURE.scheme(per_stop=3), EXPOSURE.scheme(per_stop=1)),
    "aperture": _by_name(APERTURE.scheme(per_stop=3), APERTURE.scheme(per_stop=1)),
    "iso": _by_name(ISO.scheme(per_stop=3), ISO.scheme(per_stop=1)),
    "focal_length": _by_name(EQUIVALENT, COMMON),
}
"""Attribute → scheme name → scheme, besides `PRINTED`."""
