"""What a treated set is asked to be, whatever is done to its images."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from flickrexif.errors import UsageError
from flickrexif.release.plan import require_version

MOST_UNREADABLE = 0.05


@dataclass(frozen=True, slots=True)
class TreatPlan:
    """Name, version and the rules of a treated set.

    ``seed`` deals splits where the set has none. More unreadable images than the share
    ``most_unreadable`` stop the work. ``images_per_file`` source images go into one parquet file.
    """

    name: str
    version: str = "1.0.0"
    seed: int = 0
    most_unreadable: float = MOST_UNREADABLE
    images_per_file: int = 1_000

    def __post_init__(self) -> None:
        require_version(self.version)
        if not 0 <= self.most_unreadable <= 1:
            raise UsageError(
                f"most_unreadable {self.most_unreadable!r} is outside 0..1: give a share"
            )
        if self.images_per_file < 1:
            raise UsageError(f"images_per_file {self.images_per_file!r} is not a positive number")

    def words(self) -> dict[str, Any]:
        """The plan as plain values."""
        return asdict(self)
