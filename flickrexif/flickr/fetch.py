"""One GET and its answer, read as far as it is wanted."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import httpx

from flickrexif.flickr.failures import Failure, RequestFailed
from flickrexif.flickr.transport import Http

DEADLINE_S = 600.0
"""A whole answer: a host that drips a byte now and then is left."""
LONGEST_ERROR = 4096
"""So much is read of an answer that tells of an error; its connection is then used again."""

TROUBLE = (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, TimeoutError, OSError)
"""What a request raises that brought no answer; httpx-aiohttp lets a few of aiohttp's through."""

Reach = Callable[[bytes], int]
"""How many bytes of a body are wanted, seeing those that came so far (none at first)."""

_LENGTH = re.compile(r"[0-9]{1,18}")


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
    longest: int | None = None,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    auth: httpx.Auth | None = None,
    deadline_s: float = DEADLINE_S,
) -> Answer:
    """The answer to a GET, its body read as far as wanted; the rest is never downloaded.

    Nothing is read of a body that is told to be ``longest`` bytes long or longer than that. Without
    ``params`` and ``auth`` it goes past httpx where `Http` may.

    Raises `RequestFailed`, of the kind ``transport``, when none came whole: connection refused or
    reset, a body shorter than told, a timeout. No address, and so no key, is in it or behind it.
    """
    trouble: Exception
    try:
        async with asyncio.timeout(deadline_s), _opened(http, url, params, headers, auth) as opened:
            content, is_cut = await _read(opened, reach, longest)
            return Answer(opened.status, opened.headers, content, is_cut)
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


@dataclass(frozen=True, slots=True)
class _Opened:
    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterable[bytes]

    @property
    def told_length(self) -> int:
        """Bytes of the body by its header; 0 where it does not say."""
        told = self.headers.get("Content-Length", "")
        return int(told) if _LENGTH.fullmatch(told) else 0


@asynccontextmanager
async def _opened(
    http: httpx.AsyncClient,
    url: str,
    params: Mapping[str, str] | None,
    headers: Mapping[str, str] | None,
    auth: httpx.Auth | None,
) -> AsyncIterator[_Opened]:
    below = http.below if isinstance(http, Http) else None
    is_plain = params is None and auth is None
    if below is not None and is_plain and below.is_sound(url):
        async with below.get(url, headers) as near:
            yield _Opened(near.status, near.headers, near.content.iter_any())
        return
    async with http.stream("GET", url, params=params, headers=headers, auth=auth) as far:
        yield _Opened(far.status_code, far.headers, far.aiter_bytes())


async def _read(opened: _Opened, reach: Reach, longest: int | None) -> tuple[bytes, bool]:
    is_error = opened.status >= 300
    if longest is not None and not is_error and opened.told_length > longest:
        return b"", True
    limit = LONGEST_ERROR if is_error else reach(b"")
    chunks, length = list[bytes](), 0
    async for chunk in opened.chunks:
        chunks.append(chunk)
        length += len(chunk)
        if length > limit and not is_error:
            limit = max(limit, reach(b"".join(chunks)))
        if length > limit:
            return b"".join(chunks)[:limit], True
    return b"".join(chunks), False
