"""Listing months into the state: whole, whole once more, or a sample of their quarter hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from flickrexif.corpus.rows import CandidateRow, WindowOutcome, WindowRow
from flickrexif.crawling.candidates import candidate_row, is_stray
from flickrexif.crawling.sampling import Coverage, rounds_of
from flickrexif.crawling.windows import TOLD_ROWS, Listing, Window, list_window
from flickrexif.errors import UpstreamError
from flickrexif.flickr.failures import RequestFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flickrexif.corpus.months import Month
    from flickrexif.corpus.plan import CrawlPlan
    from flickrexif.crawling.halt import Halt, Job
    from flickrexif.crawling.ledger import Ledger
    from flickrexif.flickr.client import FlickrClient
    from flickrexif.flickr.search import Sort
    from flickrexif.progress import Progress

SORTS: Final[dict[int, Sort]] = {1: "date-taken-asc", 2: "date-posted-desc"}
"""The order in which each sweep asks: what one hides or tears apart, the other need not."""
FEW_ROWS = 1_000
"""A month of so many rows is not listed whole for the sake of a sample."""

Outcomes = dict[Window, WindowOutcome]


@dataclass(frozen=True, slots=True)
class _Sweep:
    """One pass: what it has asked already, and, of the second, the window that the first listed."""

    number: int
    known: Outcomes
    leaf: WindowRow | None = None
    newest_upload: int | None = None
    """Of all that the first pass saw, in Unix seconds UTC."""

    def later(self, rows: Sequence[CandidateRow]) -> list[CandidateRow]:
        """The photos that the first pass did not miss: they were uploaded since."""
        newest = self.newest_upload
        return [row for row in rows if newest is not None and row.uploaded_at > newest]


@dataclass(frozen=True, slots=True)
class Lister:
    """Makes the jobs that list a month; what is in the state already is not asked again."""

    plan: CrawlPlan
    client: FlickrClient
    ledger: Ledger
    halt: Halt
    progress: Progress

    def first_sweep(self, month: Month) -> list[Job]:
        """A job for each licence: list the month, halving what tells too little."""
        sweep = _Sweep(1, self._outcomes(month, sweep=1))
        whole = [Window.of_month(month, license_id) for license_id in self.plan.license_ids]
        return [partial(self._list_tree, month, window, sweep) for window in whole]

    def second_sweep(self, month: Month) -> list[Job]:
        """A job for each window in which the first sweep came to an end, also where it cut one.

        Windows that had to be split are not asked again, but empty ones are: nearly all span the
        month, so it costs a call or two, and a whole month lost to one wrong answer shows in
        nothing else. What looks full under the other order is split like any window.

        A photo uploaded after all that the first sweep saw was not missed by it: it is a candidate
        like any, but recorded as seen by both, so that it does not count against completeness.
        """
        state, known = self.ledger.state, self._outcomes(month, sweep=2)
        newest = state.newest_upload(str(month))
        return [
            partial(self._list_tree, month, _window(leaf), _Sweep(2, known, leaf, newest))
            for leaf in state.window_rows(str(month))
            if leaf.sweep == 1 and leaf.outcome != "split"
        ]

    def samples(self, month: Month, round_number: int) -> list[Job]:
        """A job for each licence: list the quarter hours of one round."""
        quarters = rounds_of(month, seed=self.plan.seed)[round_number]
        known = {license_id: Coverage(month, license_id) for license_id in self.plan.license_ids}
        for row in self.ledger.state.window_rows(str(month)):
            known[row.license_id].add(_window(row), row.outcome, max(row.told_total, row.rows))
        return [partial(self._list_quarters, month, one, quarters) for one in known.values()]

    def _outcomes(self, month: Month, *, sweep: int) -> Outcomes:
        rows = self.ledger.state.window_rows(str(month))
        return {_window(row): row.outcome for row in rows if row.sweep == sweep}

    async def _list_tree(self, month: Month, window: Window, sweep: _Sweep) -> None:
        await self._list_halves(month, window, sweep)
        self.progress.advance()

    async def _list_halves(self, month: Month, window: Window, sweep: _Sweep) -> None:
        outcome = sweep.known.get(window)
        if outcome is None and not self.halt.is_asked:
            outcome = (await self._list(month, window, sweep)).outcome
        if outcome == "split":
            for half in window.halves():
                await self._list_halves(month, half, sweep)

    async def _list_quarters(self, month: Month, known: Coverage, quarters: Sequence[int]) -> None:
        if not known.is_begun:
            whole = Window.of_month(month, known.license_id)
            await self._list_into(known, month, whole, most_rows=FEW_ROWS)
        for quarter in quarters:
            while (window := known.next_window(quarter)) and not self.halt.is_asked:
                await self._list_into(known, month, window)
        self.progress.advance()

    async def _list_into(
        self, known: Coverage, month: Month, window: Window, *, most_rows: int = TOLD_ROWS
    ) -> None:
        row = await self._list(month, window, _Sweep(1, {}), most_rows=most_rows)
        known.add(window, row.outcome, max(row.told_total, row.rows))

    async def _list(
        self, month: Month, window: Window, sweep: _Sweep, *, most_rows: int = TOLD_ROWS
    ) -> WindowRow:
        """List one window and keep what it gave."""
        search, sort = self.client.search, SORTS[sweep.number]
        try:
            listing = await list_window(window, search, sort=sort, most_rows=most_rows)
        except RequestFailed as error:
            raise UpstreamError(
                f"Flickr does not answer searches ({error}): what was done is saved, "
                "run the same command later to resume"
            ) from None
        rows = self._candidates(month, listing)
        finished = WindowRow(
            month=str(month),
            license_id=window.license_id,
            taken_from=window.first.isoformat(sep=" "),
            taken_to=window.last.isoformat(sep=" "),
            sweep=sweep.number,
            outcome=_outcome(window, listing),
            told_total=listing.told_total,
            rows=len(rows),
            strays=len(listing.candidates) - len(rows),
        )
        self.ledger.commit(lambda: self._keep(finished, rows, sweep))
        return finished

    def _candidates(self, month: Month, listing: Listing) -> list[CandidateRow]:
        plan, connection = self.plan, self.client.connection
        return [
            candidate_row(candidate, month=month, plan=plan, connection=connection)
            for candidate in listing.candidates
            if not is_stray(candidate, month=month, plan=plan)
        ]

    def _keep(self, finished: WindowRow, rows: Sequence[CandidateRow], sweep: _Sweep) -> None:
        self.ledger.state.add_window(finished, rows)
        later = sweep.later(rows)
        if sweep.leaf is not None and later:
            self.ledger.state.add_window(sweep.leaf, later)


def _outcome(window: Window, listing: Listing) -> WindowOutcome:
    if not listing.is_full:
        return "listed"
    return "cut" if window.is_narrowest else "split"


def _window(row: WindowRow) -> Window:
    first, last = map(datetime.fromisoformat, (row.taken_from, row.taken_to))
    return Window(row.license_id, first, last)
