"""How much one run of a crawl may do: so many API calls, so many hours."""

from __future__ import annotations

import math
from dataclasses import dataclass

from flickrexif.errors import LimitReached, UsageError

RESUME = "to resume run the same command"

JOB_CALLS = 10
"""What one job may need before any of it is saved: 9 pages of a search, and one repeated."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Ends a run early, in good order; None never does. Raises `UsageError` for other numbers.

    ``max_calls`` API calls are sent at most, repeated ones included. ``max_hours`` are those that
    the machine is awake; what is under way at their end is still finished.
    """

    max_calls: int | None = None
    max_hours: float | None = None

    def __post_init__(self) -> None:
        calls, hours = self.max_calls, self.max_hours
        if calls is not None and (isinstance(calls, bool) or not isinstance(calls, int)):
            raise UsageError(f"max_calls={calls!r} is not a whole number: give one")
        if calls is not None and calls < JOB_CALLS:
            raise UsageError(
                f"max_calls={calls!r} is too few to get anywhere, as one search may take "
                f"{JOB_CALLS}: give at least {JOB_CALLS}"
            )
        if hours is not None and not _is_positive(hours):
            raise UsageError(f"max_hours={hours!r} is not above 0: give a positive number")

    @property
    def seconds(self) -> float | None:
        """``max_hours`` in seconds."""
        return None if self.max_hours is None else self.max_hours * 3600

    def hours_passed(self) -> LimitReached:
        """What the end of ``max_hours`` makes of a crawl."""
        return LimitReached(f"max_hours={self.max_hours} have passed; {RESUME}")

    def calls_spent(self) -> LimitReached:
        """What the end of ``max_calls`` makes of a crawl."""
        return LimitReached(f"max_calls={self.max_calls} are spent; {RESUME}")


NO_LIMITS = Limits()


def _is_positive(value: object) -> bool:
    match value:
        case bool():
            return False
        case int() | float():
            return value > 0 and math.isfinite(value)
        case _:
            return False


class Allowance:
    """The API calls left to a run; each is asked for before it is sent."""

    def __init__(self, limits: Limits = NO_LIMITS) -> None:
        self._limits, self._max_calls = limits, limits.max_calls
        self._spent = 0

    @property
    def jobs(self) -> int | None:
        """How many jobs at once have enough calls left to get somewhere; None for any number."""
        if self._max_calls is None:
            return None
        return max(1, (self._max_calls - self._spent) // JOB_CALLS)

    def spend(self) -> None:
        """Take one call off; raises `LimitReached` when none is left."""
        if self._spent == self._max_calls:
            raise self._limits.calls_spent()
        self._spent += 1
