"""The contact sheet with a desk: a person accepts or rejects pairs, the manifest keeps it.

Served to this machine alone. A page of another origin could make a browser send requests here, so
the address holds a random token, requests that another origin sent are refused, and so are those
for another host's name (which a name server under foreign control could point at 127.0.0.1).
"""

from __future__ import annotations

import json
import secrets
import threading
from collections import Counter
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

from flickrexif.errors import UsageError
from flickrexif.progress import Progress, Silent
from paircams.cards import make_cards
from paircams.decisions import Decided, manifest_of, read_decisions, write_decision
from paircams.pairs import read_pairs
from paircams.sheet import Desk, render
from paircams.validate import validate

if TYPE_CHECKING:
    from pathlib import Path

    from paircams.report import Report

HOST = "127.0.0.1"
LARGEST_BODY = 16 * 1024
LONGEST_NOTE = 500
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Reviewed:
    """How a review ended."""

    manifest: Path
    accepted: int
    rejected: int
    undecided: int

    def line(self) -> str:
        """A summary for a terminal."""
        return (
            f"{self.accepted} accepted, {self.rejected} rejected, {self.undecided} undecided; "
            f"written to {self.manifest}"
        )


class Review:
    """A review of a report's pairs, served on ``port`` of this machine (0 picks a free one).

    Use it as a context: `serve_forever` returns when the reviewer presses Done, or when `stop` is
    called. Each decision is in the manifest before it is answered.
    """

    def __init__(self, report: Report, *, port: int = 0, progress: Progress | None = None) -> None:
        self.report = report
        self.manifest = manifest_of(report.declared)
        self.cards = make_cards(report, progress or Silent())
        self.token = secrets.token_urlsafe(24)
        self._writing = threading.Lock()
        try:
            self._server = _Server((HOST, port), _Handler)
        except OSError as error:
            raise UsageError(f"port {port} cannot be served: {error.strerror}; try 0") from error
        self._server.review = self

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        profile: str = "paper",
        classes: Path | None = None,
        port: int = 0,
        progress: Progress | None = None,
    ) -> Self:
        """Validate the pairs at ``path`` and make ready to review them.

        Raises as `paircams.validate` does, and `UsageError` for a manifest that cannot hold
        decisions, before any photo is read.
        """
        manifest_of(read_pairs(path, classes=classes))
        report = validate(path, profile=profile, classes=classes, progress=progress)
        return cls(report, port=port, progress=progress)

    @property
    def port(self) -> int:
        """The port that is served."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The page's address; who knows it can decide."""
        return f"http://{HOST}:{self.port}/{self.token}/"

    def page(self) -> str:
        """Return the page with what was decided so far."""
        decided = read_decisions(self.manifest)
        desk = Desk(
            address=f"/{self.token}/decide",
            decisions={name: known.decision for name, known in decided.items()},
            notes={name: known.note for name, known in decided.items()},
        )
        return render(self.report, self.cards, desk=desk)

    def decide(self, subject_idx: str, decided: Decided) -> None:
        """Write one decision into the manifest; see `write_decision` for what it raises."""
        with self._writing:
            write_decision(self.manifest, subject_idx, decided)

    def outcome(self) -> Reviewed:
        """Return how many pairs were decided how, so far."""
        decided = read_decisions(self.manifest)
        names = [subject.subject_idx for subject in self.report.declared.subjects]
        counts = Counter(decided.get(name, Decided()).decision for name in names)
        undecided = len(names) - counts["accept"] - counts["reject"]
        return Reviewed(self.manifest, counts["accept"], counts["reject"], undecided)

    def serve_forever(self) -> None:
        """Answer the reviewer's browser until the review is done."""
        self._server.serve_forever(poll_interval=0.1)

    def stop(self) -> None:
        """Make `serve_forever` return; not to be called from the thread that is in it."""
        self._server.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    review: Review


class _Handler(BaseHTTPRequestHandler):
    server: _Server
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
