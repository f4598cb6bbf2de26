"""A corpus's columns and class labels, from what the crawl stored; pure and re-runnable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pyarrow.parquet as pq

from flickrexif.atomic import atomic_path, write_text
from flickrexif.corpus.layout import Corpus
from flickrexif.corpus.schema import LABELS, PHOTOS
from flickrexif.errors import FlickrexifError, UsageError
from flickrexif.labels.attributes import ATTRIBUTES, SPLITS, Preset
from flickrexif.labels.photos import photos_table
from flickrexif.labels.select import Rules, choose, most_per_class
from flickrexif.labels.splits import balance, prove, with_places
from flickrexif.labels.summary import AttributeSummary, LabelSummary

if TYPE_CHECKING:
    import pyarrow as pa

    from flickrexif.labels.attributes import Attribute

MIN_PHOTOS = 40
MIN_OWNERS = 8
ROWS_PER_GROUP = 65_536
LABEL_ROWS = pl.Schema(
    {
        "attribute": pl.String,
        "photo_id": pl.Int64,
        "owner_id": pl.String,
        "label": pl.String,
        "split": pl.String,
    }
)


def label(
    corpus: Path | str,
    *,
    preset: Preset = "auto",
    min_photos: int = MIN_PHOTOS,
    min_owners: int = MIN_OWNERS,
    seed: int | None = None,
) -> LabelSummary:
    """Write photos.parquet, labels.parquet and labels.json into ``corpus``; say what they hold.

    ``seed`` places owners in splits; by default it is the crawl's. The same corpus and words give
    the same bytes. Raises `UsageError` for words that do not fit or a corpus without photos.
    """
    rules = _rules(preset, min_photos, min_owners)
    corpus = Path(corpus)
    opened = Corpus.open(corpus)
    accepted = opened.accepted()
    if accepted.is_empty():
        raise UsageError(f"corpus {str(corpus)!r} has no photos yet: run `flickrexif crawl` first")
    photos = photos_table(accepted, opened.image_shards(verified=True))
    labels, summary = label_photos(photos, rules, opened.plan.seed if seed is None else seed)
    _write(corpus / "photos.parquet", photos, PHOTOS)
    _write(corpus / "labels.parquet", labels, LABELS)
    told = json.dumps(summary.as_json(), indent=1, ensure_ascii=False)
    write_text(corpus / "labels.json", told + "\n")
    return summary


def label_photos(
    photos: pl.DataFrame, rules: Rules, seed: int
) -> tuple[pl.DataFrame, LabelSummary]:
    """The labels (columns of `LABELS` and owner_id) of a photos table, and their summary.

    Of photos with the same bytes only the first is labelled: a copy by another owner could stand in
    another split, and one by the same owner would count twice.
    """
    firsts = photos.filter(pl.col("duplicate_of").is_null())
    placed = with_places(firsts, seed)
    labels = pl.DataFrame(schema=LABEL_ROWS)
    summaries: dict[str, AttributeSummary] = {}
    left_out: dict[str, str] = {}
    for attribute in ATTRIBUTES:
        labelled = _label_one(placed, attribute, rules)
        if isinstance(labelled, str):
            left_out[attribute.name] = labelled
        else:
            rows, summaries[attribute.name] = labelled
            named = rows.with_columns(attribute=pl.lit(attribute.name))
            labels = labels.vstack(named.select(LABEL_ROWS.names()))
    _insist(labels)
    duplicates = photos.height - firsts.height
    return labels, LabelSummary(rules.preset, seed, photos.height, duplicates, summaries, left_out)


def _label_one(
    placed: pl.DataFrame, attribute: Attribute, rules: Rules
) -> tuple[pl.DataFrame, AttributeSummary] | str:
    """The attribute's rows and summary, or the reason why it is left out."""
    rows = placed.select(
        "photo_id", "owner_id", "owner_place", "photo_place", label=attribute.label(rules.preset)
    ).drop_nulls("label")
    choice = choose(rows, attribute, rules)
    if len(choice.classes) < 2:
        return _too_few(rows, choice.classes)
    splits = balance(choice.rows, most_per_class(attribute))
    per_class = {
        split: splits.filter(pl.col("split") == split).height // len(choice.classes)
        for split in SPLITS
    }
    classes = attribute.ordered(set(choice.classes))
    return splits, AttributeSummary(attribute, classes, per_class, choice.dropped)


def _too_few(rows: pl.DataFrame, classes: frozenset[str]) -> str:
    found = rows["label"].n_unique()
    if found < 2:
        return f"{found} class in the corpus, two are needed"
    return f"{len(classes)} of {found} classes have enough photos by enough owners, two are needed"


def _insist(labels: pl.DataFrame) -> None:
    if faults := prove(labels):
        raise FlickrexifError(f"labels are unsound ({faults[0]}): nothing was written; report this")


def _rules(preset: Preset, min_photos: int, min_owners: int) -> Rules:
    if preset not in ("auto", "paper"):
        raise UsageError(f"preset {preset!r} is unknown: use auto or paper")
    if min_photos < 1 or min_owners < 1:
        raise UsageError(
            f"min_photos={min_photos!r} and min_owners={min_owners!r}: use numbers from 1"
        )
    return Rules(preset, min_photos, min_owners)


def _write(target: Path, frame: pl.DataFrame, schema: pa.Schema) -> None:
    table = frame.select(schema.names).to_arrow().cast(schema)
    with atomic_path(target) as partial:
        pq.write_table(table, partial, compression="zstd", row_group_size=ROWS_PER_GROUP)
