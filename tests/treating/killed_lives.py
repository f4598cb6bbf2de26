"""Treatments in processes that are killed."""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from forking import FORKING
from own_treatments import SMALL

from flickrexif.treating import TreatPlan, treat

if TYPE_CHECKING:
    from pathlib import Path

    from flickrexif.treating import Treatment

BY_FIVE = TreatPlan("tiny", images_per_file=5)


@dataclass(frozen=True)
class Life:
    """A treatment that is killed before its ``die_at``-th rename, or before it removes a folder."""

    images: Path
    out: Path
    die_at: int | str | None = None
    treatment: Treatment = SMALL

    def end(self) -> int | None:
        """Live it in a process of its own; its exit code."""
        process = FORKING.Process(target=self.live)
        process.start()
        process.join(60)
        return process.exitcode

    def live(self) -> None:
        renames = 0

        def watch(event: str, arguments: tuple) -> None:
            nonlocal renames
            if str(self.out) not in str(arguments[:1]):
                return
            renames += event == "os.rename"
            if self.die_at == (renames if event == "os.rename" else event):
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(watch)
        treat(self.images, self.treatment, BY_FIVE, out=self.out)
