"""Asking Flickr for every photo that is due, owner by owner, and keeping what it says at once."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from flickrexif.crawling.halt import Halt, run_jobs
from flickrexif.errors import UpstreamError
from flickrexif.flickr.failures import RequestFailed
from flickrexif.upkeep.agenda import Agenda, owner_of
from flickrexif.upkeep.judge import Finding, judge_failure, judge_info
from flickrexif.upkeep.sighting import LEAST_SEARCHED, Sighting, look, moment_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from flickrexif.corpus.rows import AcceptedPhoto
    from flickrexif.crawling.ledger import Ledger
    from flickrexif.flickr.client import FlickrClient
    from flickrexif.flickr.failures import Failure
    from flickrexif.flickr.search import OwnerQuery, SearchPage
    from flickrexif.progress import Progress
    from flickrexif.upkeep.summary import RecheckCount

log = logging.getLogger("flickrexif")

PHOTOS_AT_ONCE = 1_000
"""So many photos are read from the state at once; an owner's photos stay together."""
FAILURES_IN_A_ROW = 8
"""So many questions that failed one after another are an outage, not bad photos."""
OWNERS_GONE_IN_A_ROW = 25
"""So many owners of whose photos none is left, one after another, are a fault of Flickr's."""

_UNKNOWN_OWNER = frozenset({2, 5})
"""Codes of flickr.photos.search with a user_id: unknown user, user deleted."""


@dataclass(slots=True)
class Inspector:
    """Rechecks the photos of one corpus that were not checked since ``checked_before``.

    Everything it learns goes through the ledger, so it can die anywhere.
    """

    ledger: Ledger
    client: FlickrClient
    wanted: frozenset[int]
    halt: Halt
    progress: Progress
    count: RecheckCount
    checked_before: int
    clock: Callable[[], float]
    each: bool = False
    _failed_in_a_row: int = 0
    _gone_in_a_row: int = 0

    async def run(self) -> None:
        """Ask for every photo that is due."""
        state = self.ledger.state
        agenda = Agenda.of(state.accepted_photos(checked_before=self.checked_before))
        self.progress.start("rechecking", len(agenda), "photos")
        for photo_ids in agenda.parts(PHOTOS_AT_ONCE):
            owners = groupby(state.accepted_among(photo_ids), owner_of)
            jobs = [partial(self._check_owner, list(photos)) for _, photos in owners]
            await run_jobs(jobs, concurrency=self.client.connection.jobs, halt=self.halt)
        self.progress.close()

    async def _check_owner(self, photos: list[AcceptedPhoto]) -> None:
        alone = [photo for photo in photos if self.each or photo.taken_at is None]
        dated = sorted((photo for photo in photos if photo not in alone), key=moment_of)
        gone = 0
        for photo in await self._unproven_by_searches(dated) + alone:
            if self.halt.is_asked:
                return
            gone += await self._check_photo(photo)
        self._watch_owner(is_gone=gone == len(photos))

    async def _unproven_by_searches(self, photos: Sequence[AcceptedPhoto]) -> list[AcceptedPhoto]:
        """Search for photos of one owner as long as that tells of any; what must be asked for."""
        unproven: list[AcceptedPhoto] = []
        while len(photos) >= LEAST_SEARCHED and not self.halt.is_asked:
            sighting = await self._look(photos)
            unproven += sighting.unlisted
            photos = sighting.beyond
            if not sighting.listed:
                break
            await self._save(Finding(photo, None, photo.license_id) for photo in sighting.listed)
        return [*unproven, *photos]

    async def _look(self, photos: Sequence[AcceptedPhoto]) -> Sighting:
        try:
            return await look(photos, self._search)
        except RequestFailed as error:
            if error.failure.kind == "api" and error.failure.code in _UNKNOWN_OWNER:
                return Sighting((), tuple(photos), ())
            self._fail(photos, error.failure)
            return Sighting((), (), ())

    async def _search(self, query: OwnerQuery) -> SearchPage:
        page = await self.client.search(query, 1)
        self._failed_in_a_row = 0
        return page

    async def _check_photo(self, photo: AcceptedPhoto) -> bool:
        """Ask for one photo; True when it is gone."""
        try:
            info = await self.client.info(photo.photo_id)
            finding = judge_info(photo, info, wanted=self.wanted)
        except RequestFailed as error:
            judged = judge_failure(photo, error.failure)
            if judged is None:
                self._fail([photo], error.failure)
                return False
            finding = judged
        self._failed_in_a_row = 0
        await self._save([finding])
        return finding.loss == "gone"

    async def _save(self, findings: Iterable[Finding]) -> None:
        """Return when the findings are durable."""
        kept = tuple(findings)
        await self.ledger.save(partial(self._write, kept))
        self.count.add(kept)
        self.progress.advance(len(kept))

    def _write(self, findings: Sequence[Finding]) -> None:
        state, at = self.ledger.state, max(int(self.clock()), self.checked_before)
        state.set_checked((finding.photo.photo_id for finding in findings), at)
        for finding in findings:
            if finding.loss is not None:
                state.remove([finding.photo.photo_id], finding.loss)
            elif finding.is_relicensed:
                state.set_license(finding.photo.photo_id, finding.license_id)

    def _fail(self, photos: Sequence[AcceptedPhoto], failure: Failure) -> None:
        """A question about ``photos`` brought nothing: they stay, and are asked for next time."""
        log.warning("photo %d was not checked: %s", photos[0].photo_id, failure)
        self.count.failed += len(photos)
        self._failed_in_a_row += 1
        if self._failed_in_a_row >= FAILURES_IN_A_ROW:
            raise UpstreamError(
                f"Flickr does not answer ({failure.cause}, {FAILURES_IN_A_ROW} times in a row): "
                "what was done is saved, run the same command later to resume"
            )

    def _watch_owner(self, *, is_gone: bool) -> None:
        self._gone_in_a_row = self._gone_in_a_row + 1 if is_gone else 0
        if self._gone_in_a_row >= OWNERS_GONE_IN_A_ROW:
            raise UpstreamError(
                f"Flickr knows no photo of {OWNERS_GONE_IN_A_ROW} owners in a row, which looks "
                "like a fault of its own: look at some of their pages, then run the same command "
                "to go on"
            )
