"""Camera names: one name per maker, models without the maker's name, and what is a smartphone.

Makers come from Lensfun's database (`flickrexif.exif.lensfun`) and from ``makes.csv``, a short
reviewed table of the make strings that it lacks or names by a company's full name. Its column
``source`` tells where a row comes from: ``observed`` (seen in public test photos), ``rawspeed``
(its cameras.xml knows the string), ``brand`` (the maker's own spelling), or a sentence. Models come
from Lensfun, else from Flickr's own name of the camera where an answer told one, else they stay as
written. An unknown make is null, never a new name.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeVar

import polars as pl

from flickrexif.exif.camera_tables import read_table
from flickrexif.exif.lensfun import lensfun_cameras
from flickrexif.exif.smartphones import is_smartphone, maker_verdicts
from flickrexif.exif.spelling import fold_make, fold_model, without_brand

if TYPE_CHECKING:
    from collections.abc import Mapping

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)

LICENSEES = {"Ricoh": "Pentax", "JK Imaging": "Kodak", "HMD": "Nokia", "Kyocera": "Contax"}
"""Makers that also write their own name on models of the second brand."""

PAIR = ["make", "model"]
NAMES = ["make_canonical", "model_canonical", "is_smartphone"]


@dataclass(frozen=True, slots=True)
class Camera:
    """What a make and model string say; ``None`` is unknown."""

    make: str | None
    model: str | None
    is_smartphone: bool | None


def identify(make: str | None, model: str | None, *, flickr_name: str | None = None) -> Camera:
    """The camera that wrote ``make`` and ``model`` (texts as in `RawRecord`).

    ``flickr_name`` is what Flickr calls it (``Nikon D750``). It never overrules the tables: it
    names makers and models that they do not know.
    """
    maker = makers().get(fold_make(make)) if make else None
    maker = maker or _maker_in(flickr_name)
    if maker is None:
        return Camera(make=None, model=model, is_smartphone=None)
    brand = _brand(maker, model)
    bare = without_brand(model, brand, make or "") if model else None
    return Camera(
        make=brand,
        model=_model_name(brand, bare, flickr_name),
        is_smartphone=is_smartphone(brand, bare),
    )


def identify_columns(frame: Frame) -> Frame:
    """``frame`` (texts make, model) with make_canonical, model_canonical, is_smartphone.

    Rows and their order stay. A column ``camera`` (Flickr's names) is used when there is one, for
    all rows of a pair alike: a photo has the same names whether its EXIF came from its file or from
    an answer. A lazy frame is read once for its distinct pairs, then stays lazy.
    """
    known = name_pairs(frame)
    pairs, names = (known.select(pl.struct(of)).to_series() for of in (PAIR, NAMES))
    named = pl.struct(PAIR).replace_strict(pairs, names, default=None, return_dtype=names.dtype)
    return frame.with_columns(named.alias(NAMES[0])).unnest(NAMES[0])


def name_pairs(frame: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    """One row per distinct make and model of ``frame``: both, and the three columns on them."""
    pairs = _pairs(frame)
    cameras = [
        identify(make, model, flickr_name=flickr_name)
        for make, model, flickr_name in pairs.iter_rows()
    ]
    return pairs.select(
        *PAIR,
        pl.Series("make_canonical", [camera.make for camera in cameras], pl.String),
        pl.Series("model_canonical", [camera.model for camera in cameras], pl.String),
        pl.Series("is_smartphone", [camera.is_smartphone for camera in cameras], pl.Boolean),
    )


@cache
def makers() -> Mapping[str, str]:
    """Folded make → the maker's name, from both sources; the table goes first.

    A make that Lensfun gives several names (one that writes two brands) is only in the table.
    """
    names: dict[str, set[str]] = {}
    for camera in lensfun_cameras():
        names.setdefault(fold_make(camera.make), set()).add(camera.maker)
    known = {make: min(of_make) for make, of_make in names.items() if len(of_make) == 1}
    return known | {fold_make(row["alias"]): row["maker"] for row in read_table("makes.csv")}


@cache
def model_names() -> Mapping[tuple[str, str], str]:
    """Brand and folded model (without the brand) → Lensfun's one name of it."""
    names: dict[tuple[str, str], set[str]] = {}
    for camera in lensfun_cameras():
        maker = makers().get(fold_make(camera.make))
        if maker:
            brand = _brand(maker, camera.model)
            bare = without_brand(camera.model, brand, camera.make)
            name = without_brand(camera.name, brand, camera.maker)
            names.setdefault((brand, fold_model(bare)), set()).add(name)
    return {key: min(of_model) for key, of_model in names.items() if len(of_model) == 1}


def _pairs(frame: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    """Distinct pairs, with Flickr's most frequent name of each (of equals the first by letters)."""
    lazy = frame.lazy()
    told = "camera" in lazy.collect_schema().names()
    camera = pl.col("camera") if told else pl.lit(None, pl.String).alias("camera")
    counted = lazy.select(*PAIR, camera).group_by(*PAIR, "camera").len().collect(engine="streaming")
    first = counted.with_columns(pl.col("camera").replace("", None)).sort(
        pl.col("camera").is_null(), -pl.col("len").cast(pl.Int64), "camera", *PAIR
    )
    return first.unique(PAIR, keep="first", maintain_order=True).select(*PAIR, "camera")


def _brand(maker: str, model: str | None) -> str:
    """The brand on a camera of ``maker``: another than the maker's for licensees."""
    licensed = LICENSEES.get(maker)
    if licensed and model and fold_model(model).startswith(fold_model(licensed)):
        return licensed
    return maker


def _model_name(brand: str, bare: str | None, flickr_name: str | None) -> str | None:
    if bare is None:
        return None
    flickr_model = without_brand(flickr_name, brand) if flickr_name else None
    told = flickr_model if flickr_model != flickr_name else None
    return model_names().get((brand, fold_model(bare))) or told or bare


def _maker_in(flickr_name: str | None) -> str | None:
    """The longest known maker's name that ``flickr_name`` begins with."""
    begun = [
        m for m in maker_verdicts() if flickr_name and without_brand(flickr_name, m) != flickr_name
    ]
    return max(begun, key=len, default=None)
