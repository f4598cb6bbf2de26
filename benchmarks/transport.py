"""CPU per request of plain httpx divided by that of other transports below the same httpx.

Each measurement is a process that does nothing but download from a server in another process, which
answers prepared bytes; the transports take turns, and a ratio is that of two neighbouring runs.
Above 1 the other one is cheaper. Printed are the middle ratio and the range, for whole images and
for heads of originals, at the two numbers of requests in flight that crawls use. "aiohttp" is what
the crawler uses; "http2" is measured where h2 is installed, which nothing here depends on: one
request a second gains nothing from many streams, and in Python its frames cost more than they save.
TLS needs the openssl command, for a certificate; Flickr itself speaks only TLS.

Run: python benchmarks/transport.py [--requests 300 --pairs 5]
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import resource
import shutil
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from flickrexif.flickr.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGE_BYTES = 250_000
HEAD_BYTES = 65_536
KINDS = ("plain", "aiohttp", "http2")

Work = dict[str, str | int]


class Answers(asyncio.Protocol):
    """HTTP/1.1 from prepared bytes: a part where a range is asked, else the whole."""

    def __init__(self) -> None:
        body = bytes(range(256)) * (IMAGE_BYTES // 256 + 1)
        self._whole = _answer("200 OK", body[:IMAGE_BYTES])
        self._part = _answer("206 Partial Content", body[:HEAD_BYTES])
        self._asked = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._asked += data
        while b"\r\n\r\n" in self._asked:
            head, _, self._asked = self._asked.partition(b"\r\n\r\n")
            self._transport.write(self._part if b"range:" in head.lower() else self._whole)


def _answer(status: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


class Answers2(asyncio.Protocol):
    """The same over HTTP/2."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        from h2.config import H2Configuration
        from h2.connection import H2Connection

        assert isinstance(transport, asyncio.Transport)
        self._transport, self._left = transport, dict[int, bytes]()
        self._h2 = H2Connection(H2Configuration(client_side=False))
        self._h2.initiate_connection()
        self._transport.write(self._h2.data_to_send())

    def data_received(self, data: bytes) -> None:
        from h2.events import RequestReceived

        for event in self._h2.receive_data(data):
            if isinstance(event, RequestReceived):
                is_part = any(name == b"range" for name, _ in event.headers)
                length = HEAD_BYTES if is_part else IMAGE_BYTES
                told = [(":status", "206" if is_part else "200"), ("content-length", str(length))]
                self._h2.send_headers(event.stream_id, told)
                self._left[event.stream_id] = bytes(length)
        for stream in list(self._left):
            self._send(stream)
        self._transport.write(self._h2.data_to_send())

    def _send(self, stream: int) -> None:
        while left := self._left[stream]:
            room = min(self._h2.local_flow_control_window(stream), self._h2.max_outbound_frame_size)
            if room <= 0:
                return
            self._h2.send_data(stream, left[:room], end_stream=len(left) <= room)
            self._left[stream] = left[room:]
        del self._left[stream]


async def serve(work: Work) -> None:
    """Print the port, then answer until killed."""
    context = None
    if work["certificate"]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(str(work["certificate"]), str(work["key"]))
        context.set_alpn_protocols(["h2"] if work["kind"] == "http2" else ["http/1.1"])
    protocol = Answers2 if work["kind"] == "http2" else Answers
    loop = asyncio.get_running_loop()
    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def download(work: Work) -> None:
    """Print the CPU seconds that each of the requests took."""
    trust = ssl.create_default_context(cafile=str(work["certificate"]) or None)
    async with httpx.AsyncClient(transport=transport(str(work["kind"]), trust)) as http:
        await fetch(http, work, requests=4 * int(work["concurrency"]))
        before = resource.getrusage(resource.RUSAGE_SELF)
        await fetch(http, work, requests=int(work["requests"]))
        after = resource.getrusage(resource.RUSAGE_SELF)
    spent = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    print(spent / int(work["requests"]))


def transport(kind: str, trust: ssl.SSLContext) -> httpx.AsyncBaseTransport:
    if kind == "aiohttp":
        return Transport(httpx.Limits(max_connections=10), trust)
    is_http2 = kind == "http2"
    return httpx.AsyncHTTPTransport(verify=trust, http1=not is_http2, http2=is_http2)


async def fetch(http: httpx.AsyncClient, work: Work, *, requests: int) -> None:
    """Download as a crawl does: streamed, checked for its length, so many at once."""
    wanted = int(work["length"])
    headers = {"Range": f"bytes=0-{wanted - 1}"} if wanted == HEAD_BYTES else {}
    left = iter(range(requests))

    async def worker() -> None:
        for _ in left:
            content = bytearray()
            async with http.stream("GET", str(work["url"]), headers=headers) as response:
                async for chunk in response.aiter_raw():
                    content += chunk
            assert len(content) == wanted, len(content)

    await asyncio.gather(*(worker() for _ in range(int(work["concurrency"]))))


@contextmanager
def server(kind: str, certificate: tuple[str, str]) -> Iterator[str]:
    """A serving process; its address."""
    work = {"do": "serve", "kind": kind, "certificate": certificate[0], "key": certificate[1]}
    command = [sys.executable, __file__, json.dumps(work)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        yield f"{'https' if certificate[0] else 'http'}://127.0.0.1:{port}/1_2_b.jpg"
    finally:
        process.terminate()
        process.communicate()


def cpu_per_request(work: Work) -> float:
    command = [sys.executable, __file__, json.dumps({**work, "do": "download"})]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def compare(kinds: list[str], certificate: tuple[str, str], words: argparse.Namespace) -> None:
    for length, concurrency in ((n, c) for n in (IMAGE_BYTES, HEAD_BYTES) for c in (3, 8)):
        spent: dict[str, list[float]] = {kind: [] for kind in kinds}
        for _ in range(words.pairs):
            for kind in kinds:
                with server(kind, certificate) as url:
                    work: Work = {"kind": kind, "url": url, "certificate": certificate[0]}
                    work |= {"length": length, "concurrency": concurrency}
                    spent[kind].append(cpu_per_request({**work, "requests": words.requests}))
        for kind in kinds[1:]:
            ratios = [a / b for a, b in zip(spent["plain"], spent[kind], strict=True)]
            print(
                f"{'TLS' if certificate[0] else 'TCP'} {length // 1000:4} kB x{concurrency}: "
                f"plain httpx / {kind:7} {statistics.median(ratios):5.2f}  "
                f"({min(ratios):.2f} to {max(ratios):.2f})",
                flush=True,
            )


def certificate(folder: Path) -> tuple[str, str]:
    """A certificate for 127.0.0.1 and its key."""
    paths = str(folder / "certificate.pem"), str(folder / "key.pem")
    told = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=here"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-out", paths[0], "-keyout", paths[1]]
    subprocess.run(["openssl", *told, *names], check=True, capture_output=True)
    return paths


def main() -> None:
    if len(sys.argv) == 2 and sys.argv[1].startswith("{"):
        work = json.loads(sys.argv[1])
        asyncio.run(serve(work) if work["do"] == "serve" else download(work))
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--pairs", type=int, default=5)
    words = parser.parse_args()
    has_h2 = importlib.util.find_spec("h2") is not None
    kinds = list(KINDS) if has_h2 else ["plain", "aiohttp"]
    started = time.monotonic()
    compare(kinds, ("", ""), words)
    if shutil.which("openssl"):
        with tempfile.TemporaryDirectory() as folder:
            compare(kinds, certificate(Path(folder)), words)
    print(f"in {time.monotonic() - started:.0f} s" + ("" if has_h2 else "; h2 is not installed"))


if __name__ == "__main__":
    main()
