"""What each probe said of each test photo, so that two runs can be compared photo by photo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from flickrexif.atomic import atomic_path
from flickrexif.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import polars as pl
    from numpy.typing import NDArray

    from flickrexif.probing.release_data import AttributeData

FILE = "predictions.parquet"


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """One encoder's answers on the test split of one attribute: four arrays of one length.

    ``owners`` are numbers that say which photos are of one owner, and no more about whom.
    """

    encoder: str
    attribute: str
    photo_ids: NDArray[np.int64]
    owners: NDArray[np.int32]
    labels: NDArray[np.int64]
    predicted: NDArray[np.int64]

    @classmethod
    def of(
        cls, encoder: str, attribute: AttributeData, predicted: NDArray[np.int64]
    ) -> Predictions:
        """What was ``predicted`` of the test split, in ascending order of photos."""
        test = attribute.test
        _, owners = np.unique(test.owner_ids, return_inverse=True)
        order = np.argsort(test.photo_ids, kind="stable")
        return cls(
            encoder,
            attribute.name,
            test.photo_ids[order],
            owners[order].astype(np.int32),
            test.labels[order],
            predicted[order],
        )

    @property
    def correct(self) -> NDArray[np.bool_]:
        """Which photos were said right."""
        return np.equal(self.predicted, self.labels)

    def asks_the_same(self, other: Predictions) -> bool:
        """Whether both are about the same photos with the same labels."""
        same_photos = np.array_equal(self.photo_ids, other.photo_ids)
        return same_photos and np.array_equal(self.labels, other.labels)


def write_predictions(target: Path, predictions: Iterable[Predictions]) -> None:
    """Write a row per encoder, attribute and test photo, atomically."""
    import polars as pl

    parts = [
        pl.DataFrame(
            {
                "photo_id": one.photo_ids,
                "owner": one.owners,
                "label": one.labels.astype(np.int32),
                "predicted": one.predicted.astype(np.int32),
            }
        ).select(
            pl.lit(one.encoder).alias("encoder"), pl.lit(one.attribute).alias("attribute"), pl.all()
        )
        for one in predictions
    ]
    with atomic_path(target) as partial:
        pl.concat(parts).write_parquet(partial)


def read_predictions(source: Path) -> Mapping[tuple[str, str], Predictions]:
    """What `write_predictions` wrote, by encoder and attribute.

    Raises `UsageError` for a file that it did not write whole.
    """
    import polars as pl

    try:
        return _read(pl.read_parquet(source))
    except (OSError, pl.exceptions.PolarsError) as error:
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise UsageError(
            f"{str(source)!r} holds no predictions ({why}): probe again into its folder, or remove "
            "it, and intervals are those of the two runs"
        ) from error


def _read(told: pl.DataFrame) -> Mapping[tuple[str, str], Predictions]:
    import polars as pl

    groups = told.partition_by("encoder", "attribute", as_dict=True, maintain_order=True)
    return {
        (encoder, attribute): Predictions(
            encoder,
            attribute,
            rows["photo_id"].to_numpy(),
            rows["owner"].to_numpy(),
            rows["label"].cast(pl.Int64).to_numpy(),
            rows["predicted"].cast(pl.Int64).to_numpy(),
        )
        for (encoder, attribute), rows in groups.items()
    }
