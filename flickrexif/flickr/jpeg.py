"""What must be known of a JPEG file to trust its bytes."""

from __future__ import annotations

import re
import struct
from io import BytesIO

import simplejpeg
from PIL.Image import MAX_IMAGE_PIXELS
from PIL.JpegImagePlugin import JpegImageFile

from flickrexif.flickr.failures import Failure, RequestFailed

MAGIC = b"\xff\xd8\xff"

_STANDALONE = frozenset(range(0xD0, 0xD9)) | {0x01}  # RST0-7, SOI, TEM carry no length
_SOS, _EOI, _APP1, _EXIF = 0xDA, 0xD9, 0xE1, b"Exif\0\0"
_AFTER_SCAN = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")

_PICTURES = (b"\x89PNG\r\n\x1a\n", b"GIF8")
"""Flickr's "this photo is no longer available" is one of these, whatever was asked for."""
MOST_PIXELS = 2 * (MAX_IMAGE_PIXELS or 89_478_485)
"""Above this Pillow takes a file for an attack, and so would every reader of the corpus."""

_UNDECODABLE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    EOFError,
    struct.error,
)
"""What Pillow 13 raises for damaged headers, and simplejpeg for damaged scans (ValueError)."""


class _Pixels(JpegImageFile):
    """A JPEG of which only the pixels matter: damaged EXIF neither warns nor fails."""

    def _read_dpi_from_exif(self) -> None:
        return


def exif_end(head: bytes) -> int | None:
    """Where the first Exif segment of the JPEG that starts with ``head`` ends, in bytes.

    The end may lie beyond ``head``. None when there is none before the image data; the length of
    ``head`` plus one when ``head`` ends before that can be told.
    """
    position = 2
    while position + 4 <= len(head):
        if head[position] != 0xFF:
            return None
        marker = head[position + 1]
        if marker == 0xFF:
            position += 1
            continue
        if marker in _STANDALONE:
            position += 2
            continue
        if marker == _SOS:
            return None
        end = position + 2 + int.from_bytes(head[position + 2 : position + 4], "big")
        if marker == _APP1 and head[position + 4 : position + 10] == _EXIF:
            return end
        position = end
    return len(head) + 1


def refuse_other_files(content: bytes) -> None:
    """Raise `RequestFailed` for bytes that do not begin as a JPEG, with what they are instead."""
    if content.startswith(MAGIC):
        return
    if content.startswith(_PICTURES):
        raise RequestFailed(Failure("body", "placeholder"))
    if content.lstrip().startswith(b"<"):
        raise RequestFailed(Failure("body", "html"))
    raise RequestFailed(Failure("body", "not_jpeg" if content else "empty"))


def is_complete(content: bytes) -> bool:
    """True when the JPEG goes on to its end marker, after every scan; what follows is no matter."""
    position = 2
    while position + 1 < len(content) and content[position] == 0xFF:
        marker = content[position + 1]
        if marker == _EOI:
            return True
        if marker == 0xFF:
            position += 1
        elif marker in _STANDALONE:
            position += 2
        else:
            position += 2 + int.from_bytes(content[position + 2 : position + 4], "big")
            if marker == _SOS:
                after = _AFTER_SCAN.search(content, position)
                position = len(content) if after is None else after.start()
    return False


def inspect_jpeg(content: bytes, *, longest: int | None = None) -> tuple[int, int]:
    """Width and height in pixels of a whole, decodable JPEG.

    Raises `RequestFailed`: not a JPEG, cut off, not decodable, its longer edge above ``longest``
    (a file of another size than was asked for), or above `MOST_PIXELS`. In a file with a
    ``longest``, which Flickr made, no damage is tolerated that the decoder sees; in an original
    what it can recover from, such as stray bytes that some cameras write.
    """
    refuse_other_files(content)
    if not is_complete(content):
        raise RequestFailed(Failure("body", "truncated"))
    try:
        image = _Pixels(BytesIO(content))
        width, height = image.size
        _refuse_size(width, height, longest)
        _decode(content, image.mode, is_strict=longest is not None)
    except _UNDECODABLE:
        raise RequestFailed(Failure("body", "undecodable")) from None
    return width, height


def _decode(content: bytes, mode: str, *, is_strict: bool) -> None:
    """Read every coefficient, for an eighth of the size; raises `ValueError` for damage.

    Not by Pillow, which is slower and silent where libjpeg warns: of holes and flipped bits.
    """
    simplejpeg.decode_jpeg(
        content,
        colorspace="CMYK" if mode == "CMYK" else "GRAY",
        min_height=1,
        min_width=1,
        strict=is_strict,
    )


def _refuse_size(width: int, height: int, longest: int | None) -> None:
    if width * height > MOST_PIXELS:
        raise RequestFailed(Failure("refused", "too_many_pixels"))
    if longest is not None and max(width, height) > longest:
        raise RequestFailed(Failure("body", "wrong_size"))
