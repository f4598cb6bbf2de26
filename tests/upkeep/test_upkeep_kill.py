"""Killed at any moment, a recheck and a takedown end as if they had not been."""

from __future__ import annotations

import random
import shutil
import signal
import time
from collections import Counter

import pytest
from keep_once import Keeping, rechecked, taken_down

from flickrexif.corpus import Corpus
from flickrexif.crawling import crawl
from flickrexif.sandbox import Changes
from flickrexif.upkeep import recheck, takedown, takedowns

IN_FLIGHT = 8
"""The concurrency of an embedded connection."""


def result(corpus):
    """The standing photos with their licences, the removed ones, and every shard's bytes."""
    opened = Corpus.open(corpus)
    with opened.state(reading=True) as state:
        standing = {photo.photo_id: photo.license_id for photo in state.accepted_photos()}
        removed, unpurged, rows = state.removed_ids(), state.unpurged(), state.shards()
    files = {path.name: path.read_bytes() for path in (corpus / "images").iterdir()}
    return standing, removed, unpurged, rows, files


@pytest.fixture
def changes(accepted):
    ids = [photo.photo_id for photo in accepted]
    return Changes(deleted=set(ids[::6]), relicensed={ids[1]: 0, ids[2]: 9, ids[7]: 9})


def test_a_recheck_killed_again_and_again_ends_the_same(
    corpus, accepted, later, changes, left_of, tmp_path
):
    clean = shutil.copytree(corpus, tmp_path / "clean")
    with later(changes) as (box, connection):
        recheck(clean, connection=connection)
        once = box.requests.total()
    kills = 0
    with later(changes) as (box, connection):
        to = (connection.rest_url, connection.image_base)
        for share in (0.1, 0.3, 0.2, 0.3):
            wanted = box.requests.total() + int(share * once)
            keeping = Keeping(rechecked, corpus, *to)
            kills += keeping.kill_when(lambda wanted=wanted: box.requests.total() >= wanted)
        assert Keeping(rechecked, corpus, *to).wait() == 0
        asked = Counter(query["photo_id"] for _, query in box.log if "photo_id" in query)
        requests = box.requests.total()
    assert kills >= 3
    assert result(corpus) == result(clean)
    assert sum(times - 1 for times in asked.values()) <= kills * IN_FLIGHT
    assert requests <= once + kills * 2 * IN_FLIGHT
    assert left_of(corpus, [photo.photo_id for photo in accepted]) == set(result(clean)[0])


@pytest.fixture
def taken(accepted):
    return [photo.photo_id for photo in accepted[::3]]


@pytest.fixture
def cleanly(corpus, taken, tmp_path):
    """The end of a takedown that nobody killed."""
    clean = shutil.copytree(corpus, tmp_path / "clean")
    takedown(clean, photos=taken)
    return result(clean)


@pytest.mark.parametrize("steps", range(1, 6))
def test_a_takedown_killed_between_its_steps_is_finished_by_the_next(
    steps, corpus, taken, cleanly, left_of
):
    assert Keeping(taken_down, corpus, *taken, steps=steps).wait() == -signal.SIGKILL
    assert takedowns(corpus)
    assert not set(result(corpus)[0]) & set(taken)
    takedown(corpus, photos=taken[:1])
    assert result(corpus) == cleanly
    assert not left_of(corpus, taken)


@pytest.mark.parametrize("finish", ["takedown", "recheck", "crawl"])
def test_a_takedown_killed_at_random_is_finished_by_whatever_comes_next(
    finish, corpus, accepted, taken, cleanly, later, left_of
):
    chance, kills = random.Random(finish), 0
    for _ in range(6):
        keeping = Keeping(taken_down, corpus, *taken)
        due = time.monotonic() + chance.uniform(0, 0.12)
        kills += keeping.kill_when(lambda due=due: time.monotonic() >= due)
    assert kills
    with later() as (_, connection):
        if not takedowns(corpus) or finish == "takedown":
            takedown(corpus, photos=taken)
        if finish == "recheck":
            recheck(corpus, connection=connection)
        if finish == "crawl":
            crawl(corpus, Corpus.open(corpus).plan, connection=connection)
    assert result(corpus) == cleanly
    assert left_of(corpus, [photo.photo_id for photo in accepted]) == set(cleanly[0])
