"""The columns of a release of pairs, one row per photo."""

from __future__ import annotations

from typing import Any

import polars as pl

from flickrexif.release.schema import PAIRS, Config

SPLIT = "train"
"""Pairs are for retrieval, not for training; but one split has to have a name, and this is the one
that load_dataset gives a set without any."""

_TEXT: dict[str, Any] = {"dtype": "string", "_type": "Value"}
_NUMBER: dict[str, Any] = {"dtype": "float64", "_type": "Value"}
_WHOLE: dict[str, Any] = {"dtype": "int64", "_type": "Value"}

COLUMNS: dict[str, dict[str, Any]] = {
    "image": {"_type": "Image"},
    "subject_idx": _TEXT,
    "model": _TEXT,
    "camera_class": _TEXT,
    "pair_id": _TEXT,
    "make": _TEXT,
    "width": _WHOLE,
    "height": _WHOLE,
    "license": _TEXT,
    "owner": _TEXT,
    "same_subject": _TEXT,
    "matched_by": _TEXT,
    "inliers": _WHOLE,
    "hull_share": _NUMBER,
    "rotation_deg": _NUMBER,
    "scale": _NUMBER,
    "iou": _NUMBER,
    "shift": _NUMBER,
    "ncc": _NUMBER,
    "homography": _TEXT,
    "findings": _TEXT,
}
"""What they hold stands in the card. The figures are those of the pair, so its rows have equal
ones; null where nobody knows."""

_KINDS = {"string": pl.String, "float64": pl.Float64, "int64": pl.Int64}
TOLD = {name: _KINDS[one["dtype"]] for name, one in COLUMNS.items() if name != "image"}
"""All columns but the image, with their types in a frame."""


def pairs_config() -> Config:
    """The one config of a release."""
    return Config(PAIRS, COLUMNS)
