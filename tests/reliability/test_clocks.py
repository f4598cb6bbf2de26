"""Wall clocks that are set during a crawl, and crawls that share a key."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from random import Random

import pytest
from corpus_worth import asked_of, worth_of
from small_flickr import PLAN

DAY_S = 86_400.0
YEARS_S = 3_652 * DAY_S
RATED = {"calls_per_hour": 100 * 3600, "images_per_second": 100}
"""Rates that a crawl of the small catalogue meets now and then."""


class JumpingClock:
    """Wall time that is set forth or back, by up to a day, every few times it is read."""

    def __init__(self, seed):
        self._rng, self._offset = Random(seed), 0.0
        self._true = time.time

    def __call__(self) -> float:
        if self._rng.random() < 0.2:
            self._offset = self._rng.uniform(-DAY_S, DAY_S)
        return self._true() + self._offset


class WrongClock:
    """Wall time that is wrong by so much."""

    def __init__(self, seconds):
        self._seconds, self._true = seconds, time.time

    def __call__(self) -> float:
        return self._true() + self._seconds


@pytest.fixture
def budgets(tmp_path):
    """Environment of crawls that share this test's budgets, and the file they are in."""
    folder = tmp_path / "budgets"
    return {"FLICKREXIF_STATE_DIR": str(folder)}, folder / "budgets.sqlite"


def kept_buckets(file) -> list[str]:
    with closing(sqlite3.connect(file)) as sql:
        return [name for (name,) in sql.execute("SELECT name FROM buckets ORDER BY name")]


@pytest.mark.parametrize("seed", range(2))
def test_a_clock_that_jumps_stalls_nothing(seed, clean_run, open_box, begin, budgets, tmp_path):
    environment, file = budgets
    with open_box() as (box, connection):
        rated = replace(connection, **RATED)
        clock = JumpingClock(seed)
        life = begin(tmp_path / "corpus", rated, environment=environment, wall_clock=clock)
        assert life.wait() == 0, life.message
        expected, asked = clean_run(box.catalogue)
        assert asked_of(box) == asked
    assert worth_of(tmp_path / "corpus") == expected
    assert len(kept_buckets(file)) == 2


def test_a_clock_set_between_two_runs_stalls_nothing(clean_run, open_box, begin, budgets, tmp_path):
    environment, _ = budgets
    plans = [replace(PLAN, months=months) for months in ("2020-01", "2020-02", "2020-01")]
    with open_box() as (box, connection):
        rated = replace(connection, **RATED)
        for number, (plan, wrong_s) in enumerate(zip(plans, (YEARS_S, -YEARS_S, 0), strict=True)):
            corpus, clock = tmp_path / str(number), WrongClock(wrong_s)
            life = begin(corpus, rated, plan, environment=environment, wall_clock=clock)
            assert life.wait() == 0, life.message
            assert worth_of(corpus) == clean_run(box.catalogue, plan)[0]


def test_two_crawls_with_one_key_share_its_rate(clean_run, open_box, begin, budgets, tmp_path):
    environment, file = budgets
    corpora, per_second = [tmp_path / "one", tmp_path / "two"], 40
    with open_box() as (box, connection):
        rated = replace(connection, calls_per_hour=3600 * per_second)
        began = time.monotonic()
        lives = [begin(corpus, rated, environment=environment) for corpus in corpora]
        assert [life.wait() for life in lives] == [0, 0]
        took_s = time.monotonic() - began
        calls = sum(box.requests[name] for name in box.requests if name.startswith("flickr."))
        expected, asked = clean_run(box.catalogue)
        assert asked_of(box) == asked + asked
    assert took_s >= (calls - 1) / per_second
    assert [worth_of(corpus) for corpus in corpora] == [expected, expected]
    assert len(kept_buckets(file)) == 1
    assert connection.api_key not in file.read_bytes().decode("latin-1")
