"""OAuth 1.0a as Flickr speaks it: two tokens, a page that shows a code, and signed calls.

A login that was taken back is the API's code 98; every other refusal is told in OAuth's words.
"""

from __future__ import annotations

import html
import threading
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from flickrexif.sandbox.answers import Refusal
from flickrexif.sandbox.dice import source
from flickrexif.sandbox.response import Response
from flickrexif.sandbox.signatures import OAuthProblem, Signatures, absent, form
from flickrexif.sandbox.viewer import Caller

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flickrexif.sandbox.photos import SandboxOwner
    from flickrexif.sandbox.site import Received

OAUTH_PATH = "/services/oauth"
_PERMS = ("read", "write", "delete")


@dataclass(frozen=True, slots=True)
class _Token:
    key: str
    secret: str
    consumer: str
    kind: str
    """``request`` or ``access``."""
    callback: str = "oob"
    perms: str = "read"
    verifier: str | None = None
    """None until the account has agreed."""


class OAuth:
    """The desk where applications get tokens, and signatures are looked at; safe for threads.

    ``account`` is who is logged in to the web site and agrees to everything.
    """

    def __init__(
        self,
        account: SandboxOwner,
        *,
        seed: int = 0,
        refused_keys: frozenset[str] = frozenset(),
    ) -> None:
        self._account = account
        self._signatures = Signatures(refused_keys=refused_keys)
        self._chance = source("oauth", seed)
        self._lock = threading.Lock()
        self._tokens: dict[str, _Token] = {}
        self._revoked: set[str] = set()
        self._verified: Counter[str] = Counter()

    def respond(self, received: Received) -> Response:
        """Answer a request to one of the three addresses."""
        step = _STEPS.get(received.path.removeprefix(OAUTH_PATH).strip("/"))
        if step is None:
            return _page(404, "Page not found")
        try:
            with self._lock:
                return step(self, received)
        except OAuthProblem as problem:
            return problem.response()

    def caller(self, received: Received) -> Caller | None:
        """Who signed an API call, or None: unsigned, or signed by an application alone.

        Raises `OAuthProblem` for a wrong signature and `Refusal` for a login taken back. Keys that
        the API refuses by itself are not looked at.
        """
        if not received.is_signed or not self._signatures.knows(received.key):
            return None
        with self._lock:
            told = self._check(received, "access")
            self._verified[received.query.get("method", "")] += 1
            token = self._tokens.get(told.get("oauth_token", ""))
        return Caller(self._account, token.perms, token.key) if token else None

    def revoke(self) -> None:
        """The account takes every login back."""
        with self._lock:
            self._revoked |= {key for key, token in self._tokens.items() if token.kind == "access"}

    def verified(self) -> Counter[str]:
        """How many API calls came with a right signature, by method."""
        with self._lock:
            return Counter(self._verified)

    def _request_token(self, received: Received) -> Response:
        told = self._check(received, "request")
        callback = told.get("oauth_callback")
        if not callback:
            raise absent("oauth_callback")
        token = self._issue(_Token("", "", told["oauth_consumer_key"], "request", callback))
        return form({"oauth_callback_confirmed": "true", **_pair(token)})

    def _authorize(self, received: Received) -> Response:
        token = self._tokens.get(received.query.get("oauth_token", ""))
        perms = received.query.get("perms") or "read"
        if token is None or token.kind != "request" or perms not in _PERMS:
            return _page(400, "This application cannot be linked: the address is not valid")
        verifier = token.verifier or self._verifier(token.callback)
        self._tokens[token.key] = replace(token, perms=perms, verifier=verifier)
        if token.callback != "oob":
            words = urlencode({"oauth_token": token.key, "oauth_verifier": verifier})
            joint = "&" if urlsplit(token.callback).query else "?"
            return Response(302, headers=(("Location", f"{token.callback}{joint}{words}"),))
        name = html.escape(self._account.username)
        return _page(200, f"{name}, type this code into the application", verifier)

    def _access_token(self, received: Received) -> Response:
        told = self._check(received, "request")
        token = self._tokens.get(told.get("oauth_token", ""))
        if token is None:
            raise absent("oauth_token")
        if not told.get("oauth_verifier"):
            raise absent("oauth_verifier")
        if token.verifier is None or told["oauth_verifier"] != token.verifier:
            raise OAuthProblem("verifier_invalid")
        del self._tokens[token.key]
        granted = self._issue(replace(token, kind="access", verifier=None))
        who = self._account
        return form(
            {
                "fullname": who.realname or "",
                **_pair(granted),
                "user_nsid": who.nsid,
                "username": who.username,
            }
        )

    def _check(self, received: Received, kind: str) -> dict[str, str]:
        def secret_of(key: str, consumer: str) -> str:
            return self._secret_of(key, consumer, kind)

        return self._signatures.check(received, secret_of)

    def _secret_of(self, key: str, consumer: str, kind: str) -> str:
        if not key:
            return ""
        token = self._tokens.get(key)
        if token is None or (token.consumer, token.kind) != (consumer, kind):
            raise OAuthProblem("token_rejected")
        if key in self._revoked:
            raise Refusal(98, "Invalid auth token")
        return token.secret

    def _issue(self, token: _Token) -> _Token:
        number, secret = self._chance.getrandbits(64), self._chance.getrandbits(64)
        issued = replace(token, key=f"721577-{number:016x}", secret=f"{secret:016x}")
        self._tokens[issued.key] = issued
        return issued

    def _verifier(self, callback: str) -> str:
        if callback != "oob":
            return f"{self._chance.getrandbits(64):016x}"
        digits = f"{self._chance.randrange(10**9):09d}"
        return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"


_STEPS: Mapping[str, Callable[[OAuth, Received], Response]] = {
    "request_token": OAuth._request_token,
    "authorize": OAuth._authorize,
    "access_token": OAuth._access_token,
}


def _pair(token: _Token) -> dict[str, str]:
    return {"oauth_token": token.key, "oauth_token_secret": token.secret}


def _page(status: int, title: str, code: str = "") -> Response:
    shown = f'\n<p><span class="code">{code}</span></p>' if code else ""
    body = f"<!DOCTYPE html>\n<html><body>\n<h1>{title}</h1>{shown}\n</body></html>\n"
    return Response(status, body.encode(), "text/html; charset=utf-8")
