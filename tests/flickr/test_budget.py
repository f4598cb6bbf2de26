from __future__ import annotations

import asyncio
import math

from hypothesis import given
from hypothesis import strategies as st

from flickrexif.flickr.budget import BURST_S, BucketState, TokenBucket, bucket_name


class Clock:
    """A time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


def bucket(rate: float, clock: Clock, kept: BucketState | None = None) -> TokenBucket:
    return TokenBucket(rate, kept=kept, clock=clock, sleep=clock.sleep)


def take(a_bucket: TokenBucket, times: int) -> None:
    async def taking() -> None:
        for _ in range(times):
            await a_bucket.take()

    asyncio.run(taking())


def test_the_rate_is_kept():
    clock = Clock()
    a_bucket = bucket(2.0, clock)
    take(a_bucket, 101)
    assert math.isclose(clock.now - 1_000_000.0, 50.0)


def test_infinite_rates_let_all_through():
    clock = Clock()
    a_bucket = bucket(math.inf, clock)
    a_bucket.slow_down()
    take(a_bucket, 1000)
    assert clock.now == 1_000_000.0


@given(
    rate=st.floats(0.01, 50),
    pauses=st.lists(st.floats(0, 300), max_size=20),
    takes=st.integers(1, 30),
)
def test_no_interval_sees_more_than_the_promise(rate, pauses, takes):
    clock, moments = Clock(), []
    a_bucket = bucket(rate, clock)
    for pause in [0.0, *pauses]:
        clock.now += pause
        for _ in range(takes):
            take(a_bucket, 1)
            moments.append(clock.now)
    span = moments[-1] - moments[0]
    assert len(moments) <= rate * span + max(1.0, BURST_S * rate) + 1 + 1e-6


def test_a_restart_does_not_fill_the_bucket():
    clock = Clock()
    first = bucket(1.0, clock)
    take(first, 10)
    second = bucket(1.0, clock, kept=first.state())
    before = clock.now
    take(second, 1)
    assert math.isclose(clock.now - before, 1.0)


def test_a_clock_set_back_does_not_stop_the_bucket():
    clock = Clock()
    kept = BucketState(tokens=0.0, filled_at=clock.now + 1e9)
    take(bucket(1.0, clock, kept=kept), 1)
    assert clock.now < 1_000_002.0


def test_a_429_halves_the_rate_and_quiet_brings_it_back():
    clock = Clock()
    a_bucket = bucket(1.0, clock)
    a_bucket.slow_down()
    a_bucket.slow_down()
    assert a_bucket.rate == 0.25
    before = clock.now
    take(a_bucket, 1)
    assert math.isclose(clock.now - before, 4.0)
    take(a_bucket, 2000)
    assert a_bucket.rate == 1.0


def test_the_slowdown_survives_a_restart_and_has_a_floor():
    clock = Clock()
    a_bucket = bucket(1.0, clock)
    for _ in range(50):
        a_bucket.slow_down()
    assert bucket(1.0, clock, kept=a_bucket.state()).rate == 1 / 64


def test_the_name_tells_keys_apart_and_holds_none():
    key = "0123456789abcdef0123456789abcdef"
    assert key not in bucket_name("api", key)
    assert bucket_name("api", key) != bucket_name("api", key[::-1])
