"""Folders of pairs: ``<subject_idx>/<side>.*`` or ``<subject_idx>_<side>.*``, or both."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flickrexif.errors import UsageError
from paircams.layout import SIDES, Misplaced, PairSet, PhotoFile, Subject, printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SUFFIXES = "avif bmp gif heic heif jpe jpeg jpg mpo png tif tiff webp"
PHOTO_SUFFIXES = frozenset(f".{suffix}" for suffix in _SUFFIXES.split())
"""What counts as a photo in a folder; other files, and hidden ones, are passed over."""

_FLAT_NAME = re.compile(rf"(?P<subject>.+)_(?P<side>{'|'.join(SIDES)})", re.IGNORECASE)


def read_folder(root: Path) -> PairSet:
    """Read the pairs that lie in ``root``; subjects come in numeric, then alphabetic order.

    Raises `UsageError` when no file in ``root`` is named as one side of a subject.
    """
    files: list[PhotoFile] = []
    misplaced: list[Misplaced] = []
    for path in _photos_below(root):
        placed = _place(root, path)
        if isinstance(placed, PhotoFile):
            files.append(placed)
        else:
            misplaced.append(placed)
    if not files:
        raise UsageError(
            f"{printable(root)!r} holds no pairs; name photos <subject_idx>/smartphone.jpg and "
            "<subject_idx>/camera.jpg, or <subject_idx>_smartphone.jpg, or pass a manifest"
        )
    return PairSet(root, _by_subject(files), tuple(misplaced))


def _photos_below(root: Path) -> Iterator[Path]:
    try:
        for path in sorted(root.iterdir()):
            if path.name.startswith("."):
                continue
            if path.is_dir():
                yield from (photo for photo in sorted(path.iterdir()) if is_photo(photo))
            elif is_photo(path):
                yield path
    except OSError as error:
        raise UsageError(f"{printable(root)!r} cannot be listed: {error.strerror}") from error


def is_photo(path: Path) -> bool:
    """Whether ``path`` counts as a photo: by its suffix, not hidden."""
    hidden = path.name.startswith(".")
    return not hidden and path.suffix.lower() in PHOTO_SUFFIXES and not path.is_dir()


def _place(root: Path, path: Path) -> PhotoFile | Misplaced:
    name = printable(path.relative_to(root))
    stem = printable(path.stem)
    if path.parent != root:
        subject_idx, side = printable(path.parent.name), stem.lower()
    elif matched := _FLAT_NAME.fullmatch(stem):
        subject_idx, side = matched["subject"], matched["side"].lower()
    else:
        subject_idx, side = "", ""
    for known in SIDES:
        if side == known:
            return PhotoFile(subject_idx, known, name, path)
    reason = f"{name!r} stands on no side; name it smartphone or camera, or move it away"
    return Misplaced("unplaced", subject_idx, None, name, reason)


def _by_subject(files: list[PhotoFile]) -> tuple[Subject, ...]:
    grouped: dict[str, list[PhotoFile]] = {}
    for file in files:
        grouped.setdefault(file.subject_idx, []).append(file)
    return tuple(
        Subject(name, tuple(sorted(grouped[name], key=lambda file: SIDES.index(file.side))))
        for name in sorted(grouped, key=_natural)
    )


def _natural(subject_idx: str) -> tuple[bool, int, str]:
    number = subject_idx.isascii() and subject_idx.isdigit()
    return (not number, int(subject_idx[:4000]) if number else 0, subject_idx)
