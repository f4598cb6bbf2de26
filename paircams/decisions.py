"""What a person decided of each pair, kept in the manifest: columns ``decision`` and ``note``."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from flickrexif.atomic import write_text
from flickrexif.errors import UsageError
from paircams.layout import DECISIONS, SIDES, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from paircams.layout import PairSet, Subject

NEW_MANIFEST = "pairs.csv"
"""What a folder without a manifest gets."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision (accept, reject, or empty for none yet) and a note."""

    decision: str = ""
    note: str = ""


def manifest_of(declared: PairSet) -> Path:
    """Return the manifest that decisions on ``declared`` go to; a folder without one gets it now.

    Raises `UsageError` when the manifest is of a kind that holds no decisions, and when a new one
    cannot be written.
    """
    if declared.manifest is None:
        made = declared.root / NEW_MANIFEST
        _write(made, _new_manifest(declared))
        return made
    if declared.manifest.suffix.lower() not in (".csv", ".jsonl"):
        raise UsageError(
            f"{printable(declared.manifest)!r} cannot hold decisions; review a .csv or .jsonl "
            "manifest, or a folder"
        )
    return declared.manifest


def read_decisions(manifest: Path) -> dict[str, Decided]:
    """Return what was decided so far, by subject."""
    return {
        str(row["subject_idx"]).strip(): Decided(
            str(row.get("decision") or ""), str(row.get("note") or "")
        )
        for row in _rows(manifest)
        if row.get("subject_idx") is not None
    }


def write_decision(manifest: Path, subject_idx: str, decided: Decided) -> None:
    """Write one decision into every row of its subject; what other cells hold stays as it is.

    Raises `UsageError` for a decision that is none, for a subject that the manifest does not have,
    and when it cannot be written.
    """
    if decided.decision not in ("", *DECISIONS):
        raise UsageError(f"no decision {decided.decision!r}; decide {' or '.join(DECISIONS)}")
    if subject_idx not in read_decisions(manifest):
        raise UsageError(f"{printable(manifest)!r} has no subject {subject_idx!r}; start anew")
    is_csv = manifest.suffix.lower() == ".csv"
    told = {"decision": decided.decision, "note": decided.note}
    text = manifest.read_text(encoding="utf-8-sig")
    _write(manifest, (_csv_with if is_csv else _jsonl_with)(text, subject_idx, told))


def _rows(manifest: Path) -> list[dict[str, Any]]:
    text = manifest.read_text(encoding="utf-8-sig")
    if manifest.suffix.lower() == ".csv":
        return list(csv.DictReader(io.StringIO(text, newline="")))
    return [row for line in text.splitlines() if (row := _object(line)) is not None]


def _csv_with(text: str, subject_idx: str, told: dict[str, str]) -> str:
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    names = [name.strip() for name in header]
    added = [name for name in told if name not in names]
    names += added
    place = names.index("subject_idx")
    for row in rows:
        if len(row) == len(header):  # others are findings, and stay for their owner to mend
            row += [""] * len(added)
            if row[place].strip() == subject_idx:
                for name, cell in told.items():
                    row[names.index(name)] = cell
    return _as_csv([header + added, *rows])


def _jsonl_with(text: str, subject_idx: str, told: dict[str, str]) -> str:
    lines = text.splitlines()
    for number, line in enumerate(lines):
        row = _object(line)
        if row is not None and str(row.get("subject_idx", "")).strip() == subject_idx:
            lines[number] = json.dumps({**row, **told}, ensure_ascii=False)
    return "".join(f"{line}\n" for line in lines)


def _object(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None


def _as_csv(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _write(manifest: Path, text: str) -> None:
    try:
        write_text(manifest, text)
    except OSError as error:
        raise UsageError(
            f"{printable(manifest)!r} cannot be written: {error.strerror}; decisions need a "
            "folder that can be written"
        ) from error


def _new_manifest(declared: PairSet) -> str:
    rows = [row for subject in declared.subjects for row in _declared_rows(subject)]
    return _as_csv([("subject_idx", *SIDES, "decision", "note"), *rows])


def _declared_rows(subject: Subject) -> Iterator[tuple[str, ...]]:
    """Yield the rows that declare a subject: one, and one more for each photo too many."""
    for files in zip_longest(*(subject.on(side) for side in SIDES)):
        names = (file.name if file else "" for file in files)
        yield (subject.subject_idx, *names, "", "")
