"""The contact sheet with a desk: a person accepts or rejects pairs, a file keeps it.

`paircams.review_server` answers the reviewer's browser.
"""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from flickrexif.errors import UsageError
from flickrexif.progress import Progress, Silent
from paircams.cards import make_cards
from paircams.decisions import Decided, file_for_decisions, read_decisions, write_decision
from paircams.pairs import read_pairs
from paircams.review_server import HOST, ReviewServer
from paircams.sheet import Desk, render
from paircams.validating import validate

if TYPE_CHECKING:
    from pathlib import Path

    from paircams.report import Report


@dataclass(frozen=True, slots=True)
class Reviewed:
    """How a review ended."""

    file: Path
    """What keeps the decisions."""
    accepted: int
    rejected: int
    undecided: int

    def line(self) -> str:
        """A summary for a terminal."""
        return (
            f"{self.accepted} accepted, {self.rejected} rejected, {self.undecided} undecided; "
            f"written to {self.file}"
        )


class Review:
    """A review of a report's pairs, served on ``port`` of this machine (0 picks a free one).

    Use it as a context: `serve_forever` returns when the reviewer presses Done, or when `stop` is
    called. Each decision is in `file` before it is answered.
    """

    def __init__(self, report: Report, *, port: int = 0, progress: Progress | None = None) -> None:
        self.report = report
        self.file = file_for_decisions(report.declared)
        self.cards = make_cards(report, progress or Silent())
        self.token = secrets.token_urlsafe(24)
        self._writing = threading.Lock()
        try:
            self._server = ReviewServer(self, port)
        except OSError as error:
            raise UsageError(f"port {port} cannot be served: {error.strerror}; try 0") from error

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

        Raises as `paircams.validate` does, and `UsageError` where decisions cannot be written,
        before any photo is read.
        """
        file_for_decisions(read_pairs(path, classes=classes))
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
        decided = read_decisions(self.file)
        desk = Desk(
            address=f"/{self.token}/decide",
            decisions={name: known.decision for name, known in decided.items()},
            notes={name: known.note for name, known in decided.items()},
        )
        return render(self.report, self.cards, desk=desk)

    def decide(self, subject_idx: str, decided: Decided) -> None:
        """Write one decision into `file`; see `write_decision` for what it raises."""
        with self._writing:
            write_decision(self.file, subject_idx, decided)

    def outcome(self) -> Reviewed:
        """Return how many pairs were decided how, so far."""
        decided = read_decisions(self.file)
        names = [subject.subject_idx for subject in self.report.declared.subjects]
        counts = Counter(decided.get(name, Decided()).decision for name in names)
        undecided = len(names) - counts["accept"] - counts["reject"]
        return Reviewed(self.file, counts["accept"], counts["reject"], undecided)

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
