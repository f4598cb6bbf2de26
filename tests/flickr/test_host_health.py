"""Hosts that go out of service, in virtual time: what waits, what is tried, what fails."""

from __future__ import annotations

import asyncio
import math
import re
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from random import Random

import leaping_loop
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flickrexif.errors import UsageError
from flickrexif.flickr import Connection
from flickrexif.flickr.budget import TokenBucket
from flickrexif.flickr.failures import Failure, RequestFailed
from flickrexif.flickr.health import (
    LOSSES_IN_A_ROW,
    VITAL_ROUNDS,
    HostHealth,
    Patience,
    tell_pause,
)
from flickrexif.flickr.retrying import Backoff, Retrier, Tally
from flickrexif.flickr.session import open_session

MINUTE, HOUR = 60.0, 3600.0
DAY = 24 * HOUR
DOWN = Failure("status", "", status=503)
FORBIDDEN = Failure("refused", "http_403", status=403)
TRUNCATED = Failure("body", "truncated")
LANE = 3


@dataclass
class Host:
    """Answers within a second, but not in its ``outages`` (from, to), nor for ``bad`` photos."""

    outages: list[tuple[float, float]] = field(default_factory=list)
    bad: dict[object, Failure] = field(default_factory=dict)
    trouble: Failure = DOWN
    cached: bool = False
    """Photos that were answered once are answered also while it is out."""
    _given: set[object] = field(default_factory=set)
    asked: list[tuple[float, object]] = field(default_factory=list)
    under_way: list[int] = field(default_factory=lambda: [0])
    most_at_once: dict[float, int] = field(default_factory=dict)

    async def get(self, photo):
        now = asyncio.get_running_loop().time()
        self.asked.append((now, photo))
        self.under_way[0] += 1
        self.most_at_once[now] = self.under_way[0]
        await asyncio.sleep(0.5)
        self.under_way[0] -= 1
        if self.cached and photo in self._given:
            return photo
        if any(begin <= now < end for begin, end in self.outages):
            raise RequestFailed(self.trouble)
        if photo in self.bad:
            raise RequestFailed(self.bad[photo])
        self._given.add(photo)
        return photo

    def asked_between(self, begin, end):
        return [(at, photo) for at, photo in self.asked if begin <= at < end]


@dataclass
class Run:
    """What became of the photos: when each came, or how and when it failed."""

    came: dict[object, float] = field(default_factory=dict)
    failed: dict[object, Failure] = field(default_factory=dict)
    seconds: float = 0.0


def retrier_of(patience, *, seed=0, rate=math.inf, watch=None, **words):
    tally, lane = Tally(), asyncio.Semaphore(LANE)
    health = HostHealth("the image host", patience, **words)
    bucket = TokenBucket(rate)
    rest = {} if watch is None else {"watch": watch}
    backoff = Backoff(attempts=8)
    return Retrier(
        bucket, tally, backoff, Random(seed), asyncio.sleep, lane=lane, health=health, **rest
    )


A_DAY = Patience(DAY)


def fetch_all(
    host, photos, *, workers=6, patience=A_DAY, vital=(), known=(), gap_s=0.0, **words
):  # fmt: skip
    """Workers take photo after photo, in ``known`` those that failed in an earlier run."""
    told, waiting = Run(), list(reversed(photos))

    async def worker(retrier):
        while waiting:
            photo = waiting.pop()
            asked = replace(retrier, tells_of_host=photo not in known)
            try:
                await asked.run("image", partial(host.get, photo), is_vital=photo in vital)
                told.came[photo] = asyncio.get_running_loop().time()
            except RequestFailed as error:
                told.failed[photo] = error.failure
            await asyncio.sleep(gap_s)

    async def scene():
        retrier = retrier_of(patience, **words)
        await asyncio.gather(*(worker(retrier) for _ in range(workers)))
        told.seconds = asyncio.get_running_loop().time()

    leaping_loop.run(scene())
    return told


def messages(caplog):
    return [record.getMessage() for record in caplog.records]


# An outage


@pytest.mark.parametrize("minutes", [0.3, 3, 45, 8 * 60, 23 * 60])
def test_an_outage_is_waited_out_and_nothing_fails(minutes):
    host = Host([(20.0, 20.0 + minutes * MINUTE)])
    told = fetch_all(host, list(range(400)), gap_s=0.5)
    assert not told.failed
    assert sorted(told.came) == list(range(400))
    longest_wait = 15 * MINUTE if minutes > 20 else minutes * MINUTE + 2 * MINUTE
    assert told.seconds < 20 + minutes * MINUTE + longest_wait + 200


def test_while_it_lasts_one_request_at_a_time_tries_after_pauses_that_double():
    host = Host([(0.0, 6 * HOUR)])
    fetch_all(host, list(range(30)))
    tries = host.asked_between(3 * MINUTE, 6 * HOUR)
    pauses = [later[0] - sooner[0] for sooner, later in pairwise(tries)]
    assert {host.most_at_once[at] for at, _ in tries} == {1}
    assert [round(pause / MINUTE) for pause in pauses[:4]] == [4, 8, 15, 15]
    assert {round(pause / MINUTE) for pause in pauses[3:]} == {15}


def test_the_waiting_requests_take_turns_to_try():
    host = Host([(0.0, 3 * HOUR)])
    fetch_all(host, list(range(30)))
    tried = [photo for _, photo in host.asked_between(3 * MINUTE, 3 * HOUR)]
    assert sorted(tried[:6]) == list(range(6))


def test_one_line_at_its_begin_and_one_at_its_end(caplog):
    fetch_all(Host([(0.0, 50 * MINUTE)]), list(range(30)))
    begin, end = messages(caplog)
    assert re.fullmatch(
        r"the image host has not answered for (1 min|5. s) \(http_503\): "
        "waiting, next try in 1 min",
        begin,
    )
    assert end == "the image host answers again, after 61 min"


def test_a_request_that_had_few_attempts_left_gets_all_of_them_after_an_outage():
    """What fails in the crowd of the first seconds has not failed as often as it may."""
    host = Host([(0.0, 30 * MINUTE)])
    shaken = Host()

    async def get(photo):
        now = asyncio.get_running_loop().time()
        back = [at for at, _ in shaken.asked if at > 30 * MINUTE]
        shaken.asked.append((now, photo))
        if back and len([1 for at, other in shaken.asked if other == photo and at > back[0]]) < 3:
            raise RequestFailed(DOWN)
        return await host.get(photo)

    host_of_all = Host()
    host_of_all.get = get
    told = fetch_all(host_of_all, list(range(60)))
    assert not told.failed


def test_outages_may_follow_each_other():
    host = Host([(hour * HOUR, hour * HOUR + 40 * MINUTE) for hour in range(10)])
    told = fetch_all(host, list(range(3_000)), gap_s=60.0)
    assert not told.failed


@given(
    outages=st.lists(st.tuples(st.floats(2, 5_000), st.floats(1, 20_000)), min_size=1, max_size=4),
    workers=st.integers(1, 8),
    gap_s=st.sampled_from([0.0, 5.0, 30.0]),
    seed=st.integers(0, 10),
)
def test_no_outage_of_less_than_a_day_loses_a_photo(outages, workers, gap_s, seed):
    host = Host([(begin, begin + length) for begin, length in outages])
    photos = list(range(1_000 if not gap_s else 300))
    told = fetch_all(host, photos, workers=workers, gap_s=gap_s, seed=seed)
    assert not told.failed


# Photos that are bad by themselves


@pytest.mark.parametrize("workers", [1, 2, 6])
def test_a_bad_photo_fails_while_others_succeed(workers):
    host = Host(bad={7: DOWN, 8: DOWN, 100: DOWN})
    told = fetch_all(host, list(range(800)), workers=workers, gap_s=0.5)
    assert set(told.failed) == {7, 8, 100}
    if workers > 3:
        assert told.seconds < 300


def test_a_bad_photo_alone_is_told_by_the_one_answered_last():
    host = Host(bad={1: DOWN})
    told = fetch_all(host, ["good", 1], workers=1)
    assert told.failed == {1: DOWN}
    assert told.seconds < 3 * MINUTE
    assert [photo for _, photo in host.asked] == ["good", *[1] * 8, "good"]


@pytest.mark.parametrize("workers", [2, 6])
def test_of_a_host_that_answers_from_a_cache_few_photos_are_lost(workers, caplog):
    """The request that was answered last still is, and nothing new: some are taken for bad."""
    host = Host([(30.0, 5 * HOUR)], cached=True)
    told = fetch_all(host, list(range(300)), workers=workers, gap_s=0.5)
    assert len(told.failed) < LOSSES_IN_A_ROW
    assert len(told.failed) + len(told.came) == 300
    assert len(messages(caplog)) == 2


def test_before_anything_was_answered_a_bad_photo_alone_fails():
    host = Host(bad={1: DOWN})
    told = fetch_all(host, [1], workers=1)
    assert told.failed == {1: DOWN}
    assert len(host.asked) == 8


def test_an_outage_that_meets_one_request_alone_is_waited_out():
    told = fetch_all(Host([(10.0, 5 * HOUR)]), list(range(5)), workers=1, gap_s=5.0)
    assert sorted(told.came) == list(range(5))


def test_a_bad_photo_alone_does_not_keep_an_outage_up():
    host = Host([(10.0, 2 * HOUR)], bad={2: DOWN})
    told = fetch_all(host, list(range(5)), workers=1, gap_s=5.0)
    assert set(told.failed) == {2}
    assert told.seconds < 3 * HOUR


def test_bad_photos_of_one_owner_alone_are_no_outage():
    host = Host(bad=dict.fromkeys(range(10), DOWN))
    told = fetch_all(host, ["good", *range(10), "good too"], workers=1)
    assert set(told.failed) == set(range(10))
    assert told.seconds < HOUR


def test_what_failed_in_an_earlier_run_is_no_sign_of_an_outage():
    host = Host(bad=dict.fromkeys(range(40), DOWN))
    told = fetch_all(host, list(range(40)), known=range(40))
    assert set(told.failed) == set(range(40))
    assert told.seconds < HOUR
    assert len(host.asked) == 40 * 8


def test_what_failed_in_an_earlier_run_waits_with_the_others():
    host = Host([(0.0, HOUR)])
    assert not fetch_all(host, list(range(40)), known=range(6, 40)).failed


def test_what_is_vital_waits_also_when_it_is_alone():
    told = fetch_all(Host([(0.0, 5 * HOUR)]), ["search"], workers=1, vital=["search"])
    assert not told.failed


def test_what_is_vital_and_fails_while_others_succeed_is_told_in_the_end():
    host = Host(bad={"search": DOWN})
    told = fetch_all(host, ["search", *range(5_000)], vital=["search"], gap_s=0.5)
    assert set(told.failed) == {"search"}
    assert len(host.asked) == 5_000 + 8 * VITAL_ROUNDS


@pytest.mark.parametrize("failure", [Failure("refused", "gone", status=404), TRUNCATED])
def test_files_that_are_gone_or_broken_are_no_outage(failure):
    host = Host(bad=dict.fromkeys(range(40), failure))
    told = fetch_all(host, list(range(40)))
    assert set(told.failed.values()) == {failure}
    assert told.seconds < 3 * MINUTE


def test_a_file_is_not_judged_by_what_came_once_in_a_bad_hour():
    async def scene():
        retrier = retrier_of(Patience())
        answers = iter([DOWN] * 7 + [TRUNCATED])

        async def attempt():
            raise RequestFailed(next(answers))

        with pytest.raises(RequestFailed) as caught:
            await retrier.run("image", attempt)
        return caught.value.failure

    assert leaping_loop.run(scene()) == DOWN


# A host that refuses


def test_a_few_refusals_fail_their_photos_at_once():
    host = Host(bad=dict.fromkeys(range(0, 100, 5), FORBIDDEN))
    told = fetch_all(host, list(range(200)))
    assert set(told.failed.values()) == {FORBIDDEN}
    assert len(host.asked) == 200


def test_many_refusals_in_a_row_are_waited_out(caplog):
    host = Host([(20.0, 3 * HOUR)], trouble=FORBIDDEN)
    told = fetch_all(host, list(range(400)), gap_s=0.5)
    assert len(told.failed) < LOSSES_IN_A_ROW
    assert len(told.failed) + len(told.came) == 400
    begin, end = messages(caplog)
    assert begin.startswith("the image host has refused every file for")
    assert "(HTTP 403), and may be blocking this machine: waiting, next try in 1 min" in begin
    assert end == "the image host answers again, after 3 h"


def test_refusals_known_from_an_earlier_run_are_no_block():
    host = Host(bad=dict.fromkeys(range(40), FORBIDDEN))
    told = fetch_all(host, list(range(40)), known=range(40))
    assert (len(host.asked), len(told.failed)) == (40, 40)


# The end of patience


@pytest.mark.parametrize("trouble", [DOWN, FORBIDDEN])
def test_after_a_day_all_fail_as_if_nobody_had_waited(trouble, caplog):
    host = Host([(0.0, math.inf)], trouble=trouble)
    told = fetch_all(host, list(range(30)))
    assert set(told.failed) == set(range(30))
    assert DAY < told.seconds < DAY + HOUR
    begin, end = messages(caplog)
    assert "waiting" in begin
    assert end.endswith("that was long enough to wait")
    assert "24 h" in end


def test_a_host_that_comes_back_after_that_is_waited_for_again():
    host = Host([(0.0, 25 * HOUR), (27 * HOUR, 30 * HOUR)])
    photos = list(range(3_000))
    told = fetch_all(host, photos, gap_s=60.0)
    late = [photo for photo in told.failed if told.came and photo > min(told.came)]
    assert told.failed
    assert not late


def test_without_patience_nothing_waits():
    told = fetch_all(Host([(0.0, math.inf)]), list(range(12)), patience=Patience())
    assert len(told.failed) == 12
    assert told.seconds < 8 * MINUTE


class Doubtful:
    """A watch over a host that may be the wrong one."""

    is_proven = False

    def permit(self):
        """Always."""

    def heard(self, failure):
        """Nothing."""


def test_a_host_that_may_be_the_wrong_one_is_not_waited_for():
    host = Host([(0.0, math.inf)])
    told = fetch_all(host, list(range(12)), vital=range(12), watch=Doubtful())
    assert len(told.failed) == 12
    assert told.seconds < 8 * MINUTE


# The end of the wait from outside


class Stopped(Exception):  # noqa: N818 - what a halt raises
    """Ends a sleep."""


def test_a_sleep_that_raises_ends_the_wait_of_all():
    async def scene():
        stop = asyncio.Event()

        async def linger(seconds):
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), seconds)
                raise Stopped

        host, retrier = Host([(0.0, math.inf)]), retrier_of(Patience(DAY, sleep=linger))
        runs = [
            asyncio.create_task(retrier.run("image", lambda n=n: host.get(n))) for n in range(6)
        ]
        await asyncio.sleep(5 * HOUR)
        stop.set()
        told = await asyncio.gather(*runs, return_exceptions=True)
        return told, asyncio.get_running_loop().time()

    told, seconds = leaping_loop.run(scene())
    assert {type(one) for one in told} == {Stopped}
    assert seconds < 5 * HOUR + 1


def test_a_try_that_is_forbidden_ends_the_wait_too():
    class Spent:
        is_proven = True
        left = 60

        def permit(self):
            self.left -= 1
            if self.left < 0:
                raise Stopped

        def heard(self, failure):
            """Nothing."""

    with pytest.raises(Stopped):
        fetch_all(Host([(0.0, math.inf)]), list(range(6)), watch=Spent())


# What a connection says of it


@pytest.mark.parametrize(
    ("connection", "seconds"),
    [
        (Connection(api_key="0" * 32), DAY),
        (Connection.at("https://flickr.example/", api_key="0" * 32), DAY),
        (Connection(api_key="0" * 32, patience_h=0), 0.0),
        (Connection(api_key="0" * 32, patience_h=0.5), HOUR / 2),
        (Connection.embedded("http://127.0.0.1:1/rest", "http://127.0.0.1:1/i"), 0.0),
        (Connection.at("http://localhost:1"), 0.0),
        (replace(Connection.at("http://localhost:1"), patience_h=1), HOUR),
    ],
)
def test_on_a_network_a_day_is_waited_and_on_this_machine_not(connection, seconds):
    assert connection.patience_s == seconds


@pytest.mark.parametrize("hours", [-1, math.nan])
def test_hours_of_patience_that_are_none_are_refused(hours):
    with pytest.raises(UsageError, match="patience_h="):
        Connection(api_key="0" * 32, patience_h=hours)


@pytest.mark.parametrize("failure", [DOWN, Failure("transport", "no answer (ClientOSError)")])
def test_a_session_waits_for_each_of_its_hosts_by_itself(failure, caplog):
    async def scene():
        async with open_session(Connection(api_key="0" * 32)) as flickr:
            health = flickr.host.retrier.health
            with health.asking(is_vital=True) as asking:
                health.heard(asking, failure)
                assert health.excuses(asking, failure)
            return health.is_out, flickr.client.retrier.health.is_out

    assert leaping_loop.run(scene()) == (True, False)
    why = "http_503" if failure is DOWN else "ClientOSError"
    assert messages(caplog) == [
        f"Flickr's image host has not answered for 0 s ({why}): waiting, next try in 1 min"
    ]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.2, "1 s"), (40, "40 s"), (60, "1 min"), (5_000, "83 min"), (5_400, "2 h"), (DAY, "24 h")],
)
def test_times_are_told_in_round_numbers(seconds, told):
    assert tell_pause(seconds) == told
