"""What a crawl must accept and look at, told from the catalogue without any request."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from flickrexif.sandbox import Quirks

BARE_AT_MOST = 10
"""An owner whose first so many photos of a month carry no EXIF is given up for that month."""
FIRST_ROUND = 8
QUARTER = timedelta(minutes=15)
QUIRKS = Quirks()


@dataclass
class Foretold:
    """Photo ids: those accepted, and those for which anything is asked but a search."""

    accepted: set[int] = field(default_factory=set)
    looked_at: set[int] = field(default_factory=set)
    refused_by: set[str] = field(default_factory=set)
    """Owners known to hide their EXIF."""


def foretell(catalogue, plan, *, longest) -> Foretold:
    """By rank one after the other, each that is sound and under its caps.

    ``longest`` is the least longest edge of an original that offers the plan's size.
    """
    told = Foretold()
    for month in plan.each_month:
        listed = [
            photo
            for photo in _ranked(catalogue, plan, month)
            if _is_listed(photo, plan) and max(photo.width, photo.height) >= longest
        ]
        _look(listed, plan, told)
    return told


def _look(listed, plan, told) -> None:
    placed, bare = Counter(), Counter()
    for photo in listed:
        owner = photo.owner.nsid
        if placed.total() == plan.per_month:
            break
        is_given_up = bare[owner] >= BARE_AT_MOST and not placed[owner]
        if is_given_up or owner in told.refused_by or placed[owner] >= plan.per_user_month:
            continue
        told.looked_at.add(photo.id)
        if photo.visible != "public":
            continue
        if photo.owner.hides_exif:
            told.refused_by.add(owner)
        elif photo.camera is None:
            bare[owner] += 1
        else:
            placed[owner] += 1
            told.accepted.add(photo.id)


def _is_listed(photo, plan) -> bool:
    """True for what a search tells and the list alone does not rule out."""
    if plan.size == "original" and QUIRKS.withholds_original(photo.owner.nsid, photo.license, 0):
        return False
    is_stale = photo.visible == "deleted" and QUIRKS.is_stale(photo.id, 0)
    return (
        (photo.visible == "public" or is_stale)
        and photo.license in plan.license_ids
        and not photo.taken_unknown
        and photo.taken_granularity < 5
    )


def _ranked(catalogue, plan, month):
    photos = [photo for photo in catalogue if f"{photo.taken:%Y-%m}" == str(month)]
    hashes = {photo.id: _hash(f"{plan.seed}:{photo.id}") >> 1 for photo in photos}
    if plan.per_month is None:
        return sorted(photos, key=lambda photo: (hashes[photo.id], photo.id))
    rounds = _rounds(month, plan.seed)

    def rank(photo):
        return rounds[(photo.taken - month.first) // QUARTER], hashes[photo.id] >> 4, photo.id

    return sorted(photos, key=rank)


def _rounds(month, seed) -> dict[int, int]:
    """The round of each quarter hour: 8 of them, then 16, then 32, in the order of a hash."""
    quarters = range((month.next().first - month.first) // QUARTER)
    ordered = sorted(quarters, key=lambda quarter: _hash(f"{seed}:{month}:{quarter}"))
    return {
        quarter: (place // FIRST_ROUND + 1).bit_length() - 1
        for place, quarter in enumerate(ordered)
    }


def _hash(words) -> int:
    return int.from_bytes(hashlib.blake2b(words.encode(), digest_size=8).digest(), "big")
