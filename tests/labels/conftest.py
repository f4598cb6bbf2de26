"""Corpora on disk, as a crawl leaves them, and photos tables of simulated cameras."""

from __future__ import annotations

import polars as pl
import pytest
from small_corpora import ACCEPTED, MONTHS, MadeCorpus, accepted_photos, fill, row_of

from flickrexif.corpus import Corpus, CrawlPlan
from flickrexif.labels.photos import photos_table
from flickrexif.sandbox import Catalogue


@pytest.fixture(scope="session")
def simulated():
    """A photos table of 1,500 photos by 150 owners, without images."""
    catalogue = Catalogue(5, photos=9000, owners=150, first_month="2020-01", last_month="2021-12")
    rows = [row_of(photo) for photo in accepted_photos(catalogue, MONTHS)][:1500]
    accepted = pl.DataFrame(rows, schema=ACCEPTED, orient="row").sort("photo_id")
    return photos_table(accepted, [])


@pytest.fixture(scope="session")
def made_corpus(tmp_path_factory):
    """A corpus of two months with image shards."""
    path = tmp_path_factory.mktemp("made") / "corpus"
    months = ("2020-01", "2020-02")
    catalogue = Catalogue(5, photos=700, owners=40, first_month=months[0], last_month=months[1])
    photos = accepted_photos(catalogue, months)
    plan = CrawlPlan(months="2020-01..2020-02", seed=3)
    corpus = Corpus.create(path, plan, endpoint="sandbox:seed=5")
    corpus.images_folder.mkdir()
    with corpus.state() as state:
        for month in months:
            of_month = [photo for photo in photos if f"{photo.captured:%Y-%m}" == month]
            fill(state, corpus, month, of_month)
    return MadeCorpus(path, photos)
