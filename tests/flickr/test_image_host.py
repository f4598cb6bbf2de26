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
from raw_server import RawServer, answer, closed, kept, reset

from flickrexif.flickr import Connection
from flickrexif.flickr.budget import TokenBucket
from flickrexif.flickr.failures import RequestFailed
from flickrexif.flickr.images import LARGEST_BYTES, ImageHost
from flickrexif.flickr.jpeg import exif_end, inspect_jpeg
from flickrexif.flickr.retrying import Backoff, Retrier, Tally
from flickrexif.flickr.sizes import SIZES
from flickrexif.flickr.transport import open_http


def jpeg(width=40, height=30, *, exif=b"", before_exif=b"", tail=b"", progressive=False) -> bytes:
    file = io.BytesIO()
    noise = Image.effect_noise((width, height), 50)
    noise.save(file, "JPEG", exif=exif, quality=95, progressive=progressive)
    content = file.getvalue()
    return content[:2] + before_exif + content[2:] + tail


def placeholder(format_: str) -> bytes:
    file = io.BytesIO()
    Image.new("L", (24, 18), 238).save(file, format_)
    return file.getvalue()


def claiming(width: int, height: int) -> bytes:
    """A small progressive file that says it is so large."""
    content = bytearray(jpeg(progressive=True))
    at = content.index(b"\xff\xc2") + 5
    content[at : at + 4] = height.to_bytes(2, "big") + width.to_bytes(2, "big")
    return bytes(content)


def segment(marker: int, length: int) -> bytes:
    return bytes([0xFF, marker]) + length.to_bytes(2, "big") + b"x" * (length - 2)


EXIF = piexif.dump({"0th": {piexif.ImageIFD.Make: b"Pictor"}})
WITH_THUMBNAIL = piexif.dump(
    {"0th": {piexif.ImageIFD.Make: b"Pictor"}, "1st": {}, "thumbnail": jpeg(160, 120)}
)
SMALL = jpeg(16, 16, exif=EXIF)


@dataclass
class Host:
    """Serves ``answers`` by path, each a list of (status, body); the last one for ever."""

    answers: dict[str, list[tuple[int, bytes]]]
    obeys_ranges: bool = True
    told_range: str | None = None
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
                told = None
                if wanted and host.obeys_ranges and status == 200:
                    first, last = (int(end) for end in wanted.removeprefix("bytes=").split("-"))
                    told = f"bytes {first}-{min(last, len(body) - 1)}/{len(body)}"
                    status, body = 206, body[first : last + 1]
                self.send_response(status)
                if told or host.told_range:
                    self.send_header("Content-Range", host.told_range or told)
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

    def fetch(self, question, *, tally=None):
        async def fetching(base):
            connection = Connection.embedded(f"{base}/rest", f"{base}/i")
            async with open_http(connection) as http:
                backoff, counts = Backoff(base_s=0.0), tally or Tally()
                retrier = Retrier(
                    TokenBucket(float("inf")), counts, backoff, Random(0), asyncio.sleep
                )
                return await question(ImageHost(connection, http, retrier))

        with self.open() as base:
            return asyncio.run(fetching(base))


URL = "https://live.flickr.test/1/2_3_b.jpg"
PATH = "/i/1/2_3_b.jpg"


def image(host):
    return host.image(URL, size="large")


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
        (200, b"<!DOCTYPE html><html>oops</html>", "html", 6),
        (200, b"\n<html>oops</html>", "html", 6),
        (200, b"", "empty", 6),
        (200, placeholder("PNG"), "placeholder", 3),
        (200, placeholder("GIF"), "placeholder", 3),
        (200, placeholder("WEBP"), "not_jpeg", 3),
        (200, b"\0" * 100, "not_jpeg", 3),
        (200, jpeg()[:-40], "truncated", 3),
        (200, jpeg()[:-2], "truncated", 3),
        (200, jpeg(exif=WITH_THUMBNAIL)[:-2], "truncated", 3),
        (200, jpeg(exif=WITH_THUMBNAIL)[:5000], "truncated", 3),
        (200, jpeg(800, 600, progressive=True)[:30_000], "truncated", 3),
        (200, jpeg()[:200], "truncated", 3),
        (200, jpeg()[:20] + b"\xff\xd9", "undecodable", 3),
        (200, jpeg(1025, 20), "wrong_size", 3),
        (200, jpeg(20, 1025), "wrong_size", 3),
        (200, claiming(65_000, 65_000), "too_many_pixels", 1),
        (206, jpeg(), "partial", 6),
    ],
)
def test_what_is_no_image_is_refused(status, body, reason, requests):
    host = Host({PATH: [(status, body)]})
    with pytest.raises(RequestFailed) as caught:
        host.fetch(image)
    assert caught.value.failure.text == reason
    assert [path for path, _ in host.asked] == [PATH] * requests


@pytest.mark.parametrize(
    "content",
    [
        jpeg(1024, 20),
        jpeg(800, 600, progressive=True),
        jpeg(exif=WITH_THUMBNAIL),
        jpeg(tail=b"what a telephone adds: a film, a depth map" * 100),
        jpeg(tail=b"\xff\xda\xff"),
        jpeg()[:2] + b"\xff\xff\xff" + jpeg()[3:],
    ],
)
def test_a_sound_image_is_kept_with_all_that_is_in_it(content):
    assert Host({PATH: [(200, content)]}).fetch(image).content == content


def saved(mode: str, **words) -> bytes:
    file = io.BytesIO()
    noise = Image.effect_noise((160, 120), 50).convert("RGB").convert(mode)
    noise.save(file, "JPEG", **words)
    return file.getvalue()


@pytest.mark.parametrize("longest", [1024, None])
@pytest.mark.parametrize(
    "content",
    [
        saved("L"),
        saved("RGB", subsampling="4:2:0"),
        saved("RGB", keep_rgb=True),
        saved("RGB", restart_marker_rows=1, progressive=True),
        saved("CMYK"),
        jpeg(1, 1),
        jpeg(9, 7),
    ],
)
def test_every_kind_of_jpeg_is_decoded(content, longest):
    with Image.open(io.BytesIO(content)) as image:
        assert inspect_jpeg(content, longest=longest) == image.size


@pytest.mark.parametrize("progressive", [False, True])
def test_a_hole_in_a_file_that_flickr_made_is_seen(progressive):
    content = jpeg(400, 300, progressive=progressive)
    for start in range(2_000, len(content) - 4_000, 4_000):
        with pytest.raises(RequestFailed, match="undecodable"):
            inspect_jpeg(content[:start] + content[start + 2_000 :], longest=1024)


def test_stray_bytes_are_borne_in_an_original_only():
    content = jpeg()[:-2] + bytes(64) + jpeg()[-2:]  # more than the decoder reads ahead
    assert inspect_jpeg(content) == (40, 30)
    with pytest.raises(RequestFailed, match="undecodable"):
        inspect_jpeg(content, longest=1024)


@pytest.mark.parametrize("size", SIZES)
def test_every_size_is_counted_by_its_name(size):
    host, tally = Host({PATH: [(200, jpeg())]}), Tally()
    host.fetch(lambda images: images.image(URL, size=size), tally=tally)
    assert dict(tally.requests) == {f"image {size}": 1}


def test_an_original_may_be_of_any_size():
    content = jpeg(3000, 20)
    assert Host({PATH: [(200, content)]}).fetch(lambda host: host.image(URL)).width == 3000


def ask_raw(server):
    """An image from a server of raw bytes, and how often it was asked for."""

    async def asking():
        connection, tally = Connection.at(server.url), Tally()
        async with open_http(connection) as http:
            bucket, backoff = TokenBucket(float("inf")), Backoff(base_s=0.0)
            retrier = Retrier(bucket, tally, backoff, Random(0), asyncio.sleep)
            told = await ImageHost(connection, http, retrier).image(f"{server.url}/1_b.jpg")
        return told, tally.take()

    return asyncio.run(asking())


def test_an_image_that_is_told_to_be_over_the_limit_is_refused_before_any_of_it_is_read():
    with RawServer([kept(answer(b"", length=LARGEST_BYTES + 1))]) as server:  # no body ever comes
        with pytest.raises(RequestFailed) as caught:
            ask_raw(server)
        assert len(server.asked) == 1
    assert (caught.value.failure.kind, caught.value.failure.text) == ("refused", "too_large")


def test_an_image_of_untold_length_is_refused_where_it_passes_the_limit():
    part = bytes(2**20)
    with RawServer([]) as server:

        def flood(connection):
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            for _ in range(70):
                connection.sendall(part)
                server.sent += len(part)
            return False

        server.sendings.append(flood)
        with pytest.raises(RequestFailed, match="too_large"):
            ask_raw(server)
    assert server.sent < 65 * 2**20


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


LONG = jpeg(800, 600, exif=EXIF, before_exif=segment(0xE2, 65_000) + segment(0xE2, 1_000))
LONGER = jpeg(900, 700, exif=EXIF, before_exif=segment(0xE2, 65_000) * 4)


@pytest.mark.parametrize(
    ("content", "asked"),
    [
        (LONG, ["0-65535", "65536-131071"]),
        (LONGER, ["0-65535", "65536-131071", "131072-196607", "196608-262143"]),
        (LONG[:65_536], ["0-65535"]),
        (LONG[:65_600], ["0-65535", "65536-131071"]),
    ],
)
def test_what_a_head_lacks_of_its_exif_is_fetched_as_a_further_part(content, asked):
    host = Host({PATH: [(200, content)]})
    assert host.fetch(head) == content[: int(asked[-1].split("-")[1]) + 1]
    assert [part for _, part in host.asked] == [f"bytes={part}" for part in asked]


@pytest.mark.parametrize(("content", "length"), [(LONG, 131_072), (LONGER, 262_144)])
def test_a_host_that_knows_no_ranges_is_read_on_in_one_answer(content, length):
    host = Host({PATH: [(200, content)]}, obeys_ranges=False)
    assert host.fetch(head) == content[:length]
    assert len(host.asked) == 1


def test_a_host_may_forget_about_ranges_between_two_parts():
    class Forgetful(Host):
        obeys = iter([True, False])
        obeys_ranges = property(lambda self: next(self.obeys), lambda self, value: None)

    host = Forgetful({PATH: [(200, LONG)]})
    assert host.fetch(head) == LONG[:131_072]
    assert len(host.asked) == 2


@pytest.mark.parametrize("told", ["bytes 5-65535/90000", "bytes", "bytes 65536-131071/999999"])
def test_a_part_that_was_not_asked_for_is_not_taken(told):
    host = Host({PATH: [(200, LONG)]}, told_range=told)
    with pytest.raises(RequestFailed, match="wrong_part"):
        host.fetch(head)


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (404, b"", "gone"),
        (416, b"", "http_416"),
        (200, b"<html>", "html"),
        (200, placeholder("PNG"), "placeholder"),
        (302, b"", "redirected"),
    ],
)
def test_a_head_of_what_is_no_image_is_refused(status, body, reason):
    with pytest.raises(RequestFailed, match=reason):
        Host({PATH: [(status, body)]}).fetch(head)


@pytest.mark.parametrize("sending", [closed(answer(SMALL, length=999)), reset(), closed()])
def test_a_broken_connection_is_tried_again(sending):
    with RawServer([sending, kept(answer(SMALL))]) as server:
        told, counts = ask_raw(server)
    assert told.content == SMALL
    assert (len(server.asked), counts["image original"]) == (2, 2)


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
