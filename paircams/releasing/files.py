"""The parquet files of a release of pairs: written pair by pair, or without some of their pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flickrexif.atomic import atomic_path
from flickrexif.release.rewrite import each_group
from flickrexif.release.stages import IMAGE_GROUP_BYTES, IMAGE_GROUP_ROWS, release_writer
from paircams.releasing.schema import pairs_config

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import Any

    from paircams.releasing.rows import Row

_ROWS_AT_ONCE = 16


def write_pairs(
    target: Path, pairs: Iterable[Sequence[Row]], about: Mapping[str, Any]
) -> list[Row]:
    """Write the rows of ``pairs``; return them without their images.

    A row group holds whole pairs, at most 100 rows and some 32 MB: memory is bounded by one, and
    whoever looks at one photo fetches no more. ``about`` goes into the file's metadata.
    """
    schema = pairs_config().arrow_schema(about)
    told: list[Row] = []
    with atomic_path(target) as partial, release_writer(partial, schema) as writer:
        for rows in _groups(pairs):
            columns = [pa.array([row[field.name] for row in rows], field.type) for field in schema]
            table = pa.Table.from_arrays(columns, schema=schema)
            writer.write_table(table, row_group_size=len(rows))
            told += [{name: row[name] for name in row if name != "image"} for row in rows]
    return told


def read_rows(file: Path, columns: list[str] | None = None) -> Iterator[Row]:
    """Every row of a file, or these columns of it; memory is bounded by a row group.

    Raises `pyarrow.ArrowException` or `OSError` for a file that is missing or damaged.
    """
    with pq.ParquetFile(file) as parquet:
        # One row group at a time: asked for all, iter_batches fetches the whole file first.
        for number in range(parquet.num_row_groups):
            for batch in parquet.iter_batches(_ROWS_AT_ONCE, row_groups=[number], columns=columns):
                yield from batch.to_pylist()


def _groups(pairs: Iterable[Sequence[Row]]) -> Iterator[list[Row]]:
    rows: list[Row] = []
    held = 0
    for pair in pairs:
        size = sum(len(row["image"]["bytes"]) for row in pair)
        if rows and (len(rows) + len(pair) > IMAGE_GROUP_ROWS or held + size > IMAGE_GROUP_BYTES):
            yield rows
            rows, held = [], 0
        rows += pair
        held += size
    if rows:
        yield rows


def write_without(source: Path, target: Path, gone: Iterable[str], *, version: str) -> None:
    """Write the rows of ``source`` but for those of the pairs ``gone``.

    Row groups stay where they are, less their rows, so that whoever stores files by content has few
    new bytes. Photos are not touched.
    """
    leaving = pa.array(sorted(gone), pa.string())

    def left(group: pa.Table) -> pa.Table:
        return group.filter(pc.invert(pc.is_in(group["pair_id"], value_set=leaving)))

    each_group(source, target, pairs_config(), left, version=version)
