"""Losslessly remove what an image file tells besides its pixels: JPEG and PNG surgery.

Nothing is re-encoded. Of a JPEG stay: JFIF without its thumbnail, ICC profile, Adobe transform
marker (the colours depend on it) and all that decoding needs. EXIF (GPS, serial numbers, maker
notes, thumbnail), XMP, IPTC, MPF, comments, every other application segment and whatever follows
the end marker go. When EXIF orientation is 2..8 a minimal EXIF with that one tag is put in its
place, so that viewers still show the photo upright. Of a PNG stay the chunks that decide pixels and
colours. A stripped file is left as it is by a second pass, which is how `is_stripped` knows one.

Sources: ITU-T T.81 annex B; JFIF 1.02; Exif 2.32 section 4.5; PNG (third edition) section 11.
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from flickrexif.imaging.decode import ORIENTATION_TAG, UnreadableImage

if TYPE_CHECKING:
    from collections.abc import Iterator

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"

_PNG_KEPT = frozenset(
    b"IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD pHYs".split()
)
_SOI, _EOI, _SOS, _COM = 0xD8, 0xD9, 0xDA, 0xFE
_APP0, _APP1, _APP2, _APP14, _APP15 = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF
_EXIF = b"Exif\0\0"
# Inside a scan FF00 is a stuffed byte, FFD0..FFD7 are restarts, FFFF is fill: else a marker.
_MARKER_IN_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)

Segment = tuple[int, bytes]
"""A marker code and its payload without the length field; the scan data of SOS is apart."""


def strip_metadata(data: bytes) -> bytes:
    """``data`` without metadata, its coded pixels byte for byte the same.

    Raises `UnreadableImage` when it is neither a JPEG nor a PNG, or its structure is broken.
    """
    if data.startswith(b"\xff\xd8"):
        return _strip_jpeg(data)
    if data.startswith(PNG_SIGNATURE):
        return _strip_png(data)
    raise UnreadableImage("metadata cannot be removed", "neither JPEG nor PNG")


def is_stripped(data: bytes) -> bool:
    """True when `strip_metadata` would change nothing."""
    return strip_metadata(data) == data


def jpeg_orientation(data: bytes) -> int:
    """The EXIF Orientation (1..8) of a JPEG; 1 where there is none or it makes no sense."""
    for marker, payload in _jpeg_parts(data):
        if marker == _APP1 and payload.startswith(_EXIF):
            return _orientation_of(payload[len(_EXIF) :])
    return 1


def _strip_jpeg(data: bytes) -> bytes:
    orientation = jpeg_orientation(data)
    kept: list[bytes] = []
    head = [b"\xff\xd8"]
    for marker, payload in _jpeg_parts(data):
        if marker == 0:
            kept.append(payload)
        elif marker == _APP0 and payload.startswith(b"JFIF\0"):
            if len(head) == 1:  # a second one would only be another place to hide things
                head.append(_segment(_APP0, payload[:12] + b"\0\0"))
        elif _decodes(marker, payload):
            kept.append(_segment(marker, payload))
    if orientation != 1:
        head.append(_segment(_APP1, _minimal_exif(orientation)))
    return b"".join((*head, *kept, b"\xff\xd9"))


def _decodes(marker: int, payload: bytes) -> bool:
    """Whether a segment bears on the pixels or their colours."""
    if marker == _APP2:
        return payload.startswith(b"ICC_PROFILE\0")
    if marker == _APP14:
        return payload.startswith(b"Adobe")
    return marker != _COM and not _APP0 <= marker <= _APP15


def _segment(marker: int, payload: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(payload) + 2) + payload


def _jpeg_parts(data: bytes) -> Iterator[Segment]:
    """Every segment up to EOI; the coded data of a scan comes as marker 0."""
    position, scans = 2, 0
    while True:
        while data[position : position + 2] == b"\xff\xff":  # fill bytes before a marker
            position += 1
        if position + 2 > len(data):
            raise UnreadableImage("truncated", "a JPEG without its end marker")
        if data[position] != 0xFF or data[position + 1] == 0:  # FF00 is data, of a scan alone
            raise UnreadableImage("damaged", f"no JPEG marker at byte {position}")
        marker = data[position + 1]
        if marker == _EOI:
            break
        end = _segment_end(data, position)
        yield marker, data[position + 4 : end]
        position = end
        if marker == _SOS:
            scans += 1
            found = _MARKER_IN_SCAN.search(data, position)
            if found is None:
                raise UnreadableImage("truncated", "a JPEG scan without an end")
            yield 0, data[position : found.start()]
            position = found.start()
    if not scans:
        raise UnreadableImage("damaged", "a JPEG without a scan")


def _segment_end(data: bytes, position: int) -> int:
    length = int.from_bytes(data[position + 2 : position + 4], "big")
    end = position + 2 + length
    if length < 2 or end > len(data):
        raise UnreadableImage("truncated", f"a JPEG segment at byte {position} overruns the file")
    return end


def _orientation_of(tiff: bytes) -> int:
    """Orientation in IFD0 of a TIFF structure."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None or len(tiff) < 8:
        return 1
    (ifd,) = struct.unpack_from(order + "I", tiff, 4)
    if ifd + 2 > len(tiff):
        return 1
    (count,) = struct.unpack_from(order + "H", tiff, ifd)
    for entry in range(ifd + 2, min(ifd + 2 + 12 * count, len(tiff) - 11), 12):
        tag, kind, _, value = struct.unpack_from(order + "HHIH", tiff, entry)
        if tag == ORIENTATION_TAG:
            return value if kind == 3 and 1 <= value <= 8 else 1
    return 1


def _minimal_exif(orientation: int) -> bytes:
    """An EXIF payload with IFD0 = {Orientation} and nothing else."""
    entry = struct.pack(">HHIHH", ORIENTATION_TAG, 3, 1, orientation, 0)
    return _EXIF + b"MM\0*" + struct.pack(">IH", 8, 1) + entry + b"\0\0\0\0"


def _strip_png(data: bytes) -> bytes:
    kept = [PNG_SIGNATURE]
    position = len(PNG_SIGNATURE)
    while True:
        if position + 12 > len(data):
            raise UnreadableImage("truncated", "a PNG without its end chunk")
        length = int.from_bytes(data[position : position + 4], "big")
        name = data[position + 4 : position + 8]
        end = position + 12 + length
        if end > len(data):
            raise UnreadableImage("truncated", f"a PNG chunk at byte {position} overruns the file")
        if name in _PNG_KEPT:
            kept.append(data[position:end])
        if name == b"IEND":
            return b"".join(kept)
        position = end
