"""Which photo stands on which side of which subject, as a manifest or a folder declares it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flickrexif.errors import UsageError
from paircams.folder import read_folder
from paircams.layout import PairSet, printable
from paircams.manifest import read_manifest

if TYPE_CHECKING:
    from pathlib import Path


def read_pairs(path: Path) -> PairSet:
    """Read the manifest or the folder of pairs at ``path``; no photo is opened.

    Raises `UsageError` when there is nothing at ``path``, or nothing that declares pairs.
    """
    if path.is_dir():
        return read_folder(path)
    if path.is_file():
        return read_manifest(path)
    raise UsageError(f"{printable(path)!r} does not exist; name a manifest or a folder of pairs")
