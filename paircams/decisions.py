"""What a person decided of each pair, and the one file that keeps it.

A manifest (.csv, .jsonl) keeps it itself, in its columns ``decision`` and ``note``. A folder
without a manifest gets one, ``pairs.csv``. A parquet file cannot be written into: beside it, or
beside the folder of a dataset in several files, stands ``<its name>.decisions.csv`` with the
columns subject_idx, decision and note.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from flickrexif.atomic import write_text
from flickrexif.errors import UsageError
from paircams.columns import checked, decision_of, refuse_undeciding
from paircams.decision_rows import as_csv, csv_with, jsonl_with, read_cells
from paircams.layout import DECISIONS, SIDES, Misplaced, printable
from paircams.rows import read_table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from paircams.layout import Decision, PairSet, Subject
    from paircams.rows import Row

NEW_MANIFEST = "pairs.csv"
"""What a folder without a manifest gets."""
SUFFIX = ".decisions.csv"
_COLUMNS = ("decision", "note")


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision (accept, reject, or empty for none yet) and a note."""

    decision: str = ""
    note: str = ""


def decisions_beside(place: Path) -> Path:
    """The file for decisions on the parquet file, or the folder of such, at ``place``."""
    full = Path(os.path.abspath(place))  # noqa: PTH100 - resolve() would follow links
    return full.with_name(f"{full.name}{SUFFIX}")


def with_decisions(declared: PairSet, file: Path) -> PairSet:
    """``declared`` with what ``file``, if it is there, decides on its subjects.

    A decision on a subject that the set lacks, one that contradicts an earlier row, and a row that
    cannot be read, are misplaced. Raises `UsageError` for a file that is no table of decisions.
    """
    aware = replace(declared, decisions=file)
    if not file.is_file():
        return aware
    names = {subject.subject_idx for subject in declared.subjects}
    table = read_table(file)
    refuse_undeciding(file, table.columns)
    decided: dict[str, Decision | None] = {}
    rows = [_agreeing(_heeded(checked(row), names), decided) for row in table.rows]
    return replace(
        aware,
        subjects=tuple(
            replace(subject, decision=decided.get(subject.subject_idx, subject.decision))
            for subject in declared.subjects
        ),
        misplaced=declared.misplaced
        + tuple(
            Misplaced("row", row.cells.get("subject_idx", ""), None, file.name, row.reason)
            for row in rows
            if row.reason
        ),
    )


def _heeded(row: Row, names: Collection[str]) -> Row:
    """The row; with a reason where it decides on none of ``names``, as spreadsheets cut zeros."""
    name = row.cells.get("subject_idx", "")
    if row.reason is not None or name in names or decision_of(row.cells) is None:
        return row
    told = f"{row.where} decides on subject {name!r}, which the set does not have"
    return replace(row, reason=f"{told}; write the subject as the set does, or delete the row")


def _agreeing(row: Row, decided: dict[str, Decision | None]) -> Row:
    """The row, added to ``decided``; with a reason where it decides otherwise than an earlier one.

    A later row without a decision takes none back.
    """
    if row.reason is not None:
        return row
    name = row.cells["subject_idx"]
    told, known = decision_of(row.cells), decided.get(name)
    decided[name] = known or told
    if told is None or known in (None, told):
        return row
    reason = f"{row.where} decides {told!r} on subject {name!r}, an earlier row {known!r}"
    return replace(row, reason=f"{reason}; delete one")


def file_for_decisions(declared: PairSet) -> Path:
    """Return the file that decisions on ``declared`` go to; it is made, or made whole, now.

    Raises `UsageError` when it cannot be written.
    """
    if declared.decisions is not None:
        _list_all(declared, declared.decisions)
        return declared.decisions
    if declared.manifest is None:
        made = declared.root / NEW_MANIFEST
        _write(made, _new_manifest(declared))
        return made
    _refuse_unwritable(declared.manifest)
    return declared.manifest


def read_decisions(file: Path) -> dict[str, Decided]:
    """Return what was decided so far, by subject; of several rows, the last that tells it."""
    told: dict[str, Decided] = {}
    for row in read_cells(file):
        if row.get("subject_idx") is not None:
            name = str(row["subject_idx"]).strip()
            known = told.get(name, Decided())
            decision = str(row.get("decision") or "").strip().casefold()
            note = str(row.get("note") or "")
            told[name] = Decided(decision or known.decision, note or known.note)
    return told


def write_decision(file: Path, subject_idx: str, decided: Decided) -> None:
    """Write one decision into every row of its subject; what other cells hold stays as it is.

    Raises `UsageError` for a decision that is none, for a subject that the file does not have, and
    when it cannot be written.
    """
    if decided.decision not in ("", *DECISIONS):
        raise UsageError(f"no decision {decided.decision!r}; decide {' or '.join(DECISIONS)}")
    if subject_idx not in read_decisions(file):
        raise UsageError(f"{printable(file)!r} has no subject {subject_idx!r}; start anew")
    is_csv = file.suffix.lower() == ".csv"
    told = dict(zip(_COLUMNS, (decided.decision, decided.note), strict=True))
    text = file.read_text(encoding="utf-8-sig")
    _write(file, (csv_with if is_csv else jsonl_with)(text, subject_idx, told))


def _write(file: Path, text: str) -> None:
    with _refusing(file):
        write_text(file, text)


def _refuse_unwritable(file: Path) -> None:
    """Raise `UsageError` where `_write` would, and leave the file as it is."""
    trial = file.with_name(f".{file.name}.{os.getpid()}.partial")  # as long as the real one's name
    with _refusing(file):
        trial.touch()
        trial.unlink()


@contextmanager
def _refusing(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"{printable(file)!r} cannot be written: {error.strerror}; decisions need a folder "
            "that can be written: copy the set into one"
        ) from error


def _list_all(declared: PairSet, file: Path) -> None:
    """Give ``file`` a row for each subject that has none yet."""
    known = read_decisions(file) if file.is_file() else {}
    told = {one.subject_idx: Decided(one.decision or "") for one in declared.subjects} | known
    rows = ((name, one.decision, one.note) for name, one in told.items())
    _write(file, as_csv([("subject_idx", *_COLUMNS), *rows]))


def _new_manifest(declared: PairSet) -> str:
    rows = [row for subject in declared.subjects for row in _declared_rows(subject)]
    return as_csv([("subject_idx", *SIDES, *_COLUMNS), *rows])


def _declared_rows(subject: Subject) -> Iterator[tuple[str, ...]]:
    """Yield the rows that declare a subject: one, and one more for each photo too many."""
    for files in zip_longest(*(subject.on(side) for side in SIDES)):
        names = (file.name if file else "" for file in files)
        yield (subject.subject_idx, *names, "", "")
