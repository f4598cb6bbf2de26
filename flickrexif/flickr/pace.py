"""The arithmetic of token buckets: from one state to the next, whatever the clocks do."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

BURST_S = 60.0
"""A full bucket holds so many seconds' worth of tokens unless told otherwise."""
QUIET_S = 60.0
"""After so long without a 429 a slowed bucket speeds up by a tenth."""
SLOWEST_SHARE = 1 / 64
"""A bucket never slows below this share of its rate."""

_MOST_STEPS = 100  # of a tenth; 44 lead from the slowest share to the full rate


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant in seconds on two clocks.

    ``uptime`` (`time.monotonic`) cannot be set and is the same for all processes, but it begins
    anew with the machine. ``wall`` (Unix time) goes on, but people and programs set it.
    """

    wall: float
    uptime: float

    @classmethod
    def now(cls) -> Moment:
        """This instant."""
        return cls(time.time(), time.monotonic())

    def since(self, earlier: Moment) -> float:
        """Seconds since ``earlier``, never more than truly have passed while the machine ran.

        The wall clock counts only where the uptime tells of a restart between; where it fails to,
        because the machine has by now run longer than before, the difference is but too small.
        """
        uptime = self.uptime - earlier.uptime
        return uptime if uptime >= 0 else max(0.0, self.wall - earlier.wall)


@dataclass(frozen=True, slots=True)
class BucketState:
    """A bucket as it is kept.

    ``tokens`` below 0 are promised to takers that wait; ``slowdown`` is a share of the rate, and
    ``quiet_s`` the time since it last changed.
    """

    tokens: float
    at: Moment
    slowdown: float = 1.0
    quiet_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How a bucket that gets ``rate`` tokens a second goes from one state to the next.

    A full bucket holds ``burst`` tokens, by default those of a minute and at least one.
    """

    rate: float
    burst: float = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "burst", max(1.0, self.burst or self.rate * BURST_S))

    def filled(self, kept: BucketState | None, now: Moment) -> BucketState:
        """The state at ``now``; a new bucket holds one token."""
        if kept is None:
            return BucketState(tokens=1.0, at=now)
        elapsed = now.since(kept.at)
        tokens = min(self.burst, kept.tokens + elapsed * self.rate * kept.slowdown)
        if kept.slowdown >= 1.0:
            return BucketState(tokens, now)
        steps, quiet_s = divmod(kept.quiet_s + elapsed, QUIET_S)
        slowdown = min(1.0, kept.slowdown * 1.1 ** min(steps, _MOST_STEPS))
        return BucketState(tokens, now, slowdown, quiet_s)

    def taken(self, kept: BucketState | None, now: Moment) -> BucketState:
        """One token less, or one more promised."""
        filled = self.filled(kept, now)
        return replace(filled, tokens=filled.tokens - 1.0)

    def slowed(self, kept: BucketState | None, now: Moment) -> BucketState:
        """Half the speed and no token at hand: the host answered 429."""
        filled = self.filled(kept, now)
        slowdown = max(SLOWEST_SHARE, filled.slowdown / 2)
        return BucketState(min(filled.tokens, 0.0), now, slowdown)

    def wait_s(self, state: BucketState) -> float:
        """Seconds until the last promised token is there."""
        return max(0.0, -state.tokens) / (self.rate * state.slowdown)
