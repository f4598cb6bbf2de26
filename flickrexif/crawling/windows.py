"""Listing a month: intervals of taken dates, halved until a search can be trusted to tell all.

Flickr tells at most the first 4,000 photos of a search and then repeats itself, its totals are off
in both directions, and pages may be short. So nothing it says of its own completeness is believed
alone: an interval is done when its last page is clearly short, and split when it comes near the
limit, repeats itself, ends on a full page, or promises clearly more than it gives.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flickrexif.flickr.search import Candidate, SearchPage, SearchQuery

if TYPE_CHECKING:
    from flickrexif.corpus.months import Month
    from flickrexif.ids import PhotoId

Search = Callable[[SearchQuery, int], Awaitable[SearchPage]]

FULL_ROWS = 3_900
"""So many rows are too near to the 4,000 that Flickr tells."""
FULL_TOTAL = 3_800
"""So large a told total is taken as more than can be told."""
SHORT_SHARE = 0.8
"""A page with less than this share of its size is the last one, or the list is lying."""
BELIEVED_ROWS = 100
"""So few rows are believed to be all; longer lists are asked for one page past their end."""
REPEAT_SHARE = 0.2
"""So many rows known already, of one page, are a list that repeats itself."""
NARROWEST = timedelta(minutes=1)
NARROWEST_BY_TOTAL = timedelta(hours=1)
"""A told total alone splits no interval narrower than this."""

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Window:
    """The photos of one licence taken from ``first`` to ``last``, both seconds included."""

    license_id: int
    first: datetime
    last: datetime

    @classmethod
    def of_month(cls, month: Month, license_id: int) -> Window:
        """A whole month."""
        return cls(license_id, month.first, month.last)

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.last - self.first + _SECOND

    def halves(self) -> tuple[Window, Window]:
        """The earlier and the later half, in whole seconds, without gap or overlap."""
        middle = self.first + timedelta(seconds=int(self.length.total_seconds()) // 2)
        return (
            Window(self.license_id, self.first, middle - _SECOND),
            Window(self.license_id, middle, self.last),
        )


@dataclass(frozen=True, slots=True)
class Listing:
    """What a window gave: ``is_full`` when there is, or may be, more than it told."""

    candidates: tuple[Candidate, ...]
    told_total: int
    is_full: bool


async def list_window(window: Window, search: Search) -> Listing:
    """Page through a window until it ends or has to be split."""
    query = SearchQuery(window.license_id, window.first, window.last)
    found: dict[PhotoId, Candidate] = {}
    told, asked, was_short = 0, 1, True
    while True:
        answer = await search(query, asked)
        told = max(told, answer.total)
        if answer.page != asked:
            return Listing(tuple(found.values()), told, is_full=not was_short)
        fresh = {row.photo_id: row for row in answer.candidates if row.photo_id not in found}
        repeats = len(answer.candidates) - len(fresh)
        found.update(fresh)
        if _must_split(window, found, answer, repeats):
            return Listing(tuple(found.values()), told, is_full=True)
        was_short = _is_short(answer)
        ends = was_short and answer.page >= answer.pages and len(found) < BELIEVED_ROWS
        if not fresh or ends:
            break
        asked += 1
    is_full = _tells_too_little(window, found, told)
    return Listing(tuple(found.values()), told, is_full)


def _must_split(
    window: Window, found: dict[PhotoId, Candidate], answer: SearchPage, repeats: int
) -> bool:
    if len(found) >= FULL_ROWS or repeats > REPEAT_SHARE * max(1, len(answer.candidates)):
        return True
    return answer.total > FULL_TOTAL and window.length > NARROWEST_BY_TOTAL


def _is_short(answer: SearchPage) -> bool:
    rows = len(answer.candidates) + answer.malformed
    return rows < SHORT_SHARE * answer.per_page


def _tells_too_little(window: Window, found: dict[PhotoId, Candidate], told: int) -> bool:
    missing = told - len(found)
    return missing > max(100, told // 3) and window.length > NARROWEST_BY_TOTAL
