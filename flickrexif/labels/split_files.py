"""Which split files a user names: files, and folders with published ones in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flickrexif.errors import UsageError
from flickrexif.labels.attributes import ATTRIBUTES
from flickrexif.labels.published import file_name, read_splits

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from flickrexif.labels.published import PublishedSplits


def read_each(paths: Iterable[Path]) -> Mapping[Path, PublishedSplits]:
    """The split files at ``paths``, a folder standing for those in it that have published names.

    Raises `UsageError` for one that is no split file, for a folder without any, and for two files
    of the same attribute.
    """
    read: dict[Path, PublishedSplits] = {}
    of_attribute: dict[str, Path] = {}
    for path in _files(paths):
        splits = read_splits(path)
        other = of_attribute.setdefault(splits.published_name, path)
        if other != path:
            raise UsageError(
                f"{str(other)!r} and {str(path)!r} both have the splits of "
                f"{splits.published_name!r}: name one of them"
            )
        read[path] = splits
    return read


def _files(paths: Iterable[Path]) -> list[Path]:
    """The files named, each once."""
    files: dict[Path, None] = {}
    for path in paths:
        if not path.is_dir():
            files[path] = None
            continue
        found = [path / name for name in map(file_name, ATTRIBUTES) if (path / name).is_file()]
        if not found:
            raise UsageError(
                f"{str(path)!r} has no file {file_name(ATTRIBUTES[0])!r} or of another "
                "attribute: name a folder with split files, or files"
            )
        files |= dict.fromkeys(found)
    return list(files)
