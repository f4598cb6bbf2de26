"""The image host: whole files, and the heads of originals for their EXIF."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from flickrexif.flickr.client import transport_text
from flickrexif.flickr.failures import REDIRECTED, Failure, RequestFailed
from flickrexif.flickr.jpeg import MAGIC, exif_end, inspect_jpeg

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flickrexif.flickr.connection import Connection
    from flickrexif.flickr.retrying import Retrier

HEAD_BYTES = 65_536
LONGEST_HEAD_BYTES = 4 * HEAD_BYTES
LARGEST_BYTES = 50 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FetchedImage:
    """A JPEG as it was answered; ``sha256`` of ``content`` in lower-case hex."""

    content: bytes
    sha256: str
    width: int
    height: int
    mime: str = "image/jpeg"


@dataclass(frozen=True, slots=True)
class ImageHost:
    """Fetches stored addresses within the retrier's budget.

    Raises `RequestFailed`: ``refused`` for what is gone, redirected (Flickr's placeholder for a
    hidden photo) or over 50 MB, and after the last retry for what stays broken.
    """

    connection: Connection
    http: httpx.AsyncClient
    retrier: Retrier

    async def image(self, stored_url: str, *, cause: str = "image") -> FetchedImage:
        """The whole file, proven to be a complete JPEG."""

        async def attempt() -> FetchedImage:
            content = await self._read(stored_url, {}, LARGEST_BYTES)
            return await asyncio.to_thread(_inspected, content)

        return await self.retrier.run(f"image {cause}", attempt)

    async def head(self, stored_url: str) -> bytes:
        """The first 64 KiB of a file, or as much more (to 256 KiB) as its Exif segment needs."""
        head = await self._range(stored_url, HEAD_BYTES)
        end = exif_end(head)
        if end is None or end <= len(head) or len(head) < HEAD_BYTES:
            return head
        needed = min(max(end, 2 * HEAD_BYTES), LONGEST_HEAD_BYTES)
        return await self._range(stored_url, needed)

    async def _range(self, stored_url: str, length: int) -> bytes:
        async def attempt() -> bytes:
            headers = {"Range": f"bytes=0-{length - 1}"}
            content = await self._read(stored_url, headers, length, may_cut=True)
            if not content.startswith(MAGIC):
                raise RequestFailed(Failure("body", "not_jpeg"))
            return content

        return await self.retrier.run("image head", attempt)

    async def _read(
        self, stored_url: str, headers: Mapping[str, str], longest: int, *, may_cut: bool = False
    ) -> bytes:
        url, failure = self.connection.fetch_url(stored_url), None
        try:
            async with self.http.stream("GET", url, headers=dict(headers)) as response:
                _refuse(response.status_code)
                content = await _body(response, longest, may_cut=may_cut)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            failure = Failure("transport", transport_text(error))
        if failure is not None:
            raise RequestFailed(failure)
        return content


async def _body(response: httpx.Response, longest: int, *, may_cut: bool) -> bytes:
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > longest:
            break
    if len(content) > longest and not may_cut:
        raise RequestFailed(Failure("refused", "too_large"))
    return bytes(content[:longest])


def _refuse(status: int) -> None:
    if status in (200, 206):
        return
    if status == 429 or status >= 500:
        raise RequestFailed(Failure("status", "", status=status))
    if 300 <= status < 400:
        raise RequestFailed(Failure("refused", REDIRECTED, status=status))
    text = "gone" if status in (404, 410) else f"http_{status}"
    raise RequestFailed(Failure("refused", text, status=status))


def _inspected(content: bytes) -> FetchedImage:
    width, height = inspect_jpeg(content)
    return FetchedImage(content, hashlib.sha256(content).hexdigest(), width, height)
