"""A shard written anew without some photos is the shard that a crawl without them writes."""

from __future__ import annotations

import hashlib

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flickrexif.corpus.images import rewrite_shard, shard_index, shard_name, write_shard
from flickrexif.corpus.rows import ImageRun, WaitingImage

IDS = list(range(1000, 1130))


def images_of(photo_ids):
    contents = [f"image {photo_id}".encode() * (1 + photo_id % 50) for photo_id in photo_ids]
    return ImageRun.of(
        WaitingImage(content, hashlib.sha256(content).hexdigest(), 9, 7, "image/jpeg")
        for content in contents
    )


@settings(max_examples=40)  # each writes two shards and rewrites one
@given(st.sets(st.sampled_from(IDS), max_size=len(IDS) - 1))
def test_it_has_the_bytes_of_one_that_never_had_them(tmp_path_factory, gone):
    folder = tmp_path_factory.mktemp("shards")
    path, expected = folder / "2020-01-00003.parquet", folder / "other" / "2020-01-00003.parquet"
    expected.parent.mkdir()
    write_shard(path, IDS, images_of)
    shard = write_shard(expected, [id_ for id_ in IDS if id_ not in gone], images_of)
    assert rewrite_shard(path, without=gone) == shard
    assert path.read_bytes() == expected.read_bytes()
    assert rewrite_shard(path, without=gone) == shard
    assert not list(folder.glob(".*"))


def test_nothing_is_left_of_a_shard_without_photos(tmp_path):
    path = tmp_path / "2020-01-00000.parquet"
    write_shard(path, IDS, images_of)
    assert rewrite_shard(path, without=IDS) is None
    assert pq.read_metadata(path).num_rows == 0
    assert b"image 1000" not in path.read_bytes()
    assert rewrite_shard(tmp_path / "2020-01-00001.parquet", without=IDS) is None


@pytest.mark.parametrize("index", [0, 7, 99_999, 123_456])
def test_the_index_of_a_shard_is_read_from_its_name(index):
    assert shard_index(shard_name("2020-01", index)) == index
