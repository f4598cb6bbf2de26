from __future__ import annotations

import hashlib

import pyarrow.parquet as pq
import pytest

from flickrexif.corpus.images import shard_name, write_shard
from flickrexif.corpus.rows import WaitingImage
from flickrexif.corpus.schema import IMAGES


def image_of(photo_id):
    content = bytes([photo_id % 256]) * (photo_id + 1)
    return WaitingImage(content, hashlib.sha256(content).hexdigest(), photo_id, 3, "image/jpeg")


def test_a_shard_holds_the_images_in_order(tmp_path):
    ids = list(range(120))
    shard = write_shard(tmp_path / shard_name("2020-01", 0), ids, image_of)
    table = pq.read_table(tmp_path / "2020-01-00000.parquet")
    assert table.schema.equals(IMAGES)
    assert table["photo_id"].to_pylist() == ids
    assert table["image"].to_pylist() == [image_of(n).content for n in ids]
    assert (shard.name, shard.month, shard.rows) == ("2020-01-00000.parquet", "2020-01", 120)
    content = (tmp_path / shard.name).read_bytes()
    assert shard.sha256 == hashlib.sha256(content).hexdigest()


def test_equal_photos_give_equal_bytes(tmp_path):
    one, other = (write_shard(tmp_path / name, range(60), image_of) for name in ("a", "b"))
    assert one.sha256 == other.sha256


def test_an_image_column_is_neither_squeezed_nor_repeated_in_statistics(tmp_path):
    write_shard(tmp_path / "a", [7], image_of)
    column = pq.ParquetFile(tmp_path / "a").metadata.row_group(0).column(1)
    assert (column.path_in_schema, column.compression) == ("image", "UNCOMPRESSED")
    assert not column.is_stats_set


def test_a_shard_that_fails_leaves_nothing(tmp_path):
    def fails(photo_id):
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        write_shard(tmp_path / "a", [1], fails)
    assert list(tmp_path.iterdir()) == []
