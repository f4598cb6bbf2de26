"""A deterministic catalogue of photos that never existed, listed and searched like Flickr's.

Columns that a search needs are arrays (`flickrexif.sandbox.listing`); all else about a photo is
drawn from the catalogue's seed and the photo's id when it is asked for.
"""

from __future__ import annotations

import calendar
import copy
from collections.abc import Collection, Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from flickrexif.errors import UsageError
from flickrexif.sandbox import cameras as camera_table
from flickrexif.sandbox.description import describe
from flickrexif.sandbox.exif_tags import TagRow, exif_tags
from flickrexif.sandbox.listing import Listing, make_listing
from flickrexif.sandbox.owners import make_habits
from flickrexif.sandbox.photos import (
    Camera,
    Origin,
    Rational,
    SandboxOwner,
    SandboxPhoto,
    Settings,
    Visibility,
)

__all__ = [
    "SORTS",
    "Camera",
    "Catalogue",
    "CataloguePlan",
    "Origin",
    "PhotoList",
    "Rational",
    "SandboxOwner",
    "SandboxPhoto",
    "Settings",
    "Visibility",
]

SORTS = (
    "date-posted-desc",
    "date-posted-asc",
    "date-taken-desc",
    "date-taken-asc",
    "interestingness-desc",
    "interestingness-asc",
    "relevance",
)
Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class CataloguePlan:
    """What a catalogue is made of; equal plans give equal catalogues, in any process."""

    seed: int = 0
    photos: int = 36_000
    owners: int = 400
    first_month: str = "2019-01"
    last_month: str = "2024-12"

    def open(self) -> Catalogue:
        """Return the catalogue of this plan; a process makes each only once or twice."""
        return _opened(self)


class PhotoList(Sequence[SandboxPhoto]):
    """Photos of a search in its order; a photo is made when it is asked for."""

    def __init__(self, catalogue: Catalogue, places: Array) -> None:
        self._catalogue, self._places = catalogue, places

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, at: int) -> SandboxPhoto: ...
    @overload
    def __getitem__(self, at: slice) -> PhotoList: ...
    def __getitem__(self, at: int | slice) -> SandboxPhoto | PhotoList:
        if isinstance(at, slice):
            return PhotoList(self._catalogue, self._places[at])
        return self._catalogue.at(int(self._places[at]))

    @property
    def ids(self) -> list[int]:
        """The photo ids, without making the photos."""
        found: list[int] = self._catalogue.listing.ids[self._places].tolist()
        return found


class Catalogue:
    """All photos of one plan. Holes (deleted, private) are listed too: look at ``visible``.

    ``photos`` are captured from ``first_month`` to ``last_month`` (``"2019-01"``) by ``owners``
    accounts; few photos and owners make a catalogue small, few months make it dense.
    """

    def __init__(
        self,
        seed: int = 0,
        photos: int = 36_000,
        owners: int = 400,
        *,
        first_month: str = "2019-01",
        last_month: str = "2024-12",
    ) -> None:
        self.plan = CataloguePlan(seed, photos, owners, first_month, last_month)
        first, last = _month(first_month), _month(last_month)
        if last < first or photos < 1 or owners < 1:
            raise UsageError(f"no catalogue can be made of {self.plan!r}; ask for more")
        after = (last.replace(day=28) + timedelta(days=4)).replace(day=1)
        years = {"first_year": first.year, "last_year": last.year}
        self.habits = tuple(make_habits(seed, number, **years) for number in range(owners))
        self.listing: Listing = make_listing(
            self.habits, seed=seed, photos=photos, first_s=_seconds(first), last_s=_seconds(after)
        )
        self._by_taken = np.argsort(self.listing.taken, kind="stable")
        self._taken = self.listing.taken[self._by_taken]
        self._numbers = self._names()

    def __len__(self) -> int:
        return len(self.listing)

    def __iter__(self) -> Iterator[SandboxPhoto]:
        return (self.at(place) for place in range(len(self)))

    def at(self, place: int) -> SandboxPhoto:
        """The photo at a place of the listing, which is ordered by id."""
        owner = self.habits[int(self.listing.owner[place])]
        return describe(self.plan.seed, self.listing, place, owner)

    def months(self) -> dict[str, int]:
        """Photos (holes included) per taken month, ``{"2019-01": 512, ...}``, in order."""
        taken = self.listing.taken.astype("datetime64[s]").astype("datetime64[M]")
        names, counts = np.unique(taken, return_counts=True)
        return {str(name): int(count) for name, count in zip(names, counts, strict=True)}

    def owners(self) -> Sequence[SandboxOwner]:
        """All accounts."""
        return [who.owner for who in self.habits]

    def owner(self, name: str) -> SandboxOwner | None:
        """The account by NSID, path alias or username, or None."""
        number = self._numbers.get(name)
        return None if number is None else self.habits[number].owner

    def photo(self, photo_id: int) -> SandboxPhoto | None:
        """The photo, holes included, or None."""
        place = int(np.searchsorted(self.listing.ids, photo_id))
        known = place < len(self) and int(self.listing.ids[place]) == photo_id
        return self.at(place) if known else None

    def search(
        self,
        *,
        taken_from: datetime | None = None,
        taken_to: datetime | None = None,
        uploaded_from: int | None = None,
        uploaded_to: int | None = None,
        license: int | Collection[int] | None = None,  # noqa: A002 - Flickr's own word
        owner: str | None = None,
        sort: str = "date-posted-desc",
    ) -> PhotoList:
        """Photos whose dates lie in the closed intervals, in the order of ``sort``.

        ``taken_*`` are naive, ``uploaded_*`` Unix seconds. An unknown owner has no photos.

        Raises:
            UsageError: ``sort`` is none of `SORTS`.
        """
        columns, places = self.listing, self._taken_between(taken_from, taken_to)
        if uploaded_from is not None:
            places = places[columns.uploaded[places] >= uploaded_from]
        if uploaded_to is not None:
            places = places[columns.uploaded[places] <= uploaded_to]
        if license is not None:
            wanted = [license] if isinstance(license, int) else list(license)
            places = places[np.isin(columns.license[places], wanted)]
        if owner is not None:
            places = places[columns.owner[places] == self._numbers.get(owner, -1)]
        return PhotoList(self, self._sorted(places, sort))

    def changed(self, listing: Listing, *, closed: Collection[str]) -> Catalogue:
        """The same photos seen later: with ``listing``, and without the ``closed`` accounts.

        Ids and dates stand in ``listing`` as they stand in this one.
        """
        later = copy.copy(self)
        later.listing = listing
        gone = {self._numbers[nsid] for nsid in closed}
        later._numbers = {name: who for name, who in self._numbers.items() if who not in gone}
        return later

    def cameras(self) -> Sequence[Camera]:
        """All camera models."""
        return camera_table.cameras()

    def exif_tags(self, photo: SandboxPhoto) -> list[TagRow]:
        """Rows ``(tagspace, tagspaceid, tag, label, raw, clean)`` as getExif prints the file."""
        return exif_tags(photo)

    def _taken_between(self, first: datetime | None, last: datetime | None) -> Array:
        low, high = 0, len(self)
        if first is not None:
            low = int(np.searchsorted(self._taken, _seconds(first)))
        if last is not None:
            high = int(np.searchsorted(self._taken, _seconds(last), "right"))
        return np.asarray(self._by_taken[low:high])

    def _names(self) -> dict[str, int]:
        numbers: dict[str, int] = {}
        for number, who in enumerate(self.habits):
            for name in (who.owner.nsid, who.owner.path_alias, who.owner.username):
                if name is not None:
                    numbers.setdefault(name, number)
        return numbers

    def _sorted(self, places: Array, sort: str) -> Array:
        """Return places in order; ``places`` come in the order of their taken dates."""
        if sort not in SORTS:
            raise UsageError(f"sort {sort!r} is not known; use one of {', '.join(SORTS)}")
        if sort.startswith("date-taken"):
            ordered = places
        elif sort.startswith("date-posted"):
            ordered = np.sort(places)
        else:
            ordered = places[np.argsort(self.listing.ids[places] * 2_654_435_761 % 2**32)]
        return ordered[::-1] if sort.endswith("-desc") else ordered


@lru_cache(maxsize=2)
def _opened(plan: CataloguePlan) -> Catalogue:
    seed, photos, owners, first, last = astuple(plan)
    return Catalogue(seed, photos, owners, first_month=first, last_month=last)


def _month(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC)
    except ValueError as error:
        raise UsageError(f"month {text!r} is not of the form 2020-01") from error


def _seconds(moment: datetime) -> int:
    """Return seconds since 1970, as if the moment were UTC."""
    return calendar.timegm(moment.timetuple())
