"""Answers of flickr.photos.search, parsed. Numbers come as numbers or as text, in one list both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flickrexif.flickr.failures import Failure, RequestFailed
from flickrexif.ids import OwnerId, PhotoId

EXTRAS = (
    "license,date_upload,date_taken,owner_name,path_alias,original_format,o_dims,"
    "url_o,url_l,url_c,media"
)
PER_PAGE = 500


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """One licence, one interval of taken dates (the camera's clock, both ends inclusive)."""

    license_id: int
    taken_from: datetime
    taken_to: datetime

    def arguments(self, page: int) -> dict[str, str]:
        """The arguments of the call: safe photographs only, oldest first."""
        return {
            "license": str(self.license_id),
            "min_taken_date": self.taken_from.isoformat(sep=" "),
            "max_taken_date": self.taken_to.isoformat(sep=" "),
            "sort": "date-taken-asc",
            "media": "photos",
            "content_types": "0",
            "safe_search": "1",
            "extras": EXTRAS,
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
    large_url: str | None
    medium_url: str | None
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
    """Rows that could not be read and were left out."""


def parse_search(body: Mapping[str, object]) -> SearchPage:
    """The page in a decoded JSON answer with stat ok.

    Raises `RequestFailed`, to be tried again, when the list or its numbers are missing; a single
    row without an id, owner or upload date is left out and counted.
    """
    photos = body.get("photos")
    if not isinstance(photos, Mapping):
        raise RequestFailed(Failure("body", "no_photo_list"))
    rows = photos.get("photo")
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise RequestFailed(Failure("body", "no_photo_list"))
    parsed = [_candidate(row) for row in rows]
    try:
        page, pages, per_page, total = (
            _integer(photos.get(name)) for name in ("page", "pages", "perpage", "total")
        )
    except ValueError:
        raise RequestFailed(Failure("body", "no_page_numbers")) from None
    found = tuple(candidate for candidate in parsed if candidate is not None)
    return SearchPage(page, pages, per_page, total, found, len(parsed) - len(found))


def _candidate(row: object) -> Candidate | None:
    if not isinstance(row, Mapping):
        return None
    try:
        return _strict_candidate(row)
    except ValueError:
        return None


def _strict_candidate(row: Mapping[str, object]) -> Candidate:
    photo_id, owner = _integer(row.get("id")), _text(row.get("owner"))
    if owner is None or not 0 < photo_id < 2**63:
        raise ValueError("a row needs an id and an owner")
    return Candidate(
        photo_id=PhotoId(photo_id),
        owner_id=OwnerId(owner),
        owner_name=_text(row.get("ownername")),
        path_alias=_text(row.get("pathalias")),
        license_id=_maybe_integer(row.get("license")),
        taken_at=parse_taken(row.get("datetaken")),
        is_taken_known=_maybe_integer(row.get("datetakenunknown", 0)) == 0,
        taken_granularity=_integer(row.get("datetakengranularity", 0)),
        uploaded_at=_integer(row.get("dateupload")),
        media=_text(row.get("media", "photo")) or "",
        original_format=_text(row.get("originalformat")),
        original_url=_text(row.get("url_o")),
        large_url=_text(row.get("url_l")),
        medium_url=_text(row.get("url_c")),
        original_width=_maybe_integer(row.get("o_width")),
        original_height=_maybe_integer(row.get("o_height")),
    )


def parse_taken(value: object) -> datetime | None:
    """``YYYY-MM-DD HH:MM:SS`` as a naive datetime; None for anything else (zeros included)."""
    if not isinstance(value, str):
        return None
    try:
        return datetime.strptime(value, "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - the camera's clock
    except ValueError:
        return None


def _integer(value: object) -> int:
    if isinstance(value, bool):
        raise ValueError("a truth value is not a number")
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    raise ValueError(f"{value!r} is not a whole number")


def _maybe_integer(value: object) -> int | None:
    try:
        return _integer(value)
    except ValueError:
        return None


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
