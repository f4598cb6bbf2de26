"""What must be known of a JPEG file to trust its bytes."""

from __future__ import annotations

import struct
from io import BytesIO

from PIL.JpegImagePlugin import JpegImageFile

from flickrexif.flickr.failures import Failure, RequestFailed

MAGIC = b"\xff\xd8\xff"

_STANDALONE = frozenset(range(0xD0, 0xD9)) | {0x01}  # RST0-7, SOI, TEM carry no length
_SOS, _APP1, _EXIF = 0xDA, 0xE1, b"Exif\0\0"


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
"""What Pillow 13 raises for damaged headers and scans."""


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


def inspect_jpeg(content: bytes) -> tuple[int, int]:
    """Width and height in pixels of a whole, decodable JPEG.

    Raises `RequestFailed`: not a JPEG, cut off, or not decodable.
    """
    if not content.startswith(MAGIC):
        raise RequestFailed(Failure("body", "not_jpeg"))
    if content.rfind(b"\xff\xd9") < content.rfind(b"\xff\xda"):
        raise RequestFailed(Failure("body", "truncated"))
    try:
        image = _Pixels(BytesIO(content))
        width, height = image.size
        image.draft("L", (1, 1))  # an eighth of the size: every coefficient is read all the same
        image.load()
    except _UNDECODABLE:
        raise RequestFailed(Failure("body", "undecodable")) from None
    return width, height
