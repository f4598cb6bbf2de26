"""Any set of images, to be read one after the other: a folder of files, or parquet as datasets are.

A folder of files is read as ``imagefolder`` of Hugging Face datasets has it: ``train``,
``validation`` and ``test`` above all else are splits, the folder next to them is the class. Parquet
files have a column ``image`` (bytes, or bytes and path) and may have ``label`` (a ClassLabel, whole
numbers or texts), ``photo_id`` and the columns that credit a photo; ``train-*.parquet`` or a folder
``train`` tells the split. Where there are both, the parquet files are the set. Images come in the
order of their names, and as bytes: whoever decodes them says what is unreadable.
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from flickrexif.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Split = Literal["train", "validation", "test"]

SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".gif", ".webp", ".tif", ".tiff", ".bmp"))
"""What `flickrexif.imaging.decode` can read, by the end of a file's name."""
CREDITS = ("owner_id", "owner_name", "license", "license_url", "page_url")
"""What a table may tell of a photo's owner and licence."""

_SPLITS: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
_PARQUET = frozenset((".parquet",))
_AFTER_SPLIT = re.compile(r"[-._ 0-9]")
"""What ends the word for a split in the name of a file, as Hugging Face datasets has it."""
_ROWS_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Place:
    """Where an image lies, and what is said of it there; its bytes are not read."""

    name: str
    """Unique in the set: the path below the folder, the photo id, or file and row."""
    file: Path
    row: int
    label: str | None
    split: Split | None
    credit: Mapping[str, str | None]
    """Of `CREDITS`, those that a table has."""


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
        tables = _below(path, _PARQUET)
        if tables:
            _refuse_configs(path)
            schemas = [_schema(file) for file in tables]
            places = [place for file in tables for place in _rows_of(file, path)]
            classes = _named(schemas[0]) or _ordered(place.label for place in places)
            _refuse_other_classes(places, classes)
        else:
            places = [_place_of(file, path) for file in _below(path, SUFFIXES)]
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
            yield from _read_rows(file, list(of_file))
        else:
            yield from (SetImage(place, file.read_bytes()) for place in of_file)


def _read_rows(file: Path, places: Sequence[Place]) -> Iterator[SetImage]:
    wanted = {place.row: place for place in places}
    with _sound(file), pq.ParquetFile(file) as parquet:
        for group, rows in _groups(parquet):
            if wanted.keys().isdisjoint(rows):
                continue
            number = rows.start
            for batch in parquet.iter_batches(_ROWS_AT_ONCE, row_groups=[group], columns=["image"]):
                those = range(number, number + len(batch))
                for row in filter(wanted.__contains__, those):
                    image = batch.column("image")[row - number].as_py()
                    content = image["bytes"] if isinstance(image, dict) else image
                    yield SetImage(wanted[row], content or b"")
                number = those.stop


def _groups(parquet: pq.ParquetFile) -> Iterator[tuple[int, range]]:
    """The row groups of a table, and which of its rows each has."""
    start = 0
    for group in range(parquet.metadata.num_row_groups):
        rows = range(start, start + parquet.metadata.row_group(group).num_rows)
        yield group, rows
        start = rows.stop


@contextmanager
def _sound(file: Path) -> Iterator[None]:
    """What Arrow says of a damaged table, as `UsageError`; a file that is not there stays one."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError) as error:
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise UsageError(f"{str(file)!r} is no sound parquet file ({why}): restore it") from None


def _rows_of(file: Path, below: Path) -> Iterator[Place]:
    """The rows of a table, without their images."""
    schema, split = pq.read_schema(file), _split_of(file, below)
    names = _named(schema)
    told = [name for name in CREDITS if name in schema.names]
    columns = [name for name in ("label", "photo_id") if name in schema.names] + told
    with _sound(file), pq.ParquetFile(file) as parquet:
        rows: list[dict[str, Any]] = [{}] * parquet.metadata.num_rows
        if columns:
            rows = parquet.read(columns=columns).to_pylist()
    for number, row in enumerate(rows):
        photo_id = row.get("photo_id")
        yield Place(
            name=f"{_name(file, below)}:{number}" if photo_id is None else str(photo_id),
            file=file,
            row=number,
            label=_class(row.get("label"), names, file),
            split=split,
            credit={name: None if row[name] is None else str(row[name]) for name in told},
        )


def _place_of(file: Path, below: Path) -> Place:
    """What the folders say that a file of its own lies in."""
    name = _name(file, below)
    folders = PurePosixPath(name).parts[:-1]
    split = _SPLITS.get(folders[0].lower()) if folders else None
    rest = folders[1:] if split else folders
    return Place(name, file, 0, rest[0] if rest else None, split, {})


def _below(path: Path, suffixes: frozenset[str]) -> tuple[Path, ...]:
    """The files with these endings, hidden ones left out, in the order of their names."""
    if path.is_file():
        return (path,) if path.suffix.lower() in suffixes else ()
    found = (file for file in path.rglob("*") if file.suffix.lower() in suffixes)
    seen = (file for file in found if file.is_file() and not _is_hidden(file, path))
    return tuple(sorted(seen, key=lambda file: file.relative_to(path).parts))


def _is_hidden(file: Path, below: Path) -> bool:
    return any(part.startswith(".") for part in file.relative_to(below).parts)


def _name(file: Path, below: Path) -> str:
    name = file.relative_to(below).as_posix() if file != below else file.name
    try:
        name.encode()
    except UnicodeEncodeError:
        raise UsageError(f"the file name {name!a} is not UTF-8: rename that file") from None
    return name


def _split_of(file: Path, below: Path) -> Split | None:
    """The split by what a table's name begins with, or by a folder above it.

    ``train-00000-of-00001.parquet``, ``train_0.parquet``, ``train/0.parquet``; in a Hub's cache the
    folders above ``below`` say nothing.
    """
    *folders, name = PurePosixPath(_name(file, below)).parts
    begins = _AFTER_SPLIT.split(name)[0]
    told = (_SPLITS.get(word.lower()) for word in (begins, *reversed(folders)))
    return next(filter(None, told), None)


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


def _schema(file: Path) -> pa.Schema:
    """The columns of a table; `UsageError` where they are none of a set of images."""
    with _sound(file):
        schema = pq.read_schema(file)
    if "image" not in schema.names:
        columns = ", ".join(schema.names)
        raise UsageError(f"{str(file)!r} has no column 'image' (it has {columns}): name another")
    kind = schema.field("image").type
    if pa.types.is_struct(kind) and kind.get_field_index("bytes") >= 0:
        kind = kind.field("bytes").type
    if not (pa.types.is_binary(kind) or pa.types.is_large_binary(kind)):
        raise UsageError(f"{str(file)!r} has no image bytes in its column 'image': name another")
    if "label" in schema.names and not _is_class(schema.field("label").type):
        told = schema.field("label").type
        raise UsageError(
            f"{str(file)!r} has a column 'label' of {told}: make it whole numbers or texts"
        )
    return schema


def _is_class(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    texts = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    others = (pa.types.is_integer, pa.types.is_boolean, pa.types.is_null)
    return any(is_kind(kind) for is_kind in (*texts, *others))


def _named(schema: pa.Schema) -> tuple[str, ...]:
    """The classes of a ClassLabel in the metadata that Hugging Face datasets writes."""
    try:
        told = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]["label"]
        return tuple(map(str, told["names"]))
    except (KeyError, TypeError, ValueError):
        return ()


def _ordered(labels: Iterable[str | None]) -> tuple[str, ...]:
    """Distinct labels: whole numbers by value, then texts."""
    found = {label for label in labels if label is not None}
    numbers = sorted(filter(str.isdecimal, found), key=lambda label: (int(label), label))
    return (*numbers, *sorted(found.difference(numbers)))


def _class(label: object, names: Sequence[str], file: Path) -> str | None:
    if label is None or (isinstance(label, int) and label < 0):
        return None
    if not names or not isinstance(label, int):
        return str(label)
    if label >= len(names):
        raise UsageError(f"{str(file)!r} has label {label} of {len(names)} classes: mend the file")
    return names[label]
