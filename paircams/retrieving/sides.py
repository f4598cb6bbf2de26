"""The crops of a set of pairs, side by side: decoded once for all encoders."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from flickrexif.errors import UsageError
from flickrexif.imaging import UnreadableImage, exact_reader
from paircams.layout import SIDES
from paircams.photo_bytes import read_photos
from paircams.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flickrexif.imaging import Crop
    from flickrexif.imaging.reading import Pixels
    from flickrexif.probing.view import View
    from flickrexif.progress import Progress
    from paircams.layout import PairSet, PhotoFile
    from paircams.photo_bytes import Read

    Crops = tuple[Pixels, ...]


@dataclass(slots=True)
class Sides:
    """Pairs whose two photos could be read; ``left_out`` tells of the others, by subject."""

    subjects: list[str] = field(default_factory=list)
    smartphone: list[Crops] = field(default_factory=list)
    """One tuple per subject: a crop for each that was asked for."""
    camera: list[Crops] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


def read_sides(declared: PairSet, view: View, crops: Sequence[Crop], progress: Progress) -> Sides:
    """Read both photos of each subject that has one on either side, and was not rejected.

    Photos that ``view`` has as masked already are taken as they are. Raises `UsageError` where
    fewer than two are left.
    """
    sides = Sides()
    files = _asked(declared, sides)
    read = _read(files, view, crops, sides, progress)
    for smartphone, camera in zip(files[::2], files[1::2], strict=True):
        if smartphone in read and camera in read:
            sides.subjects.append(smartphone.subject_idx)
            sides.smartphone.append(read[smartphone])
            sides.camera.append(read[camera])
    if len(sides.subjects) < 2:
        raise UsageError(
            f"{len(sides.subjects)} pairs can be read, and retrieval needs two or more: "
            "see `paircams validate`"
        )
    return sides


def _asked(declared: PairSet, sides: Sides) -> list[PhotoFile]:
    """The smartphone's and the camera's photo of each pair, in turn; others are left out."""
    files: list[PhotoFile] = []
    for subject in declared.subjects:
        if subject.decision == "reject":
            sides.left_out[subject.subject_idx] = "rejected in review"
        elif any(len(subject.on(side)) != 1 for side in SIDES):
            sides.left_out[subject.subject_idx] = "not one photo on each side"
        else:
            files += [subject.on(side)[0] for side in SIDES]
    return files


def _read(
    files: Sequence[PhotoFile],
    view: View,
    crops: Sequence[Crop],
    sides: Sides,
    progress: Progress,
) -> dict[PhotoFile, Crops]:
    """The crops of the photos that can be read; of others the subject is left out."""
    read: dict[PhotoFile, Crops] = {}
    progress.start("photos", len(files), "photo")
    for file, made in _made(files, view, crops):
        progress.advance()
        if isinstance(made, str):
            sides.left_out[file.subject_idx] = f"{file.name}: {made}"
        else:
            read[file] = made
    progress.close()
    return read


def _made(
    files: Sequence[PhotoFile], view: View, crops: Sequence[Crop]
) -> Iterator[tuple[PhotoFile, Crops | str]]:
    """Yield each photo's crops, or why there are none."""
    return side_by_side(partial(_crops, view, tuple(crops)), read_photos(files))


def _crops(
    view: View, crops: tuple[Crop, ...], read: tuple[PhotoFile, Read]
) -> tuple[PhotoFile, Crops | str]:
    file, content = read
    if isinstance(content, OSError):
        return file, content.strerror or str(content)
    try:
        planes = view.pixels(content, crops, exact_reader())
        return file, tuple(pixels.transpose(1, 2, 0) for pixels in planes)
    except UnreadableImage as error:
        return file, str(error)
