"""Is every photo a picture of its own?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from paircams.checks.check import Fault
from paircams.matching.cascade import passes
from paircams.matching.homography import fit
from paircams.thumbnail import close_hashes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paircams.collection import Collection, Pair, Sound
    from paircams.limits import Limits


def identical_pairs(collection: Collection, _: Limits) -> Iterator[Fault]:
    """Pairs whose two files hold the same bytes."""
    for pair in filter(_same_bytes, collection.pairs):
        name = pair.smartphone.file.name
        reason = f"the same bytes as {name!r}; add the camera's own photo"
        yield Fault.of(pair.camera.file, reason)


def re_encoded_pairs(collection: Collection, limits: Limits) -> Iterator[Fault]:
    """Pairs whose two pictures are closer to each other than two cameras can make them."""
    for pair in collection.pairs:
        if is_one_picture(pair, limits) and not _same_bytes(pair):
            name = pair.smartphone.file.name
            reason = f"the picture of {name!r} saved again; add the camera's own photo"
            limit = limits.same_picture_difference
            yield Fault.of(pair.camera.file, reason, value=_difference(pair), limit=limit)


def is_one_picture(pair: Pair, limits: Limits) -> bool:
    """True when both sides of ``pair`` show one capture, as the same file or saved again."""
    return _same_bytes(pair) or _difference(pair) <= limits.same_picture_difference


def _same_bytes(pair: Pair) -> bool:
    return pair.smartphone.contents.sha256 == pair.camera.contents.sha256


def _difference(pair: Pair) -> float:
    return pair.smartphone.contents.thumbnail.difference(pair.camera.contents.thumbnail)


def shared_files(collection: Collection, _: Limits) -> Iterator[Fault]:
    """Photos whose bytes stand already in an earlier subject."""
    first: dict[str, Sound] = {}
    for photo in collection.sound:
        earlier = first.setdefault(photo.contents.sha256, photo)
        if earlier.file.subject_idx != photo.file.subject_idx:
            yield Fault.of(photo.file, f"the same bytes as {_named(earlier)}; one of them is wrong")


def near_duplicates(collection: Collection, limits: Limits) -> Iterator[Fault]:
    """Photos whose picture stands already, not byte for byte, in another subject.

    Found by hash; verified level by level or, where the view changed a little, by ORB.
    """
    photos = [photo for photo in collection.sound if photo.contents.thumbnail.pattern is not None]
    hashes = np.array([photo.contents.thumbnail.phash for photo in photos], dtype=np.uint64)
    for i, j in close_hashes(hashes, limits.duplicate_hash_bits):
        earlier, later = photos[i], photos[j]
        if (
            earlier.file.subject_idx == later.file.subject_idx
            or earlier.contents.sha256 == later.contents.sha256
        ):
            continue
        if _is_same_view(earlier, later, limits):
            value = earlier.contents.thumbnail.difference(later.contents.thumbnail)
            reason = f"almost the picture of {_named(earlier)}; look whether a subject is twice in"
            yield Fault.of(later.file, reason, value=value, limit=limits.duplicate_difference)


def _is_same_view(one: Sound, other: Sound, limits: Limits) -> bool:
    """Whether two photos with close hashes are one picture, or one subject from one place."""
    difference = one.contents.thumbnail.difference(other.contents.thumbnail)
    if difference <= limits.duplicate_difference:
        return True
    found = fit(one.look.features, other.look.features)
    return found is not None and passes(found, limits)


def _named(photo: Sound) -> str:
    return f"{photo.file.name!r} of subject {photo.file.subject_idx}"
