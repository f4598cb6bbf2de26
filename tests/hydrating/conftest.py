"""An embedded Flickr with quick files, and tables, corpora and releases that tell of its photos."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "crawling"))
sys.path.append(str(Path(__file__).parents[1] / "flickr"))
sys.path.append(str(Path(__file__).parents[1] / "labels"))
sys.path.append(str(Path(__file__).parents[1] / "upkeep"))

from marked_renderer import MarkedRenderer
from told_photos import publish_splits, row_of, told_photos

from flickrexif.corpus import CrawlPlan
from flickrexif.crawling import crawl
from flickrexif.flickr import Connection
from flickrexif.labels import import_splits, label
from flickrexif.release import BuildPlan, build
from flickrexif.sandbox import Catalogue, Sandbox


@pytest.fixture(scope="session")
def catalogue():
    return Catalogue(0, photos=420, owners=40, first_month="2020-01", last_month="2020-02")


@pytest.fixture(scope="session")
def photos(catalogue):
    """Thirty-six photos of the catalogue that a stranger sees."""
    return told_photos(catalogue, 36)


@pytest.fixture(scope="session")
def rows(photos):
    """What the published table tells of them."""
    return [row_of(photo) for photo in photos]


@pytest.fixture
def open_box(catalogue):
    """Opens the sandbox; ``with open_box(faults=...) as (box, connection)``."""

    class Open:
        def __init__(self, **words):
            self.box = Sandbox(catalogue=catalogue, renderer=MarkedRenderer(), workers=0, **words)

        def __enter__(self):
            box = self.box.__enter__()
            return box, Connection.embedded(box.rest_url, box.image_base)

        def __exit__(self, *error):
            self.box.__exit__(*error)

    return Open


@pytest.fixture(scope="session")
def imported_once(rows, tmp_path_factory):
    folder = tmp_path_factory.mktemp("imported")
    published = publish_splits(folder / "published", rows)
    table = published.table(folder / "table.csv")
    import_splits([published.folder], table=table, corpus=folder / "corpus")
    return folder / "corpus"


@pytest.fixture
def imported(imported_once, tmp_path):
    """A corpus of published splits and the table, without images."""
    return shutil.copytree(imported_once, tmp_path / "corpus")


@pytest.fixture(scope="session")
def released_once(catalogue, tmp_path_factory):
    folder = tmp_path_factory.mktemp("released")
    plan = CrawlPlan("2020-01..2020-02", licenses="all", size="medium", seed=4)
    with Sandbox(catalogue=catalogue, renderer=MarkedRenderer(), workers=0) as box:
        crawl(
            folder / "crawled", plan, connection=Connection.embedded(box.rest_url, box.image_base)
        )
    label(folder / "crawled", min_photos=24, min_owners=6)
    plan = BuildPlan("1.0.0", kind="metadata", allow_noncommercial=True)
    build(folder / "crawled", plan, out=folder / "release")
    return folder


@pytest.fixture(scope="session")
def crawled(released_once):
    """The corpus that was crawled, with its images."""
    return released_once / "crawled"


@pytest.fixture(scope="session")
def release(released_once):
    """A metadata release of `crawled`."""
    return released_once / "release"
