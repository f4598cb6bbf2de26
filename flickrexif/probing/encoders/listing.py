"""What encoders there are, and which are ready; nothing is downloaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from flickrexif.errors import UsageError
from flickrexif.probing.encoder_list import ListedEncoder
from flickrexif.probing.encoders.catalogue import catalogue
from flickrexif.probing.encoders.protocol import Family
from flickrexif.probing.encoders.registry import ENCODERS
from flickrexif.probing.encoders.weights import cached_weights

if TYPE_CHECKING:
    from flickrexif.probing.encoders.catalogue import CatalogueEntry


def listed(family: str | None) -> tuple[ListedEncoder, ...]:
    """All named encoders, or those of one family; `UsageError` for a family that is none."""
    if family is not None and family not in get_args(Family):
        known = ", ".join(get_args(Family))
        raise UsageError(f"unknown family {family!r}; known are: {known}")
    rows = [*map(_own, ENCODERS), *map(_of_catalogue, catalogue().values())]
    return tuple(row for row in rows if family in {None, row.family})


def _own(name: str) -> ListedEncoder:
    made = ENCODERS[name]()
    source = made.provenance["weights"]
    crop = made.preprocess.crop
    return ListedEncoder(name, made.family, crop, made.dim, None, True, source, None)


def _of_catalogue(entry: CatalogueEntry) -> ListedEncoder:
    return ListedEncoder(
        name=entry.name,
        family=entry.family,
        crop=entry.preprocess.crop,
        dim=entry.dim,
        gflop=entry.gflop,
        at_hand=cached_weights(entry) is not None,
        weights=entry.weights,
        published=entry.published,
    )
