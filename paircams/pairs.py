"""Which photo stands on which side of which subject, as a manifest or a folder declares it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flickrexif.errors import UsageError
from paircams.classes import classes_of
from paircams.decisions import decisions_beside, with_decisions
from paircams.folder import read_folder
from paircams.layout import PairSet, printable
from paircams.manifest import read_manifest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from paircams.layout import Side

MANIFESTS = tuple(
    f"{stem}.{kind}" for stem in ("pairs", "metadata") for kind in ("csv", "jsonl", "parquet")
)
"""What declares a folder's pairs, where it is there; the first one found does."""


def read_pairs(path: Path, *, classes: Path | None = None) -> PairSet:
    """Read the manifest, the dataset or the folder of pairs at ``path``; no photo is opened.

    A folder is declared by a manifest in it, by its parquet files with the columns of the published
    set, or by the names of its photos. ``classes`` is a table of camera models for sets that name
    models instead of sides; see `paircams.classes.classes_of`. Decisions on what is declared by
    parquet files are read from where `paircams.decisions.decisions_beside` says.

    Raises `UsageError` when there is nothing at ``path``, or nothing that declares pairs.
    """
    known = classes_of(classes)
    if path.is_file():
        return _read(path, known)
    if not path.is_dir():
        raise UsageError(
            f"{printable(path)!r} does not exist; name a manifest or a folder of pairs"
        )
    for name in MANIFESTS:
        if (path / name).is_file():
            return _read(path / name, known)
    if parts := sorted(path.rglob("*.parquet")):
        dataset = read_manifest(parts[0], classes=known, parts=parts[1:])
        return with_decisions(dataset, decisions_beside(path))
    return read_folder(path)


def _read(manifest: Path, classes: Mapping[str, Side]) -> PairSet:
    declared = read_manifest(manifest, classes=classes)
    is_parquet = manifest.suffix.lower() == ".parquet"
    return with_decisions(declared, decisions_beside(manifest)) if is_parquet else declared
