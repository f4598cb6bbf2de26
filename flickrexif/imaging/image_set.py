"""Any set of images, to be read one after the other: a folder of files, or parquet as datasets are.

A folder of files is read as ``imagefolder`` of Hugging Face datasets has it: a folder called
``train``, ``validation`` or ``test`` tells the split, the folder that a file lies in is its class.
Parquet files have a column ``image`` (bytes, or bytes and path) and may have ``label`` (a
ClassLabel, whole numbers or texts), ``photo_id`` and the columns that credit a photo;
``train-*.parquet`` or a folder ``train`` tells the split. Where there are both, the parquet files
are the set. Images come in the order of their names, and as bytes: whoever decodes them says what
is unreadable.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flickrexif.errors import UsageError
from flickrexif.imaging.image_place import SUFFIXES, Place, Split, files_below, place_of
from flickrexif.imaging.image_tables import classes_named, read_rows, rows_of, schema_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_PARQUET = frozenset((".parquet",))


@dataclass(frozen=True, slots=True)
class SetImage:
    """One image: its bytes, and what its place says of it."""

    place: Place
    content: bytes

    @property
    def name(self) -> str:
        """The image's name, unique in the set."""
        return self.place.name

    @property
    def label(self) -> str | None:
        """Its class, where it has one."""
        return self.place.label

    @property
    def split(self) -> Split | None:
        """Its split, where it is told."""
        return self.place.split


@dataclass(frozen=True, slots=True)
class ImageSet:
    """The images at ``path``, told but not read."""

    path: Path
    classes: tuple[str, ...]
    """The labels in class order: as the dataset has it, else sorted; none of unlabelled images."""
    places: tuple[Place, ...]

    @classmethod
    def open(cls, path: Path | str) -> ImageSet:
        """Look at what is there.

        Raises `UsageError` when ``path`` is nothing of the kind, holds no image or several configs.
        """
        path = Path(path)
        if not path.exists():
            raise UsageError(f"{str(path)!r} does not exist: name a folder of images or a dataset")
        tables = files_below(path, _PARQUET)
        if tables:
            _refuse_configs(path)
            schemas = [schema_of(file) for file in tables]
            places = [place for file in tables for place in rows_of(file, path)]
            classes = classes_named(schemas[0]) or _ordered(place.label for place in places)
            _refuse_other_classes(places, classes)
        else:
            places = [place_of(file, path) for file in files_below(path, SUFFIXES)]
            classes = _ordered(place.label for place in places)
        if not places:
            kinds = ", ".join(sorted(SUFFIXES))
            raise UsageError(f"{str(path)!r} holds no image: files of {kinds}, or parquet")
        _refuse_twins(path, places)
        return cls(path, classes, tuple(places))

    def __len__(self) -> int:
        return len(self.places)

    def __iter__(self) -> Iterator[SetImage]:
        return read_images(self.places)


def read_images(places: Iterable[Place]) -> Iterator[SetImage]:
    """The images at ``places``, of which those of one table stand together and in its order.

    A file that has gone since raises `OSError`, a damaged table `UsageError`.
    """
    for file, of_file in groupby(places, key=lambda place: place.file):
        if file.suffix.lower() == ".parquet":
            rows = read_rows(file, list(of_file))
            yield from (SetImage(place, content) for place, content in rows)
        else:
            yield from (SetImage(place, file.read_bytes()) for place in of_file)


def _refuse_twins(path: Path, places: Sequence[Place]) -> None:
    """A photo is in a set once, as one that is in two splits would leak."""
    seen: set[str] = set()
    for place in places:
        if place.name in seen:
            raise UsageError(
                f"photo {place.name} is in {str(path)!r} twice: name a folder that has it once, "
                "such as one config of a release"
            )
        seen.add(place.name)


def _refuse_other_classes(places: Iterable[Place], classes: Sequence[str]) -> None:
    """The tables of a set have the classes of its first."""
    for place in places:
        if place.label is not None and place.label not in classes:
            raise UsageError(
                f"{str(place.file)!r} has label {place.label!r}, which is none of the "
                f"{len(classes)} classes of the set's first file: name one of the two alone"
            )


def _refuse_configs(path: Path) -> None:
    """Of a release with several configs one must be named: its folder."""
    manifest = path / "manifest.json"
    if path.is_file() or not manifest.is_file():
        return
    try:
        told: Any = json.loads(manifest.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UsageError(f"{str(manifest)!r} is damaged ({error}): restore the release") from None
    configs = told.get("configs") if isinstance(told, dict) else None
    if not isinstance(configs, dict):
        return  # the manifest of something else
    with_image = [name for name, features in configs.items() if "image" in features]
    if not with_image:
        raise UsageError(f"release {str(path)!r} holds no images: name one of another kind")
    if len(configs) > 1:
        named = ", ".join(repr(str(path / name)) for name in with_image)
        raise UsageError(f"release {str(path)!r} has several configs: name one of {named}")


def _ordered(labels: Iterable[str | None]) -> tuple[str, ...]:
    """Distinct labels: whole numbers by value, then texts."""
    found = {label for label in labels if label is not None}
    numbers = sorted(filter(str.isdecimal, found), key=lambda label: (int(label), label))
    return (*numbers, *sorted(found.difference(numbers)))
