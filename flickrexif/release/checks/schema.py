"""Rules on descriptions: files, card and manifest say the same of columns, classes and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from flickrexif.release.card import CARD, card_data
from flickrexif.release.changelog import CHANGELOG
from flickrexif.release.checks.files import first_line
from flickrexif.release.finding import Finding
from flickrexif.release.manifest import files_of
from flickrexif.release.schema import Config, features_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from flickrexif.release.manifest import Manifest


def check_features(release: Path, manifest: Manifest) -> Iterator[Finding]:
    """``features``: each file's metadata and columns are those of its config in the manifest."""
    for name, features in manifest["configs"].items():
        config = Config(name, features)
        expected = config.arrow_schema()
        for file in [file for files in files_of(name, manifest).values() for file in files]:
            try:
                found = pq.read_schema(release / file)
            except (pa.ArrowException, OSError):
                continue  # told by the rules on files
            yield from _compare_features(file, features_of(found), features)
            if not found.equals(expected):
                yield Finding("features", file, "its columns are not those of the manifest")


def check_card(release: Path, manifest: Manifest) -> Iterator[Finding]:
    """``card-*``: the card's YAML is what the manifest's numbers make it."""
    from huggingface_hub import DatasetCard

    try:
        found = DatasetCard.load(release / CARD).data.to_dict()
    except Exception as error:  # noqa: BLE001 - the YAML library's errors share no root we import
        yield Finding("card-missing", CARD, f"cannot be read: {first_line(error)}")
        return
    expected = card_data(manifest)
    if found.get("version") != expected["version"]:
        message = f"says version {found.get('version')!r}, not {expected['version']!r}"
        yield Finding("card-version", CARD, message)
    if found.get("configs") != expected["configs"]:
        yield Finding("card-configs", CARD, "its configs lead to other files than the manifest's")
    yield from _check_dataset_info(found.get("dataset_info"), expected["dataset_info"])


def check_changelog(release: Path, manifest: Manifest) -> Iterator[Finding]:
    """``changelog``: the version has its entry."""
    try:
        lines = (release / CHANGELOG).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    if f"## {manifest['version']}" not in lines:
        yield Finding("changelog", CHANGELOG, f"has no entry for {manifest['version']!r}")


def _compare_features(
    file: str, found: Mapping[str, Any], expected: Mapping[str, Any]
) -> Iterator[Finding]:
    for column in sorted({*found, *expected}):
        if found.get(column) != expected.get(column):
            message = f"its metadata describe column {column!r} otherwise than the manifest"
            yield Finding("features", file, message)


def _check_dataset_info(found: Any, expected: list[dict[str, Any]]) -> Iterator[Finding]:
    by_name = {}
    if isinstance(found, list):
        by_name = {one.get("config_name"): one for one in found if isinstance(one, dict)}
    for config in expected:
        name = config["config_name"]
        told = by_name.get(name, {})
        if told.get("features") != config["features"]:
            yield Finding("card-features", CARD, f"config {name!r} has other columns or classes")
        words = ("splits", "download_size", "dataset_size")
        if any(told.get(word) != config[word] for word in words):
            yield Finding("card-counts", CARD, f"config {name!r} has other counts or sizes")
