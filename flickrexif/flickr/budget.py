"""Token buckets that survive a restart: how often a host may be asked."""

from __future__ import annotations

import asyncio
import hashlib
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]

BURST_S = 60.0
"""A full bucket holds this many seconds' worth of tokens."""
QUIET_S = 60.0
"""After so long without a 429 a slowed bucket speeds up by a tenth."""
SLOWEST_SHARE = 1 / 64
"""A bucket never slows below this share of its rate."""


@dataclass(frozen=True, slots=True)
class BucketState:
    """A bucket as it is kept: ``filled_at`` in Unix seconds, ``slowdown`` a share of the rate."""

    tokens: float
    filled_at: float
    slowdown: float = 1.0


class TokenBucket:
    """Lets ``rate`` requests a second through, in the order they ask; ``inf`` lets all through.

    A taker reserves its token at once and sleeps off the debt, so the bucket needs no lock. A 429
    halves the rate and empties the bucket; each quiet minute brings a tenth back. Never lets more
    than ``rate * s + max(1, BURST_S * rate)`` through in any ``s`` seconds.
    """

    def __init__(
        self,
        rate: float,
        *,
        kept: BucketState | None = None,
        clock: Clock = time.time,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._rate, self._clock, self._sleep = rate, clock, sleep
        self._capacity = max(1.0, rate * BURST_S)
        now = clock()
        kept = kept or BucketState(tokens=min(1.0, self._capacity), filled_at=now)
        self._tokens = min(kept.tokens, self._capacity)
        self._filled_at = min(kept.filled_at, now)
        self._slowdown = kept.slowdown
        self._loud_at = now

    @property
    def rate(self) -> float:
        """Requests a second at this moment."""
        return self._rate * self._slowdown

    def state(self) -> BucketState:
        """What to keep for the next run."""
        return BucketState(self._tokens, self._filled_at, self._slowdown)

    async def take(self) -> None:
        """Return when one more request may be sent."""
        if math.isinf(self._rate):
            return
        self._fill()
        self._tokens -= 1.0
        if self._tokens < 0:
            await self._sleep(-self._tokens / self.rate)

    def slow_down(self) -> None:
        """The host answered 429."""
        self._loud_at = self._clock()
        if math.isfinite(self._rate):
            self._fill()
            self._slowdown = max(SLOWEST_SHARE, self._slowdown / 2)
            self._tokens = min(self._tokens, 0.0)

    def _fill(self) -> None:
        now = self._clock()
        elapsed = max(0.0, now - self._filled_at)
        self._tokens = min(self._capacity, self._tokens + elapsed * self.rate)
        self._filled_at = now
        quiet = now - self._loud_at
        if self._slowdown < 1.0 and quiet >= QUIET_S:
            self._slowdown = min(1.0, self._slowdown * 1.1 ** (quiet // QUIET_S))
            self._loud_at = now


def bucket_name(host: str, api_key: str) -> str:
    """The name under which a bucket is kept: the key's fingerprint stands in it, never the key."""
    fingerprint = hashlib.blake2b(api_key.encode(), digest_size=6).hexdigest()
    return f"{host}:{fingerprint}"
