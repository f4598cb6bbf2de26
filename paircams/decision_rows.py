"""Tables of decisions as text: CSV and JSON Lines, changed in a few cells and else kept."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path


def read_cells(file: Path) -> list[dict[str, Any]]:
    """The rows of a .csv or .jsonl file, by column; lines that are no object are left out."""
    text = file.read_text(encoding="utf-8-sig")
    if file.suffix.lower() == ".csv":
        return list(csv.DictReader(io.StringIO(text, newline="")))
    return [row for line in text.splitlines() if (row := _object(line)) is not None]


def csv_with(text: str, subject_idx: str, told: Mapping[str, str]) -> str:
    """``text`` with the cells ``told`` in each row of the subject; new columns stand last."""
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
    return as_csv([header + added, *rows])


def jsonl_with(text: str, subject_idx: str, told: Mapping[str, str]) -> str:
    """``text`` with the fields ``told`` in each object of the subject."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        row = _object(line)
        if row is not None and str(row.get("subject_idx", "")).strip() == subject_idx:
            lines[number] = json.dumps({**row, **told}, ensure_ascii=False)
    return "".join(f"{line}\n" for line in lines)


def as_csv(rows: Iterable[Sequence[str]]) -> str:
    """The rows as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _object(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) else None
