"""Committing what a crawl learns: grouped, durable, with the counts and the time beside it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
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
    _pending: list[Outcome] = field(default_factory=list)
    _writing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def commit(self, write: Callable[[], object]) -> None:
        """Do ``write`` and add requests and active seconds, in one durable transaction."""
        with self.state.transaction():
            write()
            self.state.add_calls(self.tally.take())
            for (month, phase), seconds in self.stopwatch.take().items():
                self.state.spend(month, phase, seconds)

    async def record(self, outcome: Outcome) -> None:
        """Return when ``outcome`` is durable; outcomes that come meanwhile share a commit."""
        self._pending.append(outcome)
        async with self._writing:
            outcomes, self._pending = self._pending, []
            if outcomes:
                await asyncio.to_thread(self.commit, lambda: self._add(outcomes))

    def _add(self, outcomes: list[Outcome]) -> None:
        for outcome in outcomes:
            self.state.add_outcome(outcome)
