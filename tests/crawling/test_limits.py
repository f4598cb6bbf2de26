"""How a run ends early: limits, and what they leave to the next run."""

from __future__ import annotations

import asyncio
import math

import pytest

from flickrexif.crawling import CrawlPlan, Limits, crawl
from flickrexif.crawling.halt import Halt, StoppedWaiting, run_jobs
from flickrexif.crawling.limits import JOB_CALLS, Allowance
from flickrexif.errors import LimitReached, UsageError
from flickrexif.sandbox import Catalogue, Faults

PLAN = CrawlPlan("2020-01..2020-02", per_user_month=4)
LONGEST_PLAN_CALLS = 2_000


@pytest.mark.parametrize("calls", [0, -1, JOB_CALLS - 1, 1.5, "20", True, math.nan])
def test_bad_numbers_of_calls_are_refused(calls):
    with pytest.raises(UsageError, match="max_calls="):
        Limits(max_calls=calls)


@pytest.mark.parametrize("hours", [0, -1.0, math.inf, math.nan, "2", True])
def test_bad_numbers_of_hours_are_refused(hours):
    with pytest.raises(UsageError, match="max_hours="):
        Limits(max_hours=hours)


def test_an_allowance_is_spent_call_by_call():
    allowance = Allowance(Limits(max_calls=JOB_CALLS))
    for _ in range(JOB_CALLS):
        allowance.spend()
    with pytest.raises(LimitReached, match="max_calls=10 are spent; to resume run"):
        allowance.spend()


def test_the_last_calls_are_not_shared_among_jobs():
    """Several jobs with too few calls each would all be cut, now and in every later run."""
    done = []

    async def scene():
        halt = Halt(Allowance(Limits(max_calls=3 * JOB_CALLS)))

        async def job(number):
            for _ in range(JOB_CALLS):
                halt.spend_call()
                await asyncio.sleep(0)
            done.append(number)

        await run_jobs([lambda n=n: job(n) for n in range(10)], concurrency=8, halt=halt)

    with pytest.raises(LimitReached):
        asyncio.run(scene())
    assert done == [0, 1, 2]


def test_without_a_limit_all_jobs_may_run_at_once():
    assert Allowance().jobs is None
    assert Halt().has_room(10**6)


def test_what_has_begun_may_still_pause_after_a_limit():
    async def scene():
        halt = Halt(Allowance(Limits(max_calls=JOB_CALLS)))
        for _ in range(JOB_CALLS):
            halt.spend_call()
        with pytest.raises(StoppedWaiting):
            halt.spend_call()
        assert halt.is_asked
        await halt.sleep(0.001)
        halt.check()

    with pytest.raises(LimitReached):
        asyncio.run(scene())


def test_after_its_hours_a_run_begins_nothing_new():
    done = []

    async def scene():
        halt = Halt()

        async def job(number):
            await halt.sleep(0.02)
            done.append(number)

        jobs = [lambda n=n: job(n) for n in range(1000)]
        with halt.after(0.01, LimitReached("time is up")):
            await run_jobs(jobs, concurrency=2, halt=halt)

    with pytest.raises(LimitReached, match="time is up"):
        asyncio.run(scene())
    assert sorted(done) == [0, 1]


# Crawls


def photos_of(path):
    from flickrexif.corpus import Corpus

    corpus = Corpus.open(path)
    shards = {shard.name: shard.read_bytes() for shard in corpus.image_shards()}
    return corpus.accepted().rows(), shards


def api_calls(box):
    return sum(count for cause, count in box.requests.items() if cause.startswith("flickr."))


def crawl_to_its_end(path, plan, box, connection, limits):
    """Again and again; the API calls that each run sent."""
    sent = []
    while True:
        before = api_calls(box)
        try:
            crawl(path, plan, connection=connection, limits=limits)
        except LimitReached:
            sent.append(api_calls(box) - before)
            assert sum(sent) < LONGEST_PLAN_CALLS, "the runs get nowhere"
        else:
            return [*sent, api_calls(box) - before]


@pytest.fixture(scope="module")
def whole(tmp_path_factory, catalogue):
    from small_renderer import SmallRenderer

    from flickrexif.flickr import Connection
    from flickrexif.sandbox import Sandbox

    path = tmp_path_factory.mktemp("whole") / "corpus"
    with Sandbox(catalogue=catalogue, renderer=SmallRenderer(), workers=0) as box:
        crawl(path, PLAN, connection=Connection.embedded(box.rest_url, box.image_base))
    return photos_of(path)


@pytest.mark.parametrize("faults", [None, Faults.everywhere(0.2, slow_s=0.01)])
def test_many_limited_runs_end_with_the_photos_of_one(whole, open_box, tmp_path, faults):
    limits = Limits(max_calls=15)
    with open_box(faults=faults) as (box, connection):
        sent = crawl_to_its_end(tmp_path / "corpus", PLAN, box, connection, limits)
    assert len(sent) > 2
    assert max(sent) <= 15
    assert photos_of(tmp_path / "corpus") == whole


def test_a_limit_of_one_search_still_gets_to_the_end(open_box, tmp_path):
    """Of long searches under way together, each would otherwise get too few of the calls."""
    catalogue = Catalogue(1, photos=9_000, owners=30, first_month="2020-01", last_month="2020-01")
    plan = CrawlPlan("2020-01", licenses="all", per_user_month=1, size="none", passes=1)
    limits = Limits(max_calls=JOB_CALLS)
    with open_box(catalogue=catalogue) as (box, connection):
        sent = crawl_to_its_end(tmp_path / "corpus", plan, box, connection, limits)
    assert max(sent) <= JOB_CALLS


def test_a_limit_that_is_just_enough_is_no_limit(whole, open_box, tmp_path, catalogue):
    with open_box() as (box, connection):
        crawl(tmp_path / "free", PLAN, connection=connection)
        needed = api_calls(box)
        limits = Limits(max_calls=needed)
        summary = crawl(tmp_path / "corpus", PLAN, connection=connection, limits=limits)
    assert sum(summary.api_calls.values()) == needed
    assert photos_of(tmp_path / "corpus") == whole


def test_hours_that_are_over_end_a_crawl_that_the_next_run_resumes(whole, open_box, tmp_path):
    path, moment = tmp_path / "corpus", Limits(max_hours=0.05 / 3600)
    with open_box() as (_, connection):
        for _ in range(3):
            with pytest.raises(LimitReached, match="to resume run the same command"):
                crawl(path, PLAN, connection=connection, limits=moment)
        crawl(path, PLAN, connection=connection)
    assert photos_of(path) == whole
