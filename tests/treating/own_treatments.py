"""Small treatments that spawned workers can import, and what makes them misbehave."""

from __future__ import annotations

import io
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flickrexif.imaging import Crop, MaskSpec, decode_rgb
from flickrexif.treating import Masking
from flickrexif.treating.treatments import png

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flickrexif.treating.treatments import Made

SMALL = Masking(MaskSpec(patch=8), Crop(32))


def jpeg(image: Any, quality: int) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


@dataclass(frozen=True)
class Own:
    """What the treatments of these tests share."""

    name: str = "own"
    description: str = "something was done"
    is_ordinal: bool = False
    provenance: str = "these tests"

    @property
    def classes(self) -> tuple[str, ...] | None:
        return None

    def words(self) -> dict[str, Any]:
        return {"does": type(self).__name__.lower()}


@dataclass(frozen=True)
class Mirrored(Own):
    """One image of each, in a class of the treatment's: mirrored or not, by the name's length."""

    name: str = "mirrored"

    @property
    def classes(self) -> tuple[str, ...]:
        return ("as it was", "mirrored")

    def __call__(self, content: bytes, name: str) -> Iterator[Made]:
        image = decode_rgb(content)
        turn = sum(name.encode()) % 2
        yield self.classes[turn], png(image.transpose(0) if turn else image)


@dataclass(frozen=True)
class Qualities(Own):
    """An image for each class, in an order."""

    name: str = "quality"
    is_ordinal: bool = True

    @property
    def classes(self) -> tuple[str, ...]:
        return ("30", "60", "90")

    def __call__(self, content: bytes, name: str) -> Iterator[Made]:
        image = decode_rgb(content)
        yield from ((quality, jpeg(image, int(quality))) for quality in self.classes)


@dataclass(frozen=True)
class Yields(Own):
    """The same made images for whatever image: right or wrong ones."""

    made: tuple[Made, ...] = ()
    given: tuple[str, ...] | None = None

    @property
    def classes(self) -> tuple[str, ...] | None:
        return self.given

    def __call__(self, content: bytes, name: str) -> Iterator[Made]:
        decode_rgb(content)
        yield from self.made


@dataclass(frozen=True)
class Deadly(Own):
    """A mask whose process dies at one image, unless it did so before."""

    at: str = ""
    marker: Path = Path()

    def __call__(self, content: bytes, name: str) -> Iterator[Made]:
        if name == self.at and not self.marker.exists():
            self.marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        yield from SMALL(content, name)
