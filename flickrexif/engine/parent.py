"""Worker processes that do not outlive the process that started them."""

from __future__ import annotations

import multiprocessing
import os
import threading
from multiprocessing.connection import wait


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
