"""Manifests of pairs: one row a subject, or one row a photo.

A row of a subject has the columns subject_idx, smartphone and camera. A row of a photo, as in the
published set, has subject_idx, image, and the side: camera_class, or model, whose class is looked
up. A parquet file may hold the photos themselves as ``image``.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from flickrexif.errors import UsageError
from paircams.classes import model_key, side_named
from paircams.layout import (
    DECISIONS,
    SIDES,
    Misplaced,
    PairSet,
    PhotoFile,
    Side,
    Subject,
    printable,
)
from paircams.rows import IMAGE, Row, Table, read_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

BY_SUBJECT = ("subject_idx", *SIDES)
BY_PHOTO = ("subject_idx", IMAGE)
SIDE_COLUMNS = ("camera_class", "model")
OPTIONAL = ("license", "owner", "decision", "note")
IMAGE_NAMES = (IMAGE, "file_name")
"""The column with the path of a photo; the second is the name in image folders of datasets."""


@dataclass(slots=True)
class _Declared:
    """What was read so far."""

    root: Path
    classes: Mapping[str, Side]
    subjects: dict[str, Subject] = field(default_factory=dict)
    misplaced: list[Misplaced] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)
    """Photos of each model that has no class."""


def read_manifest(
    manifest: Path, *, classes: Mapping[str, Side], parts: Sequence[Path] = ()
) -> PairSet:
    """Read ``manifest`` (.csv, .jsonl or .parquet); paths in it are relative to its own folder.

    ``parts`` are further parquet files of the same set. ``classes`` gives the side of camera
    models; photos of other models are placed where their subject has room, and found. A subject may
    stand in several rows: its photos are collected, and the checks count them. Links are followed
    where they lead; a path that is written so as to leave the folder is not.

    Raises `UsageError` for a file that is no manifest, and for columns that are missing or twice.
    """
    tables = [(path, read_table(path)) for path in (manifest, *parts)]
    declared = _Declared(manifest.parent, classes)
    for path, table in tables:
        columns = tuple(_column(name) for name in table.columns)
        by_photo = IMAGE in columns
        _refuse_columns(path, columns, by_photo=by_photo)
        declared.misplaced += _unknown_columns(path, table, by_photo=by_photo)
        for row in table.rows:
            cells = {_column(name): cell for name, cell in row.cells.items()}
            _add(declared, _checked(replace(row, cells=cells)), by_photo=by_photo)
    if not any(table.rows for _, table in tables):
        raise UsageError(f"{printable(manifest)!r} lists no pairs; add one row per subject")
    for model, count in declared.unknown.items():
        declared.misplaced.append(_unclassed(model, count))
    return PairSet(
        declared.root, tuple(declared.subjects.values()), tuple(declared.misplaced), manifest
    )


def _column(name: str) -> str:
    return IMAGE if name in IMAGE_NAMES else name


def _add(declared: _Declared, row: Row, *, by_photo: bool) -> None:
    name = row.cells.get("subject_idx", "")
    if row.reason is not None:
        declared.misplaced.append(Misplaced("row", name, None, row.where, row.reason))
        return
    subject = _with_row(declared.subjects, row)
    placed = list(_photo(declared, row, subject) if by_photo else _both(declared, row, subject))
    declared.misplaced += [one for one in placed if isinstance(one, Misplaced)]
    files = tuple(one for one in placed if isinstance(one, PhotoFile))
    declared.subjects[name] = replace(subject, files=subject.files + files)


def _with_row(subjects: Mapping[str, Subject], row: Row) -> Subject:
    name, cells = row.cells["subject_idx"], row.cells
    told = cells.get("decision", "").casefold()
    return subjects.get(name) or Subject(
        name,
        license=cells.get("license") or None,
        owner=cells.get("owner") or None,
        decision=next((decision for decision in DECISIONS if decision == told), None),
    )


def _both(declared: _Declared, row: Row, subject: Subject) -> Iterator[PhotoFile | Misplaced]:
    for side in SIDES:
        text = row.cells.get(side, "")
        if text:
            yield _file(declared.root, row, subject, side, text)


def _photo(declared: _Declared, row: Row, subject: Subject) -> Iterator[PhotoFile | Misplaced]:
    side = _side(declared, row, subject)
    if row.embedded is not None:
        path, number = row.embedded
        name = f"{printable(path.name)}:{number}"
        yield PhotoFile(subject.subject_idx, side, name, path, number)
    elif text := row.cells.get(IMAGE, ""):
        yield _file(declared.root, row, subject, side, text)


def _side(declared: _Declared, row: Row, subject: Subject) -> Side:
    """The side that a row of a photo declares, or the first that its subject has free."""
    told = side_named(row.cells.get("camera_class", ""))
    model = row.cells.get("model", "")
    known = told or declared.classes.get(model_key(model))
    if known is not None:
        return known
    declared.unknown[model] += 1
    free = [side for side in SIDES if not subject.on(side)]
    return free[0] if free else SIDES[-1]


def _unclassed(model: str, count: int) -> Misplaced:
    name = repr(printable(model)) if model else "none"
    reason = (
        f"camera model {name} ({count} photos) has no class, its photos stand where their subjects "
        "have room; name it in a table of model,camera_class (--classes)"
    )
    return Misplaced("unknown-model", "", None, printable(model) or "no model", reason)


def _file(root: Path, row: Row, subject: Subject, side: Side, text: str) -> PhotoFile | Misplaced:
    inside = _below(root, text)
    if inside is None:
        reason = f"{row.where} names a path outside the manifest's folder; copy the photo into it"
        return Misplaced("outside", subject.subject_idx, side, printable(text), reason)
    return PhotoFile(subject.subject_idx, side, printable(inside), root / inside)


def _below(root: Path, text: str) -> Path | None:
    folder = os.path.abspath(root)  # noqa: PTH100 - resolve() would follow links
    path = os.path.normpath(os.path.join(folder, text))  # noqa: PTH118 - as written, links unread
    return Path(path).relative_to(folder) if Path(path).is_relative_to(folder) else None


def _checked(row: Row) -> Row:
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
    if told and told.casefold() not in DECISIONS:
        reason = f"{row.where} has the decision {told!r}; write {' or '.join(DECISIONS)}"
        return replace(row, reason=reason)
    return row


def _refuse_columns(manifest: Path, names: Sequence[str], *, by_photo: bool) -> None:
    """Refuse columns that are missing or twice; JSON lines may each leave some out."""
    needed = BY_PHOTO if by_photo else BY_SUBJECT
    lacks = [name for name in needed if name not in names]
    if by_photo and not any(name in names for name in SIDE_COLUMNS):
        lacks.append(" or ".join(SIDE_COLUMNS))
    missing = [] if manifest.suffix.lower() == ".jsonl" and not by_photo else lacks
    repeated = sorted({name for name in names if names.count(name) > 1})
    for problem, columns in (("missing", missing), ("repeated", repeated)):
        if columns:
            raise UsageError(
                f"{printable(manifest)!r} has {problem} columns {_listed(columns)}; "
                f"a manifest's are {_known(by_photo=by_photo)}"
            )


def _unknown_columns(manifest: Path, table: Table, *, by_photo: bool) -> list[Misplaced]:
    """A finding for columns that are not read; releases have many besides, and are spared."""
    known = {*BY_SUBJECT, *OPTIONAL, *IMAGE_NAMES, *SIDE_COLUMNS}
    unknown = [name for name in table.columns if name not in known]
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
