"""The sizes that Flickr makes of a photo, and where they are found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """One size: ``longest`` edge in pixels, or the edge of a cropped square.

    ``suffix`` ends the file name, ``letter`` ends ``url_`` in a search's extras, ``page`` ends the
    address of its page, ``label`` is its name in ``flickr.photos.getSizes``. It exists of originals
    whose longer edge is at least ``least`` (0: its own).
    """

    label: str
    suffix: str
    letter: str
    page: str
    longest: int
    square: bool = False
    least: int = 0

    @property
    def is_public(self) -> bool:
        """True for the sizes whose files share one secret and are never withheld."""
        return self.longest <= 1024

    def box(self, width: int, height: int) -> tuple[int, int]:
        """Return (width, height) of this size of an original of the given size."""
        if self.square:
            return self.longest, self.longest
        scale = min(1.0, self.longest / max(width, height))
        return max(1, round(width * scale)), max(1, round(height * scale))


SIZES = (
    Size("Square", "_s", "sq", "sq", 75, square=True),
    Size("Large Square", "_q", "q", "q", 150, square=True),
    Size("Thumbnail", "_t", "t", "t", 100),
    Size("Small", "_m", "s", "s", 240),
    Size("Small 320", "_n", "n", "n", 320),
    Size("Small 400", "_w", "w", "w", 400),
    Size("Medium", "", "m", "m", 500, least=241),
    Size("Medium 640", "_z", "z", "z", 640),
    Size("Medium 800", "_c", "c", "c", 800),
    Size("Large", "_b", "l", "l", 1024, least=801),
    Size("Large 1600", "_h", "h", "h", 1600, least=1281),
    Size("Large 2048", "_k", "k", "k", 2048),
)
"""The sizes up to 2048 px; recorded answers show each of them from its ``least`` on."""

BY_SUFFIX = {size.suffix: size for size in SIZES}


def offered(width: int, height: int, *, withheld: bool = False) -> tuple[Size, ...]:
    """Return the sizes that exist of an original, none larger than it, and that a stranger sees.

    Of an original that is ``withheld``, the sizes above 1024 px are withheld too.
    """
    longest = max(width, height)
    return tuple(
        size
        for size in SIZES
        if longest >= (size.least or size.longest) and (size.is_public or not withheld)
    )
