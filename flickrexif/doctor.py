"""Is this machine ready? One row per thing that a command may need."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Literal

from flickrexif._version import __version__
from flickrexif.flickr.budgets import FOLDER_VARIABLE, state_folder

if TYPE_CHECKING:
    from pathlib import Path

Level = Literal["ok", "absent", "problem"]

KEY_VARIABLE = "FLICKR_API_KEY"
SECRET_VARIABLE = "FLICKR_API_SECRET"  # noqa: S105 - its name
_LEAST_FREE_BYTES = 1_000_000_000

_PACKAGES = {
    "polars": "label",
    "pyarrow": "every stage",
    "pillow": "every stage",
    "pillow-heif": "reading HEIC",
    "piexif": "the sandbox's photos",
    "httpx": "crawl",
    "httpx-aiohttp": "crawl",
    "flickrapi": "login",
    "platformdirs": "crawl",
    "datasets": "load_dataset on a release",
    "huggingface_hub": "cards",
    "torch": 'probe: pip install "flickrexif[probe]"',
    "matplotlib": 'the figure of probe: pip install "flickrexif[probe]"',
    "safetensors": 'the embeddings of probe: pip install "flickrexif[probe]"',
    "opencv-python-headless": 'paircams: pip install "flickrexif[pairs]"',
}
_OPTIONAL = {"torch", "matplotlib", "safetensors", "opencv-python-headless"}
_SAME_MODULE = {
    "opencv-python-headless": (
        "opencv-python",
        "opencv-contrib-python",
        "opencv-contrib-python-headless",
    )
}
"""Packages that bring the same module; whichever is there serves."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: ``absent`` things are needed by some commands only."""

    name: str
    level: Level
    found: str


def examine(folder: Path) -> list[Check]:
    """Look at interpreter, packages, key, state folder, and the disk under ``folder``."""
    return [
        Check("flickrexif", "ok", __version__),
        Check("python", "ok", f"{platform.python_version()} on {platform.system()}"),
        _sqlite(),
        *(_package(name, need) for name, need in _PACKAGES.items()),
        _key(),
        _state(state_folder()),
        _disk(folder),
    ]


def _sqlite() -> Check:
    enough = sqlite3.sqlite_version_info >= (3, 37)  # STRICT tables
    return Check("sqlite", "ok" if enough else "problem", sqlite3.sqlite_version)


def _package(name: str, need: str) -> Check:
    for installed in (name, *_SAME_MODULE.get(name, ())):
        try:
            found = metadata.version(installed)
        except metadata.PackageNotFoundError:
            continue
        return Check(name, "ok", found if installed == name else f"{found}, as {installed}")
    level: Level = "absent" if name in _OPTIONAL else "problem"
    return Check(name, level, f"not installed; needed for {need}")


def _key() -> Check:
    if os.environ.get(KEY_VARIABLE, "").strip():
        return Check(KEY_VARIABLE, "ok", "set (never printed)")
    return Check(KEY_VARIABLE, "absent", "not set; crawl needs it, crawl --sandbox does not")


def _state(folder: Path) -> Check:
    nearest = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK):
        return Check("state folder", "ok", str(folder))
    told = f"{folder} cannot be written, so crawls do not share their budgets"
    return Check("state folder", "absent", f"{told}: set {FOLDER_VARIABLE}")


def _disk(folder: Path) -> Check:
    free = shutil.disk_usage(folder).free
    enough = free >= _LEAST_FREE_BYTES
    return Check("disk", "ok" if enough else "problem", f"{free / 1e9:.1f} GB free here")
