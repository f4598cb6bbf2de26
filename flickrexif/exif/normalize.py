"""Raw records → exact columns and the labels that Flickr prints, as polars expressions.

The print rule is exiftool's: a rational is first rounded to ten significant digits; an exposure
below 0.25001 s becomes ``1/n``, other numbers get one decimal as C's ``%.1f`` gives it. The same
photo gives the same labels whether its tags came from the file or as Flickr's text.
"""

from __future__ import annotations

from typing import TypeVar

import polars as pl

from flickrexif.exif.flash import FLASH_WORDS

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)

RECORD_SCHEMA = pl.Schema(
    {
        "source": pl.String,
        "make": pl.String,
        "model": pl.String,
        "camera": pl.String,
        "exposure_text": pl.String,
        "exposure_num": pl.Int64,
        "exposure_den": pl.Int64,
        "aperture_text": pl.String,
        "aperture_num": pl.Int64,
        "aperture_den": pl.Int64,
        "iso_text": pl.String,
        "iso": pl.Int64,
        "focal_length_text": pl.String,
        "focal_length_num": pl.Int64,
        "focal_length_den": pl.Int64,
        "focal_length_35mm": pl.Int64,
        "flash_text": pl.String,
        "flash": pl.Int64,
        "date_time_original": pl.String,
    }
)
"""`RawRecord` as columns; what `normalize` needs and what ``raw_exif`` decodes to."""

LONGEST_FRACTION_S = 0.25001
DIGITS = 10
SPLITTER = 134217729.0  # 2**27 + 1, Veltkamp's constant for doubles
EARLIEST_YEAR, LATEST_YEAR = 1990, 2100
"""Years outside are a clock never set or junk."""


def normalize(raw: Frame) -> Frame:
    """``raw`` (columns of `RECORD_SCHEMA`, others kept) with labels and exact columns.

    Replaced or added: make, model, exposure, aperture, iso_speed, focal_length, flash (texts);
    exposure_seconds (s), f_number, iso, focal_length_mm, focal_length_35mm (mm), year. The other
    record columns (``source``, ``date_time_original`` and all ``_text``, ``_num``, ``_den``) go,
    ``camera`` is kept.
    """
    exact = raw.with_columns(
        exposure_seconds=_positive(_exact("exposure")),
        f_number=_positive(_exact("aperture")),
        focal_length_mm=_positive(_exact("focal_length")),
        iso=_positive(pl.coalesce("iso", _iso_number())).cast(pl.Int32, strict=False),
        focal_length_35mm=_positive(pl.col("focal_length_35mm")).cast(pl.Int32, strict=False),
        year=_year(),
        flash=flash_words(),
    )
    printed = exact.with_columns(
        exposure=print_exposure(pl.col("exposure_seconds")),
        aperture=_aperture(),
        iso_speed=pl.col("iso").cast(pl.String),
        focal_length=print_focal_length(pl.col("focal_length_mm")),
    )
    spent = [name for name in RECORD_SCHEMA.names() if name not in KEPT]
    return printed.drop(spent)


KEPT = frozenset(("make", "model", "camera", "iso", "focal_length_35mm", "flash"))


def print_exposure(seconds: pl.Expr) -> pl.Expr:
    """Seconds as exiftool prints an exposure time: ``1/60``, ``0.3``, ``2``, ``2.5``."""
    seconds = seconds.round_sig_figs(DIGITS)
    fraction = pl.format("1/{}", (0.5 + 1.0 / seconds).floor().cast(pl.Int64, strict=False))
    decimal = print_decimal(seconds, 1).str.strip_suffix(".0")
    return pl.when(seconds < LONGEST_FRACTION_S).then(fraction).otherwise(decimal)


def print_f_number(f_number: pl.Expr) -> pl.Expr:
    """An f-number as exiftool prints it: one decimal, two below 1."""
    f_number = f_number.round_sig_figs(DIGITS)
    below = f_number < 1.0
    return pl.when(below).then(print_decimal(f_number, 2)).otherwise(print_decimal(f_number, 1))


def print_focal_length(millimetres: pl.Expr) -> pl.Expr:
    """Millimetres as exiftool prints a focal length: ``50.0 mm``."""
    return print_decimal(millimetres.round_sig_figs(DIGITS), 1) + " mm"


def print_decimal(value: pl.Expr, decimals: int) -> pl.Expr:
    """A non-negative double as C's ``%.{decimals}f`` prints it, for values below 10^12.

    C rounds the exact binary value, ties to even; a scaled product would round first. So the
    product is taken exactly, in two halves (Veltkamp's split), and only its tail decides ties.
    """
    scale = 10.0**decimals
    high = value * SPLITTER - (value * SPLITTER - value)
    low = value - high
    guess = (value * scale).floor()
    below = (high * scale - guess) + low * scale < 0.0
    whole = pl.when(below).then(guess - 1.0).otherwise(guess)
    past_tie = (high * scale - (whole + 0.5)) + low * scale
    up = (past_tie > 0.0) | ((past_tie == 0.0) & (whole % 2.0 == 1.0))
    units = (whole + up.cast(pl.Float64)).cast(pl.Int64, strict=False)
    tail = (units % 10**decimals).cast(pl.String).str.zfill(decimals)
    return pl.format("{}.{}", units // 10**decimals, tail)


def flash_words() -> pl.Expr:
    """The flash in exiftool's words from code or text; anything else is null."""
    codes = pl.col("flash").replace_strict(FLASH_WORDS, default=None, return_dtype=pl.String)
    known = list(FLASH_WORDS.values())
    text = pl.when(pl.col("flash_text").is_in(known)).then(pl.col("flash_text"))
    return pl.coalesce(codes, text)


def _exact(name: str) -> pl.Expr:
    """The tag's value from its rational, else from its text."""
    ratio = pl.col(f"{name}_num").cast(pl.Float64) / pl.col(f"{name}_den").cast(pl.Float64)
    return pl.coalesce(ratio, _parsed(pl.col(f"{name}_text")))


def _parsed(text: pl.Expr) -> pl.Expr:
    """A printed decimal or fraction, with or without ``mm``, as a double; null if it is neither."""
    bare = text.str.strip_suffix("mm").str.strip_chars()
    number = bare.str.extract(r"^(\d{1,12}(?:\.\d{1,12})?)$").cast(pl.Float64, strict=False)
    over = bare.str.extract(r"^(\d{1,10})/\d{1,10}$").cast(pl.Float64, strict=False)
    under = bare.str.extract(r"^\d{1,10}/(\d{1,10})$").cast(pl.Float64, strict=False)
    return pl.coalesce(number, over / under)


def _aperture() -> pl.Expr:
    """The f-number's print; a text with decimals is a print already (``1.00`` of 0.999)."""
    printed = pl.col("aperture_text").str.contains(r"^\d+\.\d+$") & pl.col("f_number").is_not_null()
    return (
        pl.when(printed).then(pl.col("aperture_text")).otherwise(print_f_number(pl.col("f_number")))
    )


def _iso_number() -> pl.Expr:
    """The first of the printed speeds."""
    first = pl.col("iso_text").str.extract(r"^(\d{1,9})(?:\.0+)?(?:[ ,].*)?$")
    return first.cast(pl.Int64, strict=False)


def _year() -> pl.Expr:
    pattern = r"^(\d{4}):\d{2}:\d{2}"
    year = pl.col("date_time_original").str.extract(pattern).cast(pl.Int16, strict=False)
    return pl.when(year.is_between(EARLIEST_YEAR, LATEST_YEAR)).then(year)


def _positive(value: pl.Expr) -> pl.Expr:
    return pl.when(value.is_finite() & (value > 0)).then(value)
