from __future__ import annotations

import asyncio
import io
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random

import piexif
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from flickrexif.flickr import Connection
from flickrexif.flickr.budget import TokenBucket
from flickrexif.flickr.client import open_http
from flickrexif.flickr.failures import RequestFailed
from flickrexif.flickr.images import ImageHost
from flickrexif.flickr.jpeg import exif_end, inspect_jpeg
from flickrexif.flickr.retrying import Backoff, Retrier, Tally


def jpeg(width=40, height=30, *, exif=b"", before_exif=b"", tail=b"") -> bytes:
    file = io.BytesIO()
    Image.effect_noise((width, height), 50).save(file, "JPEG", exif=exif, quality=95)
    content = file.getvalue()
    return content[:2] + before_exif + content[2:] + tail


def segment(marker: int, length: int) -> bytes:
    return bytes([0xFF, marker]) + length.to_bytes(2, "big") + b"x" * (length - 2)


EXIF = piexif.dump({"0th": {piexif.ImageIFD.Make: b"Pictor"}})
SMALL = jpeg(16, 16, exif=EXIF)


@dataclass
class Host:
    """Serves ``answers`` by path, each a list of (status, body); the last one for ever."""

    answers: dict[str, list[tuple[int, bytes]]]
    obeys_ranges: bool = True
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    sent: int = 0

    @contextmanager
    def open(self):
        host = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                wanted = self.headers.get("Range")
                host.asked.append((self.path, wanted))
                answers = host.answers[self.path]
                status, body = answers.pop(0) if len(answers) > 1 else answers[0]
                if wanted and host.obeys_ranges and status == 200:
                    first, last = wanted.removeprefix("bytes=").split("-")
                    status, body = 206, body[int(first) : int(last) + 1]
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", "/images/photo_unavailable.png")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    for start in range(0, len(body), 16384):
                        self.wfile.write(body[start : start + 16384])
                        host.sent += len(body[start : start + 16384])
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def fetch(self, question):
        async def fetching(base):
            connection = Connection.embedded(f"{base}/rest", f"{base}/i")
            async with open_http(connection) as http:
                backoff = Backoff(base_s=0.0)
                retrier = Retrier(
                    TokenBucket(float("inf")), Tally(), backoff, Random(0), asyncio.sleep
                )
                return await question(ImageHost(connection, http, retrier))

        with self.open() as base:
            return asyncio.run(fetching(base))


URL = "https://live.flickr.test/1/2_3_b.jpg"
PATH = "/i/1/2_3_b.jpg"


def image(host):
    return host.image(URL)


def head(host):
    return host.head(URL)


def test_a_whole_image_is_kept_as_answered():
    content = jpeg(40, 30)
    fetched = Host({PATH: [(200, content)]}).fetch(image)
    assert (fetched.content, fetched.width, fetched.height) == (content, 40, 30)


@pytest.mark.parametrize(
    ("status", "body", "reason", "requests"),
    [
        (404, b"", "gone", 1),
        (410, b"", "gone", 1),
        (403, b"", "http_403", 1),
        (302, b"", "redirected", 3),
        (200, b"<html>oops</html>", "not_jpeg", 3),
        (200, b"\x89PNG\r\n\x1a\n", "not_jpeg", 3),
        (200, jpeg()[:-40], "truncated", 3),
        (200, b"", "not_jpeg", 3),
    ],
)
def test_what_is_no_image_is_refused(status, body, reason, requests):
    host = Host({PATH: [(status, body)]})
    with pytest.raises(RequestFailed) as caught:
        host.fetch(image)
    assert caught.value.failure.text == reason
    assert [path for path, _ in host.asked] == [PATH] * requests


def test_an_image_over_the_limit_is_refused_before_it_is_read_whole():
    host = Host({PATH: [(200, jpeg() + b"\0" * 70 * 2**20)]})
    with pytest.raises(RequestFailed, match="too_large"):
        host.fetch(image)
    assert host.sent < 65 * 2**20


def test_trouble_passes():
    content = jpeg()
    answers = [(429, b""), (502, b""), (200, content[: len(content) // 2]), (200, content)]
    host = Host({PATH: answers})
    assert host.fetch(image).content == content
    assert len(host.asked) == 4


def test_a_head_is_a_head():
    content = jpeg(800, 600, exif=EXIF)
    assert len(content) > 70_000
    host = Host({PATH: [(200, content)]})
    assert host.fetch(head) == content[:65536]
    assert host.asked == [(PATH, "bytes=0-65535")]


def test_a_host_that_knows_no_ranges_is_cut_off():
    content = jpeg(800, 600, exif=EXIF, tail=b"\0" * 20 * 2**20)
    host = Host({PATH: [(200, content)]}, obeys_ranges=False)
    assert host.fetch(head) == content[:65536]
    assert host.sent < len(content) // 2


@pytest.mark.parametrize("obeys_ranges", [True, False])
def test_a_head_is_made_longer_once_for_its_exif(obeys_ranges):
    content = jpeg(800, 600, exif=EXIF, before_exif=segment(0xE2, 65_000) + segment(0xE2, 1_000))
    host = Host({PATH: [(200, content)]}, obeys_ranges=obeys_ranges)
    read = host.fetch(head)
    assert read == content[: 2 * 65536]
    assert b"Pictor" in read
    assert len(host.asked) == 2


def test_a_small_file_is_its_own_head():
    content = jpeg(exif=EXIF)
    host = Host({PATH: [(200, content)]})
    assert host.fetch(head) == content
    assert len(host.asked) == 1


def test_the_end_of_the_exif_is_found():
    content = jpeg(exif=EXIF, before_exif=segment(0xE0, 50))
    end = exif_end(content)
    assert content[:end].endswith(EXIF)
    assert exif_end(jpeg()) is None
    assert exif_end(content[: end - 3]) == end
    assert exif_end(content[:30]) == 31


@given(st.data())
def test_no_damage_breaks_the_inspection(data):
    content = bytearray(SMALL)
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with suppress(RequestFailed):
        assert min(inspect_jpeg(bytes(content))) > 0


@given(st.binary(max_size=200), st.integers(0, 400))
def test_no_bytes_break_the_readers(noise, cut):
    for content in (noise, b"\xff\xd8\xff" + noise, SMALL[:cut] + noise):
        end = exif_end(content)
        assert end is None or end > 0
        with suppress(RequestFailed):
            assert min(inspect_jpeg(content)) > 0
