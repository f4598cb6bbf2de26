"""A name for each pair that follows from its two photos, so that versions can be compared."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING

from flickrexif.errors import UsageError
from flickrexif.imaging import UnreadableImage, strip_metadata
from paircams.releasing.rows import content_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flickrexif.progress import Progress
    from paircams.releasing.plan import PairsPlan
    from paircams.releasing.rows import ChosenPair


def identify(chosen: Sequence[ChosenPair], plan: PairsPlan, progress: Progress) -> list[ChosenPair]:
    """Return the pairs with their ids.

    Raises `UsageError` where ``plan`` keeps pixels as they are and a photo cannot be stripped of
    its metadata without loss, and `FlickrexifError` for one that cannot be read any more.
    """
    identified: list[ChosenPair] = []
    lossy: list[str] = []
    progress.start("ids", len(chosen), "pair")
    for pair in chosen:
        stripped = []
        for file in pair.files:
            content = content_of(file)
            try:
                stripped.append(strip_metadata(content))
            except UnreadableImage as error:
                stripped.append(content)
                lossy.append(f"{file.name!r} cannot be stripped without loss ({error.reason})")
        identified.append(replace(pair, pair_id=id_of(stripped)))
        progress.advance()
    progress.close()
    if lossy and plan.kind == "plain":
        more = f", and {len(lossy) - 1} more" if len(lossy) > 1 else ""
        raise UsageError(f"{lossy[0]}{more}: save as JPEG or PNG, or build --kind masked")
    return identified


def id_of(contents: Iterable[bytes]) -> str:
    """Return a name of 16 hexadecimal digits for the pair of photos with these bytes.

    These are their bytes without metadata, where they can be had: a mended tag makes no other pair,
    and a release has the ids of the set that it was built from.
    """
    digests = (blake2b(content, digest_size=16).digest() for content in contents)
    return blake2b(b"".join(digests), digest_size=8).hexdigest()
