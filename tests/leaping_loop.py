"""An event loop whose time passes only by waiting, and then at once.

Nothing is done in other threads, so that a whole crawl takes the same time on every machine.
"""

from __future__ import annotations

import asyncio
import selectors
from concurrent.futures import Future, ThreadPoolExecutor

from flickrexif.errors import FlickrexifError


class _Leap(selectors.DefaultSelector):
    """Does not wait: what it would have waited is added to the time."""

    def __init__(self, now: float) -> None:
        super().__init__()
        self.now = now

    def select(self, timeout=None):
        found = super().select(0)
        if not found:
            assert timeout is not None, "everybody waits for somebody else"
            self.now += timeout
        return found


class _Inline(ThreadPoolExecutor):
    """Does in the caller's thread, at once, what is meant for another."""

    def submit(self, fn, /, *args, **words):
        done: Future[object] = Future()
        try:
            done.set_result(fn(*args, **words))
        except FlickrexifError as error:
            done.set_exception(error)
        return done


class LeapingLoop(asyncio.SelectorEventLoop):
    def __init__(self, now: float = 0.0) -> None:
        self._leap = _Leap(now)
        super().__init__(self._leap)
        self.set_default_executor(_Inline())

    @property
    def now(self) -> float:
        return self._leap.now

    def time(self) -> float:
        return self._leap.now

    def stand_still(self, seconds: float) -> None:
        """The process is stopped for so long: all timers of that time are due at its end."""
        self._leap.now += seconds

    async def shutdown_default_executor(self, timeout=None) -> None:
        """There are no threads to wait for; waiting in another one would race with the leaps."""


def run(work):
    """Run a coroutine to its end in leaping time; what it returns."""
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        return runner.run(work)
