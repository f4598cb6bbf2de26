"""The photos to be asked for, owner by owner: eight bytes each, however many there are."""

from __future__ import annotations

from array import array
from itertools import groupby
from typing import TYPE_CHECKING, Self

from flickrexif.ids import PhotoId

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from flickrexif.corpus.rows import AcceptedPhoto


class Agenda:
    """Photo ids in the order of their owners."""

    def __init__(self) -> None:
        self._ids = array("q")
        self._ends = array("q")

    @classmethod
    def of(cls, photos: Iterable[AcceptedPhoto]) -> Self:
        """The agenda of ``photos``, which stand by owner."""
        agenda = cls()
        for _, of_one in groupby(photos, owner_of):
            agenda._ids.extend(photo.photo_id for photo in of_one)
            agenda._ends.append(len(agenda._ids))
        return agenda

    def __len__(self) -> int:
        """How many photos there are."""
        return len(self._ids)

    def parts(self, size: int) -> Iterator[list[PhotoId]]:
        """The ids in runs of at least ``size``, the last one shorter; no owner is in two."""
        start = 0
        for end in self._ends:
            if end - start >= size or end == len(self._ids):
                yield [PhotoId(photo_id) for photo_id in self._ids[start:end]]
                start = end


def owner_of(photo: AcceptedPhoto) -> str:
    """Whose photo it is."""
    return photo.owner_id
