"""HTTP/1.1 for the Hub: bodies of any length are received and sent piece by piece."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from itertools import count
from typing import TYPE_CHECKING, BinaryIO, Protocol
from urllib.parse import parse_qsl, urlsplit

from flickrexif.sandbox.hub.messages import Answer, FilePart, Received
from flickrexif.sandbox.wire import WireServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PIECE = 1 << 18
_log = logging.getLogger("flickrexif.sandbox")


class Door(Protocol):
    """Whatever answers requests."""

    def answer(self, received: Received) -> Answer | None:
        """Return the answer, or None to hang up."""
        ...


class HubServer(WireServer):
    """The sandbox's server with a door to a Hub; bodies of uploads wait in ``incoming``."""

    def __init__(self, port: int, incoming: Path) -> None:
        super().__init__(port)
        self.RequestHandlerClass = _Handler
        self.door: Door | None = None
        self.closing = threading.Event()
        self._incoming = incoming
        self._numbers = count()

    def next_upload(self) -> Path:
        """Return a name that no upload has had yet."""
        return self._incoming / f"{next(self._numbers):08}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: HubServer

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        if self.command == "PUT":
            with self._upload() as file:
                self._respond(b"", file)
        else:
            self._respond(b"".join(self._pieces()), None)

    @contextmanager
    def _upload(self) -> Iterator[Path]:
        file = self.server.next_upload()
        try:
            with file.open("wb") as sink:
                sink.writelines(self._pieces())
            yield file
        finally:
            file.unlink(missing_ok=True)

    def _respond(self, body: bytes, file: Path | None) -> None:
        target = urlsplit(self.path)
        received = Received(
            verb=self.command,
            path=target.path,
            query=dict(parse_qsl(target.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            file=file,
        )
        answer = self.server.door.answer(received) if self.server.door else None
        if answer is None:
            self.close_connection = True
        else:
            self._send(answer)

    def _pieces(self) -> Iterator[bytes]:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            yield from self._exactly(int(self.headers.get("Content-Length") or 0))
            return
        while length := int(self.rfile.readline().split(b";")[0], 16):
            yield from self._exactly(length)
            self.rfile.readline()
        while self.rfile.readline().strip():
            continue

    def _exactly(self, length: int) -> Iterator[bytes]:
        while length:
            piece = self.rfile.read(min(length, PIECE))
            if not piece:
                raise ConnectionAbortedError("the client hung up in the middle of its request")
            length -= len(piece)
            yield piece

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        if not any(name == "Content-Length" for name, _ in answer.headers):
            self.send_header("Content-Length", str(len(answer.body)))
        for name, value in answer.headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            self.server.closing.wait(answer.pause_s)
        else:
            self._send_body(answer)

    def _send_body(self, answer: Answer) -> None:
        middle = len(answer.body) // 2
        self._copy(answer, 0, middle)
        if answer.is_cut:
            self.close_connection = True
            return
        if answer.pause_s:
            self.wfile.flush()
            self.server.closing.wait(answer.pause_s)
        self._copy(answer, middle, len(answer.body))

    def _copy(self, answer: Answer, start: int, stop: int) -> None:
        flip_at = len(answer.body) // 2 if answer.is_flipped else -1
        for at, piece in _pieces_of(answer.body, start, stop):
            if at == flip_at:
                piece = bytes([piece[0] ^ 1]) + piece[1:]
            self.wfile.write(piece)

    def version_string(self) -> str:
        return "flickrexif-sandbox-hub"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - named by http.server
        _log.debug(format, *args)


def _pieces_of(body: bytes | FilePart, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
    if isinstance(body, bytes):
        if start < stop:
            yield start, body[start:stop]
        return
    with body.path.open("rb") as file:
        file.seek(body.start + start)
        yield from _read(file, start, stop)


def _read(file: BinaryIO, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
    while start < stop:
        piece = file.read(min(PIECE, stop - start))
        if not piece:
            raise ConnectionAbortedError("a file of the Hub is shorter than it was")
        yield start, piece
        start += len(piece)
