"""A search in memory that lies as Flickr does, and a crawler that asks it without any network."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING

from flickrexif.corpus.months import Month
from flickrexif.flickr.failures import Failure, RequestFailed
from flickrexif.flickr.search import Candidate, SearchPage

if TYPE_CHECKING:
    from collections.abc import Callable

    from flickrexif.flickr.search import SearchQuery

JANUARY = Month(2020, 1)
SECONDS = 31 * 24 * 3600


def candidate(photo_id, taken_at, *, owner_id="1@N00", license_id=4, uploaded_at=0) -> Candidate:
    return Candidate(
        photo_id=photo_id,
        owner_id=owner_id,
        owner_name=None,
        path_alias=None,
        license_id=license_id,
        taken_at=taken_at,
        is_taken_known=True,
        taken_granularity=0,
        uploaded_at=uploaded_at,
        media="photo",
        original_format="jpg",
        original_url=None,
        image_url=None,
        original_width=None,
        original_height=None,
    )


def at_seconds(moments) -> list[Candidate]:
    """Photos taken so many seconds into January 2020."""
    start = JANUARY.first
    return [candidate(n, start + timedelta(seconds=s)) for n, s in enumerate(sorted(moments), 1)]


def spread(number, seed=0, within=SECONDS) -> list[Candidate]:
    """So many photos anywhere in January 2020, or in its first seconds."""
    return at_seconds(Random(seed * 7919 + n).randrange(within) for n in range(number))


def taken_at(photo):
    return photo.taken_at


@dataclass
class FakeFlickr:
    """Searches ``photos``. ``past_end`` is what a page past the cap brings.

    ``gone`` photos take a place in a page and are not shown, nor are those that a sort order
    ``forgets``. ``tell`` makes the total of the true one and the query.
    """

    photos: list[Candidate]
    cap: int = 4000
    past_end: str = "repeats"
    """repeats | clamps | empty | refuses"""
    tell: Callable[[int, SearchQuery], int] = lambda found, query: found
    gone: frozenset[int] = frozenset()
    forgets: Callable[[int, str], bool] = lambda photo_id, sort: False
    per_page: int = 500
    asked: list[tuple[SearchQuery, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._by_license = defaultdict(list)
        for photo in sorted(self.photos, key=lambda photo: (photo.taken_at, photo.photo_id)):
            self._by_license[photo.license_id].append(photo)

    @property
    def pages(self) -> list[int]:
        return [page for _, page in self.asked]

    @property
    def shown(self) -> set[int]:
        return {photo.photo_id for photo in self.photos} - self.gone

    def _shows(self, photo_id, sort):
        return photo_id not in self.gone and not self.forgets(photo_id, sort)

    def found(self, query):
        photos = self._by_license[query.license_id]
        first = bisect_left(photos, query.taken_from, key=taken_at)
        found = photos[first : bisect_right(photos, query.taken_to, key=taken_at)]
        if query.sort == "date-posted-desc":
            found.sort(key=lambda photo: (-photo.uploaded_at, -photo.photo_id))
        return found

    async def search(self, query, page):
        self.asked.append((query, page))
        found = self.found(query)
        reach = min(len(found), self.cap)
        last = max(1, -(-reach // self.per_page))
        answered = shown = page
        if page > last and (self.past_end == "clamps" or len(found) <= self.cap):
            answered = shown = last if self.past_end == "clamps" else page
        elif page > last and self.past_end == "repeats":
            shown = last
        elif page > last and self.past_end == "refuses":
            raise RequestFailed(Failure("api", "Excessive photo offset in search", code=20))
        rows = found[(shown - 1) * self.per_page : min(shown * self.per_page, reach)]
        rows = tuple(photo for photo in rows if self._shows(photo.photo_id, query.sort))
        total = self.tell(len(found), query)
        return SearchPage(answered, -(-total // self.per_page), self.per_page, total, rows, 0)

    def calls_by_window(self) -> Counter:
        return Counter((query.taken_from, query.taken_to) for query, _ in self.asked)
