"""What a release of pairs is asked to be."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from flickrexif.errors import UsageError
from flickrexif.imaging import Crop, MaskSpec, achieved_ratio
from flickrexif.release.plan import require_version

Kind = Literal["plain", "masked"]


@dataclass(frozen=True, slots=True)
class PairsPlan:
    """Version and kind: ``plain`` keeps the files' pixels, ``masked`` crops and hides most of them.

    With ``leave_out_failed`` pairs with errors are left out, and told in the card; without, they
    stop the build. ``pairs_per_file`` go into one parquet file.
    """

    version: str
    kind: Kind = "plain"
    name: str = "PairCams"
    mask: MaskSpec = field(default_factory=MaskSpec)
    crop: Crop = field(default_factory=Crop)
    leave_out_failed: bool = False
    pairs_per_file: int = 100

    def __post_init__(self) -> None:
        require_version(self.version)
        if self.kind not in get_args(Kind):
            known = ", ".join(get_args(Kind))
            raise UsageError(f"unknown kind of release {self.kind!r}: use one of {known}")
        if self.pairs_per_file < 1:
            raise UsageError(f"pairs_per_file {self.pairs_per_file!r} is not a positive number")
        achieved_ratio(self.mask, self.crop.size, self.crop.size)

    @property
    def masking(self) -> dict[str, Any]:
        """How a masked release is masked, as plain values; empty for a plain one."""
        if self.kind == "plain":
            return {}
        return {
            "mask": self.mask.words(),
            "crop": asdict(self.crop),
            "achieved_ratio": round(achieved_ratio(self.mask, self.crop.size, self.crop.size), 6),
        }
