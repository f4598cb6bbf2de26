"""``manifest.json``: what a release holds, in numbers and digests.

Keys: schema_version, name, version, kind, seed, made_with (versions of the code and of the
libraries that decide bytes), corpus (the words of the crawl, endpoint, synthetic), crop,
interpolation, mask (null unless masked) and mask_achieved_ratio, allow_noncommercial, photos
(rows, owners), licenses, attributes (classes in order, ordinal, description, splits), configs (the
features of each), left_out and attributes_left_out (with reasons), files (rows, bytes, sha256).
There is no date in it: the same corpus, plan and code give the same bytes.
"""

from __future__ import annotations

import json
from collections import Counter
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow.parquet as pq

from flickrexif._version import __version__
from flickrexif.errors import UsageError
from flickrexif.imaging import achieved_ratio
from flickrexif.release.schema import MANIFEST_SCHEMA, PAIRS, PHOTOS_CONFIG, SPLITS
from flickrexif.release.source import sha256_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from flickrexif.release.plan import BuildPlan
    from flickrexif.release.schema import Config
    from flickrexif.release.select import AttributeRows, Selection
    from flickrexif.release.source import Source

MANIFEST = "manifest.json"

Manifest = dict[str, Any]


def describe(
    source: Source,
    plan: BuildPlan,
    selection: Selection,
    attributes: Sequence[AttributeRows],
    configs: Sequence[Config],
) -> Manifest:
    """All of the manifest but its files."""
    masked = plan.kind == "masked"
    return {
        "schema_version": MANIFEST_SCHEMA,
        "name": plan.name,
        "version": plan.version,
        "kind": plan.kind,
        "seed": source.seed,
        "made_with": made_with(),
        "corpus": dict(source.asked) | {"synthetic": source.is_synthetic},
        "crop": plan.crop if masked else None,
        "interpolation": plan.interpolation if masked else None,
        "mask": plan.words()["mask"] if masked else None,
        "mask_achieved_ratio": _achieved(plan) if masked else None,
        "allow_noncommercial": plan.allow_noncommercial,
        "photos": {
            "rows": selection.photos.height,
            "owners": selection.photos["owner_id"].n_unique(),
        },
        "licenses": licenses_of(selection.photos),
        "attributes": {one.words.name: _attribute(one) for one in attributes},
        "configs": {config.name: config.features for config in configs},
        "left_out": dict(sorted(selection.left_out.items())),
        "attributes_left_out": dict(sorted(selection.attributes_left_out.items())),
    }


def describe_file(path: Path, *, sha256: str | None = None) -> dict[str, Any]:
    """Bytes and digest of a file, and rows and uncompressed bytes of a parquet file."""
    digests = {"bytes": path.stat().st_size, "sha256": sha256 or sha256_of(path)}
    if path.suffix != ".parquet":
        return digests
    metadata = pq.read_metadata(path)
    groups = (metadata.row_group(index) for index in range(metadata.num_row_groups))
    size = sum(group.total_byte_size for group in groups)
    return {"rows": metadata.num_rows, "uncompressed_bytes": size} | digests


def to_text(manifest: Mapping[str, Any]) -> str:
    """The manifest as it stands in the file."""
    return json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"


def read_manifest(release: Path) -> Manifest:
    """The manifest of the release in the folder ``release``; `UsageError` when there is none."""
    try:
        manifest = json.loads((release / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UsageError(
            f"{str(release)!r} is no release (no {MANIFEST}); make one with `flickrexif build`"
        ) from error
    except ValueError as error:
        raise UsageError(_damaged(release, str(error))) from error
    if not isinstance(manifest, dict):
        raise UsageError(_damaged(release, "it holds no object"))
    return manifest


def refuse_pairs(manifest: Manifest, release: Path) -> None:
    """Raise `UsageError` for a release of camera pairs, which has rules of its own."""
    if manifest.get("kind") == PAIRS:
        raise UsageError(f"{str(release)!r} holds camera pairs: use paircams, not flickrexif")


def _damaged(release: Path, how: str) -> str:
    return f"{str(release / MANIFEST)!r} is damaged ({how}): fetch or build the release again"


def files_of(config: str, manifest: Mapping[str, Any]) -> dict[str, list[str]]:
    """split → the names of its parquet files, in order."""
    files: dict[str, list[str]] = {}
    for name in sorted(manifest["files"]):
        folder, _, file = name.partition("/")
        if folder == config and file.endswith(".parquet"):
            files.setdefault(file.split("-")[0], []).append(name)
    order = ("train",) if config == PHOTOS_CONFIG else SPLITS
    return {split: files[split] for split in order if split in files}


def made_with() -> dict[str, str]:
    """The versions that decide a release's bytes."""
    libraries = {name: version(name) for name in ("numpy", "pillow", "pyarrow")}
    return {"flickrexif": __version__} | libraries


def _achieved(plan: BuildPlan) -> float:
    return round(achieved_ratio(plan.mask, plan.crop, plan.crop), 6)


def licenses_of(photos: pl.DataFrame) -> dict[str, Any]:
    """Licence → how many of ``photos`` are under it, and its address; the most frequent first."""
    counted = photos.group_by("license", "license_url").agg(pl.len().alias("photos"))
    ordered = counted.sort(["photos", "license"], descending=[True, False])
    return {row["license"]: row for row in ordered.to_dicts()}


def splits_of(rows: Mapping[str, int], classes: int) -> dict[str, dict[str, int]]:
    """Split → its rows, and those of each class, where all classes have equally many."""
    return {
        split: {"rows": rows.get(split, 0), "per_class": rows.get(split, 0) // classes}
        for split in SPLITS
    }


def _attribute(one: AttributeRows) -> dict[str, Any]:
    rows = Counter(one.rows["split"].to_list())
    return {
        "classes": list(one.classes),
        "ordinal": one.words.ordinal,
        "description": one.words.description,
        "photos": one.rows["photo_id"].n_unique(),
        "splits": splits_of(rows, len(one.classes)),
        "classes_left_out": [label for label in one.words.classes if label not in one.classes],
        "trimmed": one.trimmed,
    }
