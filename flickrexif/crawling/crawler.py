"""The order of a crawl: month by month, list, then look at photos in waves, then close shards."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from flickrexif.corpus.images import SHARD_ROWS, groups, shard_index, shard_name, write_shard
from flickrexif.corpus.rows import Consent, Outcome, ShardRow
from flickrexif.crawling.bulletin import Bulletin
from flickrexif.crawling.halt import Halt, Job, run_jobs
from flickrexif.crawling.sampling import ranks_below, rounds_of
from flickrexif.crawling.select import given_up, is_full, next_wave
from flickrexif.crawling.sweeps import Lister
from flickrexif.errors import UpstreamError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flickrexif.corpus.layout import Corpus
    from flickrexif.corpus.months import Month
    from flickrexif.crawling.evaluate import Evaluator
    from flickrexif.crawling.ledger import Ledger
    from flickrexif.ids import PhotoId
    from flickrexif.progress import Progress

log = logging.getLogger("flickrexif")

FAILURES_IN_A_ROW = 8
"""So many photos that failed one after another are an outage, not bad photos.

`flickrexif.flickr.health` has waited for its end before, if it was to wait.
"""
REFUSED = "http_403"
"""How a photo failed whose file the image host refused to this machine, today."""


@dataclass(slots=True)
class Crawler:
    """Fills one corpus; everything it learns goes through the ledger, so it can die anywhere."""

    corpus: Corpus
    ledger: Ledger
    evaluator: Evaluator
    halt: Halt
    progress: Progress
    _failed_before: set[PhotoId] = field(default_factory=set)
    _failed_in_a_row: int = 0
    _bulletin: Bulletin = field(init=False)

    def __post_init__(self) -> None:
        self._bulletin = Bulletin(self.corpus.plan, self.ledger.state, self.progress)

    async def run(self) -> None:
        """Bring every month of the plan to its end."""
        plan, state = self.corpus.plan, self.ledger.state
        self.ledger.commit(self._reopen_failed)
        settled = state.settled_months()
        for month in plan.each_month:
            if str(month) in settled:
                continue
            if plan.per_month is None:
                await self._list_whole(month)
                await self._look_at(month)
            else:
                await self._sample(month, plan.per_month)
            await self._close(month)
        self.progress.close()

    def _reopen_failed(self) -> None:
        state = self.ledger.state
        for month in {tally.month for tally in state.tallies() if tally.outcome == "failed"}:
            failed = (one.photo_id for one in state.standings(month) if one.verdict == "failed")
            self._failed_before.update(failed)
        state.reopen_failed()

    async def _list_whole(self, month: Month) -> None:
        lister = self._lister()
        await self._list(month, lister.first_sweep(month), f"listing {month}")
        if self.corpus.plan.passes == 2:
            await self._list(month, lister.second_sweep(month), f"listing {month} again")

    async def _sample(self, month: Month, per_month: int) -> None:
        lister, state = self._lister(), self.ledger.state
        for number in range(len(rounds_of(month, seed=self.corpus.plan.seed))):
            below = ranks_below(number)
            await self._list(month, lister.samples(month, number), f"sampling {month}")
            await self._look_at(month, below=below)
            if is_full(state.standings(str(month), below=below), per_month=per_month):
                return

    def _lister(self) -> Lister:
        client = self.evaluator.client
        return Lister(self.corpus.plan, client, self.ledger, self.halt, self.progress)

    async def _list(self, month: Month, jobs: Sequence[Job], what: str) -> None:
        self.ledger.stopwatch.turn_to(str(month), "list")
        self._bulletin.listing(what, month, len(jobs))
        await self._run(jobs)

    async def _look_at(self, month: Month, *, below: int | None = None) -> None:
        plan, state = self.corpus.plan, self.ledger.state
        self.ledger.stopwatch.turn_to(str(month), "look")
        self.ledger.commit(lambda: self._reject(month))
        self._bulletin.looking(month)
        while due := next_wave(
            state.standings(str(month), below=below),
            per_owner=plan.per_user_month,
            per_month=plan.per_month,
        ):
            consents = state.consents(due)
            await self._run(
                [partial(self._look_at_some, ids, consents.get(who)) for who, ids in due.items()]
            )
        self.ledger.commit(lambda: self._give_up(month, below))

    def _reject(self, month: Month) -> None:
        self.ledger.state.reject_hidden(str(month))
        self.ledger.state.reject_taken_down(str(month))

    def _give_up(self, month: Month, below: int | None) -> None:
        state = self.ledger.state
        for photo in given_up(state.standings(str(month), below=below)):
            state.add_outcome(Outcome(photo.photo_id, photo.owner_id, "rejected", "barren_owner"))

    async def _look_at_some(self, photo_ids: Sequence[PhotoId], consent: Consent | None) -> None:
        for photo in self.ledger.state.open_photos(photo_ids):
            if self.halt.is_asked or consent == "hidden":
                return
            failed_before = photo.photo_id in self._failed_before
            evaluator = self.evaluator.of_failed() if failed_before else self.evaluator
            outcome = await evaluator.evaluate(photo, consent=consent)
            await self.ledger.record(outcome)
            self._watch(outcome)
            consent = outcome.consent or consent
            self._bulletin.looked(outcome)

    def _watch(self, outcome: Outcome) -> None:
        if outcome.verdict != "failed":
            self._failed_in_a_row = 0
            return
        log.warning("photo %d failed for now: %s", outcome.photo_id, outcome.reason)
        if outcome.photo_id in self._failed_before:
            return  # it tells nothing new
        self._failed_in_a_row += 1
        if self._failed_in_a_row >= FAILURES_IN_A_ROW:
            raise _outage(outcome.reason)

    async def _close(self, month: Month) -> None:
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
        closed = [shard_index(one.name) for one in state.shards() if one.month == str(month)]
        return [
            (ids, write_shard(folder / shard_name(str(month), index), ids, state.images))
            for index, ids in enumerate(
                groups(waiting, SHARD_ROWS), start=max(closed, default=-1) + 1
            )
        ]

    async def _run(self, jobs: Sequence[Job]) -> None:
        await run_jobs(jobs, concurrency=self.evaluator.client.connection.jobs, halt=self.halt)


def _outage(reason: str | None) -> UpstreamError:
    if reason == REFUSED:
        return UpstreamError(
            f"Flickr's image host refuses to give files (HTTP 403, {FAILURES_IN_A_ROW} photos in a "
            "row) and may be blocking this machine: what was done is saved; wait some hours, then "
            "run the same command with a lower --images-per-second to resume"
        )
    return UpstreamError(
        f"Flickr does not answer ({reason}, {FAILURES_IN_A_ROW} photos in a row): "
        "what was done is saved, run the same command later to resume"
    )
