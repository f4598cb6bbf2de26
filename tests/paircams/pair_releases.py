"""Releases of pairs that the tests look into and spoil."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flickrexif.release.manifest import describe_file
from paircams.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILE = "pairs/train-00000-of-00001.parquet"


def rows(release: Path) -> list[dict[str, Any]]:
    """The rows of all files, in order."""
    files = sorted((release / "pairs").iterdir())
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def subjects(release: Path) -> list[str]:
    """The subjects of a release, once for each photo."""
    return [row["subject_idx"] for row in rows(release)]


def rewrite(release: Path, change: Callable[[list[dict[str, Any]]], Any]) -> None:
    """Change the rows, and tell the manifest of the new file, so that only the rows are wrong."""
    schema = pq.read_schema(release / FILE)
    told = rows(release)
    change(told)
    columns = [
        pa.array([row[name] for row in told], schema.field(name).type) for name in schema.names
    ]
    pq.write_table(pa.Table.from_arrays(columns, schema=schema), release / FILE)
    tell_of(release, FILE)


def tell_of(release: Path, name: str) -> None:
    """Bring the manifest up to date with a file that was changed."""
    manifest = json.loads((release / "manifest.json").read_text())
    manifest["files"][name] = describe_file(release / name)
    (release / "manifest.json").write_text(json.dumps(manifest))


def leave(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int | str | None, str]:
    """Run ``paircams``; return its exit code and all that it said."""
    with pytest.raises(SystemExit) as left:
        main([str(word) for word in words])
    captured = capsys.readouterr()
    return left.value.code, captured.out + captured.err
