"""A corpus's columns and class labels, from what the crawl stored; pure and re-runnable."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from flickrexif.corpus.layout import Corpus
from flickrexif.errors import FlickrexifError, UsageError
from flickrexif.labels.associations import associate
from flickrexif.labels.attributes import SPLITS, Preset, attributes_under
from flickrexif.labels.coverage import ALONE, DROPPED, SPARE, coverage, why_unlabelled, with_tags
from flickrexif.labels.kept import KeptLabels, is_imported, keep_labels
from flickrexif.labels.photos import photos_table
from flickrexif.labels.proof import prove
from flickrexif.labels.select import Rules, choose, most_per_class
from flickrexif.labels.splits import balance, with_places
from flickrexif.labels.store import write_labelled
from flickrexif.labels.strata import choose_by_strata
from flickrexif.labels.summary import AttributeSummary, LabelSummary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flickrexif.labels.attributes import Attribute, Split
    from flickrexif.labels.select import Choice

MIN_PHOTOS = 40
MIN_OWNERS = 8
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
    preset: Preset | None = None,
    min_photos: int = MIN_PHOTOS,
    min_owners: int = MIN_OWNERS,
    seed: int | None = None,
    bins: Mapping[str, str] | None = None,
    double_compression: bool = False,
) -> LabelSummary | KeptLabels:
    """Write photos.parquet, labels.parquet and labels.json into ``corpus``; say what they hold.

    Without a ``preset`` it is ``auto``; but labels that were imported, of split files or of a
    release, stay as they are, and photos.parquet alone is made anew around them. With a ``preset``
    they are replaced.

    ``seed`` places owners in splits; by default it is the crawl's. ``bins`` gives attributes other
    classes than their printed values, as in ``{"exposure": "third-stop"}``. Headers alone are read
    of images; with ``double_compression`` JPEG files are decoded to see whether they were such
    before. Flickr encodes after it resizes, which takes earlier traces away: the hint on a resized
    image is about Flickr's file, not the camera's. The same corpus, words and version of the code
    give the same bytes. Raises `UsageError` for words that do not fit or a corpus without photos.
    """
    rules = _checked(Rules(preset or "auto", min_photos, min_owners, dict(bins or {})))
    corpus = Path(corpus)
    keeps = preset is None and is_imported(corpus)
    if keeps and bins:
        raise UsageError(
            f"labels of corpus {str(corpus)!r} were imported, their bins are what they are: leave "
            "bins out, or name a preset to replace the labels"
        )
    opened = Corpus.open(corpus)
    accepted = opened.accepted()
    if accepted.is_empty():
        raise UsageError(f"corpus {str(corpus)!r} has no photos yet: run `flickrexif crawl` first")
    shards = opened.image_shards(verified=True)
    photos = photos_table(accepted, shards, double_compression=double_compression)
    if keeps:
        return keep_labels(corpus, photos)
    seed = opened.plan.seed if seed is None else seed
    labels, summary = label_photos(with_tags(photos, accepted), rules, seed)
    write_labelled(corpus, photos, labels, summary.as_json())
    return summary


def label_photos(
    photos: pl.DataFrame, rules: Rules, seed: int
) -> tuple[pl.DataFrame, LabelSummary]:
    """The labels (columns of `LABELS` and owner_id) of a photos table, and their summary.

    Of photos with the same bytes only the first is labelled: a copy by another owner could stand in
    another split, and one by the same owner would count twice. Where the table has the column of
    `with_tags`, the summary tells a tag that is not there from one that is no value.
    """
    firsts = photos.filter(pl.col("duplicate_of").is_null())
    placed = with_places(firsts, seed)
    copies = photos.height - firsts.height
    attributes = attributes_under(rules.preset, rules.bins)
    outcomes = [_label_one(placed, attribute, rules, copies) for attribute in attributes]
    kept = [one for one in outcomes if one.summary.left_out is None]
    labels = pl.concat([pl.DataFrame(schema=LABEL_ROWS), *(one.labels() for one in kept)])
    _insist(labels)
    codes = pl.DataFrame([one.codes for one in kept])
    return labels, LabelSummary(
        rules=rules,
        seed=seed,
        photos=photos.height,
        duplicates=copies,
        each={one.summary.attribute.name: one.summary for one in outcomes},
        associations=associate(codes, [one.summary.attribute for one in kept]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Outcome:
    """One attribute's balanced rows (none when it is left out), codes and summary.

    ``codes`` holds, for each photo, the place of its class among the kept ones, or null.
    """

    rows: pl.DataFrame
    codes: pl.Series
    summary: AttributeSummary

    def labels(self) -> pl.DataFrame:
        """The rows with the columns of `LABEL_ROWS`."""
        named = self.rows.with_columns(attribute=pl.lit(self.summary.attribute.name))
        return named.select(LABEL_ROWS.names())


def _label_one(placed: pl.DataFrame, attribute: Attribute, rules: Rules, copies: int) -> _Outcome:
    classed = _classed(placed, attribute)
    rows = classed.drop_nulls("label").drop("why")
    choice = (choose_by_strata if attribute.strata else choose)(rows, attribute, rules)
    left_out = _too_few(rows, choice) if len(choice.kept) < 2 else None
    balanced = choice.rows if left_out else balance(choice.rows, most_per_class(attribute))
    photos = sum(size.photos for size in choice.kept.values())
    other = {DROPPED: rows.height - photos, ALONE if left_out else SPARE: photos - balanced.height}
    summary = AttributeSummary(
        attribute,
        kept=choice.kept,
        per_class={} if left_out else _per_class(balanced, len(choice.kept)),
        dropped=choice.dropped,
        coverage=coverage(
            classed["why"].drop_nulls(), copies=copies, labelled=balanced.height, other=other
        ),
        left_out=left_out,
    )
    codes = {name: code for code, name in enumerate(summary.classes)}
    coded = pl.col("label").replace_strict(codes, default=None, return_dtype=pl.UInt32)
    return _Outcome(balanced, classed.select(coded.alias(attribute.name)).to_series(), summary)


def _classed(placed: pl.DataFrame, attribute: Attribute) -> pl.DataFrame:
    """The class of each photo, or why it has none; its stratum where there are such."""
    has_none = attribute.expression.is_null()
    why = why_unlabelled(attribute, is_tagged="tags" in placed.columns)
    strata = [pl.col(attribute.source_column).alias("stratum")] if attribute.strata else []
    return placed.select(
        *("photo_id", "owner_id", "owner_place", "photo_place"),
        *strata,
        label=attribute.expression,
        why=pl.when(has_none).then(why),
    )


def _per_class(balanced: pl.DataFrame, classes: int) -> dict[Split, int]:
    rows = dict(balanced["split"].value_counts().iter_rows())
    return {split: rows.get(split, 0) // classes for split in SPLITS}


def _too_few(rows: pl.DataFrame, choice: Choice) -> str:
    found = rows["label"].n_unique()
    if found < 2:
        return f"{found} class in the corpus, two are needed"
    return (
        f"{len(choice.kept)} of {found} classes have enough photos by enough owners, two are needed"
    )


def _insist(labels: pl.DataFrame) -> None:
    if faults := prove(labels):
        raise FlickrexifError(f"labels are unsound ({faults[0]}): nothing was written; report this")


def _checked(rules: Rules) -> Rules:
    if rules.preset not in ("auto", "paper"):
        raise UsageError(f"preset {rules.preset!r} is unknown: use auto or paper")
    if rules.min_photos < 1 or rules.min_owners < 1:
        raise UsageError(
            f"min_photos={rules.min_photos!r} and min_owners={rules.min_owners!r}: "
            "use numbers from 1"
        )
    attributes_under(rules.preset, rules.bins)
    return rules
