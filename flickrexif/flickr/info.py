"""Answers of flickr.photos.getInfo, parsed: what a photo is today, and who may see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flickrexif.flickr.failures import Failure, RequestFailed
from flickrexif.flickr.fields import fields_of, maybe_integer, parse_taken, text
from flickrexif.ids import OwnerId, PhotoId

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

SAFE = 0
"""``safety_level`` here is 0 safe, 1 moderate, 2 restricted; a search counts them from 1."""


@dataclass(frozen=True, slots=True)
class PhotoInfo:
    """A photo as its page tells it; what the answer lacks is None."""

    photo_id: PhotoId
    owner_id: OwnerId
    license_id: int | None
    is_public: bool
    safety_level: int | None
    """0 safe, 1 moderate, 2 restricted; answers before 2010 lack it."""
    media: str
    taken_at: datetime | None
    """The camera's clock; None when Flickr gives no date that exists."""
    is_taken_known: bool
    taken_granularity: int | None
    """0 second, 4 month, 6 year, 8 circa."""
    uploaded_at: int | None
    """Unix seconds, UTC."""
    updated_at: int | None
    """When anything of the photo's page changed last, Unix seconds, UTC."""


def parse_info(body: Mapping[str, object]) -> PhotoInfo:
    """The photo in a decoded answer with stat ok.

    Raises `RequestFailed`, to be tried again, when the photo, its id or its owner is missing. A
    photo whose visibility is not told is not public.
    """
    photo = fields_of(body.get("photo"))
    owner, dates = fields_of(photo.get("owner")), fields_of(photo.get("dates"))
    photo_id, owner_id = maybe_integer(photo.get("id")), text(owner.get("nsid"))
    if not photo_id or owner_id is None:
        raise RequestFailed(Failure("body", "no_photo"))
    return PhotoInfo(
        photo_id=PhotoId(photo_id),
        owner_id=OwnerId(owner_id),
        license_id=maybe_integer(photo.get("license")),
        is_public=maybe_integer(fields_of(photo.get("visibility")).get("ispublic")) == 1,
        safety_level=maybe_integer(photo.get("safety_level")),
        media=text(photo.get("media", "photo")) or "",
        taken_at=parse_taken(dates.get("taken")),
        is_taken_known=maybe_integer(dates.get("takenunknown", 0)) == 0,
        taken_granularity=maybe_integer(dates.get("takengranularity", 0)),
        uploaded_at=maybe_integer(dates.get("posted")),
        updated_at=maybe_integer(dates.get("lastupdate")),
    )
