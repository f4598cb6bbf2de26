"""What can be done to the images of a set, each as one picklable value with words of its own."""

from __future__ import annotations

import io
import math
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, get_args

import numpy as np
from PIL import Image

from flickrexif.errors import UsageError
from flickrexif.imaging import processing, sensor
from flickrexif.imaging.canonical import canonicaliser
from flickrexif.imaging.crop import Crop, resize_and_crop
from flickrexif.imaging.decode import MAX_PIXELS, decode_rgb
from flickrexif.imaging.fill import colour_of
from flickrexif.imaging.geometry import Geometry
from flickrexif.imaging.mask import MaskSpec, achieved_ratio
from flickrexif.imaging.prepare import masked_crop
from flickrexif.imaging.processing import FAMILIES, family_named
from flickrexif.imaging.reading import exact_reader
from flickrexif.treating.rows import row_id

if TYPE_CHECKING:
    from collections.abc import Iterator

PNG_LEVEL = 6
Made = tuple[str | None, bytes]
"""The class of a made image (None: that of its source), and the file."""


class Treatment(Protocol):
    """Turns an image into one or more; equal images, names and words give equal bytes."""

    @property
    def name(self) -> str:
        """The name of the config, and of the label where the treatment gives one."""
        ...

    @property
    def description(self) -> str:
        """What was done, in a sentence."""
        ...

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The classes that the treatment gives, in order; None where it keeps the source's."""
        ...

    @property
    def is_ordinal(self) -> bool:
        """True when the classes have an order."""
        ...

    @property
    def provenance(self) -> str:
        """The libraries and versions that make the pixels."""
        ...

    def words(self) -> dict[str, Any]:
        """The treatment as plain values, for the manifest."""
        ...

    def __call__(self, content: bytes, name: str) -> Iterator[Made]:
        """What becomes of the image ``content`` called ``name``.

        Raises `UnreadableImage` for bytes that are no sound image.
        """
        ...


@dataclass(frozen=True, slots=True)
class Masking:
    """Hide most of each image: resized, cropped and masked as an encoder gets it, as PNG.

    Raises `UsageError` for a mask that does not fit the crop, has a shape of one's own or a fill
    that only an encoder knows.
    """

    mask: MaskSpec = field(default_factory=MaskSpec)
    crop: Crop = field(default_factory=Crop)
    name: str = "masked"
    classes: None = None
    is_ordinal: bool = False

    def __post_init__(self) -> None:
        size = self.crop.size
        if size**2 > MAX_PIXELS:
            most = math.isqrt(MAX_PIXELS)
            raise UsageError(f"crop {size} px is larger than any image: give at most {most}")
        if callable(self.mask.geometry):
            raise UsageError(
                f"mask geometry {self.mask.words()['geometry']!r} has no name that a manifest "
                f"could tell: use one of {', '.join(get_args(Geometry))}"
            )
        colour_of(self.mask, None)
        achieved_ratio(self.mask, size, size)

    @property
    def description(self) -> str:
        """See `Treatment`."""
        hidden = achieved_ratio(self.mask, self.crop.size, self.crop.size)
        return (
            f"cropped to {self.crop.size} px, {hidden:.1%} of the area hidden "
            f"({self.mask.words()['geometry']}, {self.mask.fill})"
        )

    @property
    def provenance(self) -> str:
        """See `Treatment`."""
        return exact_reader().provenance

    def words(self) -> dict[str, Any]:
        """See `Treatment`."""
        return {"does": "mask", "mask": self.mask.words(), "crop": asdict(self.crop)}

    def __call__(self, content: bytes, name: str) -> Iterator[Made]:
        """See `Treatment`."""
        masked = masked_crop(decode_rgb(content), self.crop, self.mask, row_id(name))
        yield None, png(masked)


@dataclass(frozen=True, slots=True)
class Processing:
    """Process each image as one class of a `FAMILIES` entry, drawn for it; as JPEG."""

    family: str
    seed: int = 0
    is_ordinal: bool = False

    def __post_init__(self) -> None:
        family_named(self.family)

    @property
    def name(self) -> str:
        """See `Treatment`."""
        return self.family

    @property
    def description(self) -> str:
        """See `Treatment`."""
        return f"{FAMILIES[self.family].description}; the class drawn at random for each image"

    @property
    def classes(self) -> tuple[str, ...]:
        """See `Treatment`."""
        return FAMILIES[self.family].classes

    @property
    def provenance(self) -> str:
        """See `Treatment`."""
        return processing.provenance()

    def words(self) -> dict[str, Any]:
        """See `Treatment`."""
        family = FAMILIES[self.family]
        return {
            "does": "process",
            "family": self.family,
            "seed": self.seed,
            "classes": family.words(),
        }

    def __call__(self, content: bytes, name: str) -> Iterator[Made]:
        """See `Treatment`."""
        photo_id = row_id(name)
        drawn = processing.draw_class(self.family, photo_id, seed=self.seed)
        image = decode_rgb(content)
        made = processing.process(image, self.family, drawn, photo_id, seed=self.seed)
        yield drawn, made


@dataclass(frozen=True, slots=True)
class Canonicalising:
    """Bring each image to one form: a `CANONICALISERS` entry, or steps with commas between them."""

    form: str
    name: str = "canonical"
    classes: None = None
    is_ordinal: bool = False

    def __post_init__(self) -> None:
        canonicaliser(self.form)

    @property
    def description(self) -> str:
        """See `Treatment`."""
        return f"brought to one form by: {', '.join(canonicaliser(self.form).words)}"

    @property
    def provenance(self) -> str:
        """See `Treatment`."""
        return canonicaliser(self.form).provenance

    def words(self) -> dict[str, Any]:
        """See `Treatment`."""
        return {"does": "canonicalise", "steps": list(canonicaliser(self.form).words)}

    def __call__(self, content: bytes, name: str) -> Iterator[Made]:
        """See `Treatment`."""
        yield None, canonicaliser(self.form)(content)


@dataclass(frozen=True, slots=True)
class Degrading:
    """Make one image for each level of a `SWEEPS` entry, the original among them; as PNG.

    ``crop`` pixels a side are cut out first, as an encoder would; None leaves photos whole.
    """

    sweep: str
    seed: int = 0
    crop: Crop | None = None

    def __post_init__(self) -> None:
        sensor.sweep(self.sweep)

    @property
    def name(self) -> str:
        """See `Treatment`."""
        return self.sweep

    @property
    def description(self) -> str:
        """See `Treatment`."""
        return f"{len(self.classes)} levels of {self.sweep.replace('_', ' ')} of each image"

    @property
    def classes(self) -> tuple[str, ...]:
        """See `Treatment`."""
        return tuple(level.name for level in sensor.sweep(self.sweep))

    @property
    def is_ordinal(self) -> bool:
        """See `Treatment`."""
        return True

    @property
    def provenance(self) -> str:
        """See `Treatment`."""
        return f"{exact_reader().provenance}; degraded by NumPy {np.__version__}"

    def words(self) -> dict[str, Any]:
        """See `Treatment`."""
        levels = {level.name: asdict(level) for level in self._levels}
        crop = {} if self.crop is None else {"crop": asdict(self.crop)}
        return {"does": "degrade", "sweep": self.sweep, "seed": self.seed, "levels": levels} | crop

    def __call__(self, content: bytes, name: str) -> Iterator[Made]:
        """See `Treatment`."""
        image = decode_rgb(content)
        if self.crop is not None:
            image = resize_and_crop(image, self.crop.size, self.crop.interpolation)
        pixels, photo_id = np.array(image), row_id(name)
        for level in self._levels:
            made = Image.fromarray(sensor.degrade(pixels, level, photo_id))
            yield level.name, png(made)

    @property
    def _levels(self) -> list[sensor.Degradation]:
        return sensor.sweep(self.sweep, seed=self.seed)


def png(image: Image.Image) -> bytes:
    """``image`` without loss."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=PNG_LEVEL)
    return buffer.getvalue()
