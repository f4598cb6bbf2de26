"""Rules on the manifest itself: whatever the other rules read of it is there, of its type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from flickrexif.errors import UsageError
from flickrexif.imaging import MaskSpec
from flickrexif.release.finding import Finding
from flickrexif.release.manifest import MANIFEST
from flickrexif.release.plan import Kind
from flickrexif.release.schema import (
    MANIFEST_SCHEMA,
    PHOTOS_CONFIG,
    SPLITS,
    TREATED,
    attribute_config,
    photos_config,
    treated_config,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flickrexif.release.manifest import Manifest


@dataclass(frozen=True, slots=True)
class _Each:
    """An object whose values all have one shape."""

    shape: Any


_FILE = {"bytes": int, "sha256": str}
_COMMON = {
    "schema_version": int,
    "name": str,
    "version": str,
    "kind": str,
    "attributes": _Each(
        {"classes": [str], "splits": {split: {"rows": int} for split in SPLITS}},
    ),
    "configs": _Each(_Each({"_type": str})),
    "files": _Each(_FILE),
}
_SHAPE = _COMMON | {
    "corpus": {"synthetic": bool},
    "allow_noncommercial": bool,
    "photos": {"rows": int, "owners": int},
}
_COUNTED = {"rows": int, "classes": _Each(int)}
_TREATED = _COMMON | {
    "source": {"name": str},
    "treatment": {},
    "provenance": str,
    "attributes": _Each({"classes": [str], "splits": dict.fromkeys(SPLITS, _COUNTED)}),
}
_TABLE = {"rows": int, "uncompressed_bytes": int}


def check_shape(manifest: Manifest) -> Iterator[Finding]:
    """``manifest-schema``: keys and types, and words that only make sense together."""
    is_treated = manifest.get("kind") == TREATED
    faults = list(_faults(manifest, _TREATED if is_treated else _SHAPE, ""))
    if not faults:
        faults += _table_faults(manifest["files"])
        faults += _word_faults(manifest)
    for fault in faults:
        yield Finding("manifest-schema", MANIFEST, fault)


def _faults(value: Any, shape: Any, where: str) -> Iterator[str]:
    match shape:
        case type():
            if not isinstance(value, shape):
                yield f"{where[1:]!r} is missing or no {shape.__name__}"
        case list():
            if not isinstance(value, list) or not all(isinstance(one, shape[0]) for one in value):
                yield f"{where[1:]!r} is missing or no list of {shape[0].__name__}"
        case _ if not isinstance(value, dict):
            yield f"{where[1:]!r} is missing or no object"
        case _Each():
            for name, one in value.items():
                yield from _faults(one, shape.shape, f"{where}.{name}")
        case _:
            for name, inner in shape.items():
                yield from _faults(value.get(name), inner, f"{where}.{name}")


def _table_faults(files: Mapping[str, Any]) -> Iterator[str]:
    for name, described in files.items():
        if name.endswith(".parquet"):
            yield from _faults(described, _TABLE, f".files.{name}")


def _word_faults(manifest: Manifest) -> Iterator[str]:
    if manifest["schema_version"] != MANIFEST_SCHEMA:
        yield f"schema_version {manifest['schema_version']!r} is unknown: use a newer flickrexif"
    if manifest["kind"] not in (TREATED, *get_args(Kind)):
        yield f"kind {manifest['kind']!r} is unknown"
    yield from _config_faults(manifest)
    if manifest.get("mask") is not None or manifest["kind"] == "masked":
        yield from _mask_faults(manifest)


def _config_faults(manifest: Manifest) -> Iterator[str]:
    if manifest["kind"] == TREATED:
        yield from _treated_faults(manifest)
        return
    has_image = manifest["kind"] != "metadata"
    expected = {PHOTOS_CONFIG: photos_config().features}
    for name, words in manifest["attributes"].items():
        expected[name] = attribute_config(name, words["classes"], has_image=has_image).features
    for name in sorted({*expected, *manifest["configs"]}):
        if manifest["configs"].get(name) != expected.get(name):
            yield f"config {name!r} has other columns or classes than its attribute"


def _treated_faults(manifest: Manifest) -> Iterator[str]:
    if len(manifest["configs"]) != 1 or not set(manifest["attributes"]) <= set(manifest["configs"]):
        yield "a treated set has one config, and no other attribute"
        return
    if manifest.get("mask") != manifest["treatment"].get("mask"):
        yield "'mask' is not that of 'treatment'"
    for name, features in manifest["configs"].items():
        classes = manifest["attributes"].get(name, {}).get("classes", ())
        before = features.get("source_label", {"names": ()}).get("names")
        if not isinstance(before, list | tuple) or not all(isinstance(n, str) for n in before):
            yield f"config {name!r} has a 'source_label' without names"
        elif features != treated_config(name, classes, source_classes=before).features:
            yield f"config {name!r} has other columns or classes than its attribute"


def _mask_faults(manifest: Manifest) -> Iterator[str]:
    if not isinstance(manifest.get("crop"), int) or manifest["crop"] < 1:
        yield "'crop' is missing or no number of pixels"
    try:
        MaskSpec(**manifest["mask"])
    except (KeyError, TypeError, UsageError) as error:
        yield f"'mask' cannot be understood: {error}"
