"""Embedded Flickrs with few photos, and crawls in processes of their own."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "crawling"))

from corpus_worth import asked_of, worth_of
from lives import Life
from small_flickr import PLAN, OpenBox

from flickrexif.crawling import crawl
from flickrexif.sandbox import Catalogue


@pytest.fixture(scope="session")
def small_catalogue():
    return Catalogue(0, photos=240, owners=20, first_month="2020-01", last_month="2020-02")


@pytest.fixture
def open_box(small_catalogue):
    """Opens a sandbox of the small catalogue, or of another one."""

    def opened(catalogue=small_catalogue, **words):
        return OpenBox(catalogue, **words)

    return opened


@pytest.fixture(scope="session")
def clean_run(tmp_path_factory):
    """One undisturbed crawl of (catalogue, plan), made once: what it came to and what it asked."""
    made = {}

    def run(catalogue, plan=PLAN, **words):
        case = (catalogue.plan, plan, repr(words))
        if case not in made:
            corpus = tmp_path_factory.mktemp("clean") / "corpus"
            with OpenBox(catalogue, **words) as (box, connection):
                crawl(corpus, plan, connection=replace(connection, concurrency=1))
                made[case] = worth_of(corpus), asked_of(box)
        return made[case]

    return run


@pytest.fixture
def begin(tmp_path):
    """Begins crawls in processes of their own; those still alive at the end are ended."""
    lives = []

    def begun(corpus, connection, plan=PLAN, **words):
        lives.append(Life(corpus, plan, connection, tmp_path / f"life-{len(lives)}", **words))
        return lives[-1]

    yield begun
    for life in lives:
        life.end()
