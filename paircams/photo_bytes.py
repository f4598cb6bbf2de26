"""The bytes of declared photos, from files of their own and from rows of parquet files."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from paircams.layout import PhotoFile

LARGEST_FILE = 1 << 30
"""Bytes; more is no photo, and would be held in memory."""

IMAGE = "image"
_ROWS_AT_ONCE = 16

Read = bytes | OSError
"""The bytes, or why there are none."""


def read_photo(file: PhotoFile) -> bytes:
    """The bytes of one photo.

    Raises `OSError` where there are none to be had. For a row of a parquet file its row group is
    read up to it: for many rows use `read_photos`.
    """
    ((_, content),) = read_photos([file])
    if isinstance(content, OSError):
        raise content
    return content


def read_photos(files: Iterable[PhotoFile]) -> Iterator[tuple[PhotoFile, Read]]:
    """Every photo with its bytes, or with the `OSError` that reading raised.

    Those of parquet files come in the order of their rows, where they stand together in ``files``.
    """
    for path, group in groupby(files, key=lambda file: file.path if file.row is not None else None):
        if path is None:
            yield from ((file, _content(file.path)) for file in group)
        else:
            yield from _rows(path, list(group))


def _content(path: Path) -> Read:
    try:
        if path.exists() and not path.is_file():  # opening a pipe would wait for its writer
            return OSError("it is no regular file; name the photo itself")
        with path.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        return error
    if len(content) > LARGEST_FILE:
        return OSError(f"the file has more than {LARGEST_FILE >> 20} MiB; it is no photo")
    return content


def _rows(path: Path, files: list[PhotoFile]) -> Iterator[tuple[PhotoFile, Read]]:
    wanted = {file.row: file for file in files}
    try:
        with pq.ParquetFile(path) as table:
            for row, image in _images(table, set(wanted)):
                yield wanted.pop(row), _embedded(image)
    except (pa.ArrowException, OSError) as error:
        why = OSError(f"{path.name!r} is damaged: {(str(error).splitlines() or ['unread'])[0]}")
        yield from ((file, why) for file in wanted.values())


def _images(table: pq.ParquetFile, wanted: set[int | None]) -> Iterator[tuple[int, Any]]:
    """The wanted rows of the column; row groups without one are not read."""
    start = 0
    for group in range(table.metadata.num_row_groups):
        rows = range(start, start + table.metadata.row_group(group).num_rows)
        start = rows.stop
        if wanted.isdisjoint(rows):
            continue
        number = rows.start
        for batch in table.iter_batches(_ROWS_AT_ONCE, row_groups=[group], columns=[IMAGE]):
            for place, image in enumerate(batch.column(IMAGE), start=number):
                if place in wanted:
                    yield place, image.as_py()
            number += len(batch)


def _embedded(image: Any) -> Read:
    content = image.get("bytes") if isinstance(image, dict) else image
    return content if isinstance(content, bytes) else OSError("the row holds no image")
