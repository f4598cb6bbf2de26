"""How long a crawl is at work on each phase of each month: what its estimates are made of."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

Phase = Literal["list", "look"]

LONGEST_GAP_S = 300.0
"""A longer time without any sign of work is a pause, and counts so much.

A listing commits after at most 9 pages, a look after 2 to 7 requests: at the usual budgets (about
one request a second) seconds, at an eighth of them, after many a 429, still less than two minutes.
"""


class Stopwatch:
    """Active seconds by month and phase, since they were last taken.

    A stopped process, or a laptop that slept, counts for `LONGEST_GAP_S` at most; a clock that
    jumps back counts for nothing. Nothing is counted before the first `turn_to`.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen = clock()
        self._at: tuple[str, Phase] | None = None
        self._spent: dict[tuple[str, Phase], float] = {}

    def turn_to(self, month: str, phase: Phase) -> None:
        """What follows is work on this phase of this month."""
        self._tick()
        self._at = (month, phase)

    def take(self) -> dict[tuple[str, Phase], float]:
        """Seconds since the last call; the present phase is always in it, be it with 0.

        So a phase that has begun can be told from one that has not.
        """
        self._tick()
        spent, self._spent = self._spent, {}
        return spent

    def _tick(self) -> None:
        now = self._clock()
        if self._at is not None:
            gap = min(max(0.0, now - self._seen), LONGEST_GAP_S)
            self._spent[self._at] = self._spent.get(self._at, 0.0) + gap
        self._seen = now
