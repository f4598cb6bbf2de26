"""The rows of a manifest: CSV with a header, JSON Lines, or parquet, as texts by column."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from flickrexif.errors import UsageError
from paircams.layout import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

IMAGE = "image"
_OTHER_SEPARATORS = {";": "semicolons", "\t": "tabs"}


@dataclass(frozen=True, slots=True)
class Row:
    """One row: ``where`` it stands, its texts by column, and why it cannot be used, or None."""

    where: str
    cells: Mapping[str, str]
    reason: str | None = None
    embedded: tuple[Path, int] | None = None
    """The parquet file, and the row of it, whose column ``image`` holds the photo itself."""


@dataclass(frozen=True, slots=True)
class Table:
    """The columns of a manifest and its rows."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read_table(manifest: Path) -> Table:
    """The rows of ``manifest``; `UsageError` for a file that is no table of texts."""
    readers = {".csv": _csv, ".jsonl": _jsonl, ".parquet": _parquet}
    reader = readers.get(manifest.suffix.lower())
    if reader is None:
        raise UsageError(
            f"{printable(manifest)!r} is no manifest; name a .csv, .jsonl or .parquet file, or a "
            "folder"
        )
    try:
        return reader(manifest)
    except UnicodeDecodeError as error:
        raise UsageError(f"{printable(manifest)!r} is not UTF-8 text; save it as UTF-8") from error
    except (OSError, csv.Error, pa.ArrowException) as error:
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise UsageError(f"{printable(manifest)!r} cannot be read: {why}") from error


def _csv(manifest: Path) -> Table:
    with manifest.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file, strict=True)
        header = [name.strip() for name in next(lines, [])]
        _refuse_separator(manifest, header)
        return Table(tuple(header), tuple(_csv_rows(lines, header)))


def _refuse_separator(manifest: Path, header: Sequence[str]) -> None:
    """Raise `UsageError` for columns that spreadsheets of many countries part otherwise."""
    if "subject_idx" in header:
        return
    for mark, name in _OTHER_SEPARATORS.items():
        if any(mark in column for column in header):
            raise UsageError(
                f"{printable(manifest)!r} has {name} between its columns; save it with commas"
            )


def _csv_rows(lines: Iterator[list[str]], header: Sequence[str]) -> Iterator[Row]:
    number = getattr(lines, "line_num", 0)
    for cells in lines:
        number = getattr(lines, "line_num", number)
        if not any(cell.strip() for cell in cells):
            continue
        where = f"line {number}"
        texts = {name: cell.strip() for name, cell in zip(header, cells, strict=False)}
        if len(cells) != len(header):
            reason = f"{where} has {len(cells)} fields, the header {len(header)}; quote commas"
            yield Row(where, texts, reason)
        else:
            yield Row(where, texts)


def _jsonl(manifest: Path) -> Table:
    with manifest.open(encoding="utf-8-sig") as file:
        rows = [_json_row(f"line {n}", line) for n, line in enumerate(file, 1) if line.strip()]
    names = dict.fromkeys(name for row in rows for name in row.cells)
    return Table(tuple(names), tuple(rows))


def _json_row(where: str, line: str) -> Row:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        return Row(where, {}, f"{where} is not JSON; write one object per line")
    if not isinstance(fields, dict):
        return Row(where, {}, f"{where} is not a JSON object; write one object per line")
    return _typed(where, fields)


def _typed(where: str, fields: Mapping[str, object]) -> Row:
    texts: dict[str, str] = {}
    for name, value in fields.items():
        if value is None:
            texts[name] = ""
        elif isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
            texts[name] = str(value).strip()
        else:
            kind = type(value).__name__
            return Row(where, texts, f"{where} holds a {kind} as {name!r}; write a text")
    return Row(where, texts)


def _parquet(manifest: Path) -> Table:
    schema = pq.read_schema(manifest)
    names = [name for name in schema.names if not _is_bytes(schema, name)]
    is_text = {name for name in names if _is_cell(schema.field(name).type)}
    texts = [name for name in names if name in is_text]
    rows = pq.read_table(manifest, columns=texts).to_pylist()
    embeds = IMAGE in schema.names and _is_bytes(schema, IMAGE)
    return Table(
        tuple(schema.names),
        tuple(
            Row(
                where=f"row {number}",
                cells={name: "" if row[name] is None else str(row[name]).strip() for name in texts},
                embedded=(manifest, number) if embeds else None,
            )
            for number, row in enumerate(rows)
        ),
    )


def _is_bytes(schema: pa.Schema, name: str) -> bool:
    kind = schema.field(name).type
    kinds = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_struct)
    return any(is_kind(kind) for is_kind in kinds)


def _is_cell(kind: pa.DataType) -> bool:
    texts = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(is_kind(kind) for is_kind in (*texts, pa.types.is_integer))
