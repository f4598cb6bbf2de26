"""Sending a request again: how often, after how long, and what it costs the budget."""

from __future__ import annotations

from collections import Counter
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

from flickrexif.flickr.failures import RequestFailed, attempts_of, is_of_host
from flickrexif.flickr.health import HostHealth

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from random import Random

    from flickrexif.flickr.budget import Sleep, TokenBucket
    from flickrexif.flickr.failures import Failure
    from flickrexif.flickr.health import Asking

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


class Watch(Protocol):
    """Is told of every attempt, and may forbid it."""

    @property
    def is_proven(self) -> bool:
        """True when the host is known to be the right one: only that is worth waiting for."""
        ...

    def permit(self) -> None:
        """An attempt is about to be made; raises when it may not be."""
        ...

    def heard(self, failure: Failure | None) -> None:
        """An attempt was answered, properly or (``failure``) not."""
        ...


class Unwatched:
    """Permits every attempt."""

    @property
    def is_proven(self) -> bool:
        """See `Watch`."""
        return True

    def permit(self) -> None:
        """See `Watch`."""

    def heard(self, failure: Failure | None) -> None:
        """See `Watch`."""


@dataclass(frozen=True, slots=True)
class Retrier:
    """Runs attempts under one budget; every attempt, also a repeated one, costs a token.

    ``lane`` bounds how many attempts are under way or wait for their tokens: others queue before
    they reserve any. The pause before a repetition is spent outside of it. What has failed before,
    in an earlier run, no longer ``tells_of_host``: nothing waits for it.
    """

    bucket: TokenBucket
    tally: Tally
    backoff: Backoff
    rng: Random
    sleep: Sleep
    watch: Watch = field(default_factory=Unwatched)
    lane: AbstractAsyncContextManager[object] = field(default_factory=nullcontext)
    health: HostHealth = field(default_factory=HostHealth)
    tells_of_host: bool = True

    async def run(
        self, cause: str, attempt: Callable[[], Awaitable[T]], *, is_vital: bool = False
    ) -> T:
        """What ``attempt`` returns; raises the `RequestFailed` by which it failed for good.

        While the whole host is out, nothing fails: it waits. A request ``is_vital`` when the work
        ends without its answer.
        """
        with self.health.asking(is_vital=is_vital, tells_of_host=self.tells_of_host) as asking:
            while True:
                try:
                    return await self._persist(cause, attempt, asking)
                except RequestFailed as error:
                    failure = error.failure
                if not await self._is_excused(cause, asking, failure):
                    raise RequestFailed(failure)
                self.tally.retries[failure.cause] += 1
                if self.health.trusts_witness:
                    await self._ask_witness(cause)

    async def _is_excused(self, cause: str, asking: Asking, failure: Failure) -> bool:
        if not self.watch.is_proven:
            return False
        told = self.health.excuses(asking, failure)
        if told is None:
            await self._ask_witness(cause)
            told = self.health.excuses(asking, failure, is_asked=True)
        return bool(told)

    async def _ask_witness(self, cause: str) -> None:
        if self.health.witness is not None:
            with self.health.asking(is_witness=True) as asking, suppress(RequestFailed):
                await self._try(cause, self.health.witness, asking)

    async def _persist(self, cause: str, attempt: Callable[[], Awaitable[T]], asking: Asking) -> T:
        seen: Counter[str] = Counter()
        trouble: Failure | None = None
        for number in range(self.backoff.attempts):
            try:
                return await self._try(cause, attempt, asking)
            except RequestFailed as error:
                failure = error.failure
            if failure.status == 429:
                await self.bucket.slow_down()
            seen[failure.cause] += 1
            if seen[failure.cause] >= attempts_of(failure):
                raise RequestFailed(failure)
            trouble = failure if is_of_host(failure) else trouble
            if number + 1 >= self.backoff.attempts or self.health.is_out:
                raise RequestFailed(trouble or failure)  # no file is judged by what came once
            self.tally.retries[failure.cause] += 1
            await self.sleep(self.backoff.pause_s(number, self.rng))
        raise AssertionError("a backoff makes at least one attempt")

    async def _try(self, cause: str, attempt: Callable[[], Awaitable[T]], asking: Asking) -> T:
        async with self.lane, self.health.turn():
            self.watch.permit()
            await self.bucket.take()
            self.tally.requests[cause] += 1
            try:
                answer = await attempt()
            except RequestFailed as error:
                self._hear(asking, error.failure)
                raise
            self._hear(asking, None)
            self.health.witness = attempt
            return answer

    def _hear(self, asking: Asking, failure: Failure | None) -> None:
        self.watch.heard(failure)
        self.health.heard(asking, failure)
