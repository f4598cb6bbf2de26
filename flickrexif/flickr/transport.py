"""How requests travel: one HTTP client for the web service and for the image host.

The client is httpx's; below it aiohttp moves the bytes, at less than half of the CPU time that
httpx's own transport takes (benchmarks/transport.py). Behind a proxy httpx moves them itself: it
knows more kinds of proxies, and which hosts go without one. Nothing else depends on which it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING
from urllib.request import getproxies

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from flickrexif._version import __version__
from flickrexif.errors import UsageError
from flickrexif.flickr.failures import Failure, RequestFailed

if TYPE_CHECKING:
    import ssl

    from flickrexif.flickr.connection import Connection

USER_AGENT = f"flickrexif/{__version__}"
TIMEOUT = httpx.Timeout(30.0, connect=10.0)
"""Between two parts of an answer, and for a connection."""
DEADLINE_S = 600.0
"""A whole answer: a host that drips a byte now and then is left."""
LONGEST_ERROR = 4096
"""So much is read of an answer that tells of an error; its connection is then used again."""

TROUBLE = (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, TimeoutError, OSError)
"""What a request raises that brought no answer; httpx-aiohttp lets a few of aiohttp's through."""

Reach = Callable[[bytes], int]
"""How many bytes of a body are wanted, seeing those that came so far (none at first)."""


def open_http(
    connection: Connection,
    *,
    timeout: httpx.Timeout = TIMEOUT,
    trusted: ssl.SSLContext | None = None,
) -> httpx.AsyncClient:
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
    trusted = trusted or httpx.create_ssl_context(trust_env=not connection.is_loopback)
    try:
        return httpx.AsyncClient(
            transport=None if is_proxied else Transport(limits, trusted),
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


class Transport(httpx.AsyncBaseTransport):
    """aiohttp's transport, which keeps no cookies and sends nothing twice by itself.

    aiohttp refuses answers that are no sound HTTP, such as one that has both a length and chunks. A
    host that sends one is asked through httpx's own transport from the next request on.
    """

    def __init__(self, limits: httpx.Limits, trusted: ssl.SSLContext) -> None:
        session = partial(_session, limits, trusted)
        self._strict = AiohttpTransport(verify=trusted, client=session)
        self._lenient = httpx.AsyncHTTPTransport(verify=trusted, limits=limits)
        self._unsound: set[str] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it, once."""
        if request.url.host in self._unsound:
            return await self._lenient.handle_async_request(request)
        try:
            return await self._strict.handle_async_request(request)
        except aiohttp.ClientResponseError:
            self._unsound.add(request.url.host)
            raise

    async def aclose(self) -> None:
        """Close every connection."""
        await self._strict.aclose()
        await self._lenient.aclose()


def _session(limits: httpx.Limits, trusted: ssl.SSLContext) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(
        limit=limits.max_connections or 0,
        keepalive_timeout=limits.keepalive_expiry,
        ssl=trusted,
    )
    session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
    # A GET on a kept connection that breaks would be sent again unasked, and so uncounted. There
    # is no public word for this (aiohttp 3.14); a test sees whether it still holds.
    session._retry_connection = False
    return session


@dataclass(frozen=True, slots=True)
class Answer:
    """What came: ``is_cut`` when the body goes on after ``content``."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    is_cut: bool


async def fetch(
    http: httpx.AsyncClient,
    url: str,
    *,
    reach: Reach,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    auth: httpx.Auth | None = None,
    deadline_s: float = DEADLINE_S,
) -> Answer:
    """The answer to a GET, its body read as far as wanted; the rest is never downloaded.

    Raises `RequestFailed`, of the kind ``transport``, when none came whole: connection refused or
    reset, a body shorter than told, a timeout. No address, and so no key, is in it or behind it.
    """
    trouble: Exception
    try:
        async with (
            asyncio.timeout(deadline_s),
            http.stream("GET", url, params=params, headers=headers, auth=auth) as response,
        ):
            content, is_cut = await _read(response, reach)
            return Answer(response.status_code, response.headers, content, is_cut)
    except TROUBLE as error:
        trouble = error
    failure = Failure("transport", transport_text(trouble))
    del trouble
    raise RequestFailed(failure)


def transport_text(error: Exception) -> str:
    """A broken connection in words without any address."""
    cause = error.__cause__  # httpx-aiohttp calls every broken connection a ConnectTimeout
    named = cause if isinstance(cause, aiohttp.ClientError) else error
    return f"no answer ({type(named).__name__})"


async def _read(response: httpx.Response, reach: Reach) -> tuple[bytes, bool]:
    content = bytearray()
    limit = reach(b"") if response.status_code < 300 else LONGEST_ERROR
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > limit and response.status_code < 300:
            limit = max(limit, reach(bytes(content)))
        if len(content) > limit:
            return bytes(content[:limit]), True
    return bytes(content), False
