"""Embedded ICC profiles: the colours that they give to the pixels, as sRGB.

The conversion is Little CMS's, by Pillow's ImageCms, in 8 bits: relative colorimetric with black
point compensation, to Little CMS's own sRGB (IEC 61966-2-1). Colours outside sRGB are clipped. It
is within one level of exact arithmetic for profiles of a matrix and curves.
A profile that cannot be read, or is of another kind than the pixels, is refused: pixels whose
colours are unknown are not called sRGB. Only the ICC profile is asked: neither EXIF ColorSpace and
InteroperabilityIndex (how cameras tell of Adobe RGB in a file without a profile) nor the PNG chunks
gAMA, cHRM and cICP.

Source: ICC.1:2022, section 7 and annex D.
"""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Literal, cast

from PIL import Image, ImageCms, features

from flickrexif.imaging.decode import UnreadableImage

Space = Literal["RGB", "GRAY", "CMYK"]
"""The colour spaces of photos; Pillow's modes for them are RGB, L and CMYK."""

INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC
# High resolution: the coarser tables are off by 1.5 levels for the curve of a grey profile.
FLAGS = ImageCms.Flags.BLACKPOINTCOMPENSATION | ImageCms.Flags.HIGHRESPRECALC

_MODES: dict[str, str] = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}


def to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """The sRGB pixels (mode RGB) of ``image``, whose colours ``profile`` tells.

    ``image`` is RGB or CMYK. A grey profile goes with an RGB image whose channels are equal.
    Raises `UnreadableImage` when the profile is damaged or does not fit the pixels.
    """
    space = space_of(profile)
    pixels = _first_of_equals(image) if space == "GRAY" and image.mode == "RGB" else image
    if pixels is None or pixels.mode != _MODES[space]:
        raise UnreadableImage("damaged", f"a {space} profile on pixels of another kind")
    converted = _transform(profile).apply(pixels)
    converted.info = {}
    return converted


def space_of(profile: bytes) -> Space:
    """The colour space that ``profile`` describes; `UnreadableImage` for none of a photo's."""
    return _opened(profile)[1]


def library() -> str:
    """Little CMS, by version: what the pixels of `to_srgb` depend on."""
    return f"Little CMS {features.version('littlecms2')}"


@lru_cache(64)
def _transform(profile: bytes) -> ImageCms.ImageCmsTransform:
    source, space = _opened(profile)
    target = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    try:
        return ImageCms.buildTransform(source, target, _MODES[space], "RGB", INTENT, FLAGS)
    except (ImageCms.PyCMSError, ValueError) as error:
        raise UnreadableImage("damaged", f"ICC profile: {error}") from error


def _opened(profile: bytes) -> tuple[ImageCms.ImageCmsProfile, Space]:
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = opened.profile.xcolor_space.strip()
    except (OSError, ValueError) as error:  # ValueError: a name of a space that is not ASCII
        raise UnreadableImage("damaged", f"ICC profile: {error}") from error
    if space not in _MODES:
        raise UnreadableImage("damaged", f"an ICC profile for {space!r}")
    return opened, cast("Space", space)


def _first_of_equals(image: Image.Image) -> Image.Image | None:
    """One channel of an image that is grey; None for one with colours."""
    red, green, blue = image.split()
    return red if red.tobytes() == green.tobytes() == blue.tobytes() else None
