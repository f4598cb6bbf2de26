"""The rows that a crawl hands to a corpus's state."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from typing_extensions import Buffer

    from flickrexif.exif.record import RawRecord
    from flickrexif.ids import OwnerId, PhotoId

Verdict = Literal["accepted", "rejected", "failed", "removed"]
"""``failed`` is for now only: the next run tries again. ``removed`` was accepted and has left, by
a recheck or a takedown; it and ``rejected`` are final."""

UNKNOWN_MONTH = "0000-01"
"""The month of a photo that was imported and of which nobody knows when it was taken."""
UNKNOWN_MOMENT = 0
"""When it was uploaded, where nobody knows that: Flickr began in 2004."""

Consent = Literal["given", "hidden"]
"""Whether an owner lets Flickr tell their photos' EXIF; unknown until asked."""

WindowOutcome = Literal["listed", "split", "cut"]
"""``cut``: it overflowed and is too narrow to be split."""


RemovalKind = Literal["photo", "owner"]
"""What a takedown names."""


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
    """A finished window: taken dates ``taken_from`` to ``taken_to`` of one licence.

    ``sweep`` tells which pass over the month listed it, the first or the second.
    """

    month: str
    license_id: int
    taken_from: str
    taken_to: str
    sweep: int
    outcome: WindowOutcome
    told_total: int
    rows: int
    strays: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a candidate stands: ``verdict`` is None while nothing is decided.

    ``is_bare``: rejected because it carries no EXIF.
    """

    photo_id: PhotoId
    owner_id: OwnerId
    verdict: Verdict | None
    is_bare: bool = False


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
class ImageRun:
    """Images one behind the other in ``content``, where each ends, and what is known of each."""

    content: Buffer
    ends: Sequence[int]
    sha256: Sequence[str]
    width: Sequence[int]
    height: Sequence[int]
    mime: Sequence[str]

    @classmethod
    def of(cls, images: Iterable[WaitingImage]) -> ImageRun:
        """The run of ``images``."""
        images = list(images)
        return cls(
            content=b"".join(image.content for image in images),
            ends=list(accumulate(len(image.content) for image in images)),
            sha256=[image.sha256 for image in images],
            width=[image.width for image in images],
            height=[image.height for image in images],
            mime=[image.mime for image in images],
        )


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
    """A closed shard of images; ``checksum`` is its file's XXH3, 128 bits in hex."""

    name: str
    month: str
    rows: int
    checksum: str


@dataclass(frozen=True, slots=True)
class Tally:
    """How many candidates of a month and licence stand alike; None for what is undecided."""

    month: str
    license_id: int
    outcome: Verdict | None
    reason: str | None
    count: int


@dataclass(frozen=True, slots=True)
class Captures:
    """How many candidates of a month its first and its second pass listed, and how many both."""

    month: str
    first: int
    second: int
    both: int


@dataclass(frozen=True, slots=True)
class AcceptedPhoto:
    """An accepted photo as a recheck needs it; ``checked_at`` is None until the first one.

    ``taken_at`` is ``YYYY-MM-DD HH:MM:SS`` of the camera's clock, the other moments are Unix
    seconds UTC.
    """

    photo_id: PhotoId
    owner_id: OwnerId
    license_id: int
    month: str
    taken_at: str | None
    uploaded_at: int
    checked_at: int | None


@dataclass(frozen=True, slots=True)
class Removal:
    """A takedown: ``subject`` is a photo's id or an owner's; ``at`` is in Unix seconds UTC."""

    kind: RemovalKind
    subject: str
    reason: str
    at: int
    note: str
