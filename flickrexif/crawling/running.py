"""Running a corpus's asynchronous work to its end, and what a full disk makes of it."""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flickrexif.crawling.halt import interrupted
from flickrexif.errors import FlickrexifError

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator
    from pathlib import Path

    from flickrexif.crawling.halt import Halt


def finish(work: Coroutine[object, object, None], halt: Halt) -> None:
    """Run ``work`` to its end, also where a loop runs already, as in a notebook."""
    if not _runs_in_a_loop():
        asyncio.run(work)
        return
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(asyncio.run, work)
        try:
            running.result()
        except KeyboardInterrupt:
            halt.ask_from_outside(interrupted())
            running.result()


@contextmanager
def saved(corpus: Path) -> Iterator[None]:
    """Tell as a `FlickrexifError` with its remedy when a corpus cannot be written inside."""
    try:
        yield
    except (sqlite3.OperationalError, OSError) as error:
        raise FlickrexifError(
            f"corpus {str(corpus)!r} cannot be written ({error}): make room or mend it, "
            "then run the same command to resume"
        ) from error


def _runs_in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
