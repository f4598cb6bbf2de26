"""What a set of pairs declares, before any photo is opened."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Side = Literal["smartphone", "camera"]
SIDES: tuple[Side, Side] = ("smartphone", "camera")

MisplacedBy = Literal["row", "outside", "unplaced", "columns", "unknown-model", "coloured-model"]

Decision = Literal["accept", "reject"]
DECISIONS: tuple[Decision, ...] = ("accept", "reject")


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """One photo as declared: ``name`` is its path below the folder of the set, printable."""

    subject_idx: str
    side: Side
    name: str
    path: Path
    row: int | None = None
    """For a photo inside of a parquet file: the row, from 0, of its column ``image``."""


@dataclass(frozen=True, slots=True)
class Misplaced:
    """A row or a file that has no place in the set; ``check`` is the id of the check it fails."""

    check: MisplacedBy
    subject_idx: str
    side: Side | None
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Subject:
    """One subject and the photos declared for it: one per side where all is well."""

    subject_idx: str
    files: tuple[PhotoFile, ...] = ()
    license: str | None = None
    owner: str | None = None
    decision: Decision | None = None
    """What a person decided in a review of the pair."""

    def on(self, side: Side) -> tuple[PhotoFile, ...]:
        """The photos declared on ``side``."""
        return tuple(file for file in self.files if file.side == side)


@dataclass(frozen=True, slots=True)
class PairSet:
    """All subjects in the order of their declaration, and what could not be placed."""

    root: Path
    subjects: tuple[Subject, ...]
    misplaced: tuple[Misplaced, ...] = ()
    manifest: Path | None = None
    """The file that declares the set; None for a folder whose names do."""
    decisions: Path | None = None
    """The file that keeps decisions, where the manifest cannot; see `paircams.decisions`."""

    def files(self) -> Iterator[PhotoFile]:
        """Every declared photo."""
        for subject in self.subjects:
            yield from subject.files


def printable(path: Path | str) -> str:
    """A path as text that can be written as UTF-8 on one line, whatever bytes the name holds."""
    text = os.fspath(path).encode("utf-8", "backslashreplace").decode("utf-8")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
