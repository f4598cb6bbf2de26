"""A corpus crawled once, and the same Flickr seen later."""

from __future__ import annotations

import shutil

import pytest
from marked_renderer import MarkedRenderer, mark_of

from flickrexif.corpus import Corpus
from flickrexif.crawling import CrawlPlan, crawl
from flickrexif.flickr import Connection
from flickrexif.sandbox import Catalogue, Quirks, Sandbox

PLAN = CrawlPlan("2020-01..2020-03", licenses="permissive", per_user_month=6)


@pytest.fixture(scope="session")
def before():
    return Catalogue(0, photos=420, owners=24, first_month="2020-01", last_month="2020-03")


@pytest.fixture
def later(before):
    """Opens the Flickr some time after the crawl; ``with later(changes) as (box, connection)``."""

    class Later:
        def __init__(self, changes=None, *, quirks=None, **words):
            renderer = MarkedRenderer()
            self.box = Sandbox(
                catalogue=before,
                changes=changes,
                quirks=quirks or Quirks(stale_rows=0.0),
                renderer=renderer,
                workers=0,
                **words,
            )

        def __enter__(self):
            box = self.box.__enter__()
            return box, Connection.embedded(box.rest_url, box.image_base)

        def __exit__(self, *error):
            self.box.__exit__(*error)

    return Later


@pytest.fixture(scope="session")
def crawled(before, tmp_path_factory):
    path = tmp_path_factory.mktemp("crawled") / "corpus"
    with Sandbox(catalogue=before, renderer=MarkedRenderer(), workers=0) as box:
        crawl(path, PLAN, connection=Connection.embedded(box.rest_url, box.image_base))
    return path


@pytest.fixture
def corpus(crawled, tmp_path):
    return shutil.copytree(crawled, tmp_path / "corpus")


@pytest.fixture
def accepted(crawled):
    """The accepted photos of the crawl, by owner, then id."""
    with Corpus.open(crawled).state() as state:
        return list(state.accepted_photos())


@pytest.fixture
def left_of():
    """The photos whose bytes are found in a file, or in any file under a folder."""

    def search(path, photo_ids):
        paths = path.rglob("*") if path.is_dir() else [path]
        files = [file.read_bytes() for file in paths if file.is_file()]
        return {id_ for id_ in photo_ids if any(mark_of(id_) in file for file in files)}

    return search
