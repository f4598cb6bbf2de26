"""What a crawl is asked for: the words that a corpus records and that a resume must repeat."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, get_args

from flickrexif.corpus.months import Month, parse_months
from flickrexif.errors import UsageError
from flickrexif.flickr.licenses import parse_licenses

IMPORTED = "imported"
"""Stands for the months of a corpus whose photos no crawl has listed."""

Size = Literal[
    "original",
    "large-2048",
    "large-1600",
    "large",
    "medium-800",
    "medium-640",
    "medium",
    "small-320",
    "none",
]
ExifFrom = Literal["auto", "api", "file"]


@dataclass(frozen=True, slots=True)
class CrawlPlan:
    """Which photos a corpus holds; raises `UsageError` for words that do not fit.

    ``exif_from``: ``auto`` asks flickr.photos.getExif for an owner's first photo and reads the
    heads of their originals once that answered; ``api`` always asks; ``file`` never asks, so it
    cannot know who hides their EXIF and needs ``ignore_hidden_exif``.

    ``per_month`` lists a fair sample of each month instead of all of it. ``passes``: 2 lists each
    month again under another sort order, finds what the first pass missed, and tells how much both
    may still miss; 1 does not, and a sampled month is never listed twice.
    """

    months: str
    licenses: str = "permissive"
    per_user_month: int = 10
    per_month: int | None = None
    size: Size = "large"
    exif_from: ExifFrom = "auto"
    seed: int = 0
    passes: int = 2
    ignore_hidden_exif: bool = False

    def __post_init__(self) -> None:
        _ = self.each_month, self.license_ids
        _refuse_cap("per_user_month", self.per_user_month)
        if self.per_month is not None:
            _refuse_cap("per_month", self.per_month)
        if type(self.passes) is not int or self.passes not in (1, 2):
            raise UsageError(f"passes={self.passes!r} is not how a month is listed: give 1 or 2")
        _refuse_other("size", self.size, get_args(Size))
        _refuse_other("exif_from", self.exif_from, get_args(ExifFrom))
        if isinstance(self.seed, bool) or not isinstance(self.seed, int):
            raise UsageError(f"seed={self.seed!r} is not a whole number: give one, such as 0")
        if self.exif_from == "file" and not self.ignore_hidden_exif:
            raise UsageError(
                "exif_from='file' reads the EXIF of owners who hide it on Flickr: "
                "use 'auto', or say ignore_hidden_exif as well"
            )

    @property
    def each_month(self) -> tuple[Month, ...]:
        """The months asked for, ascending; none of a corpus that was `IMPORTED`."""
        if self.months == IMPORTED:
            return ()
        return parse_months(self.months, today=datetime.now(UTC).date())

    @property
    def license_ids(self) -> tuple[int, ...]:
        """The licences asked for, ascending."""
        return parse_licenses(self.licenses)


def _refuse_cap(word: str, cap: int) -> None:
    if isinstance(cap, bool) or not isinstance(cap, int) or cap < 1:
        raise UsageError(f"{word}={cap!r} lets no photo in: give a whole number from 1")


def _refuse_other(word: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise UsageError(f"{word}={value!r} is unknown: use one of {', '.join(known)}")
