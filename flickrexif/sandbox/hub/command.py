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
    # A handler that does nothing: one that raises could do so between the end of the command and
    # the reading of its exit code, which is lost then.
    usual_interrupt = signal.signal(signal.SIGINT, lambda *_: None)
    usual_end = signal.getsignal(signal.SIGTERM)
    try:
        process = subprocess.Popen(command, env=environment)  # noqa: S603 - the user's own words
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        code = process.wait()
    except OSError as error:
        raise UsageError(f"cannot run {command[0]!r}: {error.strerror}") from error
    finally:
        signal.signal(signal.SIGTERM, usual_end)
        signal.signal(signal.SIGINT, usual_interrupt)
    return code if code >= 0 else 128 - code
