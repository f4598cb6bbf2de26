"""The images of parquet files, as datasets have them: found without being read, then read."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from flickrexif.errors import UsageError
from flickrexif.imaging.image_place import CREDITS, Place, name_of, split_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_ROWS_AT_ONCE = 32


def rows_of(file: Path, below: Path) -> Iterator[Place]:
    """The rows of a table, without their images."""
    schema, split = pq.read_schema(file), split_of(file, below)
    names = classes_named(schema)
    told = [name for name in CREDITS if name in schema.names]
    columns = [name for name in ("label", "photo_id") if name in schema.names] + told
    with _sound(file), pq.ParquetFile(file) as parquet:
        rows: list[dict[str, Any]] = [{}] * parquet.metadata.num_rows
        if columns:
            rows = parquet.read(columns=columns).to_pylist()
    for number, row in enumerate(rows):
        photo_id = row.get("photo_id")
        yield Place(
            name=f"{name_of(file, below)}:{number}" if photo_id is None else str(photo_id),
            file=file,
            row=number,
            label=_class(row.get("label"), names, file),
            split=split,
            credit={name: None if row[name] is None else str(row[name]) for name in told},
        )


def read_rows(file: Path, places: Sequence[Place]) -> Iterator[tuple[Place, bytes]]:
    """The images at ``places`` of a table, in its order; row groups without one are not read."""
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
                    yield wanted[row], content or b""
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


def schema_of(file: Path) -> pa.Schema:
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


def classes_named(schema: pa.Schema) -> tuple[str, ...]:
    """The classes of a ClassLabel in the metadata that Hugging Face datasets writes."""
    try:
        told = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"]["label"]
        return tuple(map(str, told["names"]))
    except (KeyError, TypeError, ValueError):
        return ()


def _class(label: object, names: Sequence[str], file: Path) -> str | None:
    if label is None or (isinstance(label, int) and label < 0):
        return None
    if not names or not isinstance(label, int):
        return str(label)
    if label >= len(names):
        raise UsageError(f"{str(file)!r} has label {label} of {len(names)} classes: mend the file")
    return names[label]
