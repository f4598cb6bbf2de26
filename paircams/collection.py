"""A set of pairs with its photos opened: what the checks look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from paircams.layout import SIDES, PairSet, PhotoFile, Subject
from paircams.photo import Contents, Flaw, open_photos

if TYPE_CHECKING:
    from flickrexif.progress import Progress


@dataclass(frozen=True, slots=True)
class Sound:
    """A photo that could be decoded: where it stands, and what it holds."""

    file: PhotoFile
    contents: Contents


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

    @classmethod
    def open(cls, declared: PairSet, progress: Progress) -> Self:
        """Open every photo that ``declared`` names."""
        files = tuple(declared.files())
        sound: dict[PhotoFile, Sound] = {}
        flawed: list[tuple[PhotoFile, Flaw]] = []
        progress.start("photos", len(files), "photo")
        for photo in open_photos(files):
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
