"""A crawl in a process of its own."""

from __future__ import annotations

import logging
import os
import resource
import signal
import sys
import time
import traceback

from forking import FORKING

from flickrexif.progress import Silent


class Life:
    """One crawl, told and ended as the command line does; ``notes`` is a folder for what it tells.

    ``environment`` is set in it, ``file_limit`` (bytes) bounds its files, ``wall_clock`` takes the
    place of the clock on the wall, with ``tells_all`` it writes every log line and the whole
    traceback of an error.
    """

    def __init__(self, corpus, plan, connection, notes, **words):
        notes.mkdir()
        self.notes = notes
        self._process = FORKING.Process(target=_live, args=(corpus, plan, connection, notes, words))
        self._process.start()
        self._code = None

    @property
    def is_alive(self) -> bool:
        return self._code is None and self._process.is_alive()

    @property
    def phase(self) -> str:
        """What the process last said that it begins; empty before anything began."""
        lines = _read(self.notes / "phases").splitlines()
        return lines[-1] if lines else ""

    @property
    def message(self) -> str:
        """What the process wrote to standard error."""
        return _read(self.notes / "errors")

    def send(self, number) -> None:
        if self.is_alive:
            os.kill(self._process.pid, number)

    def wait(self, seconds=60.0) -> int:
        """The exit code; negative for the signal that ended it."""
        if self._code is None:
            self._process.join(seconds)
            self._code = self._process.exitcode
            assert self._code is not None, f"the crawl does not end: {self.phase}"
            self._process.close()
        return self._code

    def end(self) -> int:
        self.send(signal.SIGKILL)
        return self.wait()


def wait_until(condition, life, seconds=30.0) -> bool:
    """Wait for the condition; False when the life ended before."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"waited in vain: {life.phase}"
        if not life.is_alive:
            return False
        time.sleep(0.001)
    return True


def _read(file) -> str:
    try:
        return file.read_text(errors="replace")
    except FileNotFoundError:
        return ""


class _Noting(Silent):
    """Writes the name of every phase down."""

    def __init__(self, file) -> None:
        self._file = file

    def start(self, what, total, unit, *, done=0) -> None:
        os.write(self._file, f"{what}\n".encode())


def _live(corpus, plan, connection, notes, words) -> None:
    import click

    from flickrexif import console
    from flickrexif.crawling import crawl

    os.environ.update(words.get("environment", {}))
    errors = os.open(notes / "errors", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    os.dup2(errors, 2)
    if words.get("tells_all"):
        logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
    phases = os.open(notes / "phases", os.O_CREAT | os.O_APPEND | os.O_WRONLY)
    if "wall_clock" in words:
        time.time = words["wall_clock"]
    if "file_limit" in words:
        resource.setrlimit(resource.RLIMIT_FSIZE, (words["file_limit"], words["file_limit"]))

    @click.command()
    def life() -> None:
        try:
            crawl(corpus, plan, connection=connection, progress=_Noting(phases))
        except BaseException:
            if words.get("tells_all"):
                traceback.print_exc()
            raise

    console.run(life, "life", [])
