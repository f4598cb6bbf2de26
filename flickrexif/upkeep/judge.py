"""What an answer says of an accepted photo: that it may stay, or why it has to leave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from flickrexif.flickr.failures import Failure, RequestFailed
from flickrexif.flickr.info import SAFE

if TYPE_CHECKING:
    from collections.abc import Collection

    from flickrexif.corpus.rows import AcceptedPhoto
    from flickrexif.flickr.info import PhotoInfo
    from flickrexif.flickr.search import Candidate

Loss = Literal["gone", "private", "relicensed", "unsafe"]
"""Why a photo leaves: ``relicensed`` to a licence that the corpus does not want."""

_NOT_FOUND, _PRIVATE = 1, 2
"""Codes of flickr.photos.getInfo; since July 2024 a private photo is not found either."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of a photo: why it must leave, or the licence it carries today."""

    photo: AcceptedPhoto
    loss: Loss | None
    license_id: int

    @property
    def is_relicensed(self) -> bool:
        """True when the photo stays under another licence."""
        return self.loss is None and self.license_id != self.photo.license_id


def judge_info(photo: AcceptedPhoto, info: PhotoInfo, *, wanted: Collection[int]) -> Finding:
    """What flickr.photos.getInfo says of ``photo``, for a corpus of the ``wanted`` licences.

    Raises `RequestFailed`, to be tried again, for an answer that does not tell the licence.
    """
    if info.license_id is None:
        raise RequestFailed(Failure("body", "no_license"))
    loss: Loss | None = None
    if not info.is_public:
        loss = "private"
    elif info.license_id not in wanted:
        loss = "relicensed"
    elif (info.safety_level or SAFE) > SAFE:
        loss = "unsafe"
    return Finding(photo, loss, info.license_id)


def judge_failure(photo: AcceptedPhoto, failure: Failure) -> Finding | None:
    """What a refusal of flickr.photos.getInfo says of ``photo``; None when it says nothing.

    Code 1 also stands for missing arguments, so the text is read too.
    """
    if failure.kind != "api":
        return None
    if failure.code == _NOT_FOUND and "not found" in failure.text.lower():
        return Finding(photo, "gone", photo.license_id)
    if failure.code == _PRIVATE and "private" in failure.text.lower():
        return Finding(photo, "private", photo.license_id)
    return None


def is_unchanged(photo: AcceptedPhoto, row: Candidate | None) -> bool:
    """True when a search lists ``photo`` as the corpus knows it.

    Every other row, and none at all, proves nothing: the photo itself has to be asked for.
    """
    return row is not None and row.owner_id == photo.owner_id and row.license_id == photo.license_id
