from __future__ import annotations

import hashlib

import pyarrow.parquet as pq
import pytest

from flickrexif.corpus.images import checksum_of, shard_name, write_shard
from flickrexif.corpus.rows import ImageRun, WaitingImage
from flickrexif.corpus.schema import IMAGES


def content_of(photo_id):
    return bytes([photo_id % 256]) * (photo_id + 1)


def image_of(photo_id):
    sha256 = hashlib.sha256(content_of(photo_id)).hexdigest()
    return WaitingImage(content_of(photo_id), sha256, photo_id, 3, "image/jpeg")


def images_of(photo_ids):
    return ImageRun.of(map(image_of, photo_ids))


def test_a_shard_holds_the_images_in_order(tmp_path):
    ids = list(range(120))
    shard = write_shard(tmp_path / shard_name("2020-01", 0), ids, images_of)
    table = pq.read_table(tmp_path / "2020-01-00000.parquet")
    assert table.schema.equals(IMAGES)
    assert table["photo_id"].to_pylist() == ids
    assert table["image"].to_pylist() == list(map(content_of, ids))
    assert (shard.name, shard.month, shard.rows) == ("2020-01-00000.parquet", "2020-01", 120)
    assert table["sha256"].to_pylist() == [image_of(n).sha256 for n in ids]
    assert table["width"].to_pylist() == ids


def test_equal_photos_give_equal_bytes(tmp_path):
    one, other = (write_shard(tmp_path / name, range(60), images_of) for name in ("a", "b"))
    assert one.checksum == other.checksum


def test_an_image_column_is_neither_squeezed_nor_repeated_in_statistics(tmp_path):
    write_shard(tmp_path / "a", [7], images_of)
    column = pq.ParquetFile(tmp_path / "a").metadata.row_group(0).column(1)
    assert (column.path_in_schema, column.compression) == ("image", "UNCOMPRESSED")
    assert not column.is_stats_set


def test_a_shard_that_fails_leaves_nothing(tmp_path):
    def fails(photo_ids):
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        write_shard(tmp_path / "a", [1], fails)
    assert list(tmp_path.iterdir()) == []


def test_every_flipped_bit_of_a_shard_changes_its_checksum(tmp_path):
    path = tmp_path / "a"
    shard = write_shard(path, range(1, 4), images_of)
    content = bytearray(path.read_bytes())
    assert checksum_of(path) == shard.checksum
    for bit in range(0, 8 * len(content), 3):
        content[bit // 8] ^= 1 << bit % 8
        path.write_bytes(content)
        assert checksum_of(path) != shard.checksum
        content[bit // 8] ^= 1 << bit % 8
