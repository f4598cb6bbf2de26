"""What a hydration came to, and the list of the photos that have no image."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flickrexif.atomic import write_text
from flickrexif.corpus.hydration import FOR_NOW

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from flickrexif.ids import PhotoId

FAILURES_FILE = "failures.csv"
HEADER = ("photo_id", "url", "reason")


@dataclass(slots=True)
class RunCount:
    """What one run has done."""

    saved: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class HydrateSummary:
    """What a corpus holds after a hydration; ``saved``, ``bytes`` and ``requests`` are the run's.

    ``photos`` = ``already`` + ``saved`` + all of ``dead`` + all of ``failed``.
    """

    corpus: Path
    photos: int
    already: int
    """Photos that had their image before."""
    saved: int
    bytes: int
    dead: Mapping[str, int]
    """Photos without an image by kind, the commonest first; ``retry_failed`` asks for them again.
    """
    failed: Mapping[str, int]
    """Photos that failed for now, by cause; the next run tries them again."""
    requests: Mapping[str, int]
    """Requests to the image host by size, repeated ones included."""
    retries: Mapping[str, int]
    """Requests that had to be repeated, by failure."""
    failures: Path
    """The list of ``dead`` and ``failed`` photos."""
    folder: Path | None = None
    files: int = 0
    """Files written into ``folder`` by this run."""

    def lines(self) -> list[str]:
        """The summary for people."""
        return list(self._lines())

    def _lines(self) -> Iterator[str]:
        yield (
            f"{self.corpus}: images of {self.already + self.saved:,} of {self.photos:,} photos, "
            f"{self.saved:,} of them new ({self.bytes / 1e6:,.1f} MB)"
        )
        if self.dead:
            yield f"no image: {_told(self.dead)}"
        if self.failed:
            yield f"failed for now: {_told(self.failed)}"
        if self.dead or self.failed:
            yield f"each of them and why: {self.failures}"
        if self.dead and not self.already + self.saved:
            yield "not one image was there: is this the right Flickr? --retry-failed asks again"
        if self.folder is not None:
            yield f"{self.folder}: {self.files:,} files written"
        yield f"image requests: {_told(self.requests) or 'none'}"
        if self.retries:
            yield f"repeated after: {_told(self.retries)}"


def _told(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{what} {count:,}" for what, count in counts.items())


def counted(lacks: Iterable[str]) -> tuple[dict[str, int], dict[str, int]]:
    """The dead by kind and the failed by cause, each with the commonest first."""
    dead, failed = Counter[str](), Counter[str]()
    for lack in lacks:
        if lack.startswith(FOR_NOW):
            failed[lack.removeprefix(FOR_NOW)] += 1
        else:
            dead[lack.partition(":")[0]] += 1
    return _ordered(dead), _ordered(failed)


def _ordered(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def run_requests(before: Mapping[str, int], now: Mapping[str, int], prefix: str) -> dict[str, int]:
    """The counts whose cause begins with ``prefix`` that one run has added, without it."""
    new = {
        cause.removeprefix(prefix): count - before.get(cause, 0)
        for cause, count in now.items()
        if cause.startswith(prefix)
    }
    return _ordered({cause: count for cause, count in new.items() if count})


def write_failures(path: Path, lacks: Iterable[tuple[PhotoId, str | None, str]]) -> None:
    """Write id, address and reason of each photo without an image as CSV, atomically."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(HEADER)
    rows.writerows((photo_id, url or "", lack) for photo_id, url, lack in lacks)
    write_text(path, text.getvalue())
