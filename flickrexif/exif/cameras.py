"""Camera names: one name per maker, models without the maker's name, and what is a smartphone.

Two small reviewed tables beside this module hold what is known. ``makes.csv``: a make string
(compared without case, blanks and punctuation), the maker's name, and what the maker makes
(``camera``: cameras, scanners, drones, no phones; ``phone``: smartphones only; ``mixed``).
``models.csv``: for mixed makers, a pattern for the whole model name and what it says. Their
``source`` columns tell where a row comes from: ``lensfun`` and ``rawspeed`` (camera databases that
know the string), ``observed`` (seen in public test photos), ``brand`` (the maker's own brand), or a
sentence. What the tables do not know stays unknown.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LICENSEES = {"Ricoh": "Pentax", "JK Imaging": "Kodak", "HMD": "Nokia"}
"""Makers that also write their own name on models of the second brand."""


@dataclass(frozen=True, slots=True)
class Make:
    """A make string's maker: name and kind (``camera``, ``phone`` or ``mixed``)."""

    canonical: str
    kind: str


@dataclass(frozen=True, slots=True)
class ModelRule:
    """A pattern for whole model names of a mixed maker and its verdict (``None``: unknown)."""

    pattern: re.Pattern[str]
    is_smartphone: bool | None


@dataclass(frozen=True, slots=True)
class Camera:
    """What a make and model string say; ``None`` is unknown."""

    make: str | None
    model: str | None
    is_smartphone: bool | None


def identify(make: str | None, model: str | None) -> Camera:
    """The camera that wrote ``make`` and ``model`` (texts as in `RawRecord`)."""
    maker = makes().get(_key(make)) if make else None
    if maker is None:
        return Camera(make=None, model=model, is_smartphone=None)
    brand = maker.canonical
    licensed = LICENSEES.get(brand)
    if licensed and model and _key(model).startswith(_key(licensed)):
        brand = licensed
    return Camera(
        make=brand,
        model=_without_brand(model, brand, make or ""),
        is_smartphone=_is_smartphone(maker, model),
    )


def identify_columns(frame: pl.DataFrame) -> pl.DataFrame:
    """``frame`` (columns make, model) with make_canonical, model_canonical, is_smartphone.

    Each distinct pair is looked up once. Row order is kept.
    """
    pairs = frame.select("make", "model").unique(maintain_order=True)
    cameras = [identify(make, model) for make, model in pairs.iter_rows()]
    known = pairs.with_columns(
        pl.Series("make_canonical", [camera.make for camera in cameras], pl.String),
        pl.Series("model_canonical", [camera.model for camera in cameras], pl.String),
        pl.Series("is_smartphone", [camera.is_smartphone for camera in cameras], pl.Boolean),
    )
    return frame.join(
        known, on=["make", "model"], how="left", nulls_equal=True, maintain_order="left"
    )


@cache
def makes() -> Mapping[str, Make]:
    """The alias table, by comparison key."""
    return {_key(row["alias"]): Make(row["canonical"], row["kind"]) for row in _table("makes.csv")}


@cache
def model_rules() -> Mapping[str, tuple[ModelRule, ...]]:
    """The rules of each mixed maker, in the table's order; the first that matches decides."""
    verdicts = {"true": True, "false": False, "null": None}
    rules: dict[str, list[ModelRule]] = {}
    for row in _table("models.csv"):
        rule = ModelRule(re.compile(row["pattern"], re.IGNORECASE), verdicts[row["is_smartphone"]])
        rules.setdefault(row["canonical"], []).append(rule)
    return {maker: tuple(of_maker) for maker, of_maker in rules.items()}


def _table(name: str) -> Iterator[dict[str, str]]:
    text = resources.files("flickrexif.exif").joinpath(name).read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())


def _key(text: str | None) -> str:
    return "".join(letter for letter in (text or "").casefold() if letter.isalnum())


def _is_smartphone(maker: Make, model: str | None) -> bool | None:
    if maker.kind != "mixed":
        return maker.kind == "phone"
    for rule in model_rules().get(maker.canonical, ()):
        if model and rule.pattern.fullmatch(model):
            return rule.is_smartphone
    return None


def _without_brand(model: str | None, brand: str, make: str) -> str | None:
    """``model`` without a leading brand or make, whichever it repeats; never emptied."""
    for word in (make, brand):
        if model and model.casefold().startswith(word.casefold()):
            rest = model[len(word) :]
            if rest[:1] in (" ", "-", "_") and rest.strip(" -_"):
                return rest.strip(" -_")
    return model
