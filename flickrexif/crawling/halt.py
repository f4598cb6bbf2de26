"""Stopping a crawl in good order: what is in flight ends and is saved, nothing new begins."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager

from flickrexif.crawling.limits import RESUME, Allowance
from flickrexif.errors import FlickrexifError, Interrupted, LimitReached

Job = Callable[[], Awaitable[None]]


def interrupted() -> Interrupted:
    """What the user's signal makes of a crawl."""
    return Interrupted(f"interrupted; {RESUME}")


class StoppedWaiting(FlickrexifError):  # noqa: N818 - not an error: the reason is the halt's
    """A pause was cut short because the crawl stops, for a reason asked before."""


class Halt:
    """Asked to stop, for a reason that is raised when the work has come to rest."""

    def __init__(self, allowance: Allowance | None = None) -> None:
        self._allowance = allowance or Allowance()
        self._is_told = asyncio.Event()
        self._is_urgent = asyncio.Event()
        self._reason: FlickrexifError | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def is_asked(self) -> bool:
        """True once nothing new should begin."""
        return self._reason is not None

    def ask(self, reason: FlickrexifError) -> None:
        """Stop, cutting pauses short; the first reason counts."""
        self.wind_down(reason)
        self._is_urgent.set()

    def wind_down(self, reason: FlickrexifError) -> None:
        """Stop, but let what has begun take the pauses it needs to end; the first reason counts.

        So a run with a small limit still gets somewhere, however slowly its budgets fill.
        """
        self._reason = self._reason or reason
        self._is_told.set()

    def has_room(self, busy: int) -> bool:
        """True when one more job may begin beside ``busy`` ones.

        One always may; more only while the calls left are enough for each to get somewhere, lest
        several share the last ones, none ends, and the next run does the same again.
        """
        most = self._allowance.jobs
        return not busy or most is None or busy < most

    def spend_call(self) -> None:
        """Let an API call be sent; winds down and raises `StoppedWaiting` if none is left."""
        try:
            self._allowance.spend()
        except LimitReached as reason:
            self.wind_down(reason)
            raise StoppedWaiting("no API call is left") from None

    def ask_from_outside(self, reason: FlickrexifError) -> None:
        """`ask` from another thread than the one that does the work."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.ask, reason)

    def check(self) -> None:
        """Raise the reason if there is one."""
        if self._reason is not None:
            raise self._reason from None

    async def sleep(self, seconds: float) -> None:
        """Sleep; raises `StoppedWaiting` when, or as soon as, it is asked to stop at once."""
        await _sleep_until(self._is_urgent, seconds)

    async def linger(self, seconds: float) -> None:
        """As `sleep`, but any wish to stop ends it: nobody knows how long an outage lasts."""
        await _sleep_until(self._is_told, seconds)

    @contextmanager
    def after(self, seconds: float | None, reason: FlickrexifError) -> Iterator[None]:
        """While open, `wind_down` when so many seconds have passed on the event loop's clock."""
        if seconds is None:
            yield
            return
        timer = asyncio.get_running_loop().call_later(seconds, self.wind_down, reason)
        try:
            yield
        finally:
            timer.cancel()

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """While open, a first SIGINT or SIGTERM asks to stop; a second one acts as usual.

        Outside the main thread Python delivers no signals: use `ask_from_outside` there.
        """
        self._loop = asyncio.get_running_loop()
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        loop, signals = self._loop, (signal.SIGINT, signal.SIGTERM)

        def stop() -> None:
            self.ask(interrupted())
            for number in signals:
                loop.remove_signal_handler(number)

        for number in signals:
            loop.add_signal_handler(number, stop)
        try:
            yield
        finally:
            for number in signals:
                loop.remove_signal_handler(number)


async def _sleep_until(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
    raise StoppedWaiting("the crawl stops")


async def run_jobs(jobs: Iterable[Job], *, concurrency: int, halt: Halt) -> None:
    """Run the jobs in order, ``concurrency`` at a time, until they end or one asks to stop.

    When few API calls are left, fewer run at once. A `FlickrexifError` of a job asks to stop; it is
    raised after the jobs in flight have ended.
    """
    waiting = deque(jobs)
    busy = 0

    async def worker() -> None:
        nonlocal busy
        while waiting and not halt.is_asked and halt.has_room(busy):
            job = waiting.popleft()
            busy += 1
            try:
                await job()
            except StoppedWaiting:  # the reason was told to the halt before
                continue
            except FlickrexifError as error:
                halt.ask(error)
            finally:
                busy -= 1

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(concurrency, len(waiting))):
                group.create_task(worker())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    halt.check()
