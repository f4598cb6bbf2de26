"""A run of a crawl: its budgets, its pauses, and how busy it keeps both hosts."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from random import Random

import leaping_loop
import pytest
from small_renderer import SmallRenderer

from flickrexif.corpus import Corpus
from flickrexif.crawling import CrawlPlan, crawl
from flickrexif.crawling.contact import Contact, NotFlickr
from flickrexif.crawling.halt import Halt, run_jobs
from flickrexif.errors import AccessError, Interrupted, LimitReached, UpstreamError, UsageError
from flickrexif.flickr import Connection
from flickrexif.flickr.budget import TokenBucket, bucket_name, image_bucket_name
from flickrexif.flickr.budgets import FILE_NAME, FOLDER_VARIABLE
from flickrexif.flickr.failures import Failure
from flickrexif.flickr.pace import Moment
from flickrexif.flickr.retrying import Backoff, Retrier, Tally
from flickrexif.flickr.session import open_session
from flickrexif.sandbox import Sandbox

PLAN = CrawlPlan("2020-01..2020-02", per_user_month=4)
KEY = "0123456789abcdef0123456789abcdef"


def photos_of(path):
    corpus = Corpus.open(path)
    shards = {shard.name: shard.read_bytes() for shard in corpus.image_shards()}
    return corpus.accepted().rows(), shards


@pytest.fixture(scope="module")
def whole(tmp_path_factory, catalogue):
    path = tmp_path_factory.mktemp("whole") / "corpus"
    with Sandbox(catalogue=catalogue, renderer=SmallRenderer(), workers=0) as box:
        crawl(path, PLAN, connection=Connection.embedded(box.rest_url, box.image_base))
        return photos_of(path), box.requests.total()


@pytest.fixture
def state_folder(tmp_path, monkeypatch):
    folder = tmp_path / "state"
    monkeypatch.setenv(FOLDER_VARIABLE, str(folder))
    return folder


# Budgets


def contents(folder):
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_crawl_takes_its_tokens_from_the_machine_s_budgets(
    whole, open_box, tmp_path, state_folder
):
    with open_box() as (box, connection):
        limited = replace(
            connection, api_key=KEY, calls_per_hour=3600 * 500, images_per_second=500.0
        )
        crawl(tmp_path / "corpus", PLAN, connection=limited)
        names = {bucket_name("api", KEY), image_bucket_name(box.image_base)}
    assert photos_of(tmp_path / "corpus") == whole[0]
    with closing(sqlite3.connect(state_folder / FILE_NAME)) as db:
        assert {name for (name,) in db.execute("SELECT name FROM buckets")} == names
    assert KEY.encode() not in contents(tmp_path)


def test_an_unusable_budget_file_does_not_stop_a_crawl(
    whole, open_box, tmp_path, state_folder, caplog
):
    state_folder.write_text("not a folder")
    with open_box() as (_, connection):
        limited = replace(connection, calls_per_hour=3600 * 500, images_per_second=500.0)
        crawl(tmp_path / "corpus", PLAN, connection=limited)
    assert photos_of(tmp_path / "corpus") == whole[0]
    told = [record.getMessage() for record in caplog.records if "budgets" in record.getMessage()]
    assert len(told) == 1
    assert str(state_folder) in told[0]


# Is it a Flickr?


def explained(connection, failures, error):
    contact = Contact(connection, Halt())
    for failure in failures:
        contact.heard(failure)
    return contact.explain(error)


@pytest.mark.parametrize("error", [UpstreamError("down"), AccessError("refused")])
def test_flickr_s_own_address_is_never_doubted(error):
    failure = Failure("transport", "no answer")
    assert explained(Connection(api_key=KEY), [failure], error) is error
    other = Connection.at("https://flickr.example/", api_key=KEY)
    assert isinstance(explained(other, [failure], error), NotFlickr)


@pytest.mark.parametrize("answer", [None, Failure("api", "Invalid API Key", code=100)])
def test_one_answer_in_flickr_s_form_is_enough(answer):
    other, error = Connection.at("https://flickr.example/", api_key=KEY), UpstreamError("down")
    failure = Failure("transport", "no answer")
    assert explained(other, [failure, answer, failure], error) is error


@pytest.mark.parametrize("error", [LimitReached("spent"), Interrupted("stop"), UsageError("no")])
def test_what_the_user_asked_for_is_not_explained_away(error):
    other = Connection.at("https://flickr.example/", api_key=KEY)
    assert explained(other, [Failure("transport", "no answer")], error) is error


# A laptop that sleeps


def test_a_laptop_that_wakes_has_a_minute_to_find_its_network(state_folder):
    async def pauses():
        async with open_session(Connection(api_key=KEY)) as flickr:
            retriers = flickr.client.retrier, flickr.host.retrier
        return [
            sum(one.backoff.pause_s(number, Middling()) for number in range(one.backoff.attempts))
            for one in retriers
        ]

    class Middling(Random):
        def uniform(self, a, b):
            return (a + b) / 2

    assert min(asyncio.run(pauses())) > 60
    assert not state_folder.exists()


# Two hosts, neither of which waits for the other


class Hosts:
    """Both hosts of a connection, in virtual time, whose answers take ``latency`` seconds."""

    def __init__(self, connection, *, latency, seed):
        self.connection, self._latency, self._rng = connection, latency, Random(seed)
        self.tally = Tally()
        self.api = self._retrier(connection.calls_per_hour / 3600)
        self.images = self._retrier(connection.images_per_second)

    def _retrier(self, rate):
        bucket = TokenBucket(rate, clock=self._now)
        lane = asyncio.Semaphore(self.connection.concurrency)
        return Retrier(bucket, self.tally, Backoff(), self._rng, asyncio.sleep, lane=lane)

    def _now(self):
        now = asyncio.get_running_loop().time()
        return Moment(now, now)

    async def _answer(self):
        await asyncio.sleep(self._rng.uniform(*self._latency))

    async def look_at_owner(self, *, photos, is_bare):
        """As the evaluator does: one getExif, then the heads of further originals, and images."""
        await self.api.run("api", self._answer)
        if is_bare:
            return
        for number in range(photos):
            if number:
                await self.images.run("images", self._answer)
            await self.images.run("images", self._answer)


def shares_busy(*, photos, bare_share, latency, owners=1000, seed=0):
    """How much of their rates the API and the image host gave, from beginning to end."""

    async def scene():
        connection = Connection(api_key=KEY)
        hosts, rng = Hosts(connection, latency=latency, seed=seed), Random(seed)
        jobs = []
        for _ in range(owners):
            many = min(10, 1 + int(rng.expovariate(1 / (photos - 1))))
            is_bare = rng.random() < bare_share
            jobs.append(
                lambda many=many, is_bare=is_bare: hosts.look_at_owner(photos=many, is_bare=is_bare)
            )
        await run_jobs(jobs, concurrency=connection.jobs, halt=Halt())
        seconds = asyncio.get_running_loop().time()
        calls, images = (hosts.tally.requests[host] / seconds for host in ("api", "images"))
        return calls / (connection.calls_per_hour / 3600), images / connection.images_per_second

    return leaping_loop.run(scene())


QUICK, SLOW = (0.1, 1.2), (0.5, 3.0)


@pytest.mark.parametrize("latency", [QUICK, SLOW], ids=["a good day", "a slow day"])
@pytest.mark.parametrize(("photos", "bare_share"), [(2.0, 0.5), (4.0, 0.3), (4.0, 0.7), (8.0, 0.9)])
def test_the_image_host_is_kept_busy_where_it_is_the_bottleneck(photos, bare_share, latency):
    _, images = shares_busy(photos=photos, bare_share=bare_share, latency=latency)
    assert images >= 0.95


@pytest.mark.parametrize("latency", [QUICK, SLOW], ids=["a good day", "a slow day"])
def test_the_web_service_is_kept_busy_where_it_is_the_bottleneck(latency):
    calls, _ = shares_busy(photos=1.3, bare_share=0.6, latency=latency)
    assert calls >= 0.95


def test_waiting_for_the_web_service_holds_up_no_image():
    async def scene():
        hosts = Hosts(Connection(api_key=KEY), latency=(0.0, 0.0), seed=0)
        many = [asyncio.create_task(hosts.api.run("api", hosts._answer)) for _ in range(500)]
        await asyncio.sleep(100.0)
        began = asyncio.get_running_loop().time()
        await hosts.images.run("images", hosts._answer)
        took = asyncio.get_running_loop().time() - began
        for task in many:
            task.cancel()
        return took

    assert leaping_loop.run(scene()) == 0.0
