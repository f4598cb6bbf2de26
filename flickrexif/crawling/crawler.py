"""The order of a crawl: month by month, list, then look at photos in waves, then close shards."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from flickrexif.corpus.images import SHARD_ROWS, groups, shard_name, write_shard
from flickrexif.corpus.rows import Consent, Outcome, ShardRow, WindowOutcome, WindowRow
from flickrexif.crawling.candidates import candidate_row, is_stray
from flickrexif.crawling.halt import Halt, Job, run_jobs
from flickrexif.crawling.select import next_wave
from flickrexif.crawling.windows import NARROWEST, Listing, Window, list_window
from flickrexif.errors import UpstreamError
from flickrexif.flickr.failures import RequestFailed

if TYPE_CHECKING:
    from flickrexif.corpus.layout import Corpus
    from flickrexif.corpus.months import Month
    from flickrexif.crawling.evaluate import Evaluator
    from flickrexif.crawling.ledger import Ledger
    from flickrexif.ids import PhotoId
    from flickrexif.progress import Progress

log = logging.getLogger("flickrexif")

FAILURES_IN_A_ROW = 8
"""So many photos that failed one after another are an outage, not bad photos."""

Finished = Mapping[tuple[int, str, str], WindowOutcome]


@dataclass(slots=True)
class Crawler:
    """Fills one corpus; everything it learns goes through the ledger, so it can die anywhere."""

    corpus: Corpus
    ledger: Ledger
    evaluator: Evaluator
    halt: Halt
    progress: Progress
    _failed_in_a_row: int = 0

    async def run(self) -> None:
        """Bring every month of the plan to its end."""
        state = self.ledger.state
        self.ledger.commit(state.reopen_failed)
        settled = state.settled_months()
        for month in self.corpus.plan.each_month:
            if str(month) not in settled:
                await self._list_month(month)
                await self._look_at_month(month)
                await self._close_month(month)
        self.progress.close()

    async def _list_month(self, month: Month) -> None:
        finished = self.ledger.state.windows(str(month))
        licenses = self.corpus.plan.license_ids
        self.progress.start(f"listing {month}", len(licenses), "licences")
        jobs = [partial(self._list_license, month, license_id, finished) for license_id in licenses]
        await self._run(jobs)

    async def _list_license(self, month: Month, license_id: int, finished: Finished) -> None:
        try:
            await self._list_window(month, Window.of_month(month, license_id), finished)
        except RequestFailed as error:
            raise UpstreamError(
                f"Flickr does not answer searches ({error}): what was done is saved, "
                "run the same command later to resume"
            ) from None
        self.progress.advance()

    async def _list_window(self, month: Month, window: Window, finished: Finished) -> None:
        first, last = (end.isoformat(sep=" ") for end in (window.first, window.last))
        outcome = finished.get((window.license_id, first, last))
        if outcome is None:
            if self.halt.is_asked:
                return
            listing = await list_window(window, self.evaluator.client.search)
            outcome = _window_outcome(window, listing)
            self._add_listing(month, window, listing, outcome)
        if outcome == "split":
            for half in window.halves():
                await self._list_window(month, half, finished)

    def _add_listing(
        self, month: Month, window: Window, listing: Listing, outcome: WindowOutcome
    ) -> None:
        plan, connection = self.corpus.plan, self.evaluator.client.connection
        rows = [
            candidate_row(candidate, month=month, plan=plan, connection=connection)
            for candidate in listing.candidates
            if not is_stray(candidate, month=month, plan=plan)
        ]
        finished = WindowRow(
            month=str(month),
            license_id=window.license_id,
            taken_from=window.first.isoformat(sep=" "),
            taken_to=window.last.isoformat(sep=" "),
            outcome=outcome,
            told_total=listing.told_total,
            rows=len(rows),
            strays=len(listing.candidates) - len(rows),
        )
        self.ledger.commit(lambda: self.ledger.state.add_window(finished, rows))

    async def _look_at_month(self, month: Month) -> None:
        plan, state = self.corpus.plan, self.ledger.state
        self.ledger.commit(lambda: state.reject_hidden(str(month)))
        self.progress.start(f"photos of {month}", None, "photos")
        while due := next_wave(
            state.standings(str(month)), per_owner=plan.per_user_month, per_month=plan.per_month
        ):
            consents = state.consents(due)
            await self._run(
                [partial(self._look_at, ids, consents.get(owner)) for owner, ids in due.items()]
            )

    async def _look_at(self, photo_ids: Sequence[PhotoId], consent: Consent | None) -> None:
        for photo in self.ledger.state.open_photos(photo_ids):
            if self.halt.is_asked or consent == "hidden":
                return
            outcome = await self.evaluator.evaluate(photo, consent=consent)
            await self.ledger.record(outcome)
            self._watch(outcome)
            consent = outcome.consent or consent
            self.progress.advance()

    def _watch(self, outcome: Outcome) -> None:
        if outcome.verdict != "failed":
            self._failed_in_a_row = 0
            return
        log.warning("photo %d failed for now: %s", outcome.photo_id, outcome.reason)
        self._failed_in_a_row += 1
        if self._failed_in_a_row >= FAILURES_IN_A_ROW:
            raise UpstreamError(
                f"Flickr does not answer ({outcome.reason}, {FAILURES_IN_A_ROW} photos in a row): "
                "what was done is saved, run the same command later to resume"
            )

    async def _close_month(self, month: Month) -> None:
        state = self.ledger.state
        waiting = state.waiting(str(month))
        if self.corpus.plan.size == "none":
            closed: list[tuple[Sequence[PhotoId], ShardRow | None]] = [(waiting, None)]
        else:
            closed = await asyncio.to_thread(self._write_shards, month, waiting)

        def write() -> None:
            for photo_ids, shard in closed:
                state.close_photos(photo_ids, shard)
            state.settle_month(str(month))

        self.ledger.commit(write)

    def _write_shards(
        self, month: Month, waiting: Sequence[PhotoId]
    ) -> list[tuple[Sequence[PhotoId], ShardRow | None]]:
        state, folder = self.ledger.state, self.corpus.images_folder
        folder.mkdir(exist_ok=True)
        closed_before = sum(shard.month == str(month) for shard in state.shards())
        return [
            (ids, write_shard(folder / shard_name(str(month), index), ids, state.image))
            for index, ids in enumerate(groups(waiting, SHARD_ROWS), start=closed_before)
        ]

    async def _run(self, jobs: Sequence[Job]) -> None:
        concurrency = self.evaluator.client.connection.concurrency
        await run_jobs(jobs, concurrency=concurrency, halt=self.halt)


def _window_outcome(window: Window, listing: Listing) -> WindowOutcome:
    if not listing.is_full:
        return "listed"
    return "split" if window.length > NARROWEST else "cut"
