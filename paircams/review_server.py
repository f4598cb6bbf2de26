"""What a reviewer's browser is answered: the page, and whether a decision was taken.

Served to this machine alone. A page of another origin could make a browser send requests here, so
the address holds a random token, requests that another origin sent are refused, and so are those
for another host's name (which a name server under foreign control could point at 127.0.0.1).
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from flickrexif.errors import UsageError
from paircams.decisions import Decided

if TYPE_CHECKING:
    from paircams.review import Review

HOST = "127.0.0.1"
LARGEST_BODY = 16 * 1024
LONGEST_NOTE = 500
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class ReviewServer(ThreadingHTTPServer):
    """Serves one review on a port of this machine; 0 picks a free one."""

    daemon_threads = True

    def __init__(self, review: Review, port: int) -> None:
        self.review = review
        super().__init__((HOST, port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: ReviewServer
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        """Answer with the page."""
        if self._is_refused():
            return
        if self.path != f"/{self.server.review.token}/":
            self._answer(404, "there is no such page")
            return
        self._answer(200, self.server.review.page(), "text/html")

    def do_POST(self) -> None:
        """Take a decision, or the end of the review."""
        if self._is_refused():
            return
        if self.path != f"/{self.server.review.token}/decide":
            self._answer(404, "there is no such page")
            return
        try:
            words = self._words()
            if words.get("done") is not True:
                self.server.review.decide(*_decision(words))
        except (ValueError, UsageError) as error:
            self._answer(400, str(error))
            return
        self._answer(200, "saved")
        if words.get("done") is True:
            threading.Thread(target=self.server.review.stop, name="end of review").start()

    def _is_refused(self) -> bool:
        """Refuse what another origin's page sent; True when it was."""
        port = self.server.review.port
        hosts = {f"{HOST}:{port}", f"localhost:{port}"}
        origin = self.headers.get("Origin")
        is_ours = origin is None if self.command == "GET" else False
        if self.headers.get("Host") in hosts and (
            is_ours or origin in {f"http://{host}" for host in hosts}
        ):
            return False
        self._answer(403, "only this page itself may ask")
        return True

    def _words(self) -> dict[str, Any]:
        if self.headers.get_content_type() != "application/json":
            raise ValueError("decisions come as JSON")
        length = int(self.headers.get("Content-Length", ""))
        if not 0 <= length <= LARGEST_BODY:
            raise ValueError("a decision is a few words")
        words = json.loads(self.rfile.read(length))
        if not isinstance(words, dict):
            raise ValueError("a decision is a JSON object")
        return words

    def _answer(self, status: int, text: str, kind: str = "text/plain") -> None:
        body = text.encode()
        self.send_response(status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        if status != 200:  # what was sent besides may be unread
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Keep silent: the address holds the token."""


def _decision(words: dict[str, Any]) -> tuple[str, Decided]:
    told = (words.get("subject_idx"), words.get("decision"), words.get("note", ""))
    subject_idx, decision, note = told
    if (
        not isinstance(subject_idx, str)
        or not isinstance(decision, str)
        or not isinstance(note, str)
    ):
        raise ValueError("a decision has the texts subject_idx, decision and note")
    return subject_idx, Decided(decision, _one_line(note))


def _one_line(note: str) -> str:
    """Return a note as one printable line of at most 500 characters."""
    return "".join(c for c in " ".join(note.split()) if c.isprintable())[:LONGEST_NOTE]
