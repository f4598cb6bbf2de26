"""Files of a release as another one needs them: with fewer rows, or as they are."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flickrexif.atomic import atomic_path
from flickrexif.release.stages import PLAIN_GROUP_ROWS, release_writer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import polars as pl

    from flickrexif.release.schema import Config


def same_file(source: Path, target: Path) -> None:
    """Give ``target`` the bytes of ``source``: by a hard link, or a copy where there are none.

    Files of releases are replaced, never written into, so that two may share their bytes.
    """
    target.unlink(missing_ok=True)
    try:
        os.link(source.resolve(), target)  # a cache's symbolic link is no file of ours
    except OSError:
        shutil.copyfile(source, target)


def fewer_rows(
    source: Path, target: Path, config: Config, labels: Mapping[int, int], *, version: str
) -> None:
    """Write the rows of ``source`` whose photos are among ``labels`` (photo_id → its label now).

    Row groups stay where they are, less their rows, so that whoever stores files by content has
    few new bytes. Memory is bounded by a row group. Images are not touched.
    """
    kept = pa.array(sorted(labels), pa.int64())

    def fewer(group: pa.Table) -> pa.Table:
        group = group.filter(pc.is_in(group["photo_id"], value_set=kept))
        now = [labels[photo_id] for photo_id in group["photo_id"].to_pylist()]
        place = group.schema.get_field_index("label")
        return group.set_column(place, "label", pa.array(now, pa.int64()))

    each_group(source, target, config, fewer, version=version)


def each_group(
    source: Path,
    target: Path,
    config: Config,
    change: Callable[[pa.Table], pa.Table],
    *,
    version: str,
) -> None:
    """Write each row group of ``source`` as ``change`` returns it; one without rows is left out."""
    schema = config.arrow_schema(about_file(source, version=version))
    with (
        pq.ParquetFile(source) as parquet,
        atomic_path(target) as partial,
        release_writer(partial, schema) as writer,
    ):
        for index in range(parquet.num_row_groups):
            group = change(parquet.read_row_group(index))
            if group.num_rows:
                group = group.select(schema.names).cast(schema)
                writer.write_table(group, row_group_size=group.num_rows)


def photo_rows(
    source: Path, target: Path, config: Config, photos: pl.DataFrame, *, version: str
) -> None:
    """Write ``photos`` in place of the rows of ``source``, a file of the photos table."""
    schema = config.arrow_schema(about_file(source, version=version))
    table = photos.select(schema.names).to_arrow().cast(schema)
    with atomic_path(target) as partial, release_writer(partial, schema) as writer:
        for start in range(0, table.num_rows, PLAIN_GROUP_ROWS):
            group = table.slice(start, PLAIN_GROUP_ROWS)
            writer.write_table(group, row_group_size=group.num_rows)


def about_file(source: Path, *, version: str) -> dict[str, Any]:
    """What a file's metadata say of its release, with another version."""
    metadata = pq.read_schema(source).metadata or {}
    about: dict[str, Any] = json.loads(metadata.get(b"flickrexif", b"{}"))
    return about | {"version": version}
