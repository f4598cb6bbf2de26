"""The ten acquisition attributes: what they are called, what they read, which classes they have.

Adding an attribute is adding a row to `ATTRIBUTES`. Published names, classes and counts are those
of the FlickrExif split files of the repository visual-encoder-traces; ``published_classes.csv``
lists their camera models. Other classes for the attributes that are numbers are in
`flickrexif.labels.bins`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from fractions import Fraction
from importlib import resources
from typing import TYPE_CHECKING, Literal

import polars as pl

from flickrexif.errors import UsageError
from flickrexif.exif.flash import FLASH_FIRED
from flickrexif.labels.bins import PRINTED, SCHEMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flickrexif.labels.bins import Scheme

Preset = Literal["auto", "paper"]
Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")

FLASH_CLASSES = {False: "without flash", True: "with flash"}
MERGED_MAKES = {"NIKON CORPORATION": "NIKON"}
"""The one make that the published labels merged into another."""


PUBLISHED_FLASH = {
    "Off, Did not fire": "without flash",
    "No Flash": "without flash",
    "Auto, Did not fire": "without flash",
    "Fired": "with flash",
    "On, Fired": "with flash",
    "Auto, Fired": "with flash",
}
"""The three commonest words for each class. The published counts (13,908 = 3 x 4,636 in train, one
such part sorted, and three times the usual 200 and 500) show six equal parts, three a side.
"""
MAKERS_OF_BOTH = ("Sony", "Samsung", "Kodak")
"""Makers among the published ones of which no photo stands in the published Is Smartphone."""


@dataclass(frozen=True, slots=True, eq=False)
class Paper:
    """How the ``paper`` preset classes an attribute, where that is not what ``auto`` does."""

    expression: pl.Expr
    why_none: pl.Expr | None = None
    strata: Mapping[str, str] | None = None
    """Value of the source column → class: the classes are balanced over these values."""


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """One attribute. Its expressions give a class (a string) or null from the photos table."""

    name: str
    published_name: str
    source_column: str
    """The column of the photos table without which there is no class."""
    description: str
    expression: pl.Expr
    paper_classes: tuple[str, ...]
    """The published classes, in class order."""
    published_per_class: tuple[int, int, int]
    """Published photos per class in train, validation and test."""
    ordinal: bool = False
    """The classes are numbers in a meaningful order."""
    names_camera: bool = False
    """Told by make and model alone: two such attributes go together by construction."""
    why_none: pl.Expr = pl.lit("no class")  # noqa: RUF009 - expressions are immutable
    """Why a photo with a value in the source column has no class."""
    paper: Paper | None = None
    strata: Mapping[str, str] | None = None
    """Value of the source column → class, where classes are balanced over such values."""
    bins: str = PRINTED
    """The name of the scheme that gives the classes; others are in `SCHEMES`."""

    def label(self, preset: Preset) -> pl.Expr:
        """The class of each photo under ``preset``; null leaves a photo out."""
        return self.under(preset).expression

    def under(self, preset: Preset) -> Attribute:
        """The attribute with the expressions of ``preset``."""
        if preset != "paper" or self.paper is None:
            return self
        return replace(
            self,
            expression=self.paper.expression,
            why_none=self.why_none if self.paper.why_none is None else self.paper.why_none,
            strata=self.paper.strata,
        )

    def binned(self, scheme: Scheme) -> Attribute:
        """The attribute with the classes of ``scheme``."""
        return replace(
            self,
            source_column=scheme.source_column,
            description=scheme.description,
            expression=scheme.expression,
            why_none=scheme.why_none,
            bins=scheme.name,
        )

    def ordered(self, classes: set[str]) -> tuple[str, ...]:
        """``classes`` in class order: by number, else as published, else by name."""
        if self.ordinal:
            return tuple(sorted(classes, key=class_number))
        published = {name: place for place, name in enumerate(self.paper_classes)}
        return tuple(sorted(classes, key=lambda name: (published.get(name, len(published)), name)))


def attributes_under(preset: Preset, bins: Mapping[str, str]) -> tuple[Attribute, ...]:
    """All ten under ``preset``; ``bins`` names the scheme of attributes that are not as printed.

    Raises `UsageError` for an attribute or a scheme that there is not, and for other bins than the
    printed ones in the ``paper`` preset.
    """
    for name, scheme in bins.items():
        _check_scheme(name, scheme, preset)
    return tuple(
        one.under(preset)
        if bins.get(one.name, PRINTED) == PRINTED
        else one.binned(SCHEMES[one.name][bins[one.name]])
        for one in ATTRIBUTES
    )


def _check_scheme(name: str, scheme: str, preset: Preset) -> None:
    if name not in SCHEMES:
        raise UsageError(f"attribute {name!r} has no bins: use one of {', '.join(SCHEMES)}")
    known = (PRINTED, *SCHEMES[name])
    if scheme not in known:
        raise UsageError(f"{name} has no bins {scheme!r}: use one of {', '.join(known)}")
    if preset == "paper" and scheme != PRINTED:
        raise UsageError(
            f"{name}={scheme}: preset 'paper' has the published classes, which are as printed: "
            "leave the bins out or use preset auto"
        )


def class_number(name: str) -> Fraction:
    """The number that an ordinal class prints: ``1/60``, ``5.6``, ``50.0 mm``, ``2020.0``."""
    return Fraction(name.removesuffix(" mm"))


def attribute(name: str) -> Attribute:
    """The attribute of that name; `KeyError` when there is none."""
    return {known.name: known for known in ATTRIBUTES}[name]


def _published(attribute: str) -> tuple[str, ...]:
    text = resources.files("flickrexif.labels").joinpath("published_classes.csv").read_text("utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return tuple(row["class"] for row in rows if row["attribute"] == attribute)


_model = pl.col("model")
_year = pl.col("year").cast(pl.String) + ".0"
_is_smartphone = pl.col("is_smartphone").replace_strict(
    {True: "True", False: "False"}, return_dtype=pl.String
)
_by_maker_of_both = pl.col("make_canonical").is_in(MAKERS_OF_BOTH).fill_null(value=False)

ATTRIBUTES: tuple[Attribute, ...] = (
    Attribute(
        name="make",
        published_name="Make",
        published_per_class=(3899, 200, 500),
        source_column="make",
        description="maker of the camera",
        expression=pl.col("make_canonical"),
        why_none=pl.lit("unknown maker"),
        names_camera=True,
        paper=Paper(pl.col("make").replace(MERGED_MAKES)),
        paper_classes=(
            "Apple",
            "Canon",
            "EASTMAN KODAK COMPANY",
            "FUJIFILM",
            "NIKON",
            "OLYMPUS OPTICAL CO.,LTD",
            "Panasonic",
            "SONY",
            "samsung",
        ),
    ),
    Attribute(
        name="model",
        published_name="Model",
        published_per_class=(320, 80, 100),
        source_column="model",
        description="camera model, as the camera writes it",
        expression=pl.when(pl.col("make_canonical").is_not_null()).then(_model),
        why_none=pl.lit("unknown maker"),
        names_camera=True,
        paper=Paper(_model),
        paper_classes=_published("Model"),
    ),
    Attribute(
        name="smartphone_model",
        published_name="Smartphone Model",
        published_per_class=(320, 80, 100),
        source_column="model",
        description="model of the smartphone, among photos by smartphones",
        expression=pl.when(pl.col("is_smartphone")).then(_model),
        why_none=pl.when(~pl.col("is_smartphone"))
        .then(pl.lit("no smartphone"))
        .otherwise(pl.lit("unknown device")),
        names_camera=True,
        paper_classes=_published("Smartphone Model"),
    ),
    Attribute(
        name="is_smartphone",
        published_name="Is Smartphone",
        published_per_class=(27695, 200, 500),
        source_column="make",
        description="whether a smartphone took the photo; unknown devices are left out",
        expression=_is_smartphone,
        why_none=pl.lit("unknown device"),
        names_camera=True,
        paper=Paper(
            pl.when(~_by_maker_of_both).then(_is_smartphone),
            why_none=pl.when(_by_maker_of_both)
            .then(pl.lit("maker of smartphones and cameras"))
            .otherwise(pl.lit("unknown device")),
        ),
        paper_classes=("False", "True"),
    ),
    Attribute(
        name="exposure",
        published_name="Exposure",
        published_per_class=(6390, 200, 500),
        source_column="exposure",
        description="exposure time in seconds",
        expression=pl.col("exposure"),
        ordinal=True,
        paper_classes=(
            "1/1000", "1/800", "1/640", "1/500", "1/400", "1/320", "1/250", "1/200",
            "1/160", "1/125", "1/100", "1/80", "1/60", "1/50", "1/40", "1/30",
        ),
    ),
    Attribute(
        name="aperture",
        published_name="Aperture",
        published_per_class=(4745, 200, 500),
        source_column="aperture",
        description="f-number",
        expression=pl.col("aperture"),
        ordinal=True,
        paper_classes=(
            "1.8", "2.0", "2.2", "2.4", "2.8", "3.2", "3.5", "4.0", "4.5",
            "5.0", "5.6", "6.3", "7.1", "8.0", "9.0", "10.0", "11.0",
        ),
    ),
    Attribute(
        name="iso",
        published_name="ISO Speed",
        published_per_class=(4614, 200, 500),
        source_column="iso_speed",
        description="ISO speed",
        expression=pl.col("iso_speed"),
        ordinal=True,
        paper_classes=(
            "50", "64", "80", "100", "125", "160", "200", "250",
            "320", "400", "500", "640", "800", "1000", "1600", "3200",
        ),
    ),
    Attribute(
        name="focal_length",
        published_name="Focal Length",
        published_per_class=(3890, 200, 500),
        source_column="focal_length",
        description="focal length of the lens in millimetres, not the 35 mm equivalent",
        expression=pl.col("focal_length"),
        ordinal=True,
        paper_classes=(
            "4.0 mm", "4.2 mm", "4.3 mm", "5.8 mm", "6.0 mm", "18.0 mm", "24.0 mm",
            "28.0 mm", "35.0 mm", "50.0 mm", "55.0 mm", "70.0 mm", "200.0 mm",
        ),
    ),
    Attribute(
        name="flash",
        published_name="Flash",
        published_per_class=(13908, 600, 1500),
        source_column="flash",
        description="whether the flash fired",
        expression=pl.col("flash").replace_strict(
            {words: FLASH_CLASSES[fired] for words, fired in FLASH_FIRED.items()},
            default=None,
            return_dtype=pl.String,
        ),
        paper=Paper(
            pl.col("flash").replace_strict(PUBLISHED_FLASH, default=None, return_dtype=pl.String),
            why_none=pl.lit("not among the published words"),
            strata=PUBLISHED_FLASH,
        ),
        paper_classes=("without flash", "with flash"),
    ),
    Attribute(
        name="year",
        published_name="Year",
        published_per_class=(5816, 200, 500),
        source_column="year",
        description="year on the camera's clock; clocks and scans are not corrected",
        expression=_year,
        ordinal=True,
        paper_classes=tuple(f"{year}.0" for year in range(2000, 2025)),
    ),
)  # fmt: skip
"""All ten, in the order of the published paper's tables."""
