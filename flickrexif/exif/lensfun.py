"""Lensfun's camera names: what an EXIF make or model string is called on the box.

The database is the one that the package ``lensfunpy`` carries (code MIT, data CC-BY-SA 3.0,
https://lensfun.github.io); nothing of it is copied here. Its XML is read, not lensfunpy's functions
called: those answer in the language of the process, so names would differ from place to place.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import dataclass
from functools import cache
from importlib import metadata, util
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = "lensfunpy"
FILM_FORMATS = "Generic"
"""The maker under which Lensfun keeps film formats, which are no cameras."""


@dataclass(frozen=True, slots=True)
class LensfunCamera:
    """One camera: the strings it writes, and what maker and model are called in English."""

    make: str
    model: str
    maker: str
    name: str


def camera_database_version() -> str:
    """The database that names come from, as ``lensfunpy 1.18.0``: another may name otherwise."""
    return f"{PACKAGE} {metadata.version(PACKAGE)}"


@cache
def lensfun_cameras() -> tuple[LensfunCamera, ...]:
    """All cameras, in the order of the database's files (0.2 s, once per process)."""
    return tuple(camera for camera in _read() if camera.make != FILM_FORMATS)


def _read() -> Iterator[LensfunCamera]:
    for path in sorted(_folder().glob("*.xml")):
        for element in ET.parse(path).iter("camera"):  # noqa: S314 - a file of an installed package
            make, maker = _names(element, "maker")
            model, name = _names(element, "model")
            yield LensfunCamera(make=make, model=model, maker=maker, name=name)


def _folder() -> Path:
    """The database's folder. The package itself, native code and all, is not imported."""
    spec = util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"no package {PACKAGE!r}: pip install {PACKAGE}", name=PACKAGE)
    return Path(spec.origin).with_name("db_files")


def _names(camera: ET.Element, tag: str) -> tuple[str, str]:
    """What the camera writes, and the English name where that is something else."""
    texts = {one.get("lang"): (one.text or "").strip() for one in camera.findall(tag)}
    written = texts[None]
    return written, texts.get("en", written)
