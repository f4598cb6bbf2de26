"""What the sandbox answers, whoever carries it: the API, the image host, and their faults."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from flickrexif.sandbox.answers import Refusal
from flickrexif.sandbox.faults import FAULT_RESPONSES, Fault, FaultDesk
from flickrexif.sandbox.images import PREFIX, ImageHost, cause_of, moved_to_placeholder
from flickrexif.sandbox.oauth import OAUTH_PATH, OAuth
from flickrexif.sandbox.response import Response
from flickrexif.sandbox.signatures import OAuthProblem

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from flickrexif.sandbox.ledger import Asked, Ledger
    from flickrexif.sandbox.rest import Rest

REST_PATH = "/services/rest/"
_REFUSALS = {
    Fault.SERVICE_DOWN: Refusal(105, "Service currently unavailable"),
    Fault.SEARCH_DOWN: Refusal(10, "Sorry, the Flickr search API is not currently available."),
}


@dataclass(frozen=True, slots=True)
class Received:
    """A request as read from the wire; ``key`` is the caller's, wherever it stood."""

    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    """The arguments of the address and of a form."""
    key: str = ""
    range_header: str | None = None
    verb: str = "GET"
    address: str = ""
    """The whole address, as the caller wrote it."""
    form: str = ""
    authorization: str = ""

    @property
    def is_signed(self) -> bool:
        """True when it carries an OAuth signature, right or wrong."""
        return "oauth_signature=" in self.authorization or "oauth_signature" in self.query


@dataclass(frozen=True, slots=True)
class Site:
    """The API, the desk for logins and the image host behind one door."""

    rest: Rest
    oauth: OAuth
    images: ImageHost
    desk: FaultDesk
    ledger: Ledger
    closing: threading.Event

    def answer(self, received: Received) -> Response | None:
        """Return the answer to a request, or None where the caller is hung up on."""
        asked = self._enter(received)
        fault = self.desk.draw(asked)
        if fault is Fault.DISCONNECT:
            return None
        if fault is Fault.SLOW:
            self.closing.wait(self.desk.faults.slow_s)
        elif fault is Fault.PLACEHOLDER:
            return moved_to_placeholder()
        elif fault is not None and fault in _REFUSALS:
            return self.rest.spell(_REFUSALS[fault], asked)
        elif fault is not None and fault in FAULT_RESPONSES:
            return FAULT_RESPONSES[fault]
        proper = self._proper(received, asked)
        return replace(proper, cut=True) if fault is Fault.TRUNCATED else proper

    def _enter(self, received: Received) -> Asked:
        path, query = received.path, dict(received.query)
        if path.rstrip("/") == REST_PATH.rstrip("/"):
            return self.ledger.enter("rest", query.get("method", ""), path, query)
        if path.startswith(f"{PREFIX}/"):
            return self.ledger.enter("image", cause_of(path, received.range_header), path, query)
        if path.startswith(f"{OAUTH_PATH}/"):
            step = path.removeprefix(f"{OAUTH_PATH}/").strip("/")
            return self.ledger.enter("other", f"oauth:{step}", path, query)
        return self.ledger.enter("other", "other", path, query)

    def _proper(self, received: Received, asked: Asked) -> Response:
        if asked.kind == "rest":
            return self._call(received, asked)
        if asked.kind == "image":
            return self.images.respond(received.path, received.range_header)
        if asked.cause.startswith("oauth:"):
            return self.oauth.respond(received)
        return Response(404, b"<html><body><h1>404 Not Found</h1></body></html>\n", "text/html")

    def _call(self, received: Received, asked: Asked) -> Response:
        try:
            caller = self.oauth.caller(received)
        except OAuthProblem as problem:
            return problem.response()
        except Refusal as refusal:
            return self.rest.spell(refusal, asked)
        return self.rest.respond(replace(asked, caller=caller), received.key)
