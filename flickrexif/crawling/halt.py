"""Stopping a crawl in good order: what is in flight ends and is saved, nothing new begins."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager

from flickrexif.errors import FlickrexifError, Interrupted

Job = Callable[[], Awaitable[None]]

RESUME = "interrupted; to resume run the same command"


class StoppedWaiting(FlickrexifError):  # noqa: N818 - not an error: the reason is the halt's
    """A pause was cut short because the crawl stops, for a reason asked before."""


class Halt:
    """Asked at most once to stop, for a reason that is raised when the work has come to rest."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self._reason: FlickrexifError | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def is_asked(self) -> bool:
        """True once nothing new should begin."""
        return self._asked.is_set()

    def ask(self, reason: FlickrexifError) -> None:
        """Stop; the first reason counts."""
        self._reason = self._reason or reason
        self._asked.set()

    def ask_from_outside(self, reason: FlickrexifError) -> None:
        """`ask` from another thread than the one that does the work."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.ask, reason)

    def check(self) -> None:
        """Raise the reason if there is one."""
        if self._reason is not None:
            raise self._reason from None

    async def sleep(self, seconds: float) -> None:
        """Sleep; raises `StoppedWaiting` when, or as soon as, it is asked to stop."""
        try:
            await asyncio.wait_for(self._asked.wait(), seconds)
        except TimeoutError:
            return
        raise StoppedWaiting("the crawl stops")

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
            self.ask(Interrupted(RESUME))
            for number in signals:
                loop.remove_signal_handler(number)

        for number in signals:
            loop.add_signal_handler(number, stop)
        try:
            yield
        finally:
            for number in signals:
                loop.remove_signal_handler(number)


async def run_jobs(jobs: Iterable[Job], *, concurrency: int, halt: Halt) -> None:
    """Run the jobs in order, ``concurrency`` at a time, until they end or one asks to stop.

    A `FlickrexifError` of a job asks; it is raised after the jobs in flight have ended.
    """
    waiting = deque(jobs)

    async def worker() -> None:
        while waiting and not halt.is_asked:
            job = waiting.popleft()
            try:
                await job()
            except FlickrexifError as error:
                halt.ask(error)

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(concurrency, len(waiting))):
                group.create_task(worker())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    halt.check()
