"""Is a release of pairs whole, in pairs, and free of metadata? Every breach is a finding."""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from PIL import Image, ImageOps

from flickrexif.errors import FlickrexifError, UsageError
from flickrexif.imaging import UnreadableImage, decode_rgb, is_stripped
from flickrexif.progress import Progress, Silent
from flickrexif.release.card import CARD
from flickrexif.release.checks.files import check_files, first_line
from flickrexif.release.checks.schema import check_changelog, check_features
from flickrexif.release.checks.withdrawn import check_ledger
from flickrexif.release.finding import Finding
from flickrexif.release.manifest import MANIFEST, files_of
from flickrexif.release.schema import PAIRS
from paircams.layout import SIDES
from paircams.releasing.card import render_card
from paircams.releasing.files import read_rows
from paircams.releasing.ledger import read_ledger
from paircams.releasing.schema import SPLIT
from paircams.releasing.shape import check_shape, read_pairs_manifest

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

    from flickrexif.release.manifest import Manifest
    from paircams.releasing.ledger import WithdrawnPair

_ABOUT_THE_PAIR = ("subject_idx", "license", "owner", "inliers", "homography", "findings")


def verify(path: str | os.PathLike[str], *, progress: Progress | None = None) -> list[Finding]:
    """Every breach found in the release folder ``path``, sorted; an empty list is a clean bill.

    Rules on files (present, whole, none foreign), on descriptions (parquet metadata, card and
    manifest agree, the version has its changelog), on rows (two per pair, one of each class, a pair
    of one subject, none withdrawn) and on images (decode, of the size told, without metadata,
    masked ones as large as the crop). Raises `UsageError` when ``path`` is no release of pairs.
    """
    folder = Path(path)
    manifest = read_pairs_manifest(folder)
    findings = list(check_shape(manifest))
    if findings:
        return sorted(findings)
    checks = (
        check_files(folder, manifest),
        check_features(folder, manifest),
        _check_card(folder, manifest),
        check_changelog(folder, manifest),
        _check_rows(folder, manifest),
        _check_withdrawn(folder, manifest),
    )
    telling = progress or Silent()
    telling.start("verify", len(checks), "groups of rules")
    for check in checks:
        findings.extend(check)
        telling.advance()
    telling.close()
    return sorted(set(findings))


def _check_card(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    """``card``: it is what the manifest's numbers make it."""
    try:
        found = (folder / CARD).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return  # told by the rules on files
    try:
        expected = render_card(manifest)
    except (FlickrexifError, TypeError, KeyError) as error:
        yield Finding("card", CARD, f"the manifest makes none: {first_line(error)}")
        return
    if found != expected:
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
    subjects = Counter(both[0]["subject_idx"] for both in pairs.values())
    for subject in sorted((one for one, count in subjects.items() if count > 1), key=str):
        yield Finding("subject-twice", PAIRS, f"subject {subject!r} has more than one pair")
    if rows != manifest["photos"].get("rows"):
        told = manifest["photos"].get("rows")
        yield Finding("counts", MANIFEST, f"is said to have {told} photos, has {rows}")


def _check_withdrawn(folder: Path, manifest: Manifest) -> Iterator[Finding]:
    """``ledger``, as long as the manifest tells, and ``withdrawn-pair``."""

    def still_there(gone: set[str]) -> Iterator[tuple[str, str]]:
        for name in files_of(PAIRS, manifest).get(SPLIT, ()):
            there = {str(row["pair_id"]) for row in _read(folder / name, ["pair_id"])}
            yield from ((name, pair_id) for pair_id in sorted(gone & there))

    def pair_id(line: WithdrawnPair) -> str:
        return line.pair_id

    read = partial(read_ledger, folder)
    yield from check_ledger(read, manifest, "pair", id_of=pair_id, still_there=still_there)
    with suppress(UsageError):  # told above
        lines = len(read())
        if lines != manifest["withdrawn"]:
            message = f"{manifest['withdrawn']} pairs are said to be withdrawn, not {lines}"
            yield Finding("ledger", MANIFEST, message)


def _read(file: Path, columns: list[str] | None = None) -> Iterator[dict[str, Any]]:
    try:
        yield from read_rows(file, columns)
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
