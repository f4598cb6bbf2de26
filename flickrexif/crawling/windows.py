"""Windows: intervals of taken dates, each searched at once, and halved when it tells too little."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from flickrexif.crawling.reading import Reading
from flickrexif.flickr.search import Candidate, SearchPage, SearchQuery

if TYPE_CHECKING:
    from flickrexif.corpus.months import Month
    from flickrexif.flickr.search import Sort

Search = Callable[[SearchQuery, int], Awaitable[SearchPage]]

TOLD_ROWS = 4_000
"""So many places of a list are told, at most."""
NARROWEST = timedelta(minutes=1)
"""So narrow a window is not split: what it holds beyond what is told is cut."""
WIDE = timedelta(days=1)
"""A wider window may tell a fraction of its total; one that gives too little of it is split."""

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

    @property
    def is_narrowest(self) -> bool:
        """True when it is too narrow to be split."""
        return self.length <= NARROWEST

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


async def list_window(
    window: Window, search: Search, *, sort: Sort = "date-taken-asc", most_rows: int = TOLD_ROWS
) -> Listing:
    """Page through a window until its list is proven to end, or is full.

    A list that reaches ``most_rows`` is full: fewer than Flickr tells save the reading of a window
    that is better listed in parts.
    """
    query = SearchQuery(window.license_id, window.first, window.last, sort)
    reading = Reading(
        ask=partial(search, query),
        places=most_rows,
        is_wide=window.length > WIDE,
        is_splittable=not window.is_narrowest,
    )
    is_full = await reading.is_full()
    return Listing(tuple(reading.found.values()), reading.told, is_full)
