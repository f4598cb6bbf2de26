"""Where an image of a set lies, and what its place says of it.

A folder of files is read as ``imagefolder`` of Hugging Face datasets has it: a folder called
``train``, ``validation`` or ``test`` tells the split, the folder that a file lies in is its class.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Literal

from flickrexif.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

Split = Literal["train", "validation", "test"]

SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".gif", ".webp", ".tif", ".tiff", ".bmp"))
"""What `flickrexif.imaging.decode` can read, by the end of a file's name."""
CREDITS = ("owner_id", "owner_name", "license", "license_url", "page_url")
"""What a table may tell of a photo's owner and licence."""

_SPLITS: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
_AFTER_SPLIT = re.compile(r"[-._ 0-9]")
"""What ends the word for a split in the name of a file, as Hugging Face datasets has it."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an image lies, and what is said of it there; its bytes are not read."""

    name: str
    """Unique in the set: the path below the folder, the photo id, or file and row."""
    file: Path
    row: int
    label: str | None
    split: Split | None
    credit: Mapping[str, str | None]
    """Of `CREDITS`, those that a table has."""


def place_of(file: Path, below: Path) -> Place:
    """What the folders say that a file of its own lies in."""
    name = name_of(file, below)
    folders = PurePosixPath(name).parts[:-1]
    splits = [_SPLITS.get(folder.lower()) for folder in folders]
    split = next((told for told in splits if told), None)
    label = folders[-1] if folders and splits[-1] is None else None
    return Place(name, file, 0, label, split, {})


def files_below(path: Path, suffixes: frozenset[str]) -> tuple[Path, ...]:
    """The files with these endings, hidden ones left out, in the order of their names."""
    if path.is_file():
        return (path,) if path.suffix.lower() in suffixes else ()
    found = (file for file in path.rglob("*") if file.suffix.lower() in suffixes)
    seen = (file for file in found if file.is_file() and not _is_hidden(file, path))
    return tuple(sorted(seen, key=lambda file: file.relative_to(path).parts))


def _is_hidden(file: Path, below: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(below).parts)


def name_of(file: Path, below: Path) -> str:
    """The path of ``file`` below a folder; `UsageError` for one that is not UTF-8."""
    name = file.relative_to(below).as_posix() if file != below else file.name
    try:
        name.encode()
    except UnicodeEncodeError:
        raise UsageError(f"the file name {name!a} is not UTF-8: rename that file") from None
    return name


def split_of(file: Path, below: Path) -> Split | None:
    """The split by what a table's name begins with, or by a folder above it.

    ``train-00000-of-00001.parquet``, ``train_0.parquet``, ``train/0.parquet``; in a Hub's cache the
    folders above ``below`` say nothing.
    """
    *folders, name = PurePosixPath(name_of(file, below)).parts
    begins = _AFTER_SPLIT.split(name)[0]
    told = (_SPLITS.get(word.lower()) for word in (begins, *reversed(folders)))
    return next(filter(None, told), None)
