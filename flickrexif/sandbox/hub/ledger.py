"""What was asked of the Hub: counts by kind, and a log that outlives the server."""

from __future__ import annotations

import json
import threading
from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from flickrexif.sandbox.hub.messages import Received

SIGNATURE = "signature"
"""The argument of an address that is good for one upload or download; it is never logged."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request.

    ``kind`` is the name of its route, ``attempt`` counts from 0 the requests for this address.
    ``status`` is what was answered: None until then, 0 where the caller was hung up on. ``sent`` is
    the length of the answer's body in bytes, also where the caller reads less of it.
    """

    index: int
    attempt: int
    kind: str
    verb: str
    path: str
    query: Mapping[str, str]
    status: int | None = None
    sent: int = 0

    @property
    def address(self) -> str:
        """Verb, path and query: what makes two requests the same."""
        return f"{self.verb} {self.path}?{urlencode(sorted(self.query.items()))}"


class HubLedger:
    """The book of all requests; safe for use by many threads."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._attempts: Counter[str] = Counter()
        self._asked: list[Asked] = []

    def enter(self, kind: str, received: Received) -> Asked:
        """Write one request down."""
        query = {name: value for name, value in received.query.items() if name != SIGNATURE}
        with self._lock:
            asked = Asked(len(self._asked), 0, kind, received.verb, received.path, query)
            asked = replace(asked, attempt=self._attempts[asked.address])
            self._attempts[asked.address] += 1
            self._asked.append(asked)
        return asked

    def close(self, asked: Asked, status: int, *, sent: int = 0) -> None:
        """Add what was answered, and keep the request for good."""
        answered = replace(asked, status=status, sent=sent)
        with self._lock:
            self._asked[asked.index] = answered
            with self._file.open("a", encoding="utf-8") as log:
                log.write(json.dumps(asdict(answered)) + "\n")

    def counts(self) -> Counter[str]:
        """Return how many requests came by kind, since the server started."""
        with self._lock:
            return Counter(asked.kind for asked in self._asked)

    def log(self) -> list[Asked]:
        """Return every request in order of arrival, since the server started."""
        with self._lock:
            return list(self._asked)
