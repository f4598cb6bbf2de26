"""A set of pairs with its photos opened: what the checks look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from paircams.layout import SIDES, PairSet, PhotoFile, Subject
from paircams.photo import Contents, Flaw, examine
from paircams.photo_bytes import read_photos
from paircams.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flickrexif.progress import Progress
    from paircams.matching import Look
    from paircams.verdict import PairVerdict


@dataclass(frozen=True, slots=True)
class Sound:
    """A photo that could be decoded: where it stands, and what it holds."""

    file: PhotoFile
    contents: Contents

    @property
    def look(self) -> Look:
        """What matching knows of it; only in a collection that was opened for matching."""
        if self.contents.look is None:
            raise LookupError(f"{self.file.name!r} was not opened for matching")
        return self.contents.look


@dataclass(frozen=True, slots=True)
class Pair:
    """The photos of a subject that has exactly one on each side, both decoded."""

    subject_idx: str
    smartphone: Sound
    camera: Sound


@dataclass(frozen=True, slots=True)
class Collection:
    """A declared set after its photos were opened, in the order of the declaration."""

    declared: PairSet
    sound: tuple[Sound, ...]
    flawed: tuple[tuple[PhotoFile, Flaw], ...]
    pairs: tuple[Pair, ...]
    verdicts: Mapping[str, PairVerdict] = field(default_factory=dict)
    """By subject, one for each of ``pairs``; empty where nothing was matched."""
    earlier_quality: Mapping[PhotoFile, int] = field(default_factory=dict)
    """The quality of an earlier JPEG compression, where one was looked for and shows."""

    @classmethod
    def open(cls, declared: PairSet, progress: Progress, *, matching: bool = True) -> Self:
        """Open every photo that ``declared`` names, for ``matching`` with its features."""
        files = tuple(declared.files())
        sound: dict[PhotoFile, Sound] = {}
        flawed: list[tuple[PhotoFile, Flaw]] = []
        progress.start("photos", len(files), "photo")
        for photo in side_by_side(
            lambda read: examine(*read, matching=matching), read_photos(files)
        ):
            if isinstance(photo.contents, Flaw):
                flawed.append((photo.file, photo.contents))
            else:
                sound[photo.file] = Sound(photo.file, photo.contents)
            progress.advance()
        progress.close()
        pairs = (_pair(subject, sound) for subject in declared.subjects)
        return cls(
            declared, tuple(sound.values()), tuple(flawed), tuple(pair for pair in pairs if pair)
        )


def _pair(subject: Subject, sound: dict[PhotoFile, Sound]) -> Pair | None:
    sides = [subject.on(side) for side in SIDES]
    if any(len(files) != 1 or files[0] not in sound for files in sides):
        return None
    return Pair(subject.subject_idx, *(sound[files[0]] for files in sides))
