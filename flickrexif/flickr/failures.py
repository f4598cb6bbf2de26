"""How a request may fail, and the one predicate that tells which failures are tried again.

Sources: Flickr's method documentation for the codes, and third-party clients for what it does not
document (the "not currently available" text under codes 0 and 201, and answers without a list).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from flickrexif.errors import FlickrexifError

Kind = Literal["transport", "status", "body", "api", "refused", "foreign"]
"""How a request failed.

- ``transport``: no answer came whole: refused, reset, cut short, too slow.
- ``status``: an HTTP status that Flickr answers for itself; ``status`` is that.
- ``body``: an answer that was not finished, or a file that is not what it should be.
- ``api``: the web service refused; ``code`` is Flickr's.
- ``refused``: the image host has no such file, or none that is wanted, or does not give it.
- ``foreign``: no web service of Flickr's answers like this: a web page, HTTP 404, other JSON. When
  not one call went through before, the endpoint is no Flickr.
"""

BROKEN_FILES = frozenset({"not_jpeg", "placeholder", "truncated", "undecodable", "wrong_size"})
"""What a file may be that is no sound image; a web page in its place says nothing of the file."""
REDIRECTED = "redirected"

CONFIRMATIONS = 3
"""A broken or redirected file is believed when it is so this many times."""

_TRANSIENT_CODES = frozenset({10, 105})  # search unavailable, service unavailable
_VAGUE_CODES = frozenset({0, 201})
_VAGUE_TEXT = "not currently available"

ACCESS_CODES = frozenset({96, 97, 98, 99, 100})
"""Bad or no signature, login failed, not logged in, invalid API key: no call will work."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One request that brought nothing: ``status`` is HTTP's, ``code`` is the API's."""

    kind: Kind
    text: str
    status: int = 0
    code: int = 0

    def __str__(self) -> str:
        match self.kind:
            case "status":
                return f"HTTP {self.status}"
            case "api":
                return f"code {self.code}: {self.text}"
            case "foreign":
                return f"no answer of Flickr's ({self.cause})"
        return self.text

    @property
    def cause(self) -> str:
        """A short word for counting."""
        if self.kind == "status" or (self.kind == "foreign" and self.status):
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
    hold half an image), web pages in place of an answer, redirects to a placeholder, and the API's
    ways of saying that it is out of service. HTTP 403, 404 and 410 never are.
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
        case "foreign":
            return failure.status == 0


def attempts_of(failure: Failure) -> float:
    """How often a request may fail in this way before it is believed."""
    if not is_transient(failure):
        return 1
    of_a_file = failure.text == REDIRECTED or failure.text in BROKEN_FILES
    return CONFIRMATIONS if of_a_file else math.inf


def is_of_host(failure: Failure) -> bool:
    """True when a failure says nothing of what was asked for, but that its host is in trouble."""
    return attempts_of(failure) == math.inf


def is_refusal(failure: Failure) -> bool:
    """True for HTTP 403 of the image host: one photo's own matter, or a machine that is blocked.

    Which of them, only other photos tell: so it is not retried at once, and judges no photo.
    """
    return failure.kind == "refused" and failure.status == 403
