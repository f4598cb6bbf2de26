"""Which photos win the caps: a seeded rank decides, never the order of arrival."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flickrexif.corpus.rows import Standing
    from flickrexif.ids import OwnerId, PhotoId

RANK_BITS = 63
"""What fits in a signed integer of a database."""
BARREN_AFTER = 10
"""An owner is given up for a month after so many photos without EXIF and none accepted."""

_KEPT = ("accepted", "removed")


def rank_of(photo_id: PhotoId, *, seed: int) -> int:
    """A number of `RANK_BITS` that depends on the seed and the photo's id alone."""
    digest = hashlib.blake2b(f"{seed}:{photo_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


@dataclass(slots=True)
class _Owner:
    """An owner's photos of a month, counted in rank order."""

    placed: int = 0
    """Accepted, or not decided yet."""
    bare: int = 0
    open: int = 0
    """Not decided yet, be it that they failed for now."""
    is_fertile: bool = False
    """At least one was accepted."""

    @property
    def is_barren(self) -> bool:
        """Given up, whatever becomes of the photos that are open."""
        return not self.is_fertile and self.bare >= BARREN_AFTER

    @property
    def may_be_barren(self) -> bool:
        """Given up if the open photos carry no EXIF."""
        return not self.is_fertile and self.bare + self.open >= BARREN_AFTER

    def add(self, photo: Standing) -> None:
        """Count the next photo in rank order."""
        self.bare += photo.is_bare
        self.is_fertile |= photo.verdict in _KEPT
        self.open += photo.verdict in (None, "failed")
        self.placed += photo.verdict != "rejected"


def next_wave(
    ranked: Iterable[Standing], *, per_owner: int, per_month: int | None
) -> dict[OwnerId, list[PhotoId]]:
    """The undecided photos of a month that must be looked at next, by owner, in rank order.

    ``ranked`` is the month in rank order. What is accepted in the end is what greed by rank
    accepts: one photo after the other, unless the month or the owner is full, or the owner's first
    `BARREN_AFTER` photos looked at carry no EXIF. A photo is due when greed would look at it
    whatever becomes of the undecided photos before it: so nothing is looked at in vain, and when
    no photo is due, greed is done. A failed photo keeps its place for the next run, and so does one
    that was removed. Owners stand in the order of their first due photo.
    """
    owners: dict[OwnerId, _Owner] = {}
    placed = 0
    due: dict[OwnerId, list[PhotoId]] = {}
    for photo in ranked:
        if per_month is not None and placed >= per_month:
            break
        owner = owners.setdefault(photo.owner_id, _Owner())
        if owner.placed >= per_owner or owner.is_barren:
            continue
        if photo.verdict is None and not owner.may_be_barren:
            due.setdefault(photo.owner_id, []).append(photo.photo_id)
        owner.add(photo)
        placed += photo.verdict != "rejected"
    return due


def given_up(ranked: Iterable[Standing]) -> list[Standing]:
    """The undecided photos of the owners who are barren, in rank order."""
    owners: dict[OwnerId, _Owner] = {}
    left = []
    for photo in ranked:
        owner = owners.setdefault(photo.owner_id, _Owner())
        if photo.verdict is None and owner.is_barren:
            left.append(photo)
        owner.add(photo)
    return left


def is_full(ranked: Iterable[Standing], *, per_month: int) -> bool:
    """True when a month has all the photos it may have, those included that failed for now."""
    taken = (photo.verdict in ("failed", *_KEPT) for photo in ranked)
    return sum(taken) >= per_month
