"""The processing traces of the published study: four families, each a label that a probe reads.

Each family does one thing to a photo in one of a few ways (its classes); the last step is always a
JPEG file, so that files of all classes are of one kind. Everything is Pillow: ImageEnhance for
sharpness; ``resize`` for sizes, whose filters widen with the shrinking (antialiased); its JPEG
writer, which is libjpeg-turbo. Sides are cut to whole pixels, ``int(side * scale)``, and are at
least 1.

Two things are decided here. The study's texts name no filter for half and double: here it is
``bicubic``, what Pillow takes when none is named. And the random scale of ``interpolation`` is
drawn for each photo by its id, one for both sides and the same in all classes, so that it tells
nothing of the class; the study draws from one stream, which each worker of its loader starts anew.

Draws come from a Philox stream keyed by blake2b(purpose, seed, photo id): they depend on neither
order, process nor the other families.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from hashlib import blake2b
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from PIL import Image, ImageEnhance

from flickrexif.errors import UsageError
from flickrexif.imaging import encode
from flickrexif.imaging.decode import MAX_PIXELS, UnreadableImage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flickrexif.imaging.encode import Subsampling
    from flickrexif.imaging.mask import PhotoName

Filter = Literal["bilinear", "bicubic", "lanczos", "box"]

FILTERS: Mapping[Filter, Image.Resampling] = MappingProxyType(
    {
        "bilinear": Image.Resampling.BILINEAR,
        "bicubic": Image.Resampling.BICUBIC,
        "lanczos": Image.Resampling.LANCZOS,
        "box": Image.Resampling.BOX,
    }
)


@dataclass(frozen=True, slots=True)
class Processing:
    """What one class does to a photo, in this order: sharpen, resize, write as JPEG."""

    sharpness: float = 1.0
    """The factor of Pillow's ImageEnhance.Sharpness; 1 leaves the pixels as they are."""
    scale: float = 1.0
    """What both sides are multiplied by."""
    spread: float = 0.0
    """A number from U(-spread, spread), drawn for each photo, is added to the scale."""
    filter: Filter = "bicubic"
    """How pixels are resampled where the scale is not 1."""
    quality: int = 95
    """libjpeg's, 1 to 100."""
    subsampling: Subsampling = "4:4:4"


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of processing and its classes, in the order of the label."""

    description: str
    processings: Mapping[str, Processing]

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in order: those of the ClassLabel."""
        return tuple(self.processings)

    def words(self) -> dict[str, dict[str, Any]]:
        """Class → what it does, as plain values: for a card or a manifest."""
        return {name: asdict(processing) for name, processing in self.processings.items()}


FAMILIES: Mapping[str, Family] = MappingProxyType(
    {
        "jpeg": Family(
            "JPEG compression: libjpeg's quality, and chroma subsampling",
            {
                "q75-420": Processing(quality=75, subsampling="4:2:0"),
                "q75-444": Processing(quality=75, subsampling="4:4:4"),
                "q85-420": Processing(quality=85, subsampling="4:2:0"),
                "q85-444": Processing(quality=85, subsampling="4:4:4"),
                "q95-420": Processing(quality=95, subsampling="4:2:0"),
                "q95-444": Processing(quality=95, subsampling="4:4:4"),
            },
        ),
        "sharpening": Family(
            "sharpening by Pillow's ImageEnhance.Sharpness, by its factor",
            {"none": Processing(), "2": Processing(sharpness=2), "4": Processing(sharpness=4)},
        ),
        "resizing": Family(
            "resizing of both sides, by a bicubic filter",
            {"none": Processing(), "half": Processing(scale=0.5), "double": Processing(scale=2)},
        ),
        "interpolation": Family(
            "resizing by a random scale from 0.8 to 1.2, by its filter",
            {name: Processing(spread=0.2, filter=name) for name in FILTERS},
        ),
    }
)
"""The study's families by name. Another family is another entry."""


def draw_class(family: str, photo_id: PhotoName, *, seed: int = 0) -> str:
    """The class of a photo in ``family``, each with equal probability: a function of the three.

    Raises `UsageError` for an unknown family.
    """
    classes = family_named(family).classes
    word = _word(f"class of {family}", photo_id, seed)
    return classes[word * len(classes) >> 64]


def drawn_scale(
    processing: Processing, family: str, photo_id: PhotoName, *, seed: int = 0
) -> float:
    """What ``processing`` multiplies the sides of a photo by, the photo's own draw included."""
    share = (_word(f"scale of {family}", photo_id, seed) >> 11) * 2.0**-53
    return processing.scale + processing.spread * (2 * share - 1)


def process(
    image: Image.Image, family: str, class_name: str, photo_id: PhotoName, *, seed: int = 0
) -> bytes:
    """``image`` (RGB) processed as a class of a family says: a JPEG file without metadata.

    Equal arguments give equal bytes as long as the libraries stay the same (`provenance`).
    Raises `UsageError` for an unknown family or class, `ValueError` for another mode than RGB, and
    `UnreadableImage` where the result would be too large.
    """
    processing = _processing(family, class_name)
    if image.mode != "RGB":
        raise ValueError(f"expected an RGB image, got mode {image.mode!r}")
    if processing.sharpness != 1:
        image = ImageEnhance.Sharpness(image).enhance(processing.sharpness)
    scale = drawn_scale(processing, family, photo_id, seed=seed)
    if scale != 1:
        image = image.resize(_scaled(*image.size, scale), FILTERS[processing.filter])
    return encode.jpeg(image, quality=processing.quality, subsampling=processing.subsampling)


def provenance() -> str:
    """The libraries and versions that make the bytes, for whatever stores them."""
    return f"processed by {encode.libraries()}"


def family_named(name: str) -> Family:
    """An entry of `FAMILIES`; `UsageError`, naming them, when there is none."""
    try:
        return FAMILIES[name]
    except KeyError:
        known = ", ".join(FAMILIES)
        raise UsageError(f"unknown processing family {name!r}: use one of {known}") from None


def _processing(family: str, class_name: str) -> Processing:
    processings = family_named(family).processings
    try:
        return processings[class_name]
    except KeyError:
        known = ", ".join(processings)
        raise UsageError(f"unknown class {class_name!r} of {family}: use one of {known}") from None


def _scaled(width: int, height: int, scale: float) -> tuple[int, int]:
    across, down = max(1, int(width * scale)), max(1, int(height * scale))
    if across * down > MAX_PIXELS:
        raise UnreadableImage("too large", f"{width} x {height} px, resized by {scale:g}")
    return across, down


def _word(purpose: str, photo_id: PhotoName, seed: int) -> int:
    """64 random bits of one photo for one purpose: the same on every machine."""
    name = f"{purpose}:{seed}:{photo_id}".encode()
    digest = blake2b(name, digest_size=16, person=b"processing").digest()
    return int(np.random.Philox(key=int.from_bytes(digest, "little")).random_raw())
