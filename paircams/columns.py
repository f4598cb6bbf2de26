"""The columns that a manifest of pairs may have, and what a row of it must hold."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flickrexif.errors import UsageError
from paircams.layout import DECISIONS, SIDES, Misplaced, printable
from paircams.rows import IMAGE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from paircams.layout import Decision
    from paircams.rows import Row, Table

BY_SUBJECT = ("subject_idx", *SIDES)
BY_PHOTO = ("subject_idx", IMAGE)
SIDE_COLUMNS = ("camera_class", "model")
OPTIONAL = ("license", "owner", "decision", "note")
IMAGE_NAMES = (IMAGE, "file_name")
"""The column with the path of a photo; the second is the name in image folders of datasets."""
_NAMES = frozenset((*BY_SUBJECT, *OPTIONAL, *IMAGE_NAMES, *SIDE_COLUMNS))
DECIDING = ("subject_idx", "decision")
"""What a table of decisions must have; it may have a ``note`` besides."""


def column_of(name: str) -> str:
    """A column by the one name that it has here."""
    return IMAGE if name in IMAGE_NAMES else name


def checked(row: Row) -> Row:
    """The row, with the reason why it cannot be used, where there is one."""
    if row.reason is not None:
        return replace(row, cells={name: printable(cell) for name, cell in row.cells.items()})
    if not row.cells.get("subject_idx"):
        reason = f"{row.where} has no subject_idx; give the subject a number or a name"
        return replace(row, reason=reason)
    for name, text in row.cells.items():
        if printable(text) != text:
            readable = {column: printable(cell) for column, cell in row.cells.items()}
            reason = f"{row.where} holds unprintable characters in {printable(name)!r}"
            return replace(row, cells=readable, reason=reason)
    told = row.cells.get("decision", "")
    if told and decision_of(row.cells) is None:
        reason = f"{row.where} has the decision {told!r}; write {' or '.join(DECISIONS)}"
        return replace(row, reason=reason)
    return row


def decision_of(cells: Mapping[str, str]) -> Decision | None:
    """What a row decides; None for nothing, and for other words."""
    told = cells.get("decision", "").casefold()
    return next((decision for decision in DECISIONS if decision == told), None)


def refuse_columns(manifest: Path, names: Sequence[str], *, by_photo: bool) -> None:
    """Raise `UsageError` for columns that are missing or twice; JSON lines may leave some out."""
    if manifest.suffix.lower() == ".csv" and not any(names):
        raise UsageError(
            f"{printable(manifest)!r} is empty, or its first line is; begin it with its columns, "
            f"of {_known(by_photo=by_photo)}"
        )
    needed = BY_PHOTO if by_photo else BY_SUBJECT
    lacks = [name for name in needed if name not in names]
    if by_photo and not any(name in names for name in SIDE_COLUMNS):
        lacks.append(" or ".join(SIDE_COLUMNS))
    missing = [] if manifest.suffix.lower() == ".jsonl" and not by_photo else lacks
    _refuse(manifest, names, missing, f"a manifest's are {_known(by_photo=by_photo)}")


def refuse_undeciding(file: Path, names: Sequence[str]) -> None:
    """Raise `UsageError` for a table of decisions whose columns can decide nothing."""
    missing = [name for name in DECIDING if name not in names]
    _refuse(file, names, missing, f"a table of decisions has {', '.join(DECIDING)}, note")


def _refuse(file: Path, names: Sequence[str], missing: Sequence[str], known: str) -> None:
    problems = {
        "missing": missing,
        "repeated": sorted({name for name in names if names.count(name) > 1}),
        "misspelt": [] if file.suffix.lower() == ".parquet" else _misspelt(names),
    }
    for problem, columns in problems.items():
        if columns:
            raise UsageError(
                f"{printable(file)!r} has {problem} columns {_listed(columns)}; {known}"
            )


def _misspelt(names: Sequence[str]) -> list[str]:
    """The columns that are known but for capitals: unread, a ``Decision`` would reject nothing."""
    return [name for name in names if name not in _NAMES and name.casefold() in _NAMES]


def unknown_columns(manifest: Path, table: Table, *, by_photo: bool) -> list[Misplaced]:
    """A finding for columns that are not read; releases have many besides, and are spared."""
    unknown = [name for name in table.columns if name not in _NAMES]
    if not unknown or any(row.embedded is not None for row in table.rows):
        return []
    name = printable(manifest.name)
    reason = (
        f"unknown columns {_listed(unknown)} are not read; a manifest's are "
        f"{_known(by_photo=by_photo)}"
    )
    return [Misplaced("columns", "", None, name, reason)]


def _listed(columns: Sequence[str]) -> str:
    return ", ".join(repr(printable(name)) for name in columns)


def _known(*, by_photo: bool) -> str:
    own = (*BY_PHOTO, " or ".join(SIDE_COLUMNS)) if by_photo else BY_SUBJECT
    return ", ".join((*own, *OPTIONAL))
