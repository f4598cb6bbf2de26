"""The seam between what is done to a shard and what runs it.

A stage writes its target under a temporary name, renames it, then writes its report beside it: the
report is the commit marker. An engine skips tasks whose report stands, hands out the others, and
handles nothing but the death of a worker. A photo that fails is a row with a reason, never an
exception; an exception fails its shard alone. Equal input gives equal bytes on every engine.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Protocol

from flickrexif.atomic import write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class ShardTask:
    """One shard to make: where it comes from (picklable, read by the stage) and where it goes."""

    index: int
    source: object
    target: Path

    @property
    def report_path(self) -> Path:
        """Where the commit marker of this shard lies."""
        return self.target.with_name(f"{self.target.name}.report.json")


@dataclass(frozen=True, slots=True)
class ShardReport:
    """What became of one shard. ``sha256`` is that of the target file."""

    index: int
    rows_in: int
    rows_out: int
    status_counts: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    sha256: str = ""

    def commit(self, task: ShardTask) -> None:
        """Write this report as the commit marker of ``task``."""
        write_text(task.report_path, json.dumps(asdict(self), sort_keys=True) + "\n")

    @classmethod
    def read(cls, task: ShardTask) -> ShardReport | None:
        """The report of an earlier run, or None when ``task`` is still to be done.

        A report that cannot be read, or that is of another shard, counts as none.
        """
        if not (task.report_path.exists() and task.target.exists()):
            return None
        try:
            report = cls(**json.loads(task.report_path.read_text(encoding="utf-8")))
        except (ValueError, TypeError):
            return None
        return report if report.index == task.index else None


@dataclass(frozen=True, slots=True)
class ShardFailure:
    """A shard that could not be made: the reason, in one line."""

    index: int
    reason: str


class Worker(Protocol):
    """Does one task: writes the target and returns its report."""

    def __call__(self, task: ShardTask, /) -> ShardReport:
        """Make ``task.target``; raise to fail this shard alone."""
        ...


class Stage(Protocol):
    """A picklable recipe for workers."""

    @property
    def name(self) -> str:
        """The stage's name, for progress and messages."""
        ...

    def open(self) -> Worker:
        """Make a worker; called once in each process, so load what is heavy here."""
        ...


class Engine(Protocol):
    """Runs a stage over tasks."""

    def run(self, stage: Stage, tasks: Iterable[ShardTask]) -> Iterator[ShardReport | ShardFailure]:
        """Yield one report or failure per task, in no promised order."""
        ...
