"""How strongly the attributes of a corpus go together: what a probe of one may learn of another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from flickrexif.association import cramers_v

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from flickrexif.labels.attributes import Attribute


@dataclass(frozen=True, slots=True)
class Association:
    """Two attributes and their bias-corrected Cramér's V over the photos labelled in both."""

    attributes: tuple[str, str]
    cramers_v: float | None
    """0 is independent, 1 is the same; ``None`` where fewer than two classes of one meet."""
    photos: int
    by_construction: bool
    """Make and model alone tell both."""

    def as_json(self) -> dict[str, Any]:
        """The pair's object under ``associations`` in ``labels.json``."""
        return {
            "attributes": list(self.attributes),
            "cramers_v": self.cramers_v,
            "photos": self.photos,
            "by_construction": self.by_construction,
        }


def associate(codes: pl.DataFrame, attributes: Sequence[Attribute]) -> tuple[Association, ...]:
    """Every pair of ``attributes``, the strongest first.

    ``codes`` has a column per attribute and a row per photo: the number of its kept class from 0
    up, null where it has none. All photos of kept classes count, not only those of the balanced
    splits: balancing one attribute does not balance the others.
    """
    found = [_pair(codes, first, second) for first, second in combinations(attributes, 2)]
    return tuple(sorted(found, key=lambda pair: (-(pair.cramers_v or 0.0), pair.attributes)))


def _pair(codes: pl.DataFrame, first: Attribute, second: Attribute) -> Association:
    counts = _counts(codes.select(pl.col(first.name), pl.col(second.name)).drop_nulls())
    strength = cramers_v(counts)
    return Association(
        attributes=(first.name, second.name),
        cramers_v=None if math.isnan(strength) else round(strength, 4),
        photos=int(counts.sum()),
        by_construction=first.names_camera and second.names_camera,
    )


def _counts(both: pl.DataFrame) -> NDArray[np.int64]:
    """Photos by the codes of two columns."""
    met = both.group_by(both.columns).len()
    rows, columns, photos = (met[name].to_numpy().astype(np.int64) for name in met.columns)
    counts = np.zeros((rows.max(initial=-1) + 1, columns.max(initial=-1) + 1), dtype=np.int64)
    counts[rows, columns] = photos
    return counts
