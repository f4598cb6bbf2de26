"""Image bytes → RGB pixels, one stated way; Pillow is the reference.

Formats: JPEG, PNG, GIF, WebP, TIFF and BMP; others are refused, the more so as Pillow hands some of
them to programs of their own (EPS to Ghostscript).
Orientation: the EXIF Orientation tag (1..8) is applied; a damaged EXIF block counts as 1, and an
XMP packet is not asked.
Colour: Pillow's ``convert("RGB")`` after that: alpha is dropped (not blended), a palette is looked
up, CMYK goes by Pillow's formula, embedded ICC profiles are not applied, 16-bit channels keep their
high byte, 32-bit integer and float pixels are refused. Of a file with several frames (animation,
stereo pair, preview) the first is taken.
Refused too: files cut off or broken, and images above `MAX_PIXELS`.
Decoding is never scaled (no DCT drafts): the scale would depend on the camera's resolution and
leave a trace that correlates with the labels.
"""

from __future__ import annotations

import io
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, get_args

from PIL import Image, UnidentifiedImageError

from flickrexif.errors import FlickrexifError

if TYPE_CHECKING:
    from collections.abc import Iterator

Refusal = Literal[
    "unknown or damaged format",
    "truncated",
    "damaged",
    "too large",
    "pixels without a stated range",
    "another size than stated",
    "metadata cannot be removed",
]
"""Why an image is left out."""

REFUSALS: tuple[Refusal, ...] = get_args(Refusal)

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP")

MAX_PIXELS = 2 * 89_478_485
"""179 megapixels: where Pillow's default refuses a decompression bomb, whatever it is set to."""

ORIENTATION_TAG = 0x0112

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
    """Bytes that are no sound image: the photo is left out.

    ``refusal`` is one of a few words to count by; ``reason`` adds what was found in this file.
    """

    def __init__(self, refusal: Refusal, found: str = "") -> None:
        self.refusal: Refusal = refusal
        self.found = found
        self.reason = f"{refusal}: {found}" if found else refusal
        super().__init__(f"the image cannot be read: {self.reason}")

    def __reduce__(self) -> tuple[type[UnreadableImage], tuple[Refusal, str]]:
        return type(self), (self.refusal, self.found)


def decode_rgb(data: bytes) -> Image.Image:
    """The upright RGB image in ``data``, decoded whole and without its metadata.

    Raises `UnreadableImage` for anything that is not a complete image of a known format.
    """
    with opened(data) as image:
        image.load()
        orientation = orientation_of(image)
        return upright(rgb(image), orientation)


@contextmanager
def opened(data: bytes) -> Iterator[Image.Image]:
    """The image in ``data`` with its header read; whatever fails inside is `UnreadableImage`."""
    try:
        with warnings.catch_warnings():
            # Pillow warns from half of `MAX_PIXELS` on; cameras of 100 megapixels exist.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise UnreadableImage("too large", f"{image.width} x {image.height} px")
                yield image
    except UnreadableImage:
        raise
    except Exception as error:  # hostile bytes make Pillow raise nearly anything
        raise _refused(error) from error


def orientation_of(image: Image.Image) -> int:
    """The EXIF orientation of an opened image; 1 where there is no sound one."""
    exif = Image.Exif()
    try:
        exif.load(image.info.get("exif", b""))  # not getexif(): that looks into XMP as well
        orientation = exif.get(ORIENTATION_TAG, 1)
    except Exception:  # noqa: BLE001 - a damaged EXIF block does not make the pixels unsound
        return 1
    return orientation if isinstance(orientation, int) and orientation in _UPRIGHT else 1


def upright(image: Image.Image, orientation: int) -> Image.Image:
    """``image`` turned as EXIF ``orientation`` (1..8) says."""
    return image if orientation == 1 else image.transpose(_UPRIGHT[orientation])


def rgb(image: Image.Image) -> Image.Image:
    """A loaded image in RGB, by the rules above, its metadata dropped."""
    if image.mode.startswith("I;16"):
        image = image.point(lambda value: value / 256, "L")
    elif image.mode in {"I", "F"}:
        raise UnreadableImage("pixels without a stated range", f"mode {image.mode}")
    # A JPEG in RGB needs no copy. Other files do: their class writes tags of its own when saved.
    is_plain = image.mode == "RGB" and image.format in {"JPEG", "MPO"}
    converted = image if is_plain else image.convert("RGB")
    converted.info = {}
    return converted


def _refused(error: Exception) -> UnreadableImage:
    text = " ".join(str(error).split())
    if isinstance(error, UnidentifiedImageError):
        return UnreadableImage("unknown or damaged format")
    if isinstance(error, Image.DecompressionBombError | MemoryError):
        return UnreadableImage("too large", text)
    if isinstance(error, EOFError) or "truncated" in text.lower():
        return UnreadableImage("truncated", text)
    return UnreadableImage("damaged", f"{type(error).__name__}: {text}".removesuffix(": "))
