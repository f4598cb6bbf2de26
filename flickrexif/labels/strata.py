"""Classes made of several values of a column, chosen and balanced over these values."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from flickrexif.labels.select import Choice, Dropped, Size, choose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flickrexif.labels.attributes import Attribute
    from flickrexif.labels.select import Rules

UNMATCHED = "the other class has no further value to set against it"


def choose_by_strata(rows: pl.DataFrame, attribute: Attribute, rules: Rules) -> Choice:
    """`choose` for an attribute whose classes are balanced over their strata.

    ``rows`` has a column ``stratum`` besides those of `choose`. Strata are chosen as if they were
    classes; then each class keeps its largest ones, in the number that every class has. What is
    dropped are strata.
    """
    strata = dict(attribute.strata or {})
    by_stratum = rows.drop("label").rename({"stratum": "label"})
    choice = choose(by_stratum, _over_strata(attribute, strata), rules)
    matched = _matched(choice.kept, strata)
    unmatched = {
        name: Dropped(size, UNMATCHED) for name, size in choice.kept.items() if name not in matched
    }
    classes = pl.col("stratum").replace_strict(strata, return_dtype=pl.String)
    kept = choice.rows.filter(pl.col("label").is_in(matched)).rename({"label": "stratum"})
    labelled = kept.with_columns(label=classes)
    return Choice(labelled, _sizes(labelled), {**choice.dropped, **unmatched})


def _over_strata(attribute: Attribute, strata: Mapping[str, str]) -> Attribute:
    """The attribute whose classes are the strata, each with its part of the published photos."""
    parts = len(strata) // len(attribute.paper_classes)
    train, validation, test = attribute.published_per_class
    return replace(
        attribute,
        strata=None,
        paper_classes=tuple(strata),
        published_per_class=(train // parts, validation // parts, test // parts),
    )


def _matched(kept: Mapping[str, Size], strata: Mapping[str, str]) -> list[str]:
    """The largest kept strata of each class, equally many."""
    sides = [
        sorted(
            (name for name in kept if strata[name] == label),
            key=lambda name: (-kept[name].photos, name),
        )
        for label in sorted(set(strata.values()))
    ]
    number = min(len(side) for side in sides)
    return [name for side in sides for name in side[:number]]


def _sizes(rows: pl.DataFrame) -> dict[str, Size]:
    counted = rows.group_by("label").agg(pl.len(), pl.col("owner_id").n_unique()).sort("label")
    return {label: Size(photos, owners) for label, photos, owners in counted.iter_rows()}
