"""What was asked of the sandbox: counts by cause, a log, and how often each address was asked."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flickrexif.sandbox.viewer import Caller


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived.

    ``index`` counts all requests from 0 in order of arrival, ``attempt`` those for this ``address``
    (path and query without key and signature), also from 0. ``cause`` is the API method, or
    ``image:`` with the size and, where a part was asked, ``:range``, or ``oauth:`` with the step.
    ``caller`` is in whose name it was signed, once the signature is looked at.
    """

    index: int
    attempt: int
    kind: Literal["rest", "image", "other"]
    cause: str
    path: str
    query: Mapping[str, str]
    address: str
    caller: Caller | None = None


class Ledger:
    """The book of all requests; safe for use by many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._causes: Counter[str] = Counter()
        self._attempts: Counter[str] = Counter()
        self._log: list[tuple[str, dict[str, str]]] = []

    def enter(
        self, kind: Literal["rest", "image", "other"], cause: str, path: str, query: dict[str, str]
    ) -> Asked:
        """Write one request down; keys and signatures in ``query`` are left out."""
        public = {name: value for name, value in query.items() if not is_secret(name)}
        address = f"{path}?{urlencode(sorted(public.items()))}"
        with self._lock:
            asked = Asked(
                len(self._log), self._attempts[address], kind, cause, path, public, address
            )
            self._causes[cause] += 1
            self._attempts[address] += 1
            self._log.append((path, public))
        return asked

    def counts(self) -> Counter[str]:
        """Return how many requests came by cause."""
        with self._lock:
            return Counter(self._causes)

    def log(self) -> list[tuple[str, dict[str, str]]]:
        """Return (path, query) of every request in order of arrival."""
        with self._lock:
            return list(self._log)


def is_secret(name: str) -> bool:
    """Tell whether a query argument of this name identifies or signs for the caller."""
    return name in {"api_key", "api_sig", "auth_token"} or name.startswith("oauth_")
