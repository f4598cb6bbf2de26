"""Signing calls in the name of who is logged in, and reading the refusals of a signature."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import httpx
from oauthlib.oauth1 import Client

from flickrexif.errors import AccessError
from flickrexif.flickr.failures import Failure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flickrexif.flickr.connection import Connection

_log = logging.getLogger("flickrexif")

SIGNED_METHODS = frozenset({"flickr.photos.search"})
"""Calls that are signed: those that can be told to show an account no more than a stranger.

A signed getExif tells an account the EXIF that it hides from everybody else, and a signed getInfo
calls a friend's private photo visible; no argument prevents it, so these are never signed.
"""

PUBLIC_ONLY = {"safe_search": "1", "privacy_filter": "1"}
"""Safe photos, public photos: what a stranger sees (flickr.photos.search)."""


@dataclass(frozen=True, slots=True)
class Token:
    """A login: what calls are signed with, and in whose name."""

    key: str = field(repr=False)
    secret: str = field(repr=False)
    api_secret: str = field(repr=False)
    username: str = ""
    nsid: str = ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no log line and no error may hold."""
        return self.key, self.secret, self.api_secret


class Signature(httpx.Auth):
    """Signs each request anew (OAuth 1.0a, HMAC-SHA1), over its address and its arguments.

    A request that is sent again has another nonce and timestamp.
    """

    def __init__(self, api_key: str, token: Token) -> None:
        self._client = Client(api_key, token.api_secret, token.key, token.secret)

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:  # type: ignore[override]
        """Put the signature into the ``Authorization`` header."""
        _, headers, _ = self._client.sign(str(request.url), request.method)
        request.headers["Authorization"] = headers["Authorization"]
        yield request


def signed(
    arguments: Mapping[str, str], connection: Connection
) -> tuple[dict[str, str], Signature | None]:
    """The arguments of a call as they are to be sent, and its signature where it gets one.

    A signed call asks for public, safe photos alone, so that a login widens no corpus.
    """
    if connection.token is None or arguments.get("method") not in SIGNED_METHODS:
        return dict(arguments), None
    return {**arguments, **PUBLIC_ONLY}, Signature(connection.api_key, connection.token)


def tell_signing(connection: Connection) -> None:
    """One line in the log: in whose name searches are signed, if they are.

    Nothing is said of an embedded Flickr that nobody logged in to.
    """
    if connection.token is not None:
        token = connection.token
        _log.info("searches are signed: logged in as %s (%s)", token.username, token.nsid)
    elif not connection.is_loopback:
        _log.info("searches are not signed")


def oauth_failure(status: int, content: bytes) -> Failure | None:
    """The failure in a form-encoded ``oauth_problem`` of HTTP 400 or 401; None for other answers.

    Only the problem's name is kept: the base string beside it holds the key and the token.
    """
    if status not in (400, 401) or not content.startswith(b"oauth_problem="):
        return None
    told = parse_qs(content.decode("ascii", "replace"))
    problem = told.get("oauth_problem", [""])[0].strip()
    if not re.fullmatch(r"[a-z_]{1,40}", problem):
        problem = "oauth_problem"
    return Failure("api", problem, code=_code_of(problem))


def _code_of(problem: str) -> int:
    """The API's code for what OAuth calls by name."""
    if problem.startswith("consumer_key"):
        return 100
    return 96 if problem.startswith(("signature", "timestamp", "nonce")) else 98


def refusal(failure: Failure, *, is_signed: bool, else_do: str = "") -> AccessError:
    """The error for an access that Flickr refused; ``else_do`` is a second remedy."""
    what, remedy = "API key", "set a valid one in FLICKR_API_KEY"
    if is_signed and failure.text == "timestamp_refused":
        what, remedy = "signature", "set this machine's clock"
    elif is_signed and failure.code in (96, 97):
        what, remedy = "signature", "set the secret of this API key in FLICKR_API_SECRET"
    elif is_signed and failure.code in (98, 99):
        what, remedy = "login", "run flickrexif login again"
    else:
        else_do = ""
    return AccessError(f"Flickr refused the {what} ({failure}): {remedy}{else_do}")
