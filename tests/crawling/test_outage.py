"""Crawls that Flickr, or the network, leaves alone for a while."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import re
import signal
import threading
from dataclasses import dataclass, field, replace

import pytest
import virtual_time
from small_renderer import SmallRenderer

from flickrexif.corpus import Corpus
from flickrexif.crawling import CrawlPlan, Limits, crawl
from flickrexif.crawling.crawler import FAILURES_IN_A_ROW
from flickrexif.crawling.evaluate import Evaluator
from flickrexif.crawling.limits import NO_LIMITS
from flickrexif.crawling.stopwatch import LONGEST_GAP_S
from flickrexif.errors import Interrupted, LimitReached, UpstreamError, UsageError
from flickrexif.flickr import Connection
from flickrexif.flickr.health import LOSSES_IN_A_ROW
from flickrexif.flickr.session import open_session
from flickrexif.progress import Silent
from flickrexif.sandbox import Faults, Sandbox
from flickrexif.sandbox.site import REST_PATH

PLAN = CrawlPlan("2020-01..2020-02", per_user_month=4)
MINUTE, HOUR = 60.0, 3600.0
DAY = 24 * HOUR


def photos_of(path):
    corpus = Corpus.open(path)
    shards = {shard.name: shard.read_bytes() for shard in corpus.image_shards()}
    return corpus.accepted().rows(), shards


# Hours of outages, in virtual time


@dataclass
class Outages:
    """Spans of time (from, to) in which a host answers with a status."""

    api: tuple[tuple[float, float], ...] = ()
    images: tuple[tuple[float, float], ...] = ()
    status: int = 503
    met: list[str] = field(default_factory=list)

    def __call__(self, path, seconds):
        host = "api" if path == REST_PATH else "images"
        if any(begin <= seconds < end for begin, end in getattr(self, host)):
            self.met.append(host)
            return self.status
        return None


@dataclass(frozen=True)
class Run:
    photos: tuple[list[object], dict[str, bytes]]
    took_s: float
    active_s: float
    failed: int
    calls: dict[str, int]

    @property
    def ids(self):
        """The photos, in whichever shards they are and wherever their EXIF was read."""
        return [row[0] for row in self.photos[0]]


def crawl_for_hours(folder, catalogue, trouble, *, plan=PLAN, limits=NO_LIMITS, error=None):
    """A crawl at Flickr's rates, met by ``trouble``, that ends by ``error`` if there is one."""
    path = folder / "corpus"

    async def work(loop):
        with virtual_time.store_at(folder / "budgets.sqlite", loop) as store:
            crawling = virtual_time.crawl(
                path, plan, box, flickr, store, Silent(), trouble=trouble, limits=limits
            )
            if error is None:
                await crawling
            else:
                with pytest.raises(error[0], match=error[1]):
                    await crawling

    with Sandbox(catalogue=catalogue, renderer=SmallRenderer(), workers=0) as box:
        embedded = Connection.embedded(box.rest_url, box.image_base)
        flickr = replace(
            embedded,
            calls_per_hour=3_200,
            images_per_second=1.0,
            concurrency=3,
            patience_h=24,
        )
        took_s = virtual_time.run(work)
    with Corpus.open(path).state() as state:
        failed = sum(tally.count for tally in state.tallies() if tally.outcome == "failed")
        active_s, calls = sum(state.spent().values()), state.calls()
    return Run(photos_of(path), took_s, active_s, failed, calls)


def never(path, seconds):
    return None


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, catalogue):
    return crawl_for_hours(tmp_path_factory.mktemp("undisturbed"), catalogue, never)


def span(begin, length):
    return ((begin, begin + length),)


@pytest.mark.parametrize(
    ("begin", "length"),
    [(0.0, 5 * HOUR), (12.0, 5 * HOUR), (60.0, 5 * MINUTE), (60.0, 5 * HOUR), (100.0, 23 * HOUR)],
)
@pytest.mark.parametrize(
    "hosts",
    ["both", *(pytest.param(one, marks=pytest.mark.long) for one in ("api", "images"))],
)
def test_an_outage_changes_nothing_but_the_time(
    hosts, length, begin, undisturbed, catalogue, tmp_path, caplog
):
    spans = span(begin, length)
    trouble = Outages(
        api=spans if hosts != "images" else (), images=spans if hosts != "api" else ()
    )
    run = crawl_for_hours(tmp_path, catalogue, trouble)
    assert run.photos == undisturbed.photos
    assert run.failed == 0
    assert run.took_s < undisturbed.took_s + length + 16 * MINUTE
    told = [record.getMessage() for record in caplog.records]
    assert sum("waiting, next try in" in line for line in told) <= len(set(trouble.met))
    assert sum("answers again" in line for line in told) <= len(set(trouble.met))
    assert not [line for line in told if "failed for now" in line]


def test_a_search_waits_also_when_nothing_else_is_asked(catalogue, tmp_path):
    plan = replace(PLAN, licenses="4", passes=1)
    run = crawl_for_hours(tmp_path, catalogue, Outages(api=span(0.0, 5 * HOUR)), plan=plan)
    assert (run.failed, run.took_s > 5 * HOUR, len(run.ids) > 5) == (0, True, True)


def test_hours_of_waiting_are_no_hours_of_work(undisturbed, catalogue, tmp_path):
    run = crawl_for_hours(tmp_path, catalogue, Outages(images=span(60.0, 10 * HOUR)))
    assert run.took_s > 10 * HOUR
    assert run.active_s < undisturbed.active_s + LONGEST_GAP_S + MINUTE


def test_while_the_image_host_is_out_the_web_service_is_still_asked(catalogue, tmp_path):
    outage, asked = Outages(images=span(0.0, HOUR)), []

    def trouble(path, seconds):
        if path == REST_PATH and outage.met:
            asked.append(seconds)
        return outage(path, seconds)

    crawl_for_hours(tmp_path, catalogue, trouble)
    assert min(asked) < 5 * MINUTE


def test_hours_that_are_over_end_the_wait_at_once(undisturbed, catalogue, tmp_path):
    outage = Outages(images=span(60.0, math.inf))
    limits = Limits(max_hours=2)
    reached = (LimitReached, "max_hours=2 have passed")
    run = crawl_for_hours(tmp_path, catalogue, outage, limits=limits, error=reached)
    assert run.took_s == pytest.approx(2 * HOUR, abs=1.0)
    assert run.failed == 0
    assert crawl_for_hours(tmp_path, catalogue, never).photos == undisturbed.photos


def test_every_try_is_a_call(catalogue, tmp_path):
    outage = Outages(api=span(0.0, math.inf))
    spent = (LimitReached, "max_calls=60 are spent")
    run = crawl_for_hours(tmp_path, catalogue, outage, limits=Limits(max_calls=60), error=spent)
    assert run.took_s > 2 * HOUR
    assert len(outage.met) == 60


@pytest.mark.parametrize(
    ("host", "begin", "told"),
    [
        ("api", 0.0, "does not answer searches"),
        ("images", 30.0, f"http_503, {FAILURES_IN_A_ROW} photos in a row"),
    ],
)
def test_after_a_day_the_crawl_ends_and_resumes_later(
    host, begin, told, undisturbed, catalogue, tmp_path
):
    outage = Outages(**{host: span(begin, math.inf)})
    run = crawl_for_hours(tmp_path, catalogue, outage, error=(UpstreamError, told))
    assert DAY < run.took_s < DAY + HOUR
    assert crawl_for_hours(tmp_path, catalogue, never).photos == undisturbed.photos


# An image host that refuses


def test_a_block_is_waited_out(undisturbed, catalogue, tmp_path):
    run = crawl_for_hours(tmp_path, catalogue, Outages(images=span(60.0, 5 * HOUR), status=403))
    assert run.took_s > 5 * HOUR
    assert run.failed < LOSSES_IN_A_ROW
    assert crawl_for_hours(tmp_path, catalogue, never).ids == undisturbed.ids


def test_a_block_of_more_than_a_day_tells_what_to_do(undisturbed, catalogue, tmp_path):
    told = r"refuses.*HTTP 403.*blocking this machine.*saved.*lower --images-per-second"
    block = Outages(images=span(60.0, math.inf), status=403)
    run = crawl_for_hours(tmp_path, catalogue, block, error=(UpstreamError, told))
    assert run.took_s > DAY
    assert crawl_for_hours(tmp_path, catalogue, never).ids == undisturbed.ids


@pytest.mark.parametrize("status", [403, 503])
def test_a_single_file_that_is_not_given_stalls_nothing(status, undisturbed, catalogue, tmp_path):
    def trouble(path, seconds):
        return status if re.search(r"[37]_[0-9a-f]+_b\.", path) else None

    first = crawl_for_hours(tmp_path, catalogue, trouble)
    assert first.failed > 3
    assert first.took_s < undisturbed.took_s + 30 * MINUTE
    assert crawl_for_hours(tmp_path, catalogue, never).ids == undisturbed.ids


def test_files_that_are_never_given_stall_no_later_run(catalogue, tmp_path):
    """Many of them, and nothing else left to do: it looks like an outage, but is none."""

    def trouble(path, seconds):
        return 503 if re.search(r"[1379]_[0-9a-f]+_b\.", path) else None

    first = crawl_for_hours(tmp_path, catalogue, trouble)
    second = crawl_for_hours(tmp_path, catalogue, trouble)
    assert second.failed == first.failed > FAILURES_IN_A_ROW
    assert second.took_s < HOUR
    assert second.photos == first.photos


# Minutes of outages, over sockets


class Told(logging.Handler):
    """Does something once, when the log tells that a crawl waits."""

    def __init__(self, then):
        super().__init__()
        self._left = [then]

    def emit(self, record):
        if self._left and "waiting, next try" in record.getMessage():
            self._left.pop()()


@pytest.fixture
def when_waiting():
    """``when_waiting(do)`` does it at the begin of the first wait."""
    log, handlers = logging.getLogger("flickrexif"), []

    def begun(then):
        handlers.append(Told(then))
        log.addHandler(handlers[-1])

    yield begun
    for handler in handlers:
        log.removeHandler(handler)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, catalogue):
    path = tmp_path_factory.mktemp("whole") / "corpus"
    with Sandbox(catalogue=catalogue, renderer=SmallRenderer(), workers=0) as box:
        crawl(path, PLAN, connection=Connection.embedded(box.rest_url, box.image_base))
        return photos_of(path), box.requests.total()


def patient(connection, **words):
    return replace(connection, patience_h=1, retry_base_s=0.001, **words)


class Bad:
    """A bad time of the embedded Flickr, from one request on until it is over."""

    def __init__(self, begin, kind, *, hosts=("rest", "image")):
        self.is_over = threading.Event()
        self._begin, self._hosts = begin, hosts
        self.faults = Faults(script=((self._is_bad, kind),), persistence=10**6)

    def _is_bad(self, asked):
        return (
            asked.index >= self._begin and asked.kind in self._hosts and not self.is_over.is_set()
        )


@pytest.mark.parametrize(
    ("share", "kind"),
    [(0.0, "500"), (0.1, "429"), (0.3, "disconnect"), (0.6, "502"), (0.6, "html"), (0.9, "500")],
)
def test_a_flickr_that_is_down_for_a_while_loses_nothing(
    share, kind, whole, catalogue, open_box, tmp_path, when_waiting
):
    expected, requests = whole
    if not share:
        begin_crawl(tmp_path / "corpus", catalogue)
    bad = Bad(int(share * requests), kind)
    when_waiting(bad.is_over.set)
    with open_box(faults=bad.faults) as (box, connection):
        summary = crawl(tmp_path / "corpus", PLAN, connection=patient(connection))
        assert box.faults_met[kind] > 5
    assert bad.is_over.is_set()
    assert summary.failed == 0
    assert photos_of(tmp_path / "corpus") == expected


def begin_crawl(path, catalogue):
    """A Flickr that never answered is not waited for: it may be none."""
    with Sandbox(catalogue=catalogue, renderer=SmallRenderer(), workers=0) as box:
        connection = Connection.embedded(box.rest_url, box.image_base)
        with pytest.raises(LimitReached):
            crawl(path, PLAN, connection=connection, limits=Limits(max_calls=10))


@pytest.mark.parametrize("kind", ["500", "html", "disconnect"])
def test_an_image_host_that_is_down_for_a_while_loses_nothing(
    kind, whole, open_box, tmp_path, when_waiting
):
    bad = Bad(40, kind, hosts=("image",))
    when_waiting(bad.is_over.set)
    with open_box(faults=bad.faults) as (_, connection):
        summary = crawl(tmp_path / "corpus", PLAN, connection=patient(connection))
    assert bad.is_over.is_set()
    assert summary.failed == 0
    assert photos_of(tmp_path / "corpus") == whole[0]


def test_a_flickr_that_is_gone_for_a_while_loses_nothing(whole, catalogue, tmp_path, when_waiting):
    expected, requests = whole
    box = Sandbox(catalogue=catalogue, renderer=SmallRenderer(), workers=0)
    box.start()
    back = Sandbox(catalogue=catalogue, renderer=SmallRenderer(), workers=0, port=box.port)
    connection = Connection.embedded(box.rest_url, box.image_base)
    connection = replace(connection, patience_h=1)  # a round outlasts the moment of going
    is_gone = threading.Event()

    def go():
        while box.requests.total() < requests // 3:
            is_gone.wait(0.001)
        box.close()
        is_gone.set()

    def come_back():
        assert is_gone.wait(60)
        back.start()

    when_waiting(come_back)
    going = threading.Thread(target=go)
    going.start()
    summary = crawl(tmp_path / "corpus", PLAN, connection=connection)
    going.join()
    assert back.requests.total() > requests // 3
    back.close()
    assert summary.failed == 0
    assert photos_of(tmp_path / "corpus") == expected


def test_a_signal_ends_the_wait_at_once(whole, open_box, tmp_path, when_waiting):
    bad = Bad(60, "500")
    when_waiting(lambda: os.kill(os.getpid(), signal.SIGINT))
    with open_box(faults=bad.faults) as (_, connection):
        with pytest.raises(Interrupted, match="to resume run the same command"):
            crawl(
                tmp_path / "corpus",
                PLAN,
                connection=replace(connection, patience_h=24, retry_base_s=0.02),
            )
        bad.is_over.set()
        crawl(tmp_path / "corpus", PLAN, connection=connection)
    assert photos_of(tmp_path / "corpus") == whole[0]


def test_a_limit_of_hours_ends_the_wait_too(catalogue, open_box, tmp_path, caplog):
    begin_crawl(tmp_path / "corpus", catalogue)
    a_second, half_a_minute = 1 / 3600, 0.5 / 60
    with open_box(faults=Bad(0, "500").faults) as (_, connection):
        patient = replace(connection, patience_h=half_a_minute)
        with pytest.raises(LimitReached, match="max_hours="):
            crawl(
                tmp_path / "corpus",
                PLAN,
                connection=patient,
                limits=Limits(max_hours=a_second),
            )
    assert "waiting" in caplog.text
    assert "long enough" not in caplog.text


def test_photos_that_failed_before_tell_neither_of_the_api_nor_of_the_image_host(tmp_path):
    async def scene():
        async with open_session(Connection(api_key="0" * 32)) as flickr:
            evaluator = Evaluator(PLAN, flickr.client, flickr.host)
            of_failed = evaluator.of_failed()
            return [
                (host.retrier.tells_of_host, of_them.retrier.tells_of_host)
                for host, of_them in [
                    (evaluator.client, of_failed.client),
                    (evaluator.host, of_failed.host),
                ]
            ]

    assert asyncio.run(scene()) == [(True, False), (True, False)]


def test_an_endpoint_that_never_was_a_flickr_is_told_at_once(open_box, tmp_path, caplog):
    with (
        open_box(faults=Bad(0, "html").faults) as (_, connection),
        pytest.raises(UsageError, match="does not answer like Flickr"),
    ):
        crawl(tmp_path / "corpus", PLAN, connection=replace(connection, patience_h=24))
    assert "waiting" not in caplog.text


def test_on_this_machine_nobody_waits_unasked(open_box, tmp_path, caplog):
    with (
        open_box(faults=Bad(40, "500").faults) as (_, connection),
        pytest.raises(UpstreamError, match="does not answer"),
    ):
        crawl(tmp_path / "corpus", PLAN, connection=connection)
    assert "waiting" not in caplog.text
