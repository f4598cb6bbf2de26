"""Work on many photos or pairs in threads: decoding and matching leave Python's lock alone."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

Given = TypeVar("Given")
Made = TypeVar("Made")

THREADS = min(4, os.cpu_count() or 1)
AHEAD = 2 * THREADS
"""How much of what is given may be held at once."""


def side_by_side(
    work: Callable[[Given], Made], given: Iterable[Given], *, threads: int = THREADS
) -> Iterator[Made]:
    """``map(work, given)`` in ``threads`` threads, a few ahead of the reader, in order."""
    with ThreadPoolExecutor(threads) as pool:
        waiting: deque[Future[Made]] = deque()
        try:
            for one in given:
                waiting.append(pool.submit(work, one))
                if len(waiting) >= AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for late in waiting:
                late.cancel()
