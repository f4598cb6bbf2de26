"""A recheck or a takedown in a process of its own, for tests that kill it.

``recheck CORPUS STEPS REST_URL IMAGE_BASE`` or ``takedown CORPUS STEPS PHOTO_IDS``; ``go`` is
printed when it begins, and after so many STEPS of its progress it kills itself (0: never).
"""

from __future__ import annotations

import os
import signal
import sys

from flickrexif.errors import FlickrexifError
from flickrexif.flickr import Connection
from flickrexif.upkeep import recheck, takedown


class Deadly:
    """A progress at one of whose steps the process dies."""

    def __init__(self, steps: int) -> None:
        self._left = steps

    def start(self, what: str, total: int | None, unit: str) -> None:
        self._step()

    def advance(self, units: int = 1) -> None:
        self._step()

    def close(self) -> None:
        self._step()

    def _step(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> int:
    command, corpus, steps, *words = sys.argv[1:]
    progress = Deadly(int(steps))
    print("go", flush=True)
    try:
        if command == "recheck":
            connection = Connection.embedded(*words)
            recheck(corpus, connection=connection, older_than=0, progress=progress)
        else:
            takedown(corpus, photos=words[0].split(","), progress=progress)
    except FlickrexifError as error:
        print(error)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
