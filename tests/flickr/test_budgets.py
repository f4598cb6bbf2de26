"""Budgets in a file: shared by processes, kept across restarts, never in the way of a crawl."""

from __future__ import annotations

import asyncio
import logging
import math
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from clocks import Time
from hypothesis import given, settings
from hypothesis import strategies as st

from flickrexif.flickr.budgets import FILE_NAME, FOLDER_VARIABLE, BudgetStore, state_folder

TAKE_TOKENS = Path(__file__).with_name("take_tokens.py")


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / FILE_NAME


def seconds_for(bucket, times, time):
    async def taking():
        before = time.true
        for _ in range(times):
            await bucket.take()
        return time.true - before

    return asyncio.run(taking())


def slow_down(bucket):
    asyncio.run(bucket.slow_down())


def start_taking(path, rate, count):
    words = [str(path), str(rate), str(count)]
    return subprocess.Popen(
        [sys.executable, str(TAKE_TOKENS), *words], stdout=subprocess.PIPE, text=True
    )


# One file, many users


def test_processes_share_one_rate(path):
    """Each token has its moment: the i-th of all is never had before i / rate has passed."""
    rate, each = 50.0, 25
    takers = [start_taking(path, rate, each) for _ in range(4)]
    had = sorted(float(line) for one in takers for line in one.communicate()[0].split())
    assert len(had) == 4 * each
    starting_s = 0.5  # the first line may be printed late
    assert all(moment - had[0] >= number / rate - starting_s for number, moment in enumerate(had))


def test_a_killed_process_leaves_the_file_to_the_others(path):
    with start_taking(path, 200.0, 10_000) as killed:
        assert killed.stdout is not None
        killed.stdout.readline()
        killed.kill()
    with start_taking(path, 200.0, 20) as other:
        told, _ = other.communicate()
    assert len(told.split()) == 20


@settings(max_examples=40)
@given(
    rate=st.floats(0.1, 20),
    turns=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 8), st.floats(0, 120)), max_size=12),
)
def test_the_promise_holds_over_all_who_share(tmp_path_factory, rate, turns):
    time, moments = Time(), []
    path = tmp_path_factory.mktemp("shared") / FILE_NAME
    stores = [BudgetStore(path, clock=time) for _ in range(3)]
    for who, count, pause in turns:
        bucket = stores[who].bucket("shared", rate, sleep=time.sleep)
        for _ in range(count):
            seconds_for(bucket, 1, time)
            moments.append(time.true)
        time.true += pause
    for store in stores:
        store.close()
    burst = max(1.0, 60 * rate)
    assert all(
        last - first + 1 <= rate * (moments[last] - moments[first]) + burst + 1e-6
        for first in range(len(moments))
        for last in range(first, len(moments))
    )


def test_a_slowdown_is_shared(path, time):
    with BudgetStore(path, clock=time) as one, BudgetStore(path, clock=time) as other:
        slow_down(one.bucket("images", 1.0, sleep=time.sleep))
        bucket = other.bucket("images", 1.0, sleep=time.sleep)
        assert math.isclose(seconds_for(bucket, 3, time), 6.0)
        assert bucket.rate == 0.5


def test_buckets_of_other_names_do_not_touch_each_other(path, time):
    with BudgetStore(path, clock=time) as store:
        slow_down(store.bucket("images", 1.0, sleep=time.sleep))
        assert seconds_for(store.bucket("api", 1.0, sleep=time.sleep), 1, time) == 0.0


def test_a_restart_goes_on_where_it_stood(path, time):
    for _ in range(3):
        with BudgetStore(path, clock=time) as store:
            seconds_for(store.bucket("api", 1.0, sleep=time.sleep), 10, time)
    assert math.isclose(time.true - 1_000_000.0, 29.0)


def test_a_file_held_by_another_process_is_waited_for(path, time):
    with BudgetStore(path, clock=time) as store:
        bucket = store.bucket("api", 1.0, sleep=time.sleep)
        seconds_for(bucket, 1, time)
        holder = sqlite3.connect(path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")

        async def sleep(seconds):
            time.true += seconds
            if holder.in_transaction:
                holder.execute("COMMIT")

        waiting = store.bucket("api", 1.0, sleep=sleep)
        assert math.isclose(seconds_for(waiting, 1, time), 1.0, abs_tol=1e-6)
        holder.close()
        assert math.isclose(seconds_for(bucket, 1, time), 1.0)  # still the shared one


# What stands in the file


def test_the_folder_is_the_user_s_alone(path, time):
    with BudgetStore(path, clock=time) as store:
        seconds_for(store.bucket("api", 1.0), 1, time)
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_infinite_rates_touch_no_file(path, time):
    with BudgetStore(path, clock=time) as store:
        bucket = store.bucket("api", math.inf)
        seconds_for(bucket, 100, time)
        slow_down(bucket)
    assert not path.parent.exists()


def test_what_is_left_can_be_told_without_making_a_file(path, time):
    with BudgetStore(path, clock=time) as store:
        assert store.left("api", 1.0).tokens == 1.0
        assert not path.parent.exists()
        slow_down(store.bucket("api", 1.0))
    time.true += 10.0
    left = BudgetStore(path, clock=time).left("api", 1.0)
    assert (left.tokens, left.slowdown) == (5.0, 0.5)


def test_the_folder_can_be_named(monkeypatch, tmp_path):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    assert state_folder() == tmp_path
    assert BudgetStore().path == tmp_path / FILE_NAME
    monkeypatch.setenv(FOLDER_VARIABLE, " ")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_folder().name == "flickrexif"


# A file that cannot be used


def damage_text(path):
    path.parent.mkdir()
    path.write_text("this is no database, and long enough to be looked at as one " * 4)


def damage_table(path):
    path.parent.mkdir()
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE buckets (name TEXT)")
    db.close()


def damage_number(path):
    with BudgetStore(path) as store:
        asyncio.run(store.bucket("api", 1.0).take())
    db = sqlite3.connect(path)
    db.execute("UPDATE buckets SET tokens = -1e300")
    db.commit()
    db.close()


def make_a_folder_of_it(path):
    path.mkdir(parents=True)


def make_a_file_of_the_folder(path):
    path.parent.write_text("mine")


every_damage = pytest.mark.parametrize(
    "damage",
    [damage_text, damage_table, damage_number, make_a_folder_of_it, make_a_file_of_the_folder],
)


@every_damage
def test_without_a_usable_file_each_process_keeps_the_rate_and_says_so(path, time, damage, caplog):
    damage(path)
    with BudgetStore(path, clock=time) as store:
        bucket = store.bucket("api", 1.0, sleep=time.sleep)
        assert math.isclose(seconds_for(bucket, 10, time), 10.0)
        slow_down(bucket)
        assert math.isclose(seconds_for(bucket, 1, time), 2.0)
        assert store.left("api", 1.0).slowdown == 1.0
    [warning] = caplog.records
    assert warning.levelno == logging.WARNING
    told = warning.getMessage()
    assert str(path) in told
    assert "mend or delete" in told
    assert "\n" not in told


@every_damage
def test_starting_again_and_again_without_a_usable_file_does_not_exceed_the_rate(
    path, time, damage
):
    damage(path)
    for _ in range(10):
        with BudgetStore(path, clock=time) as store:
            seconds_for(store.bucket("api", 1.0, sleep=time.sleep), 1, time)
    assert time.true - 1_000_000.0 >= 10.0 - 1e-6


def test_a_file_that_breaks_on_the_way_goes_on_from_what_was_seen(path, time, caplog):
    with BudgetStore(path, clock=time) as store:
        bucket = store.bucket("api", 1.0, sleep=time.sleep)
        slow_down(bucket)
        db = sqlite3.connect(path)
        db.execute("DROP TABLE buckets")
        db.close()
        assert math.isclose(seconds_for(bucket, 5, time), 10.0)
    assert len(caplog.records) == 1
