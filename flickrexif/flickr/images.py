"""The image host: whole files, and the heads of originals for their EXIF."""

from __future__ import annotations

import asyncio
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flickrexif.flickr.failures import REDIRECTED, Failure, RequestFailed
from flickrexif.flickr.fetch import DEADLINE_S, Answer, Reach, fetch
from flickrexif.flickr.jpeg import exif_end, inspect_jpeg, refuse_other_files
from flickrexif.flickr.sizes import SIZES

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from flickrexif.flickr.connection import Connection
    from flickrexif.flickr.retrying import Retrier

HEAD_BYTES = 65_536
LONGEST_HEAD_BYTES = 4 * HEAD_BYTES
LARGEST_BYTES = 50 * 1024 * 1024

_AS_IT_IS = {"Accept-Encoding": "identity"}
_PART = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)")


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
    hidden photo) or over 50 MB, and after the last retry for what stays broken. The ``imagewidth``
    and ``imageheight`` of the answer's headers are not believed: one recorded answer is too little
    to throw photos away for.
    """

    connection: Connection
    http: httpx.AsyncClient
    retrier: Retrier
    deadline_s: float = DEADLINE_S

    async def image(self, stored_url: str, *, size: str = "original") -> FetchedImage:
        """The whole file, proven to be a complete JPEG, no larger than ``size`` may be."""
        longest = SIZES[size].longest

        async def attempt() -> FetchedImage:
            answer = await self._get(
                stored_url, _AS_IT_IS, lambda _: LARGEST_BYTES, longest=LARGEST_BYTES
            )
            if answer.is_cut:
                raise RequestFailed(Failure("refused", "too_large"))
            if answer.status != 200:
                raise RequestFailed(Failure("body", "partial"))
            width, height = await decoded_size(answer.content, longest=longest)
            sha256 = hashlib.sha256(answer.content).hexdigest()
            return FetchedImage(answer.content, sha256, width, height)

        return await self.retrier.run(f"image {size}", attempt)

    async def head(self, stored_url: str) -> bytes:
        """The first 64 KiB of a file, or as much more (to 256 KiB) as its Exif segment needs.

        No byte is fetched twice: what is missing comes as a further part, and of a host that knows
        no parts by reading on.
        """
        head, wanted, is_whole = b"", HEAD_BYTES, False
        while len(head) < wanted and not is_whole:
            head, is_whole = await self._part(stored_url, head, wanted)
            wanted = _needed(head)
        return head

    async def _part(self, stored_url: str, head: bytes, wanted: int) -> tuple[bytes, bool]:
        """``head`` with what follows it up to ``wanted`` bytes, and whether that is all."""
        headers = {**_AS_IT_IS, "Range": f"bytes={len(head)}-{wanted - 1}"}

        async def attempt() -> tuple[bytes, bool]:
            answer = await self._get(stored_url, headers, lambda some: max(wanted, _needed(some)))
            return _joined(head, answer, wanted)

        return await self.retrier.run("image head", attempt)

    async def _get(
        self,
        stored_url: str,
        headers: Mapping[str, str],
        reach: Reach,
        *,
        longest: int | None = None,
    ) -> Answer:
        answer = await fetch(
            self.http,
            self.connection.fetch_url(stored_url),
            reach=reach,
            longest=longest,
            headers=headers,
            deadline_s=self.deadline_s,
        )
        _refuse(answer.status)
        return answer


def _needed(head: bytes) -> int:
    """How many bytes of a file hold its Exif segment, as far as ``head`` tells; in whole parts."""
    end = exif_end(head) if len(head) >= HEAD_BYTES else None
    parts = 1 if end is None else -(-end // HEAD_BYTES)
    return min(parts * HEAD_BYTES, LONGEST_HEAD_BYTES)


def _joined(head: bytes, answer: Answer, wanted: int) -> tuple[bytes, bool]:
    """The head of the file that is known now, and whether it is the whole file."""
    if answer.status == 200:  # parts are not known there: it starts from the beginning
        content, is_whole = answer.content, not answer.is_cut
    else:
        told = _PART.fullmatch(answer.headers.get("Content-Range", "bytes 0-0/*"))
        if told is None or int(told[1]) != len(head):
            raise RequestFailed(Failure("body", "wrong_part"))
        content = head + answer.content
        is_whole = told[2] == str(len(content)) or len(content) < wanted
    refuse_other_files(content)
    return content, is_whole


def _refuse(status: int) -> None:
    if status in (200, 206):
        return
    if status == 429 or status >= 500:
        raise RequestFailed(Failure("status", "", status=status))
    if 300 <= status < 400:
        raise RequestFailed(Failure("refused", REDIRECTED, status=status))
    text = "gone" if status in (404, 410) else f"http_{status}"
    raise RequestFailed(Failure("refused", text, status=status))


async def decoded_size(content: bytes, *, longest: int | None) -> tuple[int, int]:
    """`inspect_jpeg` in a thread: it takes milliseconds, nearly all of them without Python's lock.

    What is cheap stays outside: handing work to a thread costs as much as half of a checksum.
    """
    return await asyncio.to_thread(inspect_jpeg, content, longest=longest)
