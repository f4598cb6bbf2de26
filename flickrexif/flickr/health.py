"""Is a host out of service, or is one request of it bad? And waiting for a host that is out.

A request that failed as often as it may tells little by itself: a photo may have a file that the
host cannot give, today or ever. So the request that was answered last, the witness, is made again:
when it fails too, it is the host. A witness may be answered from a cache though, while nothing new
is: so many requests that fail one after the other are an outage whatever it says.

While a host is out its requests wait, and one after the other, each after a longer pause, tries
whether it is back; the first answer lets all of them go on, none of them lost.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    contextmanager,
    nullcontext,
)
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from flickrexif.flickr.failures import is_of_host, is_refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from flickrexif.flickr.budget import Sleep
    from flickrexif.flickr.failures import Failure

log = logging.getLogger("flickrexif")

LOSSES_IN_A_ROW = 6
"""So many requests that failed for good or by HTTP 403, with no other answer, are an outage."""
ENOUGH = 2
"""So many requests that fail side by side are one before the host has answered anything."""
VITAL_ROUNDS = 5
"""So often a vital request is made anew that fails while others are answered."""

Witness = Callable[[], Awaitable[object]]
"""Makes once more the request that was answered last."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How a host that is out is waited for: so many ``seconds`` without one answer (0: not at all).

    The first pause is doubled by each try that fails. ``sleep`` raises when the wait is to end.
    """

    seconds: float = 0.0
    first_pause_s: float = 60.0
    longest_pause_s: float = 900.0
    sleep: Sleep = asyncio.sleep


NO_PATIENCE = Patience()


@dataclass(eq=False, slots=True)
class Asking:
    """One request with all its repetitions.

    ``is_vital``: without its answer nothing can go on. ``tells_of_host``: that it fails is news.
    """

    is_vital: bool
    tells_of_host: bool
    is_witness: bool
    answers: int
    """How many the host had given when this request last failed, or began."""
    answers_before: int
    """How many when it had failed the time before that."""
    turns: int
    """How often the host had gone out or come back when the present attempts began."""
    is_failing: bool = False
    """It failed, and the host has given no answer since."""
    rounds: int = 0
    """How often it failed for good while others were answered."""


class HostHealth:
    """What the requests of one host tell of it, and the waiting while it is out.

    Time is the event loop's, which stands still while a laptop sleeps: only hours in which the host
    could have been asked count against the patience.
    """

    def __init__(self, name: str = "the host", patience: Patience = NO_PATIENCE) -> None:
        self.witness: Witness | None = None
        self._name, self._patience = name, patience
        self._is_out = self._has_given_up = self._trusts_witness = False
        self._answers = self._lost = self._turns = 0
        self._under_way: set[Asking] = set()
        self._failing_since = self._out_since = 0.0
        self._pause_s = patience.first_pause_s
        self._trying = asyncio.Lock()

    @property
    def is_out(self) -> bool:
        """True while all requests wait for the host."""
        return self._is_out

    @contextmanager
    def asking(
        self, *, is_vital: bool = False, tells_of_host: bool = True, is_witness: bool = False
    ) -> Iterator[Asking]:
        """Open while one request and its repetitions are under way."""
        asking = Asking(
            is_vital=is_vital,
            tells_of_host=tells_of_host,
            is_witness=is_witness,
            answers=self._answers,
            answers_before=self._answers,
            turns=self._turns,
        )
        self._under_way.add(asking)
        try:
            yield asking
        finally:
            self._under_way.discard(asking)

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Open for one attempt: at once; while the host is out one by one, after a pause."""
        return self._turn_while_out() if self._is_out else nullcontext()

    @asynccontextmanager
    async def _turn_while_out(self) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._trying)
            if not await self._paused():
                await stack.aclose()
            yield

    def heard(self, asking: Asking, failure: Failure | None) -> None:
        """An attempt was answered, properly or (``failure``) not; a file that is gone is proper."""
        if failure is None or not _is_trouble(failure):
            self._answered(asking)
            return
        asking.answers_before, asking.answers = asking.answers, self._answers
        if self._is_out:
            self._give_up_if_due(failure)
        elif asking.tells_of_host:
            if not (self._lost or self._failing):
                self._failing_since = _now()
            asking.is_failing = True

    def excuses(self, asking: Asking, failure: Failure, *, is_asked: bool = False) -> bool | None:
        """True when the host is why a request failed as often as it may: then it is made anew.

        None when the `witness` is to be asked first; ``is_asked`` once that is done.
        """
        if not _is_trouble(failure) or self._has_given_up:
            return False
        if self._is_out or asking.turns != self._turns:  # it was out for a part of the attempts
            asking.turns = self._turns
            return True
        if not asking.tells_of_host or not self._patience.seconds:
            return False
        is_refused = is_refusal(failure)
        is_loss = is_refused or len(self._under_way) > 1  # alone it may be one owner's broken files
        if is_loss and self._lost + 1 >= LOSSES_IN_A_ROW:
            return self._begin(failure, trusts_witness=False)
        if self._answers > asking.answers_before or is_refused:
            self._lost += is_loss
            asking.rounds += 1
            return asking.is_vital and asking.rounds < VITAL_ROUNDS
        if asking.is_vital:
            return self._begin(failure, trusts_witness=False)
        if is_asked:
            return self._begin(failure, trusts_witness=True)
        if self.witness is not None:
            return None
        return self._failing >= ENOUGH and self._begin(failure, trusts_witness=False)

    @property
    def trusts_witness(self) -> bool:
        """True while the host is out and the `witness`, which failed too, may try it as well."""
        return self._is_out and self._trusts_witness

    @property
    def _failing(self) -> int:
        return sum(asking.is_failing for asking in self._under_way)

    def _begin(self, failure: Failure, *, trusts_witness: bool) -> Literal[True]:
        self._is_out, self._out_since = True, _now()
        self._pause_s, self._trusts_witness = self._patience.first_pause_s, trusts_witness
        self._turns += 1
        log.warning(
            "%s: waiting, next try in %s", self._told(failure), tell_pause(self._next_pause_s)
        )
        return True

    async def _paused(self) -> bool:
        """Wait before a try; False when the host is back and there is no need to."""
        if self._is_out:
            pause_s = self._next_pause_s
            self._pause_s = min(2 * self._pause_s, self._patience.longest_pause_s)
            await self._patience.sleep(pause_s)
        return self._is_out

    @property
    def _next_pause_s(self) -> float:
        return min(self._pause_s, max(0.0, self._out_since + self._patience.seconds - _now()))

    def _answered(self, asking: Asking) -> None:
        if self._is_out:
            log.warning("%s answers again, after %s", self._name, self._told_time())
            self._turns += 1
        self._answers += 1
        self._is_out = self._has_given_up = False
        if not asking.is_witness:
            self._lost = 0
        for other in self._under_way:
            other.is_failing = False

    def _give_up_if_due(self, failure: Failure) -> None:
        if _now() >= self._out_since + self._patience.seconds:
            log.warning("%s: that was long enough to wait", self._told(failure))
            self._is_out, self._has_given_up = False, True

    def _told(self, failure: Failure) -> str:
        time = self._told_time()
        if is_refusal(failure):
            return (
                f"{self._name} has refused every file for {time} (HTTP 403), and may be blocking "
                "this machine"
            )
        why = failure.cause.removeprefix("no answer").strip(" ()")
        return f"{self._name} has not answered for {time} ({why})"

    def _told_time(self) -> str:
        return tell_pause(_now() - self._failing_since)


def tell_pause(seconds: float) -> str:
    """``40 s``, ``3 min``, ``5 h``."""
    if seconds < 59.5:
        return f"{math.ceil(seconds)} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{round(seconds / 3600)} h"


def _is_trouble(failure: Failure) -> bool:
    return is_of_host(failure) or is_refusal(failure)


def _now() -> float:
    return asyncio.get_running_loop().time()
