"""What happened to photos and accounts since they were crawled."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from flickrexif.errors import UsageError
from flickrexif.sandbox.listing import VISIBILITIES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from flickrexif.sandbox.catalogue import Array, Catalogue
    from flickrexif.sandbox.photos import Visibility

_LICENSES = 17
_LEVELS = 3


@dataclass(frozen=True, slots=True)
class Changes:
    """Photos by id, and accounts by NSID, that are no longer what the catalogue made them.

    ``relicensed`` gives a photo another licence, ``unsafe`` a safety level (1 moderate, 2
    restricted): strangers then no longer find it in a search. ``closed`` accounts are unknown to a
    search, and their photos are deleted. Search, getInfo, getSizes, getExif and the image host all
    see the same.
    """

    deleted: Collection[int] = frozenset()
    private: Collection[int] = frozenset()
    relicensed: Mapping[int, int] = field(default_factory=dict)
    unsafe: Mapping[int, int] = field(default_factory=dict)
    closed: Collection[str] = frozenset()

    def __post_init__(self) -> None:
        for word, known in (("relicensed", range(_LICENSES)), ("unsafe", range(_LEVELS))):
            for photo_id, to in getattr(self, word).items():
                if to not in known:
                    raise UsageError(
                        f"{word}: photo {photo_id!r} cannot change to {to!r}:"
                        f" use a number from 0 to {known[-1]}"
                    )

    def applied_to(self, catalogue: Catalogue) -> Catalogue:
        """The catalogue as it is now; the one given stays as it was.

        Raises `UsageError` for a photo or an account that it does not have.
        """
        listing = catalogue.listing
        visible, licenses, safety = (
            column.copy() for column in (listing.visible, listing.license, listing.safety)
        )
        visible[_places(catalogue, self.deleted)] = _number("deleted")
        visible[_places(catalogue, self.private)] = _number("private")
        visible[_places_of(catalogue, self.closed)] = _number("deleted")
        licenses[_places(catalogue, self.relicensed)] = list(self.relicensed.values())
        safety[_places(catalogue, self.unsafe)] = list(self.unsafe.values())
        later = replace(listing, visible=visible, license=licenses, safety=safety)
        return catalogue.changed(later, closed=self.closed)


def _places(catalogue: Catalogue, ids: Collection[int]) -> Array:
    wanted = np.array(list(ids), np.int64)
    known = catalogue.listing.ids
    places: Array = np.searchsorted(known, wanted)
    for photo_id, place in zip(ids, places, strict=True):
        if place >= len(known) or known[place] != photo_id:
            raise UsageError(f"photo {photo_id!r} is not in the catalogue: change one that is")
    return places


def _places_of(catalogue: Catalogue, accounts: Collection[str]) -> Any:
    numbers = {who.owner.nsid: number for number, who in enumerate(catalogue.habits)}
    for nsid in accounts:
        if nsid not in numbers:
            raise UsageError(f"account {nsid!r} is not in the catalogue: close one that is")
    return np.isin(catalogue.listing.owner, [numbers[nsid] for nsid in accounts])


def _number(visibility: Visibility) -> int:
    return VISIBILITIES.index(visibility)
