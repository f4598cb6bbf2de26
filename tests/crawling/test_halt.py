from __future__ import annotations

import asyncio
import os
import signal

import pytest

from flickrexif.crawling.halt import Halt, StoppedWaiting, run_jobs
from flickrexif.errors import Interrupted, UpstreamError


def test_what_is_in_flight_ends_and_nothing_new_begins():
    done = []

    async def scene():
        halt = Halt()

        async def job(number):
            await asyncio.sleep(0.01)
            if number == 1:
                halt.ask(UpstreamError("down"))
            await asyncio.sleep(0.01)
            done.append(number)

        jobs = [lambda n=n: job(n) for n in range(10)]
        with pytest.raises(UpstreamError, match="down"):
            await run_jobs(jobs, concurrency=3, halt=halt)

    asyncio.run(scene())
    assert sorted(done) == [0, 1, 2]


def test_an_error_of_one_job_stops_all_and_is_raised():
    async def scene():
        async def fails():
            raise UpstreamError("down")

        await run_jobs([fails, fails], concurrency=1, halt=Halt())

    with pytest.raises(UpstreamError, match="down"):
        asyncio.run(scene())


def test_a_bug_is_not_swallowed():
    async def scene():
        async def fails():
            raise ZeroDivisionError

        await run_jobs([fails], concurrency=1, halt=Halt())

    with pytest.raises(ZeroDivisionError):
        asyncio.run(scene())


def test_a_long_pause_is_cut_short():
    async def scene():
        halt = Halt()
        asyncio.get_running_loop().call_later(0.01, halt.ask, Interrupted("stop"))
        with pytest.raises(StoppedWaiting):
            await halt.sleep(3600)
        with pytest.raises(Interrupted, match="stop"):
            halt.check()

    asyncio.run(scene())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_asks_and_the_handlers_are_put_back(number):
    before = signal.getsignal(signal.SIGTERM)

    async def scene():
        halt = Halt()
        with halt.on_signals():
            os.kill(os.getpid(), number)
            with pytest.raises(StoppedWaiting):
                await halt.sleep(5)
        with pytest.raises(Interrupted, match="to resume run the same command"):
            halt.check()

    asyncio.run(scene())
    assert signal.getsignal(signal.SIGTERM) == before
