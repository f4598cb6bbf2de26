"""Sending a request again: how often, after how long, and what it costs the budget."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from flickrexif.flickr.failures import RequestFailed, attempts_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from random import Random

    from flickrexif.flickr.budget import Sleep, TokenBucket

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Backoff:
    """Pauses that double from ``base_s`` up to ``longest_s``, each times a random 0.5 to 1.5."""

    base_s: float = 0.5
    longest_s: float = 60.0
    attempts: int = 6

    def pause_s(self, attempt: int, rng: Random) -> float:
        """Seconds to wait after the failed attempt number ``attempt`` (from 0)."""
        return float(min(self.longest_s, self.base_s * 2**attempt) * rng.uniform(0.5, 1.5))


@dataclass(slots=True)
class Tally:
    """Requests sent since the last count, by cause, and the failures that were tried again."""

    requests: Counter[str] = field(default_factory=Counter)
    retries: Counter[str] = field(default_factory=Counter)

    def take(self) -> dict[str, int]:
        """Everything counted so far, retries under ``retry <failure>``; starts from zero again."""
        counts = {**self.requests, **{f"retry {why}": n for why, n in self.retries.items()}}
        self.requests.clear()
        self.retries.clear()
        return counts


@dataclass(frozen=True, slots=True)
class Retrier:
    """Runs attempts under one budget; every attempt, also a repeated one, costs a token."""

    bucket: TokenBucket
    tally: Tally
    backoff: Backoff
    rng: Random
    sleep: Sleep

    async def run(self, cause: str, attempt: Callable[[], Awaitable[T]]) -> T:
        """What ``attempt`` returns; raises its last `RequestFailed`."""
        seen: Counter[str] = Counter()
        for number in range(self.backoff.attempts):
            await self.bucket.take()
            self.tally.requests[cause] += 1
            try:
                return await attempt()
            except RequestFailed as error:
                failure = error.failure
            if failure.status == 429:
                self.bucket.slow_down()
            seen[failure.cause] += 1
            if number + 1 >= self.backoff.attempts or seen[failure.cause] >= attempts_of(failure):
                raise RequestFailed(failure)
            self.tally.retries[failure.cause] += 1
            await self.sleep(self.backoff.pause_s(number, self.rng))
        raise AssertionError("a backoff makes at least one attempt")
