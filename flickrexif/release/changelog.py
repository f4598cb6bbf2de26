"""``CHANGELOG.md``: one entry per version, told by counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from flickrexif.errors import UsageError
from flickrexif.release.manifest import files_of, read_manifest
from flickrexif.release.schema import PHOTOS_CONFIG

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from flickrexif.release.manifest import Manifest

CHANGELOG = "CHANGELOG.md"
_TITLE = "# Changelog\n"


@dataclass(frozen=True, slots=True)
class Changes:
    """Photos added and removed since the version before, and rows whose class changed."""

    added: int
    removed: int
    relabelled: Mapping[str, int]


def compare(before: Path, after: Path, manifest: Manifest) -> Changes:
    """What changed from the release ``before`` to the files in ``after`` of ``manifest``."""
    earlier = read_manifest(before)
    old = set(_rows(before, earlier, PHOTOS_CONFIG)["photo_id"])
    new = set(_rows(after, manifest, PHOTOS_CONFIG)["photo_id"])
    shared = [name for name in manifest["attributes"] if name in earlier["attributes"]]
    relabelled = {name: _relabelled(before, earlier, after, manifest, name) for name in shared}
    return Changes(len(new - old), len(old - new), relabelled)


def render_changelog(manifest: Manifest, changes: Changes | None, before: Path | None) -> str:
    """The whole file: an entry for this version above those of the release ``before``."""
    entry = [f"## {manifest['version']}", ""]
    photos = manifest["photos"]
    if changes is None:
        entry.append(f"- First release: {photos['rows']} photos by {photos['owners']} owners.")
    else:
        entry.append(f"- {changes.added} photos added, {changes.removed} removed.")
        entry += [f"- {name}: {count} photos relabelled." for name, count in _told(changes)]
    entry += [f"- {name}: {_counts(words)}." for name, words in manifest["attributes"].items()]
    return "\n".join([_TITLE, *entry, ""]) + _earlier_entries(before)


def refuse_version(version: str, *, before: Path) -> None:
    """Raise `UsageError` when ``version`` does not come after that of the release ``before``."""
    earlier = read_manifest(before)["version"]
    if _numbers(version) <= _numbers(earlier):
        raise UsageError(f"version {version!r} does not come after {earlier!r}: give a higher one")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _told(changes: Changes) -> list[tuple[str, int]]:
    return [(name, count) for name, count in changes.relabelled.items() if count]


def _counts(words: Mapping[str, dict[str, dict[str, int]]]) -> str:
    splits = ", ".join(f"{rows['rows']} {split}" for split, rows in words["splits"].items())
    return f"{len(words['classes'])} classes, rows: {splits}"


def _earlier_entries(before: Path | None) -> str:
    if before is None:
        return ""
    text = (before / CHANGELOG).read_text(encoding="utf-8")
    return "\n" + text.removeprefix(_TITLE).lstrip("\n")


def _relabelled(
    before: Path, earlier: Manifest, after: Path, manifest: Manifest, attribute: str
) -> int:
    old = _named(before, earlier, attribute)
    new = _named(after, manifest, attribute)
    both = old.join(new, on="photo_id", suffix="_now")
    return both.filter(pl.col("label") != pl.col("label_now")).height


def _named(release: Path, manifest: Manifest, attribute: str) -> pl.DataFrame:
    classes = dict(enumerate(manifest["attributes"][attribute]["classes"]))
    rows = _rows(release, manifest, attribute, "label")
    label = pl.col("label").replace_strict(classes, return_dtype=pl.String)
    return rows.with_columns(label)


def _rows(release: Path, manifest: Manifest, config: str, *columns: str) -> pl.DataFrame:
    names = [name for files in files_of(config, manifest).values() for name in files]
    paths = [release / name for name in names]
    return pl.read_parquet(paths, columns=["photo_id", *columns], glob=False)
