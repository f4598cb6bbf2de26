"""Is a release of pairs whole, in pairs, and free of metadata? Every breach is a finding."""

from __future__ import annotations

import io
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, ImageOps

from flickrexif.errors import UsageError
from flickrexif.imaging import UnreadableImage, decode_rgb, is_stripped
from flickrexif.progress import Progress, Silent
from flickrexif.release.card import CARD
from flickrexif.release.checks.files import check_files, first_line
from flickrexif.release.checks.schema import check_features
from flickrexif.release.finding import Finding
from flickrexif.release.manifest import MANIFEST, files_of, read_manifest
from flickrexif.release.schema import MANIFEST_SCHEMA
from paircams.layout import SIDES
from paircams.releasing.card import render_card
from paircams.releasing.schema import PAIRS, pairs_config

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

    from flickrexif.release.manifest import Manifest

_WORDS: dict[str, type] = {
    "name": str,
    "version": str,
    "pixels": str,
    "synthetic": bool,
    "photos": dict,
    "licenses": dict,
    "models": dict,
    "attributes": dict,
    "configs": dict,
    "files": dict,
}
_ABOUT_THE_PAIR = ("subject_idx", "license", "owner", "inliers", "homography", "findings")


def verify(path: str | os.PathLike[str], *, progress: Progress | None = None) -> list[Finding]:
    """Every breach found in the release folder ``path``, sorted; an empty list is a clean bill.

    Rules on files (present, whole, none foreign), on descriptions (parquet metadata, card and
    manifest agree), on rows (two per pair, one of each class, a pair of one subject) and on images
    (decode, of the size told, without metadata, masked ones as large as the crop). Raises
    `UsageError` when ``path`` is no release of pairs.
    """
    folder = Path(path)
    manifest = read_manifest(folder)
    if manifest.get("kind") != PAIRS:
        raise UsageError(f"{str(path)!r} holds no pairs: see `flickrexif verify`")
    findings = list(_check_words(manifest))
    if findings:
        return sorted(findings)
    checks = (
        check_files(folder, manifest),
        check_features(folder, manifest),
        _check_card(folder, manifest),
        _check_rows(folder, manifest),
    )
    telling = progress or Silent()
    telling.start("verify", len(checks), "groups of rules")
    for check in checks:
        findings.extend(check)
        telling.advance()
    telling.close()
    return sorted(set(findings))


def _check_words(manifest: Manifest) -> Iterator[Finding]:
    """``manifest-schema``: what the other rules read of the manifest is there, of its type."""
    if manifest.get("schema_version") != MANIFEST_SCHEMA:
        told = f"schema_version {manifest.get('schema_version')!r} is unknown"
        yield Finding("manifest-schema", MANIFEST, f"{told}: use a newer paircams")
    for word, kind in _WORDS.items():
        if not isinstance(manifest.get(word), kind):
            yield Finding("manifest-schema", MANIFEST, f"{word!r} is missing or no {kind.__name__}")
    if manifest.get("configs") != {PAIRS: pairs_config().features}:
        yield Finding("manifest-schema", MANIFEST, "'configs' has other columns than pairs have")
    files = manifest.get("files")
    for name, described in files.items() if isinstance(files, dict) else ():
        if not isinstance(described, dict) or not isinstance(described.get("bytes"), int):
            yield Finding("manifest-schema", MANIFEST, f"{name!r} is not described")
        elif name.endswith(".parquet") and not isinstance(described.get("rows"), int):
            yield Finding("manifest-schema", MANIFEST, f"the rows of {name!r} are not told")


def _check_card(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    """``card``: it is what the manifest's numbers make it."""
    try:
        found = (folder / CARD).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return  # told by the rules on files
    if found != render_card(manifest):
        yield Finding("card", CARD, "is not the one that the manifest's numbers make")


def _check_rows(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    pairs: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    rows = 0
    for names in files_of(PAIRS, manifest).values():
        for name in names:
            for row in _read(folder / name):
                rows += 1
                yield from _check_image(name, row, manifest)
                pairs[str(row["pair_id"])].append({**row, "image": None, "file": name})
    for pair_id, both in pairs.items():
        yield from _check_pair(pair_id, both)
    subjects = [both[0]["subject_idx"] for both in pairs.values()]
    for subject in sorted({one for one in subjects if subjects.count(one) > 1}, key=str):
        yield Finding("subject-twice", PAIRS, f"subject {subject!r} has more than one pair")
    if rows != manifest["photos"].get("rows"):
        told = manifest["photos"].get("rows")
        yield Finding("counts", MANIFEST, f"is said to have {told} photos, has {rows}")


def _read(file: Path) -> Iterator[dict[str, Any]]:
    try:
        with pq.ParquetFile(file) as table:
            for batch in table.iter_batches(16):
                yield from batch.to_pylist()
    except (pa.ArrowException, OSError):
        return  # told by the rules on files


def _check_pair(pair_id: str, rows: list[dict[str, Any]]) -> Iterator[Finding]:
    """``pair``: two photos, one of each class, of one subject, with the same figures."""
    where = str(rows[0]["file"])
    if sorted(str(row["camera_class"]) for row in rows) != sorted(SIDES):
        yield Finding("pair", where, f"{pair_id} has not one photo of each camera class")
    for column in _ABOUT_THE_PAIR:
        if len({row[column] for row in rows}) > 1:
            yield Finding("pair", where, f"{pair_id} has two values of {column}")


def _check_image(file: str, row: Mapping[str, Any], manifest: Manifest) -> Iterator[Finding]:
    """``image``: it decodes, is as large as told, and tells nothing besides its pixels."""
    who = f"{row['pair_id']} {row['camera_class']}"
    content = (row["image"] or {}).get("bytes")
    if not content:
        yield Finding("image", file, f"{who} holds no image")
        return
    try:
        decode_rgb(content)
        stripped = is_stripped(content)
        with Image.open(io.BytesIO(content)) as image:
            size = ImageOps.exif_transpose(image).size
    except (UnreadableImage, OSError) as error:
        yield Finding("image", file, f"{who} does not decode: {first_line(error)}")
        return
    if not stripped:
        yield Finding("image-metadata", file, f"{who} tells more than its pixels")
    if size != (row["width"], row["height"]):
        yield Finding("image-size", file, f"{who} has {size[0]} x {size[1]} pixels, not as told")
    crop = (manifest.get("crop") or {}).get("size")
    if manifest["pixels"] == "masked" and size != (crop, crop):
        yield Finding("image-mask", file, f"{who} is not {crop} x {crop} pixels")
