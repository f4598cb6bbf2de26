"""What a manifest of pairs counts in the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from paircams.layout import SIDES

if TYPE_CHECKING:
    from paircams.layout import Side

FIGURES = ("inliers", "rotation_deg", "scale", "iou", "shift", "ncc")
UNKNOWN = "unknown"


def count(rows: pl.DataFrame) -> dict[str, Any]:
    """The words photos, models, licenses, figures and findings of a manifest, from the rows."""
    of_pairs = rows.filter(pl.col("camera_class") == SIDES[0])
    return {
        "photos": {"rows": rows.height, "pairs": rows["pair_id"].n_unique()},
        "models": {side: _models(rows, side) for side in SIDES},
        "licenses": _counts(rows["license"]),
        "figures": {name: _spread(of_pairs[name]) for name in FIGURES},
        "findings": _counts(of_pairs["findings"].str.split(" ").explode().replace("", None), None),
    }


def _models(rows: pl.DataFrame, side: Side) -> dict[str, int]:
    return _counts(rows.filter(pl.col("camera_class") == side)["model"])


def _counts(values: pl.Series, unknown: str | None = UNKNOWN) -> dict[str, int]:
    """Value → how often, by name; nulls under ``unknown``, or left out."""
    told = values.drop_nulls() if unknown is None else values.fill_null(unknown)
    return dict(sorted(told.value_counts().iter_rows()))


def _spread(values: pl.Series) -> dict[str, float] | None:
    """Least, middle and greatest value of a figure; None where no pair has it."""
    ordered = values.drop_nulls().sort().to_list()
    if not ordered:
        return None
    middle = ordered[len(ordered) // 2]
    return {"least": ordered[0], "median": middle, "greatest": ordered[-1]}
