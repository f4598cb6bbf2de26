"""The sizes of a photo that a corpus may hold, by Flickr's own names.

A size is told in a search by the extra ``url_`` and its letter. Flickr makes no size larger than
the photo itself, except that Large is there as soon as the photo is larger than Medium 800.
Source: Flickr's page on photo image addresses, and the extras of recorded answers.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PhotoSize:
    """One size: ``letter`` ends its extra, ``longest`` is what its longer edge never exceeds.

    Both are None where there is no such thing: no images at all, and originals, which may be of
    any size.
    """

    name: str
    letter: str | None
    longest: int | None

    @property
    def extra(self) -> str | None:
        """The name of the extra, and of the field, that holds its address."""
        return None if self.letter is None else f"url_{self.letter}"


SIZES: dict[str, PhotoSize] = {
    size.name: size
    for size in (
        PhotoSize("original", "o", None),
        PhotoSize("large-2048", "k", 2048),
        PhotoSize("large-1600", "h", 1600),
        PhotoSize("large", "l", 1024),
        PhotoSize("medium-800", "c", 800),
        PhotoSize("medium-640", "z", 640),
        PhotoSize("medium", "m", 500),
        PhotoSize("small-320", "n", 320),
        PhotoSize("none", None, None),
    )
}
"""Every size that may be asked for, the largest first."""
