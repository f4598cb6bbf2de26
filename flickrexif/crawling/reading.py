"""Reading one list page by page, until its end is proven or it shows more than it will tell.

Flickr tells at most the first 4,000 places of a search, then repeats itself, clamps the page or
refuses it; its totals are off in both directions, and pages may be short or empty anywhere, since
photos that are gone keep their places. So nothing it says of its own completeness is believed
alone. A list ends where a page past it is empty or clamped; a single page is believed when its rows
and its total agree that it is far from full. A list is full when it reaches the last page that is
told, when it repeats itself, or when its total, asked once more, keeps promising clearly more.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

from flickrexif.flickr.failures import RequestFailed
from flickrexif.flickr.search import Candidate, SearchPage

if TYPE_CHECKING:
    from flickrexif.ids import PhotoId

AskPage = Callable[[int], Awaitable[SearchPage]]

FULL_SHARE = 0.8
"""A total above this share of what is told: to read on is likelier in vain than not."""
BELIEVED_SHARE, BELIEVED_SHARE_WIDE = 0.8, 0.5
"""A first page is all there is when its rows and the total are at most this share of a page."""
REPEAT_SHARE = 0.2
"""So large a share of a page, known already, is a list that repeats itself."""
MISSING_ROWS, MISSING_SHARE = 100, 1 / 3
"""A total promises clearly more when so many rows, and so large a share of it, do not come."""
EXCESSIVE_OFFSET = 20
"""Code of flickr.photos.search for a page past what it tells."""


class Turn(Enum):
    """What a page showed: fresh rows, nothing (or an earlier page), or no way on."""

    ROWS = auto()
    NOTHING = auto()
    BLOCKED = auto()


@dataclass(slots=True)
class Reading:
    """A list and what its pages have told so far.

    ``places`` are told at most. The total of a ``is_wide`` list may be a fraction of the truth; one
    that ``is_splittable`` is not read on when it looks full.
    """

    ask: AskPage
    places: int
    is_wide: bool
    is_splittable: bool
    found: dict[PhotoId, Candidate] = field(default_factory=dict)
    told: int = 0
    """The largest total so far."""
    _per_page: int = 1
    _turns: dict[int, Turn] = field(default_factory=dict)
    _reaches: int = 0
    """The last page known to hold rows."""
    _ends: float = math.inf
    """The last page there is, when a clamped answer told."""
    _has_asked_promised: bool = False

    async def is_full(self) -> bool:
        """Read the list; True when there is, or may be, more of it than was told.

        Costs at most two requests more than the list has pages.
        """
        first = await self._turn_to(1)
        if first is Turn.BLOCKED or self._is_all():
            return first is Turn.BLOCKED
        if self.is_splittable and self.told > FULL_SHARE * self.places and await self._overflows():
            return True
        for page in range(2, self._last_told + 1):
            turn = await self._turn_to(page)
            if turn is Turn.BLOCKED:
                return True
            if turn is Turn.NOTHING and page > self._reaches and not await self._goes_on(page):
                return self.is_wide and self._promises_more()
        return True

    async def _turn_to(self, page: int) -> Turn:
        if page > self._ends:
            return Turn.NOTHING
        if page not in self._turns:
            self._turns[page] = await self._read(page)
        return self._turns[page]

    async def _read(self, page: int) -> Turn:
        try:
            answer = await self.ask(page)
        except RequestFailed as error:
            if page > 1 and (error.failure.kind, error.failure.code) == ("api", EXCESSIVE_OFFSET):
                return Turn.BLOCKED
            raise
        rows = {row.photo_id: row for row in answer.candidates}
        fresh = rows.keys() - self.found.keys()
        self.found.update(rows)
        self.told, self._per_page = max(self.told, answer.total), max(1, answer.per_page)
        answered = max(1, answer.page)
        if answered < page:
            self._end_with(answered)
            return Turn.NOTHING
        repeats = len(answer.candidates) - len(fresh)
        is_repeated = repeats > REPEAT_SHARE * self._per_page or (repeats and not fresh)
        if answered > page or is_repeated:
            return Turn.BLOCKED
        return Turn.ROWS if answer.candidates or answer.malformed else Turn.NOTHING

    def _end_with(self, answered: int) -> None:
        """A page past the end was answered by the last one; by an earlier one it says nothing."""
        if answered >= max(self._turns):
            self._turns[answered] = Turn.ROWS
            self._ends = answered

    @property
    def _last_told(self) -> int:
        return max(1, self.places // self._per_page)

    def _is_all(self) -> bool:
        most = self._per_page * (BELIEVED_SHARE_WIDE if self.is_wide else BELIEVED_SHARE)
        return len(self.found) <= most and self.told <= most

    async def _overflows(self) -> bool:
        """Whether the total that fills the list is true: the last page that is told shows it."""
        return self.is_wide or await self._turn_to(self._last_told) is not Turn.NOTHING

    async def _goes_on(self, page: int) -> bool:
        """Whether rows come after an empty page: the last page that the total promises shows it."""
        promised = min(self._last_told, math.ceil(self.told / self._per_page))
        if self._has_asked_promised or promised <= page or not self._promises_more():
            return False
        self._has_asked_promised = True
        if await self._turn_to(promised) is Turn.NOTHING:
            return False
        self._reaches = promised
        return True

    def _promises_more(self) -> bool:
        missing = self.told - len(self.found)
        return missing > max(MISSING_ROWS, MISSING_SHARE * self.told)
