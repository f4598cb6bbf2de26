"""The three files that labelling leaves in a corpus."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl
import pyarrow.parquet as pq

from flickrexif.atomic import atomic_path, write_text
from flickrexif.corpus.schema import LABELS, PHOTOS
from flickrexif.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pyarrow as pa

PHOTOS_FILE, LABELS_FILE, WORDS_FILE = "photos.parquet", "labels.parquet", "labels.json"
ROWS_PER_GROUP = 65_536


def write_labelled(
    corpus: Path, photos: pl.DataFrame, labels: pl.DataFrame, words: Mapping[str, Any]
) -> None:
    """Write photos.parquet, labels.parquet and labels.json into ``corpus``, each atomically.

    Rows are written in the order given.
    """
    _write(corpus / PHOTOS_FILE, photos, PHOTOS)
    _write(corpus / LABELS_FILE, labels, LABELS)
    told = json.dumps(words, indent=1, ensure_ascii=False)
    write_text(corpus / WORDS_FILE, told + "\n")


def read_labelled(corpus: Path) -> tuple[pl.DataFrame, dict[str, Any]]:
    """labels.parquet and labels.json of ``corpus``; `UsageError` where one is missing or broken."""
    for name in (LABELS_FILE, WORDS_FILE):
        if not (corpus / name).is_file():
            raise UsageError(
                f"corpus {str(corpus)!r} has no {name}: run `flickrexif label` on it first"
            )
    labels = _read(corpus, LABELS_FILE, LABELS.names)
    try:
        words = json.loads((corpus / WORDS_FILE).read_text(encoding="utf-8"))
        _ = words["attributes"].items()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(corpus / WORDS_FILE, error) from error
    return labels, words


def read_owners(corpus: Path) -> pl.DataFrame:
    """photo_id and owner_id of the photos of ``corpus``; raises as `read_labelled` does."""
    return _read(corpus, PHOTOS_FILE, ["photo_id", "owner_id"])


def _read(corpus: Path, name: str, columns: list[str]) -> pl.DataFrame:
    try:
        return pl.read_parquet(corpus / name, columns=columns, glob=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _damaged(corpus / name, error) from error


def _damaged(path: Path, error: Exception) -> UsageError:
    why = (str(error).splitlines() or [type(error).__name__])[0]
    return UsageError(f"{str(path)!r} is damaged ({why}): label the corpus anew")


def _write(target: Path, frame: pl.DataFrame, schema: pa.Schema) -> None:
    table = frame.select(schema.names).to_arrow().cast(schema)
    with atomic_path(target) as partial:
        pq.write_table(table, partial, compression="zstd", row_group_size=ROWS_PER_GROUP)
