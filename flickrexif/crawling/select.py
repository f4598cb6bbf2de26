"""Which photos win the caps: a seeded rank decides, never the order of arrival."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flickrexif.corpus.rows import Standing
    from flickrexif.ids import OwnerId, PhotoId


def rank_of(photo_id: PhotoId, *, seed: int) -> int:
    """A 63-bit number that depends on the seed and the photo's id alone."""
    digest = hashlib.blake2b(f"{seed}:{photo_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def next_wave(
    ranked: Iterable[Standing], *, per_owner: int, per_month: int | None
) -> dict[OwnerId, list[PhotoId]]:
    """The undecided photos of a month that must be looked at next, by owner, in rank order.

    ``ranked`` is the month in rank order. A photo is due when it would be accepted even if every
    undecided photo before it were: so nothing is looked at that a cap may yet shut out, and when
    no photo is due, the accepted ones are those that accepting greedily by rank gives. A failed
    photo keeps its place for the next run. Owners stand in the order of their first due photo.
    """
    placed: Counter[OwnerId] = Counter()
    total = 0
    due: dict[OwnerId, list[PhotoId]] = {}
    for photo in ranked:
        if per_month is not None and total >= per_month:
            break
        if photo.verdict == "rejected" or placed[photo.owner_id] >= per_owner:
            continue
        placed[photo.owner_id] += 1
        total += 1
        if photo.verdict is None:
            due.setdefault(photo.owner_id, []).append(photo.photo_id)
    return due
