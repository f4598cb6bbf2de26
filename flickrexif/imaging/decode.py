"""Image bytes → RGB pixels, one stated way; Pillow is the reference.

Orientation: the EXIF Orientation tag (1..8) is applied; a damaged EXIF block counts as 1, and an
XMP packet is not asked.
Colour: Pillow's ``convert("RGB")`` after that: alpha is dropped (not blended), CMYK goes by
Pillow's formula, embedded ICC profiles are not applied, 16-bit grey keeps its high byte, 32-bit
integer and float pixels are refused. Of a file with several frames the first is taken.
Size: the shorter side becomes the crop, the longer ``int(crop * long / short)``; the centre crop
starts at ``round((side - crop) / 2)`` with halves to even. This is torchvision's Resize followed by
CenterCrop, pixel for pixel. Decoding is never scaled (no DCT drafts): the scale would depend on the
camera's resolution and leave a trace that correlates with the labels.
"""

from __future__ import annotations

import io
import warnings
from typing import Literal, get_args

from PIL import Image

from flickrexif.errors import FlickrexifError, UsageError

Interpolation = Literal["bicubic", "bilinear"]

ORIENTATION_TAG = 0x0112

_RESAMPLING = {
    "bicubic": Image.Resampling.BICUBIC,
    "bilinear": Image.Resampling.BILINEAR,
}
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class UnreadableImage(FlickrexifError):  # noqa: N818 - a state of the image, named in reports
    """Bytes that are no sound image: the photo is left out with ``reason``."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the image cannot be read: {reason}")
        self.reason = reason

    def __reduce__(self) -> tuple[type[UnreadableImage], tuple[str]]:
        return type(self), (self.reason,)


def decode_rgb(data: bytes) -> Image.Image:
    """The upright RGB image in ``data``, decoded whole.

    Raises `UnreadableImage` for anything that is not a complete image: unknown formats, truncated
    files, and images above twice Pillow's ``MAX_IMAGE_PIXELS`` (about 179 megapixels).
    """
    try:
        with warnings.catch_warnings():
            # Pillow warns between one and two times its limit; cameras of 100 megapixels exist.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as image:
                image.load()
                return _rgb(_upright(image))
    except UnreadableImage:
        raise
    except Exception as error:  # hostile bytes make Pillow raise nearly anything
        raise UnreadableImage(_reason(error)) from error


def resize_and_crop(
    image: Image.Image, size: int, interpolation: Interpolation = "bicubic"
) -> Image.Image:
    """The centre ``size`` x ``size`` of ``image`` after its shorter side became ``size``."""
    if interpolation not in _RESAMPLING:
        known = ", ".join(get_args(Interpolation))
        raise UsageError(f"unknown interpolation {interpolation!r}: use one of {known}")
    if size < 1:
        raise UsageError(f"crop {size!r} is not a positive number of pixels")
    width, height = image.size
    if width <= height:
        scaled = (size, int(size * height / width))
    else:
        scaled = (int(size * width / height), size)
    resized = image.resize(scaled, _RESAMPLING[interpolation])
    left = round((scaled[0] - size) / 2)
    top = round((scaled[1] - size) / 2)
    return resized.crop((left, top, left + size, top + size))


def _upright(image: Image.Image) -> Image.Image:
    exif = Image.Exif()
    try:
        exif.load(image.info.get("exif", b""))  # not getexif(): that looks into XMP as well
        orientation = exif.get(ORIENTATION_TAG, 1)
    except Exception:  # noqa: BLE001 - a damaged EXIF block does not make the pixels unsound
        orientation = 1
    turn = _UPRIGHT.get(orientation) if isinstance(orientation, int) else None
    return image if turn is None else image.transpose(turn)


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        return image.point(lambda value: value / 256, "L").convert("RGB")
    if image.mode in {"I", "F"}:
        raise UnreadableImage(f"pixels of mode {image.mode} have no stated range")
    return image.convert("RGB")


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    if "cannot identify image file" in text:
        return "unknown or damaged format"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
