"""Stages that spawned workers can import."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from flickrexif.atomic import write_text
from flickrexif.engine import ShardReport, ShardTask

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Upper:
    """Writes ``source`` in capitals; some sources make it misbehave.

    ``log`` is a folder that gets one empty file per attempt, so that attempts can be counted over
    processes and deaths.
    """

    log: Path
    name: str = "upper"
    fails_to_open: bool = False

    def open(self) -> UpperWorker:
        if self.fails_to_open:
            raise FileNotFoundError("no model 'weights.bin'")
        return UpperWorker(self.log)


@dataclass(frozen=True)
class UpperWorker:
    log: Path

    def __call__(self, task: ShardTask) -> ShardReport:
        word = str(task.source)
        attempts = len(list(self.log.glob(f"{task.index}-*")))
        (self.log / f"{task.index}-{attempts}-{os.getpid()}").touch()
        if word == "poison" or (word == "kills once" and not attempts):
            os.kill(os.getpid(), signal.SIGKILL)
        if word == "sleeps":
            time.sleep(120)
        if word == "raises":
            raise ValueError("the shard is bad")
        write_text(task.target, word.upper())
        if word == "kills after its report" and not attempts:
            report(task).commit(task)
            os.kill(os.getpid(), signal.SIGKILL)
        return report(task)


def report(task: ShardTask) -> ShardReport:
    digest = sha256(task.target.read_bytes()).hexdigest()
    return ShardReport(task.index, 2, 1, {"ok": 1, "left out": 1}, sha256=digest)
