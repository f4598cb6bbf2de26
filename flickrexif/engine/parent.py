"""Worker processes that do not outlive the process that started them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CAN_BLOCK = hasattr(signal, "pthread_sigmask")  # not on Windows


@contextmanager
def deferred_interrupts() -> Iterator[None]:
    """Hold back Ctrl-C: from here until the end, from workers started herein until they take it.

    A terminal sends it to workers too, and one that is still importing would answer with a
    traceback. A signal that a thread blocks stays blocked in the processes that it starts (POSIX,
    ``sigprocmask`` and ``exec``), until `end_by_interrupt`.
    """
    if not CAN_BLOCK:
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_by_interrupt() -> None:
    """End this worker process by Ctrl-C at once and without a word, also by one held back so far.

    Its parent is interrupted as well and tells it.
    """
    if CAN_BLOCK:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def end_with_parent() -> None:
    """End this worker process as soon as its parent has ended, however that ended.

    To be called first in a worker. A killed parent cannot tell its workers: each would wait for
    work for ever, holding standard output and error open, and multiprocessing's resource tracker
    with it, which ends with the last of them.
    """
    threading.Thread(target=_wait_and_end, name="end with parent", daemon=True).start()


def _wait_and_end() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
