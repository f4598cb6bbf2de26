"""Whatever the code reads of a manifest of pairs is there, of its type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flickrexif.errors import UsageError
from flickrexif.release.finding import Finding
from flickrexif.release.manifest import MANIFEST, read_manifest
from flickrexif.release.schema import MANIFEST_SCHEMA, PAIRS
from paircams.releasing.schema import pairs_config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flickrexif.release.manifest import Manifest

_WORDS: dict[str, type] = {
    "name": str,
    "version": str,
    "pixels": str,
    "synthetic": bool,
    "photos": dict,
    "models": dict,
    "licenses": dict,
    "figures": dict,
    "validated": dict,
    "of_the_set": list,
    "left_out": dict,
    "withdrawn": int,
    "made_with": dict,
    "attributes": dict,
    "configs": dict,
    "files": dict,
}


def read_pairs_manifest(release: Path, *, command: str = "verify") -> Manifest:
    """The manifest of the release of pairs in the folder ``release``.

    Raises `UsageError` where there is none, or one of another kind of release: for that it names
    flickrexif's own ``command``.
    """
    if not (release / MANIFEST).is_file():
        raise UsageError(
            f"{str(release)!r} is no release of pairs (no {MANIFEST}): make one with "
            "`paircams build`"
        )
    manifest = read_manifest(release)
    if manifest.get("kind") != PAIRS:
        raise UsageError(f"{str(release)!r} holds no pairs: use `flickrexif {command}`")
    return manifest


def check_shape(manifest: Manifest) -> Iterator[Finding]:
    """``manifest-schema``: what the other rules read of the manifest is there, of its type."""
    for fault in (*_word_faults(manifest), *_file_faults(manifest.get("files"))):
        yield Finding("manifest-schema", MANIFEST, fault)


def _word_faults(manifest: Manifest) -> Iterator[str]:
    if manifest.get("schema_version") != MANIFEST_SCHEMA:
        told = f"schema_version {manifest.get('schema_version')!r} is unknown"
        yield f"{told}: use a newer paircams"
    for word, kind in _WORDS.items():
        if not isinstance(manifest.get(word), kind):
            yield f"{word!r} is missing or no {kind.__name__}"
    if manifest.get("configs") != {PAIRS: pairs_config().features}:
        yield "'configs' has other columns than pairs have"


def _file_faults(files: object) -> Iterator[str]:
    for name, described in files.items() if isinstance(files, dict) else ():
        if not isinstance(described, dict) or not isinstance(described.get("bytes"), int):
            yield f"{name!r} is not described"
        elif name.endswith(".parquet") and not isinstance(described.get("rows"), int):
            yield f"the rows of {name!r} are not told"
