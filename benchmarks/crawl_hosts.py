"""The hosts that the crawl's benchmarks ask: an embedded Flickr, and prepared bytes.

Run as a program it is one of them: ``prepared``, or ``sandbox CANDIDATES``. It tells its addresses
on a line, then answers until it is ended.
"""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = 16
"""So many different images the prepared server has."""
MONTHS = "2020-01..2020-06"
SPAN = {"first_month": "2020-01", "last_month": "2020-06"}
CATALOGUE_SHARE = 1.62
"""Photos in the catalogue for one that is public and of a permissive licence, about."""


@dataclass(frozen=True)
class QuickRenderer:
    """Files of a few hundred bytes; originals carry the whole EXIF of their photo."""

    def original(self, photo) -> bytes:
        from flickrexif.sandbox.exif_block import exif_block

        return self._file(photo.id, exif_block(photo, None) or b"")

    def resized(self, photo, longest: int) -> bytes:
        return self._file(photo.id, b"")

    def _file(self, shade: int, exif: bytes) -> bytes:
        from PIL import Image

        file = io.BytesIO()
        Image.new("L", (24, 16), shade % 256).save(file, "JPEG", exif=exif)
        return file.getvalue()


def sandbox(**words: Any):
    from flickrexif.sandbox import Catalogue, Sandbox

    return Sandbox(catalogue=Catalogue(0, **words), renderer=QuickRenderer(), workers=0)


class Prepared(asyncio.Protocol):
    """HTTP/1.1 from prepared bytes, whatever is asked; closes where the client asks for it."""

    def __init__(self, files: list[bytes]) -> None:
        self._answers, self._asked = files, b""

    def connection_made(self, transport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._asked += data
        while b"\r\n\r\n" in self._asked:
            head, _, self._asked = self._asked.partition(b"\r\n\r\n")
            self._transport.write(self._answers[zlib.crc32(head[:60]) % len(self._answers)])
            if b"connection: close" in head.lower():
                self._transport.close()


async def serve_prepared() -> None:
    """Print the address, then answer until killed."""
    files = [
        b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(file)
        + file
        for file in map(photo_like, range(FILES))
    ]
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Prepared(files), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def photo_like(seed: int) -> bytes:
    """A JPEG of 1024 x 683 pixels and about 250 kB."""
    import numpy as np
    from PIL import Image

    chance = np.random.default_rng(seed)
    coarse = Image.fromarray(chance.integers(0, 256, (12, 18, 3), dtype=np.uint8))
    scene = np.asarray(coarse.resize((1024, 683), Image.Resampling.BICUBIC), dtype=np.float32)
    grain = chance.normal(0, 11, (683, 1024, 1))
    picture = Image.fromarray(np.clip(scene + grain, 0, 255).astype(np.uint8))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=88)
    return file.getvalue()


def serve_sandbox(candidates: int) -> None:
    """Print the addresses of a sandbox of about so many permissive photos, then answer."""
    with sandbox(photos=round(candidates * CATALOGUE_SHARE), owners=300, **SPAN) as box:
        print(box.rest_url, box.image_base, flush=True)
        sys.stdin.read()


@contextmanager
def served(*words: str) -> Iterator[list[str]]:
    """This file as a program of its own, which ends with the block; the addresses it told."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    process = subprocess.Popen([sys.executable, __file__, *words], **pipes)
    try:
        yield process.stdout.readline().split()
    finally:
        process.terminate()
        process.communicate()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["prepared"]:
            asyncio.run(serve_prepared())
        case ["sandbox", candidates]:
            serve_sandbox(int(candidates))
