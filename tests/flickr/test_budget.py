from __future__ import annotations

import asyncio
import logging
import math

import leaping_loop
import pytest
from clocks import Time
from hypothesis import given
from hypothesis import strategies as st

from flickrexif.flickr.budget import (
    LATE_S,
    LONG_WAIT_S,
    SUSPECT_TRIES,
    TELL_EVERY_S,
    KeeperBusy,
    Memory,
    TokenBucket,
    bucket_name,
    image_bucket_name,
    tell_rate,
)
from flickrexif.flickr.pace import SLOWEST_SHARE, BucketState, Moment, Pace

DAY_S = 86_400.0


def bucket(rate, time, *, keeper=None, burst=0.0):
    return TokenBucket(rate, burst=burst, keeper=keeper, clock=time, sleep=time.sleep)


def take(a_bucket, times=1):
    async def taking():
        for _ in range(times):
            await a_bucket.take()

    asyncio.run(taking())


def slow_down(a_bucket, times=1):
    async def slowing():
        for _ in range(times):
            await a_bucket.slow_down()

    asyncio.run(slowing())


def seconds_for(a_bucket, times, time):
    before = time.true
    take(a_bucket, times)
    return time.true - before


def most_in_any_interval(moments, *, rate, burst):
    """By how much the fullest interval between two moments exceeds ``rate * s + burst``."""
    return max(
        last - first + 1 - rate * (moments[last] - moments[first]) - burst
        for first in range(len(moments))
        for last in range(first, len(moments))
    )


def test_the_rate_is_kept():
    time = Time()
    assert math.isclose(seconds_for(bucket(2.0, time), 101, time), 50.0)


def test_infinite_rates_let_all_through():
    time = Time()
    a_bucket = bucket(math.inf, time)
    slow_down(a_bucket)
    assert seconds_for(a_bucket, 1000, time) == 0.0


def test_the_burst_can_be_less_than_a_minute_s_worth():
    time = Time()
    a_bucket = bucket(1.0, time, burst=3.0)
    take(a_bucket)
    time.true += 1000.0
    assert math.isclose(seconds_for(a_bucket, 10, time), 7.0)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("pause"), st.floats(0, 300)),
        st.tuples(st.just("set the wall clock"), st.floats(-2 * DAY_S, 2 * DAY_S)),
        st.tuples(st.just("slow down"), st.just(0.0)),
        st.tuples(st.just("take"), st.integers(1, 30)),
    ),
    max_size=20,
)


@given(rate=st.floats(0.01, 50), steps=steps)
def test_no_interval_sees_more_than_the_promise_however_the_clock_is_set(rate, steps):
    time, moments = Time(), []
    a_bucket = bucket(rate, time)
    for what, amount in [("take", 30), *steps, ("take", 30)]:
        match what:
            case "pause":
                time.true += amount
            case "set the wall clock":
                time.set_wall(amount)
            case "slow down":
                slow_down(a_bucket)
            case _:
                for _ in range(int(amount)):
                    take(a_bucket)
                    moments.append(time.true)
    assert most_in_any_interval(moments, rate=rate, burst=max(1.0, 60 * rate)) <= 1e-6


@given(rate=st.floats(0.05, 50), jumps=st.lists(st.floats(-10 * DAY_S, DAY_S), max_size=10))
def test_a_clock_that_is_set_never_stops_the_bucket(rate, jumps):
    time = Time()
    a_bucket = bucket(rate, time)
    for jump in [0.0, *jumps]:
        time.set_wall(jump)
        assert seconds_for(a_bucket, 1, time) <= 1 / rate + 1e-6


@pytest.mark.parametrize("wall", [-DAY_S, 0.0, DAY_S])
@pytest.mark.parametrize("after", [0.0, 30.0, 3600.0])
def test_a_restart_of_the_machine_lets_one_burst_through_at_most(wall, after):
    time, keeper, rate = Time(), Memory(), 1.0
    take(bucket(rate, time, keeper=keeper), 100)
    time.restart(after=after)
    time.set_wall(wall)
    assert seconds_for(bucket(rate, time, keeper=keeper), 100, time) >= (100 - 60) / rate - 1e-6


def test_a_restart_of_the_process_does_not_fill_the_bucket():
    time, keeper = Time(), Memory()
    take(bucket(1.0, time, keeper=keeper), 10)
    assert math.isclose(seconds_for(bucket(1.0, time, keeper=keeper), 1, time), 1.0)


def test_a_429_halves_the_rate_and_quiet_brings_it_back():
    time = Time()
    a_bucket = bucket(1.0, time)
    slow_down(a_bucket, 2)
    assert a_bucket.rate == 0.25
    assert math.isclose(seconds_for(a_bucket, 1, time), 4.0)  # no token is left at hand
    take(a_bucket, 15)
    assert math.isclose(a_bucket.rate, 0.25 * 1.1)
    take(a_bucket, 2000)
    assert a_bucket.rate == 1.0


def test_the_slowdown_outlives_the_process_and_has_a_floor():
    time, keeper = Time(), Memory()
    slow_down(bucket(1.0, time, keeper=keeper), 50)
    second = bucket(1.0, time, keeper=keeper)
    take(second)
    assert second.rate == SLOWEST_SHARE


def test_years_of_quiet_bring_back_the_full_rate_and_no_more():
    state = BucketState(0.0, Moment(0.0, 0.0), slowdown=SLOWEST_SHARE)
    later = Pace(1.0).filled(state, Moment(1e9, 1e9))
    assert (later.slowdown, later.tokens) == (1.0, 60.0)


def test_a_process_that_stood_still_sends_no_more_than_a_burst():
    """Its takers' tokens are long due, but the bucket has filled once more meanwhile."""

    async def scene():
        loop, moments = asyncio.get_running_loop(), []
        a_bucket = TokenBucket(1.0, clock=lambda: Moment(loop.time(), loop.time()))

        async def taker():
            await a_bucket.take()
            moments.append(loop.time())

        takers = [asyncio.create_task(taker()) for _ in range(200)]
        await asyncio.sleep(10.0)
        loop.stand_still(3600.0)
        await asyncio.gather(*takers)
        return moments

    moments = leaping_loop.run(scene())
    assert len(moments) == 200
    assert most_in_any_interval(moments, rate=1.0, burst=60.0) <= LATE_S


def test_long_waits_are_told_now_and_then_with_the_rate(caplog):
    time = Time()
    a_bucket = TokenBucket(1.0, label="image requests", clock=time, sleep=time.sleep)
    with caplog.at_level(logging.INFO, "flickrexif"):
        slow_down(a_bucket, 6)
        began = time.true
        take(a_bucket, 20)
    told = [record.getMessage() for record in caplog.records]
    assert told[0] == ("image requests: slowed after HTTP 429, now 56 an hour, next in 64 s")
    assert 1 < len(told) <= 1 + (time.true - began) / TELL_EVERY_S


def test_a_low_rate_is_told_as_what_it_is(caplog):
    time = Time()
    with caplog.at_level(logging.INFO, "flickrexif"):
        take(bucket(100 / 3600, time), 2)
    assert [record.getMessage() for record in caplog.records] == [
        "requests: limited to 100 an hour, next in 36 s"
    ]


def test_short_waits_are_not_told(caplog):
    time = Time()
    with caplog.at_level(logging.INFO, "flickrexif"):
        take(bucket(1 / (LONG_WAIT_S - 1), time), 20)
    assert not caplog.records


def test_a_held_keeper_is_waited_for_and_told_once(caplog):
    time = Time()

    class Held(Memory):
        tries = 0

        def update(self, change):
            self.tries += 1
            if self.tries <= 3 * SUSPECT_TRIES:
                raise KeeperBusy("another process holds the file")
            return super().update(change)

    assert seconds_for(bucket(1.0, time, keeper=Held()), 1, time) > 30
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_rates_are_told_as_they_read_best():
    assert [tell_rate(rate) for rate in (50.0, 1.0, 0.5)] == [
        "50 a second",
        "1 a second",
        "1800 an hour",
    ]


def test_the_name_tells_keys_apart_and_holds_none():
    key = "0123456789abcdef0123456789abcdef"
    assert key not in bucket_name("api", key)
    assert bucket_name("api", key) != bucket_name("api", key[::-1])


def test_an_image_host_is_named_by_its_host():
    assert image_bucket_name("https://live.staticflickr.com") == "images live.staticflickr.com"
    assert image_bucket_name("http://127.0.0.1:80/i") == "images 127.0.0.1:80"
