"""OAuth 1.0a signatures, checked by oauthlib, and what is wrong with them in OAuth's words.

Failures are HTTP 400 or 401 with a form-encoded ``oauth_problem``, as recorded answers of 2012 have
them.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from oauthlib.oauth1.rfc5849 import signature

from flickrexif.sandbox.response import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flickrexif.sandbox.site import Received

API_SECRET = "0123456789abcdef"  # noqa: S105 - of applications that do not exist
"""The secret of every API key."""
LIFETIME_S = 300
"""How far a timestamp may be off."""

_NEEDED = ("consumer_key", "nonce", "signature", "signature_method", "timestamp")
_KEY = re.compile(r"[0-9a-f]{32}", re.IGNORECASE)


class OAuthProblem(Exception):  # noqa: N818 - an answer like any other, not an error of the sandbox
    """A refusal in OAuth's words, with the base string where a signature is wrong."""

    def __init__(self, problem: str, status: int = 401, **more: str) -> None:
        super().__init__(problem)
        self.status, self.words = status, {"oauth_problem": problem, **more}

    def response(self) -> Response:
        """How Flickr sends it."""
        return form(self.words, self.status)


class Signatures:
    """Looks at signatures, and lets none pass twice; not safe for threads."""

    def __init__(
        self, *, refused_keys: frozenset[str] = frozenset(), clock: Callable[[], float] = time.time
    ) -> None:
        self._refused_keys, self._clock = refused_keys, clock
        self._nonces: set[tuple[str, str]] = set()

    def knows(self, key: str) -> bool:
        """True for an API key that may sign."""
        return bool(_KEY.fullmatch(key)) and key not in self._refused_keys

    def check(self, received: Received, secret_of: Callable[[str, str], str]) -> dict[str, str]:
        """The arguments of a rightly signed request; raises `OAuthProblem` for every other.

        ``secret_of`` gives the secret of a token (none: ``""``) that was given to an API key.
        """
        pairs = _pairs(received)
        told = dict(pairs)
        missing = [f"oauth_{name}" for name in _NEEDED if not told.get(f"oauth_{name}")]
        if missing:
            raise absent(*missing)
        if told["oauth_signature_method"] != "HMAC-SHA1":
            raise OAuthProblem("signature_method_rejected", 400)
        if not self.knows(told["oauth_consumer_key"]):
            raise OAuthProblem("consumer_key_unknown")
        secret = secret_of(told.get("oauth_token", ""), told["oauth_consumer_key"])
        params = [(name, value) for name, value in pairs if name != "oauth_signature"]
        signed = _Signed(received.verb, received.address, params, told["oauth_signature"])
        if not signature.verify_hmac_sha1(signed, API_SECRET, secret):
            raise OAuthProblem("signature_invalid", debug_sbs=_base_string(signed))
        self._count_nonce(told["oauth_timestamp"], told["oauth_nonce"])
        return told

    def _count_nonce(self, timestamp: str, nonce: str) -> None:
        if not timestamp.isdigit() or abs(self._clock() - int(timestamp)) > LIFETIME_S:
            raise OAuthProblem("timestamp_refused")
        if (timestamp, nonce) in self._nonces:
            raise OAuthProblem("nonce_used")
        self._nonces.add((timestamp, nonce))


def absent(*names: str) -> OAuthProblem:
    """The refusal of a request that lacks these arguments."""
    return OAuthProblem("parameter_absent", 400, oauth_parameters_absent="&".join(names))


def form(words: Mapping[str, str], status: int = 200) -> Response:
    """The words, form-encoded; the base string as it is, so that its parts stand apart."""
    told = "&".join(
        f"{name}={value}" if name == "debug_sbs" else urlencode({name: value})
        for name, value in words.items()
    )
    return Response(status, told.encode(), "text/plain;charset=UTF-8")


@dataclass(frozen=True, slots=True)
class _Signed:
    """What oauthlib's verification reads of a request."""

    http_method: str
    uri: str
    params: list[tuple[str, str]]
    signature: str


def _pairs(received: Received) -> list[tuple[str, str]]:
    try:
        collected: list[tuple[str, str]] = signature.collect_parameters(
            uri_query=urlsplit(received.address).query,
            body=received.form,
            headers={"Authorization": received.authorization} if received.authorization else {},
            exclude_oauth_signature=False,
        )
    except ValueError:  # an address that is not encoded, a header that cannot be read
        raise OAuthProblem("parameter_rejected", 400) from None
    return collected


def _base_string(signed: _Signed) -> str:
    words = signature.normalize_parameters(signed.params)
    address = signature.base_string_uri(signed.uri)
    told: str = signature.signature_base_string(signed.http_method, address, words)
    return told
