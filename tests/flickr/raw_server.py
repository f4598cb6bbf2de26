"""A server on this machine that sends exactly the bytes it is told to, and keeps what was asked."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self

Sending = Callable[[socket.socket], bool]
"""Sends an answer; False when the connection is not to be used again."""


def answer(body: bytes = b"", *, status: str = "200 OK", length: int | None = None, **headers: str):
    """The bytes of an answer with a Content-Length, which may lie; ``x_y=`` is the header x-y."""
    told = {"Content-Length": str(len(body) if length is None else length), **headers}
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in told.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


def chunked(*parts: bytes, ends: bool = True, more: str = "") -> bytes:
    """The bytes of an answer in chunks; without ``ends`` its end never comes."""
    head = f"HTTP/1.1 200 OK\r\n{more}Transfer-Encoding: chunked\r\n\r\n".encode()
    body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts)
    return head + body + (b"0\r\n\r\n" if ends else b"")


def kept(content: bytes) -> Sending:
    """Send and wait for the next request."""

    def send(connection: socket.socket) -> bool:
        connection.sendall(content)
        return True

    return send


def closed(content: bytes = b"") -> Sending:
    """Send, then close in good order."""

    def send(connection: socket.socket) -> bool:
        connection.sendall(content)
        return False

    return send


def reset(content: bytes = b"") -> Sending:
    """Send, then break the connection off."""

    def send(connection: socket.socket) -> bool:
        connection.sendall(content)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    return send


@dataclass
class RawServer:
    """Serves ``sendings`` in the order of the requests, the last one for ever.

    ``asked`` holds each request's head; ``connections`` counts those that were opened.
    """

    sendings: list[Sending]
    asked: list[str] = field(default_factory=list)
    connections: int = 0
    sent: int = 0

    def __enter__(self) -> Self:
        self._stopping = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def wait(self, seconds: float) -> bool:
        """Sleep as a slow server does; True when it is time to end."""
        return self._stopping.wait(seconds)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            waiting = b""
            while data := connection.recv(65536):
                waiting += data
                while b"\r\n\r\n" in waiting:
                    head, _, waiting = waiting.partition(b"\r\n\r\n")
                    self.asked.append(head.decode())
                    sending = self.sendings.pop(0) if len(self.sendings) > 1 else self.sendings[0]
                    if not sending(connection):
                        return
