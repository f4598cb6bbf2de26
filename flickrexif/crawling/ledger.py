"""Committing what a crawl learns: grouped, durable, with the budgets and counts beside it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from flickrexif.corpus.rows import Outcome
    from flickrexif.corpus.state import State
    from flickrexif.flickr.budget import TokenBucket
    from flickrexif.flickr.retrying import Tally


@dataclass(slots=True)
class Ledger:
    """The one writer of a crawl's state."""

    state: State
    tally: Tally
    buckets: dict[str, TokenBucket]
    _pending: list[Outcome] = field(default_factory=list)
    _writing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def commit(self, write: Callable[[], object]) -> None:
        """Do ``write`` and keep budgets and counts, in one durable transaction."""
        with self.state.transaction():
            write()
            for name, bucket in self.buckets.items():
                self.state.keep_budget(name, bucket.state())
            self.state.add_calls(self.tally.take())

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
