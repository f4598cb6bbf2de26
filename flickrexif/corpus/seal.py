"""A checksum beside the state, from the end of one run to the begin of the next.

SQLite finds a damaged page only where its structure breaks; a flipped byte in an address or a date
would be used. While a run writes there is no seal: what a killed run left is checked by structure.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal

from flickrexif.atomic import sync_directory, write_text

if TYPE_CHECKING:
    from pathlib import Path


def seal_path(path: Path) -> Path:
    """Where the seal of ``path`` lies; ``sha256sum --check`` reads it."""
    return path.with_name(f"{path.name}.sha256")


def put_seal(path: Path) -> None:
    """Seal ``path`` as it is now."""
    write_text(seal_path(path), _checksum(path))


def break_seal(path: Path) -> None:
    """Take the seal away, durably, before ``path`` changes."""
    if seal_path(path).exists():
        seal_path(path).unlink()
        sync_directory(path.parent)


def seal_of(path: Path) -> Literal["whole", "broken"] | None:
    """Whether ``path`` is what was sealed; None without a seal."""
    sealed = _seal_on(path)
    if sealed is None:
        return None
    if sealed == _checksum(path):
        return "whole"
    return "broken" if _seal_on(path) == sealed else None  # a run that began took it away


def _seal_on(path: Path) -> str | None:
    try:
        return seal_path(path).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {path.name}\n"
