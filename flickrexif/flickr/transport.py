"""How requests travel: one HTTP client for the web service and for the image host.

The client is httpx's; below it aiohttp moves the bytes, at less than half of the CPU time that
httpx's own transport takes. Files, which are plain GETs, go past httpx straight to aiohttp, at less
than half of that again (benchmarks/transport.py). Behind a proxy httpx moves all bytes itself: it
knows more kinds of proxies, and which hosts go without one. Nothing else depends on which it is.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import cache, partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from flickrexif._version import __version__
from flickrexif.errors import UsageError

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Mapping

    from flickrexif.flickr.connection import Connection

USER_AGENT = f"flickrexif/{__version__}"
TIMEOUT = httpx.Timeout(30.0, connect=10.0)
"""Between two parts of an answer, and for a connection."""


def open_http(
    connection: Connection,
    *,
    timeout: httpx.Timeout = TIMEOUT,
    trusted: ssl.SSLContext | None = None,
) -> Http:
    """The HTTP client of a crawl: follows no redirect, and no proxy to this very machine.

    It takes no cookies: whose photos are told must depend on the key and the login alone.
    ``trusted`` takes the place of the usual certificates. Raises `UsageError` for a proxy of the
    environment that it cannot use.
    """
    limits = httpx.Limits(
        max_connections=2 * connection.concurrency + 2,
        max_keepalive_connections=2 * connection.concurrency + 2,
        keepalive_expiry=30.0,
    )
    is_proxied = not connection.is_loopback and bool(getproxies().keys() - {"no"})
    if trusted is None:
        trusted = _own_trust() if connection.is_loopback else httpx.create_ssl_context()
    try:
        return Http(
            None if is_proxied else Transport(limits, trusted, timeout),
            verify=trusted,
            timeout=timeout,
            limits=limits,
            follow_redirects=False,
            headers={"User-Agent": USER_AGENT},
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            trust_env=not connection.is_loopback,
        )
    except (ImportError, ValueError) as error:  # a proxy of an unknown kind
        raise UsageError(
            f"the proxy that the environment names cannot be used ({error}): "
            "set another in HTTPS_PROXY, or none"
        ) from None


@cache
def _own_trust() -> ssl.SSLContext:
    """The usual certificates, read once, for services on this very machine."""
    return httpx.create_ssl_context(trust_env=False)


class Http(httpx.AsyncClient):
    """httpx's client over ``below``; None leaves the way to httpx and its proxies."""

    def __init__(self, below: Transport | None, **words: Any) -> None:
        super().__init__(transport=below, **words)
        self.below = below


class Transport(httpx.AsyncBaseTransport):
    """aiohttp's transport, which keeps no cookies and sends nothing twice by itself.

    aiohttp refuses answers that are no sound HTTP, such as one that has both a length and chunks. A
    host that sends one is asked through httpx's own transport from the next request on.
    """

    def __init__(
        self, limits: httpx.Limits, trusted: ssl.SSLContext, timeout: httpx.Timeout = TIMEOUT
    ) -> None:
        self._open_session = partial(_session, limits, trusted, timeout)
        self._session: aiohttp.ClientSession | None = None
        self._strict = AiohttpTransport(verify=trusted, client=self._opened)
        self._lenient = httpx.AsyncHTTPTransport(verify=trusted, limits=limits)
        self._unsound: set[str | None] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it, once."""
        if request.url.host in self._unsound:
            return await self._lenient.handle_async_request(request)
        try:
            return await self._strict.handle_async_request(request)
        except aiohttp.ClientResponseError:
            self._unsound.add(request.url.host)
            raise

    def is_sound(self, url: str) -> bool:
        """True while the host has sent sound HTTP only, so that `get` may be used."""
        return not self._unsound or urlsplit(url).hostname not in self._unsound

    @asynccontextmanager
    async def get(
        self, url: str, headers: Mapping[str, str] | None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer to a plain GET, sent once and without httpx; its body comes decompressed.

        Leaving it drops the connection unless the body was read to its end.
        """
        asked = self._opened().get(url, headers=headers, allow_redirects=False)
        try:
            async with asked as answer:
                yield answer
        except aiohttp.ClientResponseError:
            self._unsound.add(urlsplit(url).hostname)
            raise

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = self._open_session()
        return self._session

    async def aclose(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
        await self._lenient.aclose()


def _session(
    limits: httpx.Limits, trusted: ssl.SSLContext, timeout: httpx.Timeout
) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        limit=limits.max_connections or 0,
        keepalive_timeout=limits.keepalive_expiry,
        ssl=trusted,
    )
    session = aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": USER_AGENT},
        timeout=aiohttp.ClientTimeout(
            connect=timeout.pool, sock_connect=timeout.connect, sock_read=timeout.read
        ),
    )
    # A GET on a kept connection that breaks would be sent again unasked, and so uncounted. There
    # is no public word for this (aiohttp 3.14); a test sees whether it still holds.
    session._retry_connection = False
    return session
