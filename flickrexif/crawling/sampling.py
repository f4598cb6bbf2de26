"""A fair sample of a month: its quarter hours in a seeded order, dealt to rounds that double.

Round after round is listed and looked at until a month is full, and a photo's rank begins with the
round of its quarter hour. So what is accepted is what the smallest ranks of the whole month give,
though most of the month is never listed. Over all seeds every photo is about equally likely; one in
a quarter hour that holds twice the usual number is a ninth less so when the first round fills the
month, since it shares that round's places with more others, and hardly so when further ones do.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from flickrexif.crawling.select import RANK_BITS, rank_of
from flickrexif.crawling.windows import Window

if TYPE_CHECKING:
    from datetime import datetime

    from flickrexif.corpus.months import Month
    from flickrexif.corpus.rows import WindowOutcome
    from flickrexif.ids import PhotoId

QUARTER = timedelta(minutes=15)
"""Narrower windows were seen to give no fewer photos (by upload date, openverse-catalog #1047)."""
FIRST_ROUND = 8
"""Quarter hours; each further round has twice as many, the last one all that are left."""
ROUND_BITS = 4
"""A month has at most 9 rounds."""
BLOCK_ROWS = 400
"""A block is the longest in which so many rows, or fewer, are expected: one page, mostly."""
LONGEST_BLOCK = 2048
"""Quarter hours: the largest power of two within every month."""
SPARSEST = BLOCK_ROWS / LONGEST_BLOCK
PRIOR_QUARTERS = 16
"""The total of the whole month counts, for the density, as so many quarter hours that were seen."""

_SECOND = timedelta(seconds=1)


def quarter_of(moment: datetime, month: Month) -> int:
    """The number of the quarter hour of ``month`` in which ``moment`` lies, from 0."""
    return (moment - month.first) // QUARTER


@lru_cache(maxsize=64)
def rounds_of(month: Month, *, seed: int) -> tuple[tuple[int, ...], ...]:
    """The quarter hours of each round, ascending; every one of the month is in one round."""

    def place(quarter: int) -> bytes:
        return hashlib.blake2b(f"{seed}:{month}:{quarter}".encode(), digest_size=8).digest()

    order = sorted(range(quarter_of(month.next().first, month)), key=place)
    rounds, size = [], FIRST_ROUND
    while order:
        rounds.append(tuple(sorted(order[:size])))
        order, size = order[size:], 2 * size
    return tuple(rounds)


@lru_cache(maxsize=64)
def _round_by_quarter(month: Month, *, seed: int) -> bytes:
    numbers = {
        quarter: number
        for number, quarters in enumerate(rounds_of(month, seed=seed))
        for quarter in quarters
    }
    return bytes(numbers[quarter] for quarter in range(len(numbers)))


def sampled_rank(photo_id: PhotoId, taken_at: datetime | None, *, month: Month, seed: int) -> int:
    """The rank of a photo of a sampled month: the round above, the hash of its id below.

    A photo without a taken date, which no quarter hour holds, comes in the last round.
    """
    numbers = _round_by_quarter(month, seed=seed)
    number = max(numbers) if taken_at is None else numbers[quarter_of(taken_at, month)]
    below = RANK_BITS - ROUND_BITS
    return number << below | rank_of(photo_id, seed=seed) >> ROUND_BITS


def ranks_below(round_number: int) -> int:
    """The bound that the ranks of this round and of all before it lie below."""
    return (round_number + 1) << (RANK_BITS - ROUND_BITS)


@dataclass(slots=True)
class Coverage:
    """What is listed of a month and licence, in blocks of quarter hours, and how dense it is.

    A block is a power of two of quarter hours, aligned within the month and cut off at its end.
    """

    month: Month
    license_id: int
    _outcomes: dict[Window, WindowOutcome] = field(default_factory=dict)
    _longest: list[int] = field(default_factory=list)
    """Of each quarter hour, the longest block in which it may still be asked; 0 when listed."""
    _rows: float = 0.0
    _quarters: float = 0.0

    def __post_init__(self) -> None:
        self._longest = [LONGEST_BLOCK] * quarter_of(self.month.next().first, self.month)

    @property
    def is_begun(self) -> bool:
        """True once anything was asked: the whole month is the first thing that is."""
        return bool(self._outcomes)

    def add(self, window: Window, outcome: WindowOutcome, rows: int) -> None:
        """A window was asked: ``rows`` is what it gave, or what was told if that is more."""
        self._outcomes[window] = outcome
        first = -((self.month.first - window.first) // QUARTER)
        end = quarter_of(window.last + _SECOND, self.month)
        length = end - first
        weight = PRIOR_QUARTERS / length if length == len(self._longest) else 1.0
        self._rows += weight * rows
        self._quarters += weight * (window.length / QUARTER)
        for quarter in range(first, end):
            most = _power_of_two(length - 1) if outcome == "split" else 0
            self._longest[quarter] = min(self._longest[quarter], most)

    def next_window(self, quarter: int) -> Window | None:
        """What to ask next for a quarter hour; None when all of it is listed.

        It is the block around it that is expected to take one call, shorter where that overflowed.
        """
        length = min(self._longest[quarter], self._usual_length())
        if not length:
            return None
        return self._unlisted(self._window(quarter - quarter % length, length))

    def _usual_length(self) -> int:
        density = self._rows / self._quarters if self._quarters else 0.0
        return _power_of_two(BLOCK_ROWS / density if density > SPARSEST else LONGEST_BLOCK)

    def _window(self, first: int, length: int) -> Window:
        start = self.month.first + first * QUARTER
        last = min(start + length * QUARTER - _SECOND, self.month.last)
        return Window(self.license_id, start, last)

    def _unlisted(self, window: Window) -> Window | None:
        """The first part of a window that was not asked, when the window was split."""
        match self._outcomes.get(window):
            case None:
                return window
            case "split":
                parts = map(self._unlisted, window.halves())
                return next((part for part in parts if part is not None), None)
            case _:
                return None


def _power_of_two(most: float) -> int:
    """The largest power of two up to ``most``, but at least 1."""
    return 1 << max(1, int(most)).bit_length() - 1
