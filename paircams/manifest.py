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
from paircams.colouring import colour_models, coloured_models, models_told
from paircams.columns import checked, column_of, decision_of, refuse_columns, unknown_columns
from paircams.layout import SIDES, Misplaced, PairSet, PhotoFile, Side, Subject, printable
from paircams.rows import IMAGE, Row, read_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


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
    models; others stand on the side that the pairs tell (`paircams.colouring`), else where their
    subject has room, and both is found. A subject may stand in several rows: its photos are
    collected, and the checks count them. Links are followed where they lead; a path that is written
    so as to leave the folder is not.

    Raises `UsageError` for a file that is no manifest, and for columns that are missing or twice.
    """
    tables = [_told(path) for path in (manifest, *parts)]
    rows = [row for table in tables for row in table.rows]
    if not rows:
        raise UsageError(f"{printable(manifest)!r} lists no pairs; add one row per subject")
    coloured = colour_models(models_told(rows), classes)
    declared = _Declared(manifest.parent, {**coloured, **classes})
    for table in tables:
        declared.misplaced += table.misplaced
        for row in table.rows:
            _add(declared, row, by_photo=table.by_photo)
    if coloured:
        declared.misplaced.append(coloured_models(coloured, rows))
    for model, count in declared.unknown.items():
        declared.misplaced.append(_unclassed(model, count))
    return PairSet(
        declared.root, tuple(declared.subjects.values()), tuple(declared.misplaced), manifest
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """One table: its rows, checked, and whether each is of a photo or of a subject."""

    rows: Sequence[Row]
    by_photo: bool
    misplaced: Sequence[Misplaced]


def _told(path: Path) -> _Told:
    table = read_table(path)
    columns = tuple(column_of(name) for name in table.columns)
    by_photo = IMAGE in columns
    refuse_columns(path, columns, by_photo=by_photo)
    rows = [checked(_renamed(row)) for row in table.rows]
    return _Told(rows, by_photo, unknown_columns(path, table, by_photo=by_photo))


def _renamed(row: Row) -> Row:
    return replace(row, cells={column_of(name): cell for name, cell in row.cells.items()})


def _add(declared: _Declared, row: Row, *, by_photo: bool) -> None:
    name = row.cells.get("subject_idx", "")
    if row.reason is not None:
        declared.misplaced.append(Misplaced("row", name, None, row.where, row.reason))
        return
    before = declared.subjects.get(name, Subject(name))
    declared.misplaced += _contradictions(before, row)
    subject = _with_row(before, row)
    placed = list(_photo(declared, row, subject) if by_photo else _both(declared, row, subject))
    declared.misplaced += [one for one in placed if isinstance(one, Misplaced)]
    files = tuple(one for one in placed if isinstance(one, PhotoFile))
    declared.subjects[name] = replace(subject, files=subject.files + files)


def _with_row(before: Subject, row: Row) -> Subject:
    """The subject with what any row tells of it: a person may decide in either photo's row."""
    return replace(
        before,
        license=before.license or row.cells.get("license") or None,
        owner=before.owner or row.cells.get("owner") or None,
        decision=before.decision or decision_of(row.cells),
    )


def _contradictions(before: Subject, row: Row) -> Iterator[Misplaced]:
    name = before.subject_idx
    earlier = {"license": before.license, "owner": before.owner, "decision": before.decision}
    for column, known in earlier.items():
        told = decision_of(row.cells) if column == "decision" else row.cells.get(column)
        if known and told and told != known:
            reason = (
                f"{row.where} has the {column} {told!r}, an earlier row of subject {name!r} "
                f"{known!r}; write one"
            )
            yield Misplaced("row", name, None, row.where, reason)


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
