"""Killed at any moment, a hydration goes on and fetches nothing twice that was saved."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import sys
import time
from collections import Counter
from contextlib import closing

from forking import FORKING
from told_photos import asked, images_in, row_of, told_photos, write_table

from flickrexif.corpus import Corpus
from flickrexif.errors import FlickrexifError
from flickrexif.flickr import Connection
from flickrexif.hydrating import HydratePlan, hydrate

IN_FLIGHT = 8
"""The concurrency of an embedded connection."""
PHOTOS = 150


def live(table, plan, rest_url, image_base):
    """A hydration in a process of its own; its exit code is the command line's."""
    try:
        hydrate(table, plan, connection=Connection.embedded(rest_url, image_base))
    except FlickrexifError as error:
        sys.exit(error.exit_code)


def begin(box, table, plan):
    process = FORKING.Process(target=live, args=(table, plan, box.rest_url, box.image_base))
    process.start()
    return process


def wait_for(condition, process):
    while not condition() and process.is_alive():
        time.sleep(0.001)


def saved_in(path):
    """Photos whose image the state has, looked at as a reader who wakes nothing up."""
    if not (path / "state.sqlite").exists():
        return set()
    with closing(sqlite3.connect(path / "state.sqlite")) as db:
        found = db.execute(
            "SELECT photo_id FROM candidates WHERE shard > 0 "
            "UNION SELECT photo_id FROM waiting_images"
        )
        return {photo_id for (photo_id,) in found}


def test_a_hydration_killed_again_and_again_ends_the_same(catalogue, open_box, tmp_path):
    photos = told_photos(catalogue, PHOTOS)
    table = write_table(tmp_path / "t.csv", [row_of(photo) for photo in photos])
    plan = HydratePlan(to=tmp_path / "c", folder=tmp_path / "plain")
    kills, saved, rng = 0, set(), random.Random(5)
    with open_box() as (box, connection):
        for target in (0, 5, 20, 45, 80, 110, 140):
            count = len(asked(box))
            process = begin(box, table, plan)
            wait_for(lambda target=target: len(asked(box)) >= target, process)
            time.sleep(rng.random() * 0.02)
            process.kill()
            process.join()
            kills += process.exitcode == -signal.SIGKILL
            assert saved.isdisjoint(asked(box)[count:])
            saved = saved_in(plan.to)
        count = len(asked(box))
        summary = hydrate(table, plan, connection=connection)
        assert saved.isdisjoint(asked(box)[count:])
        requests = Counter(asked(box))
    assert kills >= 4
    assert summary.photos == summary.already + summary.saved == PHOTOS
    assert requests.keys() == {photo.id for photo in photos}
    assert requests.total() <= PHOTOS + kills * IN_FLIGHT
    images = images_in(plan.to)
    assert images.keys() == requests.keys()
    assert {int(path.stem): path.read_bytes() for path in plan.folder.glob("*.jpg")} == images
    with Corpus.open(plan.to).state(reading=True) as state:
        assert sum(one.rows for one in state.shards()) == PHOTOS
        assert {one.name for one in state.shards()} == {
            path.name for path in (plan.to / "images").iterdir()
        }
    assert not (plan.to / "state.sqlite-images").exists()


def test_an_interruption_saves_what_came_in_shards(catalogue, open_box, tmp_path):
    photos = told_photos(catalogue, PHOTOS)
    table = write_table(tmp_path / "t.csv", [row_of(photo) for photo in photos])
    plan = HydratePlan(to=tmp_path / "c")
    with open_box() as (box, _):
        process = begin(box, table, plan)
        wait_for(lambda: len(asked(box)) >= 9, process)
        os.kill(process.pid, signal.SIGINT)
        process.join(60)
        assert process.exitcode == 130
        asked_for = set(asked(box))
    images = images_in(plan.to)
    assert 0 < len(images) < PHOTOS
    assert images.keys() == asked_for == saved_in(plan.to)
    assert (plan.to / "failures.csv").exists()
