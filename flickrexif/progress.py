"""Progress of long work: a bar on a terminal, a log line every 30 seconds elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from typing import Protocol, Self

from tqdm import tqdm

log = logging.getLogger("flickrexif")

LOG_EVERY_S = 30.0


class Progress(Protocol):
    """What the library tells of its advance; every long call takes one."""

    def start(self, what: str, total: int | None, unit: str) -> None:
        """A new phase begins: ``total`` units of ``what`` (None when unknown)."""
        ...

    def advance(self, units: int = 1) -> None:
        """So many more units are done."""
        ...

    def close(self) -> None:
        """The phase ended."""
        ...


class Silent:
    """Tells nobody: the default of the library."""

    def start(self, what: str, total: int | None, unit: str) -> None:
        """Ignore a new phase."""

    def advance(self, units: int = 1) -> None:
        """Ignore an advance."""

    def close(self) -> None:
        """Ignore the end."""


class Bar:
    """A tqdm bar on standard error where that is a terminal; sparse log lines where it is not."""

    def __init__(self, *, log_every_s: float = LOG_EVERY_S) -> None:
        self._log_every_s = log_every_s
        self._bar: tqdm[None] | None = None
        self._what, self._unit, self._total, self._done = "", "", 0, 0
        self._told_at = time.monotonic()

    def start(self, what: str, total: int | None, unit: str) -> None:
        """Close the phase before and begin a new one."""
        self.close()
        self._what, self._unit, self._total, self._done = what, unit, total or 0, 0
        self._told_at = time.monotonic()
        if sys.stderr.isatty():
            self._bar = tqdm(total=total, desc=what, unit=f" {unit}", file=sys.stderr)

    def advance(self, units: int = 1) -> None:
        """Move the bar, or tell it in the log when the last line is 30 s old."""
        self._done += units
        if self._bar is not None:
            self._bar.update(units)
        elif time.monotonic() - self._told_at >= self._log_every_s:
            self._told_at = time.monotonic()
            of = f" of {self._total}" if self._total else ""
            log.info("%s: %d%s %s", self._what, self._done, of, self._unit)

    def close(self) -> None:
        """Leave the bar as it stands."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
