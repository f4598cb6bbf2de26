"""Token buckets: how often a host may be asked, by whoever shares the bucket."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import math
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Protocol
from urllib.parse import urlsplit

from flickrexif.flickr.pace import BucketState, Moment, Pace

log = logging.getLogger("flickrexif")

Sleep = Callable[[float], Awaitable[None]]

LATE_S = 1.0
"""A taker that wakes so much too late waits for another token: the process had stood still."""
LONG_WAIT_S = 15.0
"""A wait worth a word in the log."""
TELL_EVERY_S = 300.0
"""A bucket tells of its long waits at most so often."""
BUSY_S = 0.05
"""Pause before asking again a keeper that another process holds."""
SUSPECT_TRIES = 600
"""After so many pauses (half a minute) that process is suspect."""

Change = Callable[[BucketState | None], BucketState]
Step = Callable[[BucketState | None, Moment], BucketState]


class KeeperBusy(Exception):  # noqa: N818 - no failure: the same call succeeds a little later
    """Another process holds the state at this moment; the message says which state."""


class Keeper(Protocol):
    """Holds the state of one bucket."""

    def update(self, change: Change) -> BucketState:
        """Replace the state by what ``change`` makes of it, and return that.

        Nobody else sees or changes the state meanwhile. Raises `KeeperBusy`, with nothing changed.
        """
        ...


class Memory:
    """Keeps a bucket for as long as this object lives."""

    def __init__(self, kept: BucketState | None = None) -> None:
        self.kept = kept

    def update(self, change: Change) -> BucketState:
        """See `Keeper`."""
        self.kept = change(self.kept)
        return self.kept


class TokenBucket:
    """Lets ``rate`` requests a second through, in the order they ask; ``inf`` lets all through.

    A taker reserves its token at once and sleeps off the debt. A 429 halves the rate and empties
    the bucket; each quiet minute brings a tenth back. Never lets more than
    ``rate * (s + LATE_S) + burst`` through in any ``s`` seconds (`Pace`), over all that share the
    keeper. A token reserved by a taker that dies is lost.
    """

    def __init__(
        self,
        rate: float,
        *,
        burst: float = 0.0,
        label: str = "",
        keeper: Keeper | None = None,
        clock: Callable[[], Moment] = Moment.now,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._pace, self._label = Pace(rate, burst), label or "requests"
        self._keeper: Keeper = keeper or Memory()
        self._clock, self._sleep = clock, sleep
        self._slowdown = 1.0
        self._told_at = -math.inf

    @property
    def rate(self) -> float:
        """Requests a second, as of the last request."""
        return self._pace.rate * self._slowdown

    async def take(self) -> None:
        """Return when one more request may be sent."""
        late_s = math.inf
        while late_s > LATE_S and math.isfinite(self._pace.rate):
            state = await self._update(self._pace.taken)
            wait_s = self._pace.wait_s(state)
            if not wait_s:
                return
            self._tell(wait_s, state.at)
            await self._sleep(wait_s)
            late_s = self._clock().uptime - state.at.uptime - wait_s

    async def slow_down(self) -> None:
        """The host answered 429."""
        if math.isfinite(self._pace.rate):
            await self._update(self._pace.slowed)

    async def _update(self, step: Step) -> BucketState:
        for tries in count(1):
            try:
                # The clock is read inside, so that states follow each other as their moments do.
                state = self._keeper.update(lambda kept: step(kept, self._clock()))
            except KeeperBusy as busy:
                if tries == SUSPECT_TRIES:
                    log.warning("%s: waiting, because %s; if it hangs, end it", self._label, busy)
                await self._sleep(BUSY_S)
            else:
                self._slowdown = state.slowdown
                return state
        raise AssertionError("never reached: counting has no end")

    def _tell(self, wait_s: float, now: Moment) -> None:
        if wait_s < LONG_WAIT_S or now.uptime - self._told_at < TELL_EVERY_S:
            return
        self._told_at = now.uptime
        why = "slowed after HTTP 429, now" if self._slowdown < 1.0 else "limited to"
        log.info("%s: %s %s, next in %.0f s", self._label, why, tell_rate(self.rate), wait_s)


def tell_rate(per_second: float) -> str:
    """``1.5 a second`` or ``50 an hour``, whichever reads better."""
    return f"{per_second:.3g} a second" if per_second >= 1 else f"{per_second * 3600:.0f} an hour"


def bucket_name(host: str, api_key: str) -> str:
    """The name under which a bucket is kept: the key's fingerprint stands in it, never the key."""
    fingerprint = hashlib.blake2b(api_key.encode(), digest_size=6).hexdigest()
    return f"{host}:{fingerprint}"


def image_bucket_name(image_base: str) -> str:
    """The name under which the bucket of an image host is kept."""
    return f"images {urlsplit(image_base).netloc}"
