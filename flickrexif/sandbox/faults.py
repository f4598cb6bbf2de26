"""Faults that real clients met, thrown in by rate or by script, and never for ever.

Each fault is decided by the seed, the address asked and how often it was asked before, so that a
run with several requests in flight meets the same ones. After ``persistence`` faults in a row an
address is answered properly once, so that a client that repeats its request comes through.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from flickrexif.errors import UsageError
from flickrexif.sandbox.dice import roll
from flickrexif.sandbox.ledger import Asked
from flickrexif.sandbox.response import Response


class Fault(StrEnum):
    """What can go wrong; the last four but one concern only the API, the last only images."""

    TOO_MANY = "429"
    SERVER_ERROR = "500"
    BAD_GATEWAY = "502"
    HTML = "html"
    TRUNCATED = "truncated"
    DISCONNECT = "disconnect"
    SLOW = "slow"
    UNAVAILABLE = "201"
    SERVICE_DOWN = "105"
    SEARCH_DOWN = "10"
    PLACEHOLDER = "placeholder"


ScriptLine = tuple[int | Callable[[Asked], bool], Fault | str]


@dataclass(frozen=True, slots=True)
class Faults:
    """Which faults to throw in, and how often.

    ``rates`` (API) and ``image_rates`` map a kind to its share of the requests, in all at most 1.
    A line of ``script`` is (index of the request in order of arrival, or a predicate over
    :class:`~flickrexif.sandbox.ledger.Asked`, kind) and goes before the rates.
    """

    rates: Mapping[Fault | str, float] = field(default_factory=dict)
    image_rates: Mapping[Fault | str, float] = field(default_factory=dict)
    script: tuple[ScriptLine, ...] = ()
    persistence: int = 2
    slow_s: float = 2.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse kinds that do not exist, and rates that are none."""
        for kind in [*self.rates, *self.image_rates, *(kind for _, kind in self.script)]:
            if kind not in list(Fault):
                known = ", ".join(Fault)
                raise UsageError(f"there is no fault {str(kind)!r}; choose from {known}")
        for rates in (self.rates, self.image_rates):
            if any(rate < 0 for rate in rates.values()) or sum(rates.values()) > 1:
                raise UsageError(f"rates of faults must be shares of 1 in all, not {dict(rates)!r}")

    @classmethod
    def everywhere(cls, rate: float, *, seed: int = 0, slow_s: float = 2.0) -> Faults:
        """Return faults of every kind that together hit ``rate`` of all requests."""
        rest = [kind for kind in Fault if kind is not Fault.PLACEHOLDER]
        image = [kind for kind in Fault if kind not in _REST_ONLY]
        return cls(
            rates={kind: rate / len(rest) for kind in rest},
            image_rates={kind: rate / len(image) for kind in image},
            seed=seed,
            slow_s=slow_s,
        )


_REST_ONLY = frozenset({Fault.UNAVAILABLE, Fault.SERVICE_DOWN, Fault.SEARCH_DOWN})


class FaultDesk:
    """Decides for each request whether it fails, and keeps count; safe for many threads."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self._lock = threading.Lock()
        self._streaks: Counter[str] = Counter()
        self._fired: Counter[str] = Counter()

    def draw(self, asked: Asked) -> Fault | None:
        """Return the fault that this request meets, if any."""
        fault = self._scripted(asked) or self._by_rate(asked)
        if fault is not None and not _can_meet(asked, fault):
            fault = None
        with self._lock:
            if fault is None or self._streaks[asked.address] >= self.faults.persistence:
                self._streaks.pop(asked.address, None)
                return None
            self._streaks[asked.address] += 1
            self._fired[fault.value] += 1
        return fault

    def fired(self) -> Counter[str]:
        """Return how many faults of each kind were met."""
        with self._lock:
            return Counter(self._fired)

    def _scripted(self, asked: Asked) -> Fault | None:
        for when, kind in self.faults.script:
            if when == asked.index if isinstance(when, int) else when(asked):
                return Fault(kind)
        return None

    def _by_rate(self, asked: Asked) -> Fault | None:
        rates = self.faults.image_rates if asked.kind == "image" else self.faults.rates
        if not rates or asked.kind == "other":
            return None
        left = roll("fault", self.faults.seed, asked.address, asked.attempt)
        for kind, rate in rates.items():
            left -= rate
            if left < 0:
                return Fault(kind)
        return None


def _can_meet(asked: Asked, fault: Fault) -> bool:
    if fault is Fault.SEARCH_DOWN:
        return asked.cause == "flickr.photos.search"
    if fault is Fault.PLACEHOLDER:
        return asked.kind == "image"
    return asked.kind == "rest" or fault not in _REST_ONLY


def _page(title: str, text: str) -> bytes:
    return f"<html><body><h1>{title}</h1>\n<p>{text}</p>\n</body></html>\n".encode()


TOO_MANY_PAGE = _page(
    "429 Too Many Requests", "Slow down: this address asks too often. Wait a bit."
)
SORRY = (
    b'{ "stat": "fail", "code": 201,'
    b' "message": "Sorry, the Flickr API service is not currently available.", }'
)

FAULT_RESPONSES: Mapping[Fault, Response] = {
    Fault.TOO_MANY: Response(429, TOO_MANY_PAGE, "text/html"),
    Fault.SERVER_ERROR: Response(500, _page("500", "Something broke."), "text/html"),
    Fault.BAD_GATEWAY: Response(502, _page("502 Bad Gateway", "Nobody upstream."), "text/html"),
    Fault.HTML: Response(200, _page("Please wait", "We will be back soon."), "text/html"),
    Fault.UNAVAILABLE: Response(200, SORRY, "application/json"),
}
"""Answers of the faults that need to know nothing of the request."""
