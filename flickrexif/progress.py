"""Progress of long work: a bar on a terminal, a log line every 30 seconds elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from typing import Protocol, Self

from tqdm import tqdm

log = logging.getLogger("flickrexif")

LOG_EVERY_S = 30.0

_WITH_NOTE = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}{postfix}]"
"""A note says what is left of the whole work: tqdm's own guess at the phase would confuse."""


class Progress(Protocol):
    """What the library tells of its advance; every long call takes one."""

    def start(self, what: str, total: int | None, unit: str, *, done: int = 0) -> None:
        """A new phase begins: ``total`` units of ``what`` (None when unknown), ``done`` before."""
        ...

    def advance(self, units: int = 1) -> None:
        """So many more units are done."""
        ...

    def tell(self, note: str, *, about: int | None = None) -> None:
        """Keep ``note`` beside the count, and ``about`` so many units as what is expected now."""
        ...

    def close(self) -> None:
        """The phase ended."""
        ...


class Silent:
    """Tells nobody: the default of the library."""

    def start(self, what: str, total: int | None, unit: str, *, done: int = 0) -> None:
        """Ignore a new phase."""

    def advance(self, units: int = 1) -> None:
        """Ignore an advance."""

    def tell(self, note: str, *, about: int | None = None) -> None:
        """Ignore a note."""

    def close(self) -> None:
        """Ignore the end."""


class Bar:
    """A tqdm bar on standard error where that is a terminal; sparse log lines where it is not."""

    def __init__(self, *, log_every_s: float = LOG_EVERY_S) -> None:
        self._log_every_s = log_every_s
        self._bar: tqdm[None] | None = None
        self._what, self._of, self._unit, self._note, self._done = "", "", "", "", 0
        self._told_at = time.monotonic()

    def start(self, what: str, total: int | None, unit: str, *, done: int = 0) -> None:
        """Close the phase before and begin a new one."""
        self.close()
        self._what, self._unit, self._note, self._done = what, unit, "", done
        self._of = f" of {total}" if total else ""
        if sys.stderr.isatty():
            self._bar = tqdm(total=total, desc=what, unit=f" {unit}", initial=done, file=sys.stderr)

    def advance(self, units: int = 1) -> None:
        """Move the bar, or tell it in the log when the last line is 30 s old."""
        self._done += units
        if self._bar is not None:
            self._bar.update(units)
        else:
            self._log_when_due()

    def tell(self, note: str, *, about: int | None = None) -> None:
        """Put the note behind the bar, or into the log when the last line is 30 s old."""
        self._note = f", {note}" if note else ""
        if about is not None:
            self._of = f" of about {about}"
        if self._bar is None:
            self._log_when_due()
            return
        self._bar.bar_format = _WITH_NOTE
        self._bar.total = about or self._bar.total
        self._bar.set_postfix_str(note)

    def close(self) -> None:
        """Leave the bar as it stands."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _log_when_due(self) -> None:
        now = time.monotonic()
        if now - self._told_at >= self._log_every_s:
            self._told_at = now
            log.info("%s: %d%s %s%s", self._what, self._done, self._of, self._unit, self._note)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
