"""The declared ways in which a golden set's images are distorted, by name.

``original``; ``FAMILY/CLASS``, a class of `flickrexif.imaging.FAMILIES`; ``SWEEP/LEVEL``, a level
of `flickrexif.imaging.SWEEPS`; and ``FAMILY`` or ``SWEEP`` alone for all of them. Families process
the photo as it is, whose JPEG file is then decoded and cropped, as in the study; sweeps degrade the
crop, as ``flickrexif degrade --crop`` does, so that a level means the same for photos of any size.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from flickrexif.errors import UsageError
from flickrexif.imaging.crop import resize_and_crop
from flickrexif.imaging.decode import decode_rgb
from flickrexif.imaging.processing import FAMILIES, process
from flickrexif.imaging.sensor import SWEEPS, Degradation, degrade, sweep

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from PIL import Image

    from flickrexif.imaging.crop import Crop
    from flickrexif.imaging.reading import Pixels

ORIGINAL = "original"

DISTORTIONS = (
    ORIGINAL,
    "jpeg/q75-420",
    "jpeg/q85-420",
    "sharpening/4",
    "resizing/half",
    "resizing/double",
    "interpolation/bilinear",
    "defocus/defocus_4_D",
    "defocus/defocus_12_D",
    "exposure_time/exposure_0.625_ms",
    "exposure_time/exposure_40_ms",
    "pixel_size_metered/metered_8_um",
)
"""JPEG, sharpening, resizing, blur, noise in the dark, overflow, and large pixels: one of each kind
that cameras and web hosts do, and a milder or stronger one of the two commonest."""


@dataclass(frozen=True, slots=True)
class Distortion:
    """One of them: a class of a family, a level of a sweep, or neither, which is the original."""

    name: str
    seed: int
    family: tuple[str, str] | None = None
    level: Degradation | None = None

    def words(self) -> dict[str, Any]:
        """What it does, as plain values."""
        if self.family is not None:
            family, class_name = self.family
            return {"does": "process", "family": family} | FAMILIES[family].words()[class_name]
        if self.level is not None:
            return {"does": "degrade"} | asdict(self.level)
        return {"does": "nothing"}

    def __call__(self, image: Image.Image, crop: Crop, name: str) -> Pixels:
        """The crop of a distorted ``image`` (RGB) called ``name``: uint8, size x size x 3.

        A function of these alone. Raises `UnreadableImage` where the result would be too large.
        """
        if self.family is not None:
            image = decode_rgb(process(image, *self.family, name, seed=self.seed))
        pixels = np.array(resize_and_crop(image, crop.size, crop.interpolation))
        return pixels if self.level is None else degrade(pixels, self.level, name)


def distortions_named(names: Iterable[str], *, seed: int) -> tuple[Distortion, ...]:
    """Those called by ``names``, each once, the original always and first.

    Raises `UsageError` for a name that is none.
    """
    found = {ORIGINAL: Distortion(ORIGINAL, seed)}
    for name in names:
        found |= {each.name: each for each in _named(name, seed)}
    return tuple(found.values())


def _named(name: str, seed: int) -> list[Distortion]:
    whole, _, part = name.partition("/")
    known = [each for each in _all(whole, seed) if part in ("", each.name.partition("/")[2])]
    if not known:
        raise UsageError(
            f"unknown distortion {name!r}: use {ORIGINAL}, or one of "
            f"{', '.join((*FAMILIES, *SWEEPS))} alone or with a class or level of it, "
            f"such as {DISTORTIONS[1]}"
        )
    return known


def _all(whole: str, seed: int) -> Iterator[Distortion]:
    if whole == ORIGINAL:
        yield Distortion(ORIGINAL, seed)
    elif whole in FAMILIES:
        for class_name in FAMILIES[whole].classes:
            yield Distortion(f"{whole}/{class_name}", seed, family=(whole, class_name))
    elif whole in SWEEPS:
        for level in sweep(whole, seed=seed)[1:]:
            yield Distortion(f"{whole}/{level.name}", seed, level=level)
