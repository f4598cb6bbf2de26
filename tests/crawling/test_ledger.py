"""Commits that many share: as few as may be, and nobody is told too early."""

from __future__ import annotations

import asyncio
import gc
import threading
from contextlib import contextmanager

import pytest

from flickrexif.crawling.ledger import Ledger
from flickrexif.flickr.retrying import Tally


class SlowState:
    """Commits one after another, each when it is let; what was written is durable after it."""

    def __init__(self) -> None:
        self.durable = []
        self.commits = 0
        self._written = []
        self.may_commit = threading.Event()

    @contextmanager
    def transaction(self):
        self._written = []
        yield
        assert self.may_commit.wait(10)
        self.durable += self._written
        self.commits += 1

    def write(self, what):
        if isinstance(what, Exception):
            raise what
        self._written.append(what)

    def add_calls(self, counts):
        pass


async def save_and_check(ledger, what):
    await ledger.save(lambda: ledger.state.write(what))
    assert what in ledger.state.durable


def test_who_comes_while_a_commit_is_under_way_shares_the_next_one():
    async def save_all():
        ledger = Ledger(SlowState(), Tally())
        first = asyncio.create_task(save_and_check(ledger, 0))
        await asyncio.sleep(0.02)
        others = [asyncio.create_task(save_and_check(ledger, n)) for n in range(1, 8)]
        await asyncio.sleep(0.02)
        assert not ledger.state.durable
        ledger.state.may_commit.set()
        await asyncio.gather(first, *others)
        return ledger.state

    state = asyncio.run(save_all())
    assert (state.durable, state.commits) == ([*range(8)], 2)


def test_jobs_that_save_again_at_once_go_on_sharing_commits():
    """Each waits for its own commit only: else they would take turns, and commit one by one."""

    async def job(ledger, number):
        for turn in range(20):
            await save_and_check(ledger, (number, turn))

    async def run():
        ledger = Ledger(SlowState(), Tally())
        ledger.state.may_commit.set()
        await asyncio.gather(*(job(ledger, number) for number in range(8)))
        return ledger.state

    state = asyncio.run(run())
    assert len(state.durable) == 160
    assert state.commits <= 60


def test_a_commit_that_fails_is_told_to_all_who_wait_for_it():
    async def save_all():
        ledger = Ledger(SlowState(), Tally())
        ledger.state.may_commit.set()
        tasks = [save_and_check(ledger, what) for what in (1, OSError("disk"), 2)]
        told = await asyncio.gather(*tasks, return_exceptions=True)
        await save_and_check(ledger, 3)
        return told, ledger.state.durable

    told, durable = asyncio.run(save_all())
    assert [str(error) for error in told] == ["disk"] * 3
    assert durable == [3]


def test_who_is_cancelled_takes_nobody_along():
    async def save_all():
        ledger = Ledger(SlowState(), Tally())
        first, second = (asyncio.create_task(save_and_check(ledger, n)) for n in (1, 2))
        await asyncio.sleep(0.02)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        ledger.state.may_commit.set()
        await second
        return ledger.state.durable

    assert asyncio.run(save_all()) == [1, 2]


def test_a_commit_that_fails_when_all_have_gone_is_no_complaint(caplog):
    async def save_and_go():
        ledger = Ledger(SlowState(), Tally())
        task = asyncio.create_task(save_and_check(ledger, OSError("disk")))
        await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(save_and_go())
    gc.collect()
    assert not caplog.text
