"""What a crawl tells of its progress: the month, its photos, and how long the whole still takes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from flickrexif.crawling.outlook import Outlook, look_ahead, used
from flickrexif.crawling.telling import tell_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flickrexif.corpus.months import Month
    from flickrexif.corpus.plan import CrawlPlan
    from flickrexif.corpus.rows import Outcome
    from flickrexif.corpus.state import State
    from flickrexif.progress import Progress

REFRESH_S = 10.0
"""The estimates are made anew at most so often; they take a pass over a month's candidates."""


class Bulletin:
    """Tells a `Progress` how a crawl stands."""

    def __init__(
        self,
        plan: CrawlPlan,
        state: State,
        progress: Progress,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plan, self._state, self._progress, self._clock = plan, state, progress, clock
        months = plan.each_month
        self._places = {month: f"{n} of {len(months)}" for n, month in enumerate(months, start=1)}
        self._looking_at: Month | None = None
        self._told_at = 0.0

    def listing(self, what: str, month: Month, windows: int) -> None:
        """So many windows of a month are to be listed."""
        self._looking_at = None
        self._progress.start(f"{what} ({self._places[month]})", windows, "windows")
        self._tell()

    def looking(self, month: Month) -> None:
        """A month's photos are to be looked at."""
        self._looking_at = month
        accepted = sum(
            tally.count
            for tally in self._state.tallies()
            if (tally.month, tally.outcome) == (str(month), "accepted")
        )
        name = f"{month} ({self._places[month]})"
        self._progress.start(name, None, "photos", done=accepted)
        self._tell()

    def looked(self, outcome: Outcome) -> None:
        """A photo of the month was looked at."""
        if outcome.verdict == "accepted":
            self._progress.advance()
        if self._clock() - self._told_at >= REFRESH_S:
            self._tell()

    def _tell(self) -> None:
        self._told_at = self._clock()
        outlook = look_ahead(self._plan, self._state, self._state.tallies())
        expected = {month.month: month.expected for month in outlook.months}
        about = expected.get(str(self._looking_at))
        note = _note(outlook, self._state.calls())
        self._progress.tell(note, about=None if about is None else round(about))


def _note(outlook: Outlook, calls: Mapping[str, int]) -> str:
    """``0.21 API calls each, about 2 h 10 min left``, as far as that is known."""
    parts = []
    if outlook.total.accepted:
        each = sum(used(calls)[0]) / outlook.total.accepted
        parts.append(f"{each:.2f} API calls each")
    if outlook.left is not None:
        parts.append(f"about {tell_duration(outlook.left.seconds)} left")
    return ", ".join(parts)
