"""``CHANGELOG.md``: one entry per version, told by counts from the difference to the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from flickrexif.release.difference import AttributeDiff, ReleaseDiff
    from flickrexif.release.manifest import Manifest

CHANGELOG = "CHANGELOG.md"
_TITLE = "# Changelog\n"


def render_changelog(
    manifest: Manifest,
    difference: ReleaseDiff | None,
    before: Path | None,
    *,
    withdrawn: int = 0,
) -> str:
    """The whole file: an entry for this version above those of the release ``before``.

    ``withdrawn`` counts the photos that this version puts on the ledger.
    """
    entry = []
    photos = manifest["photos"]
    if difference is None:
        entry.append(f"First release: {photos['rows']} photos by {photos['owners']} owners")
    else:
        added, removed = len(difference.photos_added), len(difference.photos_removed)
        entry.append(f"{added} photos added, {removed} removed")
        if withdrawn:
            entry.append(f"{withdrawn} photos withdrawn: their ids are in withdrawn.jsonl")
        entry += _told(difference)
    entry += [f"{name}: {_counts(words)}" for name, words in manifest["attributes"].items()]
    return with_entry(manifest["version"], entry, before)


def with_entry(version: str, told: Iterable[str], before: Path | None) -> str:
    """The whole file: what is ``told`` of a version above the entries of the release ``before``."""
    entry = [f"- {line}." for line in told]
    return "\n".join([_TITLE, f"## {version}", "", *entry, ""]) + _earlier_entries(before)


def _told(difference: ReleaseDiff) -> Iterator[str]:
    for word, (old, new) in difference.words.items():
        yield f"{word} is {new!r}, was {old!r}"
    for config, fates in difference.columns.items():
        for column, fate in fates.items():
            yield f"Column {config}.{column} {fate}"
    for name in difference.attributes_added:
        yield f"Attribute {name} added"
    for name in difference.attributes_removed:
        yield f"Attribute {name} removed"
    for column, ids in difference.metadata_changed.items():
        yield f"{len(ids)} photos with another {column}"
    for name, attribute in difference.attributes.items():
        for line in _of_attribute(attribute):
            yield f"{name}: {line}"


def _of_attribute(attribute: AttributeDiff) -> Iterator[str]:
    if attribute.classes_added:
        yield f"classes added: {', '.join(attribute.classes_added)}"
    if attribute.classes_removed:
        yield f"classes removed: {', '.join(attribute.classes_removed)}"
    if attribute.recoded:
        yield f"{len(attribute.recoded)} classes under another number"
    if len(attribute.relabelled):
        yield f"{len(attribute.relabelled)} photos relabelled"
    if len(attribute.resplit):
        yield f"{len(attribute.resplit)} photos re-split, into another split than before"
    if len(attribute.added):
        yield f"{len(attribute.added)} rows added"
    if len(attribute.removed):
        yield f"{len(attribute.removed)} rows removed"


def _counts(words: Mapping[str, dict[str, dict[str, int]]]) -> str:
    splits = ", ".join(f"{rows['rows']} {split}" for split, rows in words["splits"].items())
    return f"{len(words['classes'])} classes, rows: {splits}"


def _earlier_entries(before: Path | None) -> str:
    if before is None:
        return ""
    text = (before / CHANGELOG).read_text(encoding="utf-8")
    return "\n" + text.removeprefix(_TITLE).lstrip("\n")
