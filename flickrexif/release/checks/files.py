"""Rules on files: each one that the manifest names is there, whole, and no other is."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from flickrexif.release.finding import Finding
from flickrexif.release.manifest import MANIFEST
from flickrexif.release.source import sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flickrexif.release.manifest import Manifest

# What a download from a Hub leaves beside a release, and the ledger of its versions that were
# withdrawn (`flickrexif.publishing`); none of it is the release's.
_CLIENT_FILES = frozenset({".cache", ".git", ".gitattributes", ".huggingface", "withdrawn.json"})


def check_files(release: Path, manifest: Manifest) -> Iterator[Finding]:
    """``file-name``, ``file-missing``, ``file-size``, ``file-digest``, ``foreign-file``."""
    for name, described in manifest["files"].items():
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            yield Finding("file-name", name, "leads out of the release")
        else:
            yield from _check_file(release / name, name, described)
    known = {MANIFEST, *manifest["files"]}
    for path in sorted(release.rglob("*")):
        name = path.relative_to(release).as_posix()
        is_ours = name in known or name.split("/")[0] in _CLIENT_FILES
        if not is_ours and (path.is_file() or path.is_symlink()):
            yield Finding("foreign-file", name, "is not in the manifest")


def _check_file(path: Path, name: str, described: dict[str, object]) -> Iterator[Finding]:
    if not path.is_file():
        yield Finding("file-missing", name, "is in the manifest but not in the folder")
        return
    size = path.stat().st_size
    if size != described.get("bytes"):
        yield Finding("file-size", name, f"has {size} bytes, not {described.get('bytes')}")
    if sha256_of(path) != described.get("sha256"):
        yield Finding("file-digest", name, "has another sha256 than in the manifest")
    if path.suffix == ".parquet":
        yield from _check_rows(path, name, described.get("rows"))


def _check_rows(path: Path, name: str, expected: object) -> Iterator[Finding]:
    """``file-rows`` and ``file-unreadable``."""
    try:
        rows = pq.read_metadata(path).num_rows
    except (pa.ArrowException, OSError) as error:
        yield Finding("file-unreadable", name, f"is no sound parquet file: {first_line(error)}")
        return
    if rows != expected:
        yield Finding("file-rows", name, f"has {rows} rows, not {expected}")


def first_line(error: Exception) -> str:
    """The first line of an error's message."""
    return (str(error).splitlines() or [type(error).__name__])[0]
