"""How a request may fail, and the one predicate that tells which failures are tried again.

Sources: Flickr's method documentation for the codes, and third-party clients for what it does not
document (the "not currently available" text under codes 0 and 201, and answers without a list).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from flickrexif.errors import FlickrexifError

Kind = Literal["transport", "status", "body", "api", "refused"]

BROKEN_FILES = frozenset({"not_jpeg", "truncated", "undecodable"})
REDIRECTED = "redirected"

CONFIRMATIONS = 3
"""A broken or redirected file is believed when it is so this many times."""

_TRANSIENT_CODES = frozenset({10, 105})  # search unavailable, service unavailable
_VAGUE_CODES = frozenset({0, 201})
_VAGUE_TEXT = "not currently available"

ACCESS_CODES = frozenset({98, 99, 100})
"""Login failed, not logged in, invalid API key: nothing will work, for any photo."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One request that brought nothing: ``status`` is HTTP's, ``code`` is the API's."""

    kind: Kind
    text: str
    status: int = 0
    code: int = 0

    def __str__(self) -> str:
        if self.kind == "status":
            return f"HTTP {self.status}"
        return f"code {self.code}: {self.text}" if self.kind == "api" else self.text

    @property
    def cause(self) -> str:
        """A short word for counting."""
        if self.kind == "status":
            return f"http_{self.status}"
        return f"code_{self.code}" if self.kind == "api" else self.text


class RequestFailed(FlickrexifError):  # noqa: N818 - one word for "this request failed"
    """A request failed for good, or as often as it may; ``failure`` tells how."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(str(failure))
        self.failure = failure


def is_transient(failure: Failure) -> bool:
    """True when the same request may succeed later: it is retried, and its photo not judged.

    Broken connections, HTTP 429 and 5xx, bodies that cannot be read (or lack the photo list, or
    hold half an image), redirects to a placeholder, and the API's ways of saying that it is out of
    service. HTTP 403, 404 and 410 never are.
    """
    match failure.kind:
        case "transport" | "body":
            return True
        case "status":
            return failure.status == 429 or failure.status >= 500
        case "api":
            vague = failure.code in _VAGUE_CODES and _VAGUE_TEXT in failure.text.lower()
            return vague or failure.code in _TRANSIENT_CODES
        case "refused":
            return failure.text == REDIRECTED


def attempts_of(failure: Failure) -> float:
    """How often a request may fail in this way before it is believed."""
    if not is_transient(failure):
        return 1
    of_a_file = failure.text == REDIRECTED or failure.text in BROKEN_FILES
    return CONFIRMATIONS if of_a_file else math.inf
