"""Which rows a treated set will have: places, splits, ids and credits, before any image is read."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import TYPE_CHECKING

from flickrexif.flickr.licenses import FORBIDDING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flickrexif.imaging.image_place import Place

TRAIN, VALIDATION = 0.7, 0.1
"""The shares of two splits where the set tells none; the rest is test."""
TRAIN_OF_BOTH = TRAIN / (TRAIN + VALIDATION)

_PHOTO_ID = re.compile(r"(0|[1-9][0-9]{0,18})\Z")
"""As whole numbers print themselves: "007" and "7" are two names."""

_FORBIDDING = re.compile(
    r"\bnd\b|no[ -]?deriv|all[ -]rights[ -]reserved|"
    + "|".join(re.escape(name) for name in sorted(FORBIDDING)),
    re.IGNORECASE,
)
"""How licences that forbid changed copies are written: SPDX ids, names and Creative Commons' urls
(https://creativecommons.org/licenses/by-nd/4.0/), as sets of others have no common spelling."""


def may_be_changed(place: Place) -> bool:
    """False for an image whose licence is told, by name or url, and forbids changed copies."""
    told = (place.credit.get(word) or "" for word in ("license", "license_url"))
    return not any(map(_FORBIDDING.search, told))


def dealt(places: Sequence[Place], *, seed: int) -> dict[str, list[Place]]:
    """``places`` by split, in their order.

    As the set has it; an image without a split beside others goes to train. Where none but train
    is told, owners (images, where those are unknown) are dealt 70 : 10 : 20 by a seeded hash, so
    that none is in two splits and a new image moves no other; where validation alone is missing,
    which a probe needs, an eighth of train's are dealt to it in the same way.
    """
    told = {place.split for place in places if place.split} - {"train"}
    by_split: dict[str, list[Place]] = {"train": [], "validation": [], "test": []}
    for place in places:
        split = place.split or "train" if told else _split_of(owner_of(place), seed)
        if told and "validation" not in told and split == "train":
            split = "train" if _share(owner_of(place), seed) < TRAIN_OF_BOTH else "validation"
        by_split[split].append(place)
    return {split: rows for split, rows in by_split.items() if rows}


def owner_of(place: Place) -> str:
    """The owner's id, or the image's own name where nobody tells one: what must not be split."""
    return place.credit.get("owner_id") or place.name


def row_id(name: str, label: str | None = None) -> int:
    """The id of a made image: the source's photo id, or 63 bits of a hash of its name.

    One of several images made of one source has its class in the hash.
    """
    if label is None and _PHOTO_ID.match(name) and int(name) < 1 << 63:
        return int(name)
    key = name if label is None else f"{name}\0{label}"
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big") >> 1


def _split_of(owner: str, seed: int) -> str:
    place = _share(owner, seed)
    if place < TRAIN:
        return "train"
    return "validation" if place < TRAIN + VALIDATION else "test"


def _share(owner: str, seed: int) -> float:
    """A number from 0 to 1 that stands for an owner."""
    digest = blake2b(f"{seed}:{owner}".encode(), digest_size=8, person=b"split").digest()
    return int.from_bytes(digest, "big") / 2**64
