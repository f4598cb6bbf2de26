"""Committing what a crawl learns: grouped, durable, with the counts and the time beside it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from flickrexif.crawling.stopwatch import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Callable

    from flickrexif.corpus.rows import Outcome
    from flickrexif.corpus.state import State
    from flickrexif.flickr.retrying import Tally


@dataclass(slots=True)
class Ledger:
    """The one writer of a crawl's state."""

    state: State
    tally: Tally
    stopwatch: Stopwatch = field(default_factory=Stopwatch)
    _due: list[Callable[[], object]] = field(default_factory=list)
    _saving: asyncio.Task[None] | None = None
    _writing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def commit(self, write: Callable[[], object]) -> None:
        """Do ``write`` and add requests and active seconds, in one durable transaction."""
        with self.state.transaction():
            write()
            self.state.add_calls(self.tally.take())
            for (month, phase), seconds in self.stopwatch.take().items():
                self.state.spend(month, phase, seconds)

    async def record(self, outcome: Outcome) -> None:
        """Return when ``outcome`` is durable."""
        await self.save(partial(self.state.add_outcome, outcome))

    async def save(self, write: Callable[[], object]) -> None:
        """Return when what ``write`` does is durable; writes that come meanwhile share a commit."""
        self._due.append(write)
        if self._saving is None:
            self._saving = asyncio.create_task(self._save_due())
            self._saving.add_done_callback(_heed)
        await asyncio.shield(self._saving)

    async def _save_due(self) -> None:
        async with self._writing:
            await asyncio.sleep(0)  # who waited for the commit before may have the next one ready
            due, self._due, self._saving = self._due, [], None
            await asyncio.to_thread(self.commit, lambda: [write() for write in due])


def _heed(task: asyncio.Task[None]) -> None:
    """Asyncio complains of an error that nobody asked for, as when all who waited are cancelled."""
    if not task.cancelled():
        task.exception()
