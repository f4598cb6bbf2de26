"""Manifests of pairs: CSV with a header, or JSON Lines, one row per subject."""

from __future__ import annotations

import csv
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from flickrexif.errors import UsageError
from paircams.layout import SIDES, Misplaced, PairSet, PhotoFile, Side, Subject, printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

REQUIRED = ("subject_idx", *SIDES)
OPTIONAL = ("license", "owner")
COLUMNS = (*REQUIRED, *OPTIONAL)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: ``where`` it stands, its texts by column, and why it cannot be used, or None."""

    where: str
    cells: Mapping[str, str]
    reason: str | None = None


def read_manifest(manifest: Path) -> PairSet:
    """Read ``manifest`` (``.csv`` or ``.jsonl``); paths in it are relative to its own folder.

    A subject may stand in several rows: its photos are collected, and the checks count them. Links
    are followed where they lead; a path that is written so as to leave the folder is not.

    Raises `UsageError` for a file that is no manifest, and for columns that are unknown or missing.
    """
    rows = _read_rows(manifest)
    subjects: dict[str, Subject] = {}
    misplaced: list[Misplaced] = []
    for row in rows:
        if row.reason is not None:
            name = row.cells.get("subject_idx", "")
            misplaced.append(Misplaced("row", name, None, row.where, row.reason))
            continue
        subject = _with_row(subjects, row)
        files, outside = _placed(manifest.parent, row, subject.subject_idx)
        misplaced += outside
        subjects[subject.subject_idx] = replace(subject, files=subject.files + files)
    return PairSet(manifest.parent, tuple(subjects.values()), tuple(misplaced))


def _with_row(subjects: Mapping[str, Subject], row: Row) -> Subject:
    name = row.cells["subject_idx"]
    return subjects.get(name) or Subject(
        name, license=row.cells.get("license") or None, owner=row.cells.get("owner") or None
    )


def _placed(
    root: Path, row: Row, subject_idx: str
) -> tuple[tuple[PhotoFile, ...], list[Misplaced]]:
    files: list[PhotoFile] = []
    outside: list[Misplaced] = []
    for side in SIDES:
        text = row.cells.get(side, "")
        if not text:
            continue
        inside = _below(root, text)
        if inside is None:
            outside.append(_outside(row, subject_idx, side, text))
        else:
            files.append(PhotoFile(subject_idx, side, printable(inside), root / inside))
    return tuple(files), outside


def _below(root: Path, text: str) -> Path | None:
    folder = os.path.abspath(root)  # noqa: PTH100 - resolve() would follow links
    path = os.path.normpath(os.path.join(folder, text))  # noqa: PTH118 - as written, links unread
    return Path(path).relative_to(folder) if Path(path).is_relative_to(folder) else None


def _outside(row: Row, subject_idx: str, side: Side, text: str) -> Misplaced:
    reason = f"{row.where} names a path outside the manifest's folder; copy the photo into it"
    return Misplaced("outside", subject_idx, side, printable(text), reason)


def _read_rows(manifest: Path) -> list[Row]:
    readers = {".csv": _csv_rows, ".jsonl": _jsonl_rows}
    reader = readers.get(manifest.suffix.lower())
    if reader is None:
        raise UsageError(
            f"{printable(manifest)!r} is no manifest; name a .csv or .jsonl file, or a folder"
        )
    try:
        rows = list(reader(manifest))
    except UnicodeDecodeError as error:
        raise UsageError(f"{printable(manifest)!r} is not UTF-8 text; save it as UTF-8") from error
    except (OSError, csv.Error) as error:
        raise UsageError(f"{printable(manifest)!r} cannot be read: {error}") from error
    if not rows:
        raise UsageError(f"{printable(manifest)!r} lists no pairs; add one row per subject")
    return rows


def _csv_rows(manifest: Path) -> Iterator[Row]:
    with manifest.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file, strict=True)
        header = [name.strip() for name in next(lines, [])]
        _refuse_columns(manifest, header, required=REQUIRED)
        for cells in lines:
            if not any(cell.strip() for cell in cells):
                continue
            where = f"line {lines.line_num}"
            texts = {name: cell.strip() for name, cell in zip(header, cells, strict=False)}
            if len(cells) != len(header):
                reason = f"{where} has {len(cells)} fields, the header {len(header)}; quote commas"
                yield Row(where, texts, reason)
            else:
                yield _checked(where, texts)


def _jsonl_rows(manifest: Path) -> Iterator[Row]:
    with manifest.open(encoding="utf-8-sig") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            where = f"line {number}"
            try:
                fields = json.loads(line)
            except (ValueError, RecursionError):
                yield Row(where, {}, f"{where} is not JSON; write one object per line")
                continue
            if not isinstance(fields, dict):
                yield Row(where, {}, f"{where} is not a JSON object; write one object per line")
                continue
            _refuse_columns(manifest, list(fields), required=())
            yield _typed(where, fields)


def _typed(where: str, fields: Mapping[str, object]) -> Row:
    texts: dict[str, str] = {}
    for name, value in fields.items():
        if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
            texts[name] = str(value).strip()
        elif value is not None:
            kind = type(value).__name__
            return Row(where, texts, f"{where} holds a {kind} as {name!r}; write a text")
    return _checked(where, texts)


def _checked(where: str, texts: Mapping[str, str]) -> Row:
    if not texts.get("subject_idx"):
        return Row(where, texts, f"{where} has no subject_idx; give the subject a number or a name")
    for name, text in texts.items():
        if printable(text) != text:
            readable = {column: printable(cell) for column, cell in texts.items()}
            return Row(where, readable, f"{where} holds unprintable characters in {name!r}")
    return Row(where, texts)


def _refuse_columns(manifest: Path, names: list[str], *, required: Iterable[str]) -> None:
    known = ", ".join(COLUMNS)
    unknown = [name for name in names if name not in COLUMNS]
    missing = [name for name in required if name not in names]
    repeated = sorted({name for name in names if names.count(name) > 1})
    for problem, columns in (("unknown", unknown), ("missing", missing), ("repeated", repeated)):
        if columns:
            listed = ", ".join(repr(printable(name)) for name in columns)
            raise UsageError(
                f"{printable(manifest)!r} has {problem} columns {listed}; a manifest's are {known}"
            )
