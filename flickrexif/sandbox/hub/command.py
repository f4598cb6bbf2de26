"""A command that lives beside a Hub: it finds the Hub in its environment, and the Hub ends it."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

from flickrexif.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from flickrexif.sandbox.hub.server import Hub


def run_beside(hub: Hub, command: Sequence[str], *, home: Path) -> int:
    """Run ``command`` with ``hub`` as its only Hub and caches in ``home``; return its exit code.

    That is 128 + N when signal N ended it, as shells have it. SIGTERM is handed on to the command.
    SIGINT is not, since a terminal sends it to both: whether to end by it is for the command to
    say. Raises `UsageError` when it cannot be started. For the main thread alone.
    """
    environment = {**os.environ, **hub.environment(home)}
    try:
        process = subprocess.Popen(command, env=environment)  # noqa: S603 - the user's own words
    except OSError as error:
        raise UsageError(f"cannot run {command[0]!r}: {error.strerror}") from error
    usual = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    try:
        code = _end_of(process)
    finally:
        signal.signal(signal.SIGTERM, usual)
    return code if code >= 0 else 128 - code


def _end_of(process: subprocess.Popen[bytes]) -> int:
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue
