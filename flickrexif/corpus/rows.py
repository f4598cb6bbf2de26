"""The rows that a crawl hands to a corpus's state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from flickrexif.exif.record import RawRecord
    from flickrexif.ids import OwnerId, PhotoId

Verdict = Literal["accepted", "rejected", "failed"]
"""``failed`` is for now only: the next run tries again. The other two are final."""

Consent = Literal["given", "hidden"]
"""Whether an owner lets Flickr tell their photos' EXIF; unknown until asked."""

WindowOutcome = Literal["listed", "split", "cut"]
"""``cut``: it overflowed and is too narrow to be split."""


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """A photo that search listed; with ``reason`` when the list alone rules it out."""

    photo_id: PhotoId
    rank: int
    month: str
    owner_id: OwnerId
    owner_name: str | None
    license_id: int
    taken_at: str | None
    uploaded_at: int
    page_url: str
    original_url: str | None
    image_url: str | None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class WindowRow:
    """A finished window: taken dates ``taken_from`` to ``taken_to`` of one licence."""

    month: str
    license_id: int
    taken_from: str
    taken_to: str
    outcome: WindowOutcome
    told_total: int
    rows: int
    strays: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a candidate stands: ``verdict`` is None while nothing is decided."""

    photo_id: PhotoId
    owner_id: OwnerId
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class OpenPhoto:
    """What is needed to evaluate a candidate; ``exif`` when an earlier run has fetched it."""

    photo_id: PhotoId
    owner_id: OwnerId
    original_url: str | None
    image_url: str | None
    exif: RawRecord | None


@dataclass(frozen=True, slots=True)
class WaitingImage:
    """An image that is fetched and not yet in a shard."""

    content: bytes
    sha256: str
    width: int
    height: int
    mime: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one candidate, and what was fetched on the way."""

    photo_id: PhotoId
    owner_id: OwnerId
    verdict: Verdict
    reason: str | None = None
    exif: RawRecord | None = None
    image: WaitingImage | None = None
    consent: Consent | None = None


@dataclass(frozen=True, slots=True)
class ShardRow:
    """A closed shard of images."""

    name: str
    month: str
    rows: int
    sha256: str
