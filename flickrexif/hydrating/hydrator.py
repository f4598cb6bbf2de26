"""The order of a hydration: fetch a batch of photos, close their shards, fill the plain folder."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from flickrexif.corpus.hydration import FOR_NOW, NO_ADDRESS
from flickrexif.corpus.images import SHARD_ROWS, groups, shard_index, shard_name, write_shard
from flickrexif.crawling.crawler import FAILURES_IN_A_ROW
from flickrexif.crawling.halt import run_jobs
from flickrexif.errors import FlickrexifError, UpstreamError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flickrexif.corpus.hydration import LackingPhoto
    from flickrexif.corpus.layout import Corpus
    from flickrexif.corpus.rows import ShardRow
    from flickrexif.crawling.halt import Halt
    from flickrexif.crawling.ledger import Ledger
    from flickrexif.hydrating.fetching import Fetched, Fetcher
    from flickrexif.hydrating.folder import PlainFolder
    from flickrexif.hydrating.summary import RunCount
    from flickrexif.ids import PhotoId
    from flickrexif.progress import Progress

log = logging.getLogger("flickrexif")

BATCH_PHOTOS = 4 * SHARD_ROWS
"""So many photos are fetched before shards are closed: what waits outside of them at most."""
REFUSED = "refused: "


@dataclass(slots=True)
class Hydrator:
    """Fetches what a corpus lacks; each image goes through the ledger, so it can die anywhere."""

    corpus: Corpus
    ledger: Ledger
    fetcher: Fetcher
    halt: Halt
    progress: Progress
    count: RunCount
    folder: PlainFolder | None = None
    _in_a_row: list[PhotoId] = field(default_factory=list)

    async def run(self, photo_ids: Sequence[PhotoId]) -> None:
        """Ask for the image of each of these photos once, and close the shards of what came."""
        await self._close()  # what a run before has left
        for batch in groups(photo_ids, BATCH_PHOTOS):
            photos = self.ledger.state.lacking(batch)
            jobs = [partial(self._fetch, photo) for photo in photos]
            try:
                await run_jobs(jobs, concurrency=self.fetcher.host.connection.jobs, halt=self.halt)
            except FlickrexifError:
                await self._close()
                raise
            await self._close()

    async def _fetch(self, photo: LackingPhoto) -> None:
        fetched = await self.fetcher.fetch(photo)
        await self._record(photo.photo_id, fetched)
        self.progress.advance()
        await self._watch(photo, fetched.lack)

    async def _record(self, photo_id: PhotoId, fetched: Fetched) -> None:
        state, image = self.ledger.state, fetched.image
        if image is None:
            await self.ledger.save(partial(state.set_lack, photo_id, str(fetched.lack)))
            return
        await self.ledger.save(partial(state.add_late_image, photo_id, image))
        self.count.saved += 1
        self.count.bytes += len(image.content)

    async def _watch(self, photo: LackingPhoto, lack: str | None) -> None:
        """Raise `UpstreamError` when photo after photo fails: that is an outage.

        Photos refused in such a row are not dead: it may be this machine that is blocked.
        """
        if lack == NO_ADDRESS:
            return  # nothing was asked
        if lack is None or not lack.startswith((FOR_NOW, REFUSED)):
            self._in_a_row.clear()
            return
        log.warning("photo %d has no image for now: %s", photo.photo_id, lack)
        if photo.lack is not None:
            return  # it tells nothing new
        self._in_a_row.append(photo.photo_id)
        if len(self._in_a_row) >= FAILURES_IN_A_ROW:
            await self.ledger.save(partial(self._forgive, [*self._in_a_row]))
            raise _outage(lack)

    def _forgive(self, photo_ids: Sequence[PhotoId]) -> None:
        state = self.ledger.state
        for photo in state.lacking(photo_ids):
            if photo.lack is not None and photo.lack.startswith(REFUSED):
                state.set_lack(photo.photo_id, FOR_NOW + photo.lack.removeprefix(REFUSED))

    async def _close(self) -> None:
        closed = await asyncio.to_thread(self._write_shards)

        def write() -> None:
            for photo_ids, shard in closed:
                self.ledger.state.close_photos(photo_ids, shard)

        self.ledger.commit(write)
        if self.folder is not None:
            for _, shard in closed:
                path = self.corpus.images_folder / shard.name
                await asyncio.to_thread(self.folder.take, path)

    def _write_shards(self) -> list[tuple[Sequence[PhotoId], ShardRow]]:
        state, folder = self.ledger.state, self.corpus.images_folder
        closed: list[tuple[Sequence[PhotoId], ShardRow]] = []
        for month, photo_ids in state.late_images().items():
            folder.mkdir(exist_ok=True)
            taken = [shard_index(one.name) for one in state.shards() if one.month == month]
            closed += [
                (ids, write_shard(folder / shard_name(month, index), ids, state.images))
                for index, ids in enumerate(
                    groups(photo_ids, SHARD_ROWS), start=max(taken, default=-1) + 1
                )
            ]
        return closed


def _outage(lack: str) -> UpstreamError:
    cause = lack.partition(": ")[2]
    if lack.startswith(REFUSED):
        return UpstreamError(
            f"Flickr's image host refuses to give files ({cause}, {FAILURES_IN_A_ROW} photos in a "
            "row) and may be blocking this machine: what was done is saved; wait some hours, then "
            "run the same command with a lower --images-per-second to resume"
        )
    return UpstreamError(
        f"Flickr's image host does not answer ({cause}, {FAILURES_IN_A_ROW} photos in a row): "
        "what was done is saved, run the same command later to resume"
    )
