"""A recheck or a takedown in a process of its own, for tests that kill it."""

from __future__ import annotations

import os
import signal
import sys
import time

from forking import FORKING

from flickrexif.errors import FlickrexifError
from flickrexif.flickr import Connection
from flickrexif.upkeep import recheck, takedown


class Keeping:
    """``recheck`` or ``takedown`` of a corpus with its words, begun when it was made.

    After so many ``steps`` of its progress it kills itself (0: never).
    """

    def __init__(self, keep, corpus, *words, steps=0) -> None:
        begun = FORKING.Event()
        self._process = FORKING.Process(target=_live, args=(keep, corpus, words, steps, begun))
        self._process.start()
        assert begun.wait(30)

    def kill_when(self, is_time) -> bool:
        """Kill it at a moment, unless it ends before; whether it was killed."""
        while not is_time() and self._process.is_alive():
            time.sleep(0.001)
        self._process.kill()
        return self.wait() == -signal.SIGKILL

    def wait(self) -> int:
        """The exit code; negative for the signal that ended it."""
        self._process.join(60)
        assert self._process.exitcode is not None
        return self._process.exitcode


class Deadly:
    """A progress at one of whose steps the process dies."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def start(self, what: str, total: int | None, unit: str) -> None:
        self._step()

    def advance(self, units: int = 1) -> None:
        self._step()

    def close(self) -> None:
        self._step()

    def _step(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def _live(keep, corpus, words, steps, begun) -> None:
    begun.set()
    try:
        keep(corpus, words, Deadly(steps))
    except FlickrexifError as error:
        sys.exit(error.exit_code)


def rechecked(corpus, words, progress) -> None:
    """By the addresses of a Flickr and of its images."""
    connection = Connection.embedded(*words)
    recheck(corpus, connection=connection, older_than=0, progress=progress)


def taken_down(corpus, words, progress) -> None:
    """By the ids of photos."""
    takedown(corpus, photos=words, progress=progress)
