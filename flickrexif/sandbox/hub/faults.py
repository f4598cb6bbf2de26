"""What goes wrong between a client and a Hub, by script or by rate.

A line of a script hits the next requests of one kind; lines for the same kind go one after another.
Faults by rate are decided by the seed, the address and how often it was asked before, and after
``persistence`` of them in a row an address is answered properly once.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from flickrexif.errors import UsageError
from flickrexif.sandbox.dice import roll
from flickrexif.sandbox.hub.messages import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flickrexif.sandbox.hub.ledger import Asked

ANY = "any"
"""The kind of line that hits requests of every kind."""


class HubFault(StrEnum):
    """What can go wrong. From LATE on, the request is carried out all the same.

    EXPIRED_TOKEN lasts until `Hub.renew_token`; MOVED_HEAD lets somebody else commit to the main
    branch right after the request; LATE answers 504 and LOST hangs up, after the work was done.
    """

    STALE_PARENT = "412"
    TOO_MANY = "429"
    SERVER_ERROR = "500"
    UNAVAILABLE = "503"
    GATEWAY_TIMEOUT = "504"
    DISK_FULL = "507"
    EXPIRED_TOKEN = "401"  # noqa: S105 - a status
    DISCONNECT = "disconnect"
    LATE = "late"
    LOST = "lost"
    MOVED_HEAD = "moved"
    SLOW = "slow"
    CUT = "cut"
    FLIPPED = "flipped"


_TRANSIENT = (
    HubFault.TOO_MANY,
    HubFault.SERVER_ERROR,
    HubFault.UNAVAILABLE,
    HubFault.GATEWAY_TIMEOUT,
    HubFault.DISCONNECT,
    HubFault.SLOW,
    HubFault.CUT,
)
"""What a client that repeats its request comes through."""


class Line(NamedTuple):
    """``times`` requests of a ``kind`` meet ``fault``, once ``after`` others were answered."""

    kind: str
    fault: HubFault | str
    times: int = 1
    after: int = 0


@dataclass(frozen=True, slots=True)
class HubFaults:
    """Which faults to throw in.

    ``script`` holds lines or tuples of their words. ``rates`` maps faults that pass by themselves
    to their share of all requests, in all at most 1. ``retry_after_s`` is what 429 asks to wait,
    in whole seconds.
    """

    script: tuple[tuple[str, str] | tuple[str, str, int] | tuple[str, str, int, int], ...] = ()
    rates: Mapping[HubFault | str, float] = field(default_factory=dict)
    persistence: int = 2
    slow_s: float = 2.0
    retry_after_s: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse faults that do not exist, and rates that are none."""
        for line in self.script:
            _known(Line(*line).fault)
        for fault in self.rates:
            if _known(fault) not in _TRANSIENT:
                names = ", ".join(_TRANSIENT)
                raise UsageError(f"{str(fault)!r} cannot come by rate; choose from {names}")
        if any(rate < 0 for rate in self.rates.values()) or sum(self.rates.values()) > 1:
            raise UsageError(f"rates of faults must be shares of 1 in all, not {dict(self.rates)}")

    @classmethod
    def everywhere(cls, rate: float, *, seed: int = 0, slow_s: float = 2.0) -> HubFaults:
        """Return passing faults of every kind that together hit ``rate`` of all requests."""
        return cls(
            rates={fault: rate / len(_TRANSIENT) for fault in _TRANSIENT}, seed=seed, slow_s=slow_s
        )


class HubFaultDesk:
    """Decides for each request whether it fails, and keeps count; safe for many threads."""

    def __init__(self, faults: HubFaults, kinds: frozenset[str]) -> None:
        self.faults = faults
        self._kinds = kinds | {ANY}
        self._lock = threading.Lock()
        self._lines: list[Line] = []
        self._streaks: Counter[str] = Counter()
        self._met: Counter[str] = Counter()
        for line in faults.script:
            self.add(Line(*line))

    def add(self, line: Line) -> None:
        """Append a line to the script; raises UsageError when its words name nothing."""
        _known(line.fault)
        if line.kind not in self._kinds:
            known = ", ".join(sorted(self._kinds))
            raise UsageError(f"there is no kind of request {line.kind!r}; choose from {known}")
        if line.times < 1 or line.after < 0:
            raise UsageError(f"a fault comes at least once, and not before now: {line!r}")
        with self._lock:
            self._lines.append(line)

    def draw(self, asked: Asked) -> HubFault | None:
        """Return the fault that this request meets, if any."""
        with self._lock:
            fault = self._scripted(asked) or self._by_rate(asked)
            if fault is not None:
                self._met[fault.value] += 1
        return fault

    def met(self) -> Counter[str]:
        """Return how many faults of each kind were met."""
        with self._lock:
            return Counter(self._met)

    def _scripted(self, asked: Asked) -> HubFault | None:
        for place, line in enumerate(self._lines):
            if line.kind not in {ANY, asked.kind}:
                continue
            if line.after:
                self._lines[place] = line._replace(after=line.after - 1)
                return None
            if line.times == 1:
                del self._lines[place]
            else:
                self._lines[place] = line._replace(times=line.times - 1)
            return HubFault(line.fault)
        return None

    def _by_rate(self, asked: Asked) -> HubFault | None:
        fault = self._rolled(asked)
        if fault is None or self._streaks[asked.address] >= self.faults.persistence:
            self._streaks.pop(asked.address, None)
            return None
        self._streaks[asked.address] += 1
        return fault

    def _rolled(self, asked: Asked) -> HubFault | None:
        left = roll("hub fault", self.faults.seed, asked.address, asked.attempt)
        for fault, rate in self.faults.rates.items():
            left -= rate
            if left < 0:
                return HubFault(fault)
        return None

    def refusal(self, fault: HubFault) -> Refused | None:
        """Return what is answered in place of the work, if this fault is such a one."""
        if fault is HubFault.TOO_MANY:
            return _too_many(self.faults.retry_after_s)
        return _REFUSALS.get(fault)


def _known(fault: HubFault | str) -> HubFault:
    if fault not in list(HubFault):
        raise UsageError(f"there is no fault {str(fault)!r}; choose from {', '.join(HubFault)}")
    return HubFault(fault)


def _too_many(wait_s: int) -> Refused:
    """Spell 429 as draft-ietf-httpapi-ratelimit-headers-09 does, which the Hub follows."""
    told = (("RateLimit", f'"api";r=0;t={wait_s}'),)
    policy = (("RateLimit-Policy", '"fixed window";"api";q=500;w=300'),)
    return Refused(429, "We had to rate limit you, try again later.", headers=(*told, *policy))


_REFUSALS: Mapping[HubFault, Refused] = {
    HubFault.STALE_PARENT: Refused(
        412, "A commit has happened since. Please refresh and try again."
    ),
    HubFault.SERVER_ERROR: Refused(500, "Internal Error - We're working hard to fix this."),
    HubFault.UNAVAILABLE: Refused(503, "Service Unavailable"),
    HubFault.GATEWAY_TIMEOUT: Refused(504, "Gateway Time-out"),
    HubFault.LATE: Refused(504, "Gateway Time-out"),
    HubFault.DISK_FULL: Refused(507, "No space left on device"),
}
