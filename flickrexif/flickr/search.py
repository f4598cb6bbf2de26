"""Answers of flickr.photos.search, parsed, and the two questions that are put to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from flickrexif.flickr.failures import Failure, RequestFailed
from flickrexif.flickr.fields import fields_of, integer, maybe_integer, parse_taken, text
from flickrexif.flickr.sizes import SIZES, PhotoSize
from flickrexif.ids import OwnerId, PhotoId

if TYPE_CHECKING:
    from datetime import datetime

PER_PAGE = 500

Sort: TypeAlias = Literal[
    "date-taken-asc", "date-taken-desc", "date-posted-asc", "date-posted-desc"
]


@dataclass(frozen=True, slots=True)
class Addresses:
    """Which files a search is to tell of: the photo in ``size``, and its original if wanted."""

    size: PhotoSize = SIZES["large"]
    has_original: bool = True

    @property
    def extras(self) -> str:
        """The extras of the question: what a candidate needs, and no address beyond these."""
        told = "license,date_upload,date_taken,owner_name,path_alias,original_format,o_dims,media"
        asked = [self.size.extra, "url_o" if self.has_original else None]
        return ",".join([told, *dict.fromkeys(extra for extra in asked if extra)])


LARGE = Addresses()


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """One licence, one interval of taken dates (the camera's clock, both ends inclusive)."""

    license_id: int
    taken_from: datetime
    taken_to: datetime
    sort: Sort = "date-taken-asc"

    cause: ClassVar[str] = "api search"
    """What its calls are counted as."""

    def arguments(self, page: int, addresses: Addresses = LARGE) -> dict[str, str]:
        """The arguments of the call: safe photographs only."""
        return {
            "license": str(self.license_id),
            **_taken(self.taken_from, self.taken_to),
            "sort": self.sort,
            "media": "photos",
            "content_types": "0",
            "safe_search": "1",
            "extras": addresses.extras,
            "per_page": str(PER_PAGE),
            "page": str(page),
        }


@dataclass(frozen=True, slots=True)
class OwnerQuery:
    """One owner, one interval of taken dates: which of their photos are there, and how licensed.

    Every licence is asked for at once by asking for none: a list of them beside an owner was seen
    to find nothing.
    """

    owner_id: OwnerId
    taken_from: datetime
    taken_to: datetime

    cause: ClassVar[str] = "recheck search"
    """What its calls are counted as."""

    def arguments(self, page: int, addresses: Addresses = LARGE) -> dict[str, str]:
        """The arguments of the call: safe photos only; no file is told of."""
        return {
            "user_id": self.owner_id,
            **_taken(self.taken_from, self.taken_to),
            "sort": "date-taken-asc",
            "media": "photos",
            "safe_search": "1",
            "extras": "license,date_upload,date_taken,media",
            "per_page": str(PER_PAGE),
            "page": str(page),
        }


@dataclass(frozen=True, slots=True)
class Candidate:
    """One row of a search answer. Addresses are as answered; what is absent is None."""

    photo_id: PhotoId
    owner_id: OwnerId
    owner_name: str | None
    path_alias: str | None
    license_id: int | None
    taken_at: datetime | None
    """The camera's clock; None when Flickr gives no date that exists."""
    is_taken_known: bool
    taken_granularity: int
    """0 second, 4 month, 6 year, 8 circa."""
    uploaded_at: int
    """Unix seconds, UTC."""
    media: str
    original_format: str | None
    original_url: str | None
    image_url: str | None
    """The file in the size that was asked for."""
    original_width: int | None
    original_height: int | None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page: ``page`` is the page answered, which need not be the page asked."""

    page: int
    pages: int
    per_page: int
    total: int
    candidates: tuple[Candidate, ...]
    malformed: int
    """Rows that could not be read, or are not public, and were left out."""


def parse_search(
    body: Mapping[str, object],
    addresses: Addresses = LARGE,
) -> SearchPage:
    """The page in a decoded answer with stat ok.

    Raises `RequestFailed`, to be tried again, when the list or its numbers are missing; a single
    row without an id, owner or upload date is left out and counted.
    """
    photos = fields_of(body.get("photos"))
    rows = photos.get("photo")
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise RequestFailed(Failure("body", "no_photo_list"))
    parsed = [_candidate(row, addresses) for row in rows]
    try:
        page, pages, per_page, total = (
            integer(photos.get(name)) for name in ("page", "pages", "perpage", "total")
        )
    except ValueError:
        raise RequestFailed(Failure("body", "no_page_numbers")) from None
    found = tuple(candidate for candidate in parsed if candidate is not None)
    return SearchPage(page, pages, per_page, total, found, len(parsed) - len(found))


def _taken(first: datetime, last: datetime) -> dict[str, str]:
    return {
        "min_taken_date": first.isoformat(sep=" "),
        "max_taken_date": last.isoformat(sep=" "),
    }


def _candidate(row: object, addresses: Addresses) -> Candidate | None:
    if not isinstance(row, Mapping):
        return None
    try:
        return _strict_candidate(row, addresses)
    except ValueError:
        return None


def _strict_candidate(row: Mapping[str, object], addresses: Addresses) -> Candidate:
    photo_id, owner = integer(row.get("id")), text(row.get("owner"))
    if owner is None or not 0 < photo_id < 2**63:
        raise ValueError("a row needs an id and an owner")
    if maybe_integer(row.get("ispublic", 1)) == 0:
        raise ValueError("only a login sees this photo")
    size = addresses.size.extra
    return Candidate(
        photo_id=PhotoId(photo_id),
        owner_id=OwnerId(owner),
        owner_name=text(row.get("ownername")),
        path_alias=text(row.get("pathalias")),
        license_id=maybe_integer(row.get("license")),
        taken_at=parse_taken(row.get("datetaken")),
        is_taken_known=maybe_integer(row.get("datetakenunknown", 0)) == 0,
        taken_granularity=integer(row.get("datetakengranularity", 0)),
        uploaded_at=integer(row.get("dateupload")),
        media=text(row.get("media", "photo")) or "",
        original_format=text(row.get("originalformat")),
        original_url=text(row.get("url_o")),
        image_url=None if size is None else text(row.get(size)),
        original_width=maybe_integer(row.get("o_width")),
        original_height=maybe_integer(row.get("o_height")),
    )
