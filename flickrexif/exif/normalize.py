"""Raw records → exact columns and the labels that Flickr prints, as polars expressions.

Labels are exiftool's print of the exact value, by the rule in `flickrexif.exif.prints`: the same
photo gives the same labels whether its tags came from the file or as Flickr's text. What no camera
means is null: zeros, infinities, negative numbers, and numbers that an Exif rational cannot hold.
"""

from __future__ import annotations

from typing import TypeVar

import polars as pl

from flickrexif.exif.flash import FLASH_WORDS
from flickrexif.exif.prints import (
    print_exposure,
    print_f_number,
    print_focal_length,
    read_usual_exposure,
    read_usual_focal_length,
)
from flickrexif.exif.rounding import LARGEST, in_steps

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

EARLIEST_YEAR, LATEST_YEAR = 1990, 2100
"""Years outside are a clock never set or junk."""
DATE = r"^\d{4}:(?:0[1-9]|1[0-2]):(?:0[1-9]|[12]\d|3[01])(?:\D|$)"
"""An Exif date; months and days of zero are a clock never set."""
FIRST_NUMBER = r"^(\d{1,10})(?:\.0+)?(?:[ ,].*)?$"

FRACTION = r"^(\d{1,10})/(\d{1,10})$"
LIST_OF_FLASHES = r"^Unknown \((\d{1,5}) [\d ]+\)$"

KEPT = frozenset(("make", "model", "camera", "iso", "focal_length_35mm", "flash"))


def normalize(raw: Frame) -> Frame:
    """``raw`` (columns of `RECORD_SCHEMA`, others kept) with labels and exact columns.

    Replaced or added: make, model, exposure, aperture, iso_speed, focal_length, flash (texts);
    exposure_seconds (s), f_number, iso, focal_length_mm, focal_length_35mm (mm), year. The other
    record columns (``source``, ``date_time_original`` and all ``_text``, ``_num``, ``_den``) go,
    ``camera`` is kept. Every row stands for itself: a lazy frame streams.
    """
    texts = ("exposure_text", "aperture_text", "focal_length_text")
    exposure, f_number, focal_length = map(pl.col, texts)
    exact = raw.with_columns(
        exposure_seconds=_exact("exposure", read_usual_exposure(exposure)),
        f_number=_exact("aperture", f_number.cast(pl.Float64, strict=False)),
        focal_length_mm=_exact("focal_length", read_usual_focal_length(focal_length)),
        iso=_whole(pl.coalesce("iso", _iso_number())),
        focal_length_35mm=_whole(pl.col("focal_length_35mm")),
        year=_year(),
        flash=flash_words(),
    )
    printed = exact.with_columns(
        exposure=print_exposure(pl.col("exposure_seconds")),
        aperture=_aperture(),
        iso_speed=pl.col("iso").cast(pl.String),
        focal_length=_unless(print_focal_length(pl.col("focal_length_mm")), "0.0 mm"),
    )
    spent = [name for name in RECORD_SCHEMA.names() if name not in KEPT]
    return printed.drop(spent)


def flash_words() -> pl.Expr:
    """The flash in exiftool's words from code or text; anything else is null.

    Of a list (``Unknown (16 0)``) the first code counts, as in a file.
    """
    codes, words = pl.Series(list(FLASH_WORDS)), pl.Series(list(FLASH_WORDS.values()))
    text, code, known = pl.field("text"), pl.field("code"), pl.field("known")
    other = pl.when(known.is_null()).then(text)
    first = other.str.extract(LIST_OF_FLASHES).cast(pl.Int64, strict=False)
    return in_steps(
        {"text": pl.col("flash_text"), "code": pl.col("flash")},
        {"known": pl.when(text.is_in(words.implode())).then(text)},
        {"code": pl.coalesce(code, first)},
        {"words": code.replace_strict(codes, words, default=None, return_dtype=pl.String)},
        {"flash": pl.coalesce(pl.field("words"), known)},
    )


def _exact(name: str, usual: pl.Expr) -> pl.Expr:
    """The tag's value from its rational, else from its text, which ``usual`` tells if it can."""
    over, under = (pl.col(f"{name}_{part}").cast(pl.Float64) for part in ("num", "den"))
    ratio, value = pl.field("over") / pl.field("under"), pl.field("value")
    return in_steps(
        {"over": over, "under": under, "told": _parsed(pl.col(f"{name}_text"), usual)},
        {"value": pl.coalesce(ratio, pl.field("told"))},
        {"known": pl.when(value.is_between(1.0 / LARGEST, LARGEST)).then(value)},
    )


def _parsed(text: pl.Expr, usual: pl.Expr) -> pl.Expr:
    """A printed decimal or fraction, with or without ``mm``, as a double; null if it is neither.

    Polars passes over columns that are all null, so the steps for unusual texts cost little.
    """
    bare, number, ratio = pl.field("bare"), pl.field("number"), pl.field("ratio").struct
    over, under = (ratio.field(group).cast(pl.Float64, strict=False) for group in "12")
    return in_steps(
        {"text": text, "usual": usual},
        {"bare": pl.when(pl.field("usual").is_null()).then(pl.field("text"))},
        {"bare": bare.str.strip_chars_end("m ")},
        {"number": bare.cast(pl.Float64, strict=False)},
        {"ratio": pl.when(number.is_null()).then(bare).str.extract_groups(FRACTION)},
        {"value": pl.coalesce(pl.field("usual"), number, over / under)},
    )


def _aperture() -> pl.Expr:
    """The f-number's print; ``1.00``, exiftool's print of 0.999, stands as it is."""
    printed = _unless(print_f_number(pl.col("f_number")), "0.00")
    text = pl.col("aperture_text")
    return pl.coalesce(pl.when(text == "1.00").then(text), printed)


def _unless(label: pl.Expr, nothing: str) -> pl.Expr:
    """``label``, but null where it prints as zero."""
    known = pl.field("label")
    return in_steps({"label": label}, {"kept": pl.when(known != nothing).then(known)})


def _iso_number() -> pl.Expr:
    """The first of the printed speeds."""
    text, number = pl.field("text"), pl.field("number")
    other = pl.when(number.is_null()).then(text)
    return in_steps(
        {"text": pl.col("iso_text")},
        {"number": text.cast(pl.Int64, strict=False)},
        {
            "first": pl.coalesce(
                number, other.str.extract(FIRST_NUMBER).cast(pl.Int64, strict=False)
            )
        },
    )


def _year() -> pl.Expr:
    date = pl.col("date_time_original")
    year = date.str.head(4).cast(pl.Int16, strict=False)
    known = date.str.contains(DATE) & year.is_between(EARLIEST_YEAR, LATEST_YEAR)
    return pl.when(known).then(year)


def _whole(value: pl.Expr) -> pl.Expr:
    """``value`` where a 32-bit integer holds it and it is above zero."""
    given = pl.field("given")
    return in_steps(
        {"given": value},
        {"whole": pl.when(given > 0).then(given).cast(pl.Int32, strict=False)},
    )
