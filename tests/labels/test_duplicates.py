"""Photos with the same bytes: told in photos.parquet, and only the first of them labelled."""

from __future__ import annotations

import hashlib
import shutil

import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from small_corpora import MONTHS

from flickrexif.corpus.duplicates import duplicate_of
from flickrexif.corpus.schema import PHOTOS
from flickrexif.labels import label
from flickrexif.labels.label import label_photos
from flickrexif.labels.proof import prove
from flickrexif.labels.select import Rules

RULES = Rules("auto", min_photos=40, min_owners=8)
HASHES = st.sampled_from([None, "a", "b", "c"])


@given(st.dictionaries(st.integers(1, 10**12), HASHES))
def test_a_copy_names_the_smallest_id_of_its_bytes(hashes):
    columns = {"photo_id": list(hashes), "sha256": list(hashes.values())}
    photos = pl.DataFrame(columns, schema={"photo_id": pl.Int64, "sha256": pl.String})
    told = photos.with_columns(duplicate_of())
    for photo_id, sha256, first in told.iter_rows():
        same = [other for other, theirs in hashes.items() if theirs == sha256]
        is_first = sha256 is None or photo_id == min(same)
        assert first == (None if is_first else min(same))
    assert told.schema["duplicate_of"] == pl.Int64


def test_photos_without_images_are_nobodys_copies(simulated):
    assert simulated["duplicate_of"].null_count() == simulated.height
    assert label_photos(simulated, RULES, 0)[1].duplicates == 0


def test_copies_by_other_owners_stand_in_no_class(simulated):
    """A thousand photos in pairs of the same bytes, each pair by two owners."""
    half = simulated.filter(pl.col("month") == MONTHS[0]).height // 2
    owners = simulated["owner_id"].to_list()
    pairs = [
        (first, second)
        for first, second in zip(range(half), range(half, 2 * half), strict=True)
        if owners[first] != owners[second]
    ]
    assert len(pairs) > 50
    hashes = [f"{row:064x}" for row in range(simulated.height)]
    for first, second in pairs:
        hashes[second] = hashes[first]
    photos = simulated.with_columns(pl.Series("sha256", hashes)).with_columns(duplicate_of())
    labels, summary = label_photos(photos, RULES, 0)
    ids = photos["photo_id"].to_list()
    assert summary.duplicates == len(pairs)
    assert f"{len(pairs)} of them are copies" in summary.lines()[1]
    assert not {ids[second] for _, second in pairs} & set(labels["photo_id"])
    assert {ids[first] for first, _ in pairs} & set(labels["photo_id"])
    assert prove(labels) == []


def test_a_corpus_tells_its_copies_by_the_bytes_in_its_shards(made_corpus, tmp_path):
    corpus = shutil.copytree(made_corpus.path, tmp_path / "corpus")
    label(corpus, min_photos=20, min_owners=6)
    photos = pl.read_parquet(corpus / "photos.parquet")
    shards = pl.read_parquet(corpus / "images" / "*.parquet")
    firsts: dict[str, int] = {}
    for photo_id, image in shards.sort("photo_id").select("photo_id", "image").iter_rows():
        firsts.setdefault(hashlib.sha256(image).hexdigest(), photo_id)
    expected = [
        None if firsts[sha256] == photo_id else firsts[sha256]
        for photo_id, sha256 in photos.select("photo_id", "sha256").iter_rows()
    ]
    assert photos["duplicate_of"].to_list() == expected
    assert any(expected)
    assert photos.columns == PHOTOS.names
