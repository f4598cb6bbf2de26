"""The recalls that the study published, to stand beside one's own."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

QUERIES = 1460
"""730 pairs, queried from either side."""


@dataclass(frozen=True, slots=True)
class PublishedRecall:
    """Recall@1 of one encoder over both directions, shares of 1,460 queries."""

    encoder: str
    """Its label in the study's plots."""
    family: str
    query_camera: float
    """Negatives share the query's camera; the figure calls it "different"."""
    target_camera: float
    """Negatives share the target's camera; the figure calls it "same"."""


@cache
def published_recalls() -> tuple[PublishedRecall, ...]:
    """Those of the 47 encoders, as the file orders them."""
    source = resources.files(__package__) / "published_recalls.csv"
    lines = source.read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(line for line in lines if not line.startswith("#"))
    return tuple(
        PublishedRecall(
            row["encoder"],
            row["family"],
            int(row["found_query_camera"]) / QUERIES,
            int(row["found_target_camera"]) / QUERIES,
        )
        for row in rows
    )
