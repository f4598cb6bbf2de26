"""Logging in: OAuth 1.0a by flickrapi, with a code that the user carries over."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import requests
from flickrapi.auth import OAuthFlickrInterface
from flickrapi.tokencache import SimpleTokenCache

from flickrexif.errors import AccessError, FlickrexifError, UpstreamError, UsageError
from flickrexif.flickr.connection import REST_URL
from flickrexif.flickr.redaction import guarded_logs
from flickrexif.flickr.signing import oauth_failure, refusal
from flickrexif.flickr.tokens import TokenStore, oauth_url

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Any

    from flickrapi.auth import FlickrAccessToken

TIMEOUT_S = 30.0
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Login:
    """Who is logged in, and where the token is kept; no secret stands in it."""

    username: str
    fullname: str
    nsid: str
    perms: str
    path: Path

    def lines(self) -> list[str]:
        """One line for people."""
        may = "read only" if self.perms == "read" else f"may {self.perms}"
        return [f"logged in as {self.username} ({self.nsid}), {may}; token kept in {self.path}"]


def login(
    api_key: str,
    api_secret: str,
    *,
    ask: Callable[[str], str],
    endpoint: str = REST_URL,
    folder: Path | None = None,
) -> Login:
    """Log in with the permission to read, and keep the token where flickrapi keeps it.

    ``ask`` is given the address that the user is to open, and returns the code shown there.
    ``endpoint`` is the web service that is to know the login.

    Raises `AccessError` (no key or secret, or Flickr refuses them or the code), `UpstreamError`
    (no answer, or one that is not Flickr's) and `UsageError` (an endpoint that is not one, a token
    file that cannot be used). None of them holds a key, secret or token.
    """
    key, secret = _given(api_key, "key", "KEY"), _given(api_secret, "secret", "SECRET")
    store = _store(key, endpoint, folder)
    store.read()  # so that a store nobody can use is told before the user does their part
    with guarded_logs(key, secret), _Desk(key, secret, store.oauth_url) as desk:
        token = desk.exchange(ask)
    store.write(token)
    return _told(token, store)


def logged_in(
    api_key: str, *, endpoint: str = REST_URL, folder: Path | None = None
) -> Login | None:
    """Who is logged in with this key, or None. Raises as `login` does; asks nobody."""
    store = _store(_given(api_key, "key", "KEY"), endpoint, folder)
    token = store.read()
    return None if token is None else _told(token, store)


def forget_login(api_key: str, *, endpoint: str = REST_URL, folder: Path | None = None) -> bool:
    """Remove the token of this key; False when there was none. Flickr's own list still has it."""
    return _store(_given(api_key, "key", "KEY"), endpoint, folder).forget()


def _store(api_key: str, endpoint: str, folder: Path | None) -> TokenStore:
    address = oauth_url(endpoint)
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise UsageError(f"endpoint {endpoint!r} is not encrypted: give its https address")
    return TokenStore(api_key, address, folder)


class _Desk(OAuthFlickrInterface):  # type: ignore[misc] # flickrapi has no types
    """flickrapi's side of a login, at an endpoint of choice and with errors that tell."""

    def __init__(self, api_key: str, api_secret: str, address: str) -> None:
        super().__init__(api_key, api_secret, SimpleTokenCache(), default_timeout=TIMEOUT_S)
        self.REQUEST_TOKEN_URL = f"{address}/request_token"
        self.AUTHORIZE_URL = f"{address}/authorize"
        self.ACCESS_TOKEN_URL = f"{address}/access_token"
        self.address = address
        self.log = logging.getLogger("flickrapi.auth.OAuthFlickrInterface")  # it is a guarded one
        self.session = requests.Session()
        self.session.trust_env = urlsplit(address).hostname not in _LOOPBACK

    def __enter__(self) -> _Desk:
        return self

    def __exit__(self, *error: object) -> None:
        self.session.close()

    def exchange(self, ask: Callable[[str], str]) -> FlickrAccessToken:
        """The token that Flickr gives for the code that ``ask`` returns."""
        self._take(lambda: self.get_request_token(oauth_callback="oob"))
        code = ask(self.auth_url(perms="read")).strip()
        if not code:
            raise AccessError("no code was given: run flickrexif login again and paste it")
        self.verifier = code
        return self._take(self.get_access_token)

    def _take(self, step: Callable[[], Any]) -> Any:
        try:
            return step()
        except (KeyError, UnicodeDecodeError):
            pass  # no token in the answer, or no text at all
        raise self._stranger("no token came")

    def do_request(
        self, url: str, params: Mapping[str, Any] | None = None, timeout: float | None = None
    ) -> bytes:
        """The body of the answer to a signed form, as flickrapi sends it."""
        answer, trouble = None, ""
        try:
            answer = self.session.post(
                url,
                data=params,
                auth=self.oauth,
                timeout=timeout or self.default_timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            trouble = type(error).__name__
        if answer is None:  # raised here, so that no exception with the request stays in it
            raise UpstreamError(f"{self.address!r} did not answer ({trouble}): try again later")
        if answer.status_code != 200:
            raise self._refused(answer.status_code, answer.content)
        return answer.content

    def _refused(self, status: int, content: bytes) -> FlickrexifError:
        failure = oauth_failure(status, content)
        if failure is not None:
            return refusal(failure, is_signed=True)
        if status == 429 or status >= 500:
            return UpstreamError(
                f"{self.address!r} is out of order (HTTP {status}): try again later"
            )
        return self._stranger(f"HTTP {status}")

    def _stranger(self, what: str) -> UpstreamError:
        return UpstreamError(
            f"{self.address!r} does not answer as Flickr does ({what}): try again later,"
            " or give another --endpoint"
        )


def _given(word: str, name: str, variable: str) -> str:
    if not word.strip():
        raise AccessError(f"no Flickr API {name}: set it in FLICKR_API_{variable}")
    return word.strip()


def _told(token: FlickrAccessToken, store: TokenStore) -> Login:
    return Login(token.username, token.fullname, token.user_nsid, token.access_level, store.path)
