"""Which of an owner's photos a search still lists, for as few calls as that can take."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from flickrexif.flickr.search import OwnerQuery, SearchPage
from flickrexif.upkeep.judge import is_unchanged

if TYPE_CHECKING:
    from flickrexif.corpus.rows import AcceptedPhoto

SearchOwner = Callable[[OwnerQuery], Awaitable[SearchPage]]

LEAST_SEARCHED = 2
"""So many photos are worth a search: one alone is asked for by itself at the same price."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one search told: ``listed`` photos are as they were, ``unlisted`` ones unproven.

    ``beyond`` are those whose taken dates the answer did not reach.
    """

    listed: tuple[AcceptedPhoto, ...]
    unlisted: tuple[AcceptedPhoto, ...]
    beyond: tuple[AcceptedPhoto, ...]


async def look(photos: Sequence[AcceptedPhoto], search: SearchOwner) -> Sighting:
    """Ask once for what one owner has in the interval that spans ``photos``.

    ``photos`` stand in the order of their taken dates, which are known. The interval begins with
    the first of them, so that a search which finds it is not dearer than asking for it alone. Only
    the first page is read: where it ends, the next search begins with the next photo, so that
    nothing between them is paged through, and Flickr's limit of 4,000 is never met.
    """
    moments = [moment_of(photo) for photo in photos]
    page = await search(OwnerQuery(photos[0].owner_id, moments[0], moments[-1]))
    rows = {row.photo_id: row for row in page.candidates}
    reach = _reach(page, moments[-1])
    told: dict[str, list[AcceptedPhoto]] = {"listed": [], "unlisted": [], "beyond": []}
    for photo, moment in zip(photos, moments, strict=True):
        if is_unchanged(photo, rows.get(photo.photo_id)):
            told["listed"].append(photo)
        else:
            told["unlisted" if moment <= reach else "beyond"].append(photo)
    return Sighting(**{place: tuple(found) for place, found in told.items()})


def moment_of(photo: AcceptedPhoto) -> datetime:
    """When a photo was taken, by the camera's clock."""
    return datetime.fromisoformat(photo.taken_at or "")


def _reach(page: SearchPage, last: datetime) -> datetime:
    """The taken date up to which the answer tells what there is."""
    taken = [row.taken_at for row in page.candidates if row.taken_at is not None]
    return max(taken) if taken and page.pages > 1 else last
