"""The hint of an earlier compression, which `label` looks for when it is asked to."""

from __future__ import annotations

import shutil

import polars as pl
import pytest
from small_corpora import accepted_photos, fill, jpeg, texture

from flickrexif.corpus import Corpus, CrawlPlan
from flickrexif.labels import label
from flickrexif.sandbox import Catalogue

COLUMNS = ["double_compressed", "jpeg_first_quality"]
WANTED = {0: (True, 70), 1: (False, None), 2: (None, None)}


def content_of(photo_id):
    """Compressed twice, once, or too small to be examined."""
    match photo_id % 3:
        case 0:
            return texture(photo_id, 70, 90)
        case 1:
            return texture(photo_id, 90)
        case _:
            return jpeg(photo_id)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    catalogue = Catalogue(5, photos=20, owners=9, first_month="2020-01", last_month="2020-01")
    path = tmp_path_factory.mktemp("made") / "corpus"
    corpus = Corpus.create(path, CrawlPlan(months="2020-01"), endpoint="sandbox:")
    corpus.images_folder.mkdir()
    photos = accepted_photos(catalogue, ("2020-01",))
    with corpus.state() as state:
        fill(state, corpus, "2020-01", photos, content_of=content_of)
    return path


@pytest.fixture
def corpus(made, tmp_path):
    return shutil.copytree(made, tmp_path / "corpus")


def hints(corpus):
    photos = pl.read_parquet(corpus / "photos.parquet")
    return {row["photo_id"]: tuple(row[name] for name in COLUMNS) for row in photos.to_dicts()}


def test_it_is_null_unless_asked_for(corpus):
    label(corpus)
    assert set(hints(corpus).values()) == {(None, None)}


def test_it_is_three_valued_and_the_same_again(corpus):
    label(corpus, double_compression=True)
    found = hints(corpus)
    assert {photo_id % 3 for photo_id in found} == {0, 1, 2}
    assert found == {photo_id: WANTED[photo_id % 3] for photo_id in found}
    first = (corpus / "photos.parquet").read_bytes()
    label(corpus, double_compression=True)
    assert (corpus / "photos.parquet").read_bytes() == first


def test_it_changes_no_other_column(corpus):
    label(corpus)
    plain = pl.read_parquet(corpus / "photos.parquet").drop(COLUMNS)
    label(corpus, double_compression=True)
    assert pl.read_parquet(corpus / "photos.parquet").drop(COLUMNS).equals(plain)


def test_the_command_has_the_word(corpus, run):
    told = run("label", corpus, "--double-compression")
    assert (told.code, told.err) == (0, "")
    assert set(hints(corpus).values()) == set(WANTED.values())
