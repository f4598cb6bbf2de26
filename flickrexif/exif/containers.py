"""Image files → the TIFF block in which their EXIF stands.

Every walk is bounded: it moves forward by at least two bytes a step and slices what it was given,
so a hostile length costs no memory. It works on the first bytes of a file as well as on a whole
one; `needs_more` tells when the first bytes end inside the EXIF block.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from flickrexif.exif import boxes, directories

if TYPE_CHECKING:
    from collections.abc import Iterator

TIFF_MAGICS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
PNG_MAGIC = b"\x89PNG\r\n\x1a\n"
BOX_TYPES = (b"ftyp", b"jP  ")

FILL, START_OF_SCAN, END_OF_IMAGE, APP1 = 0xFF, 0xDA, 0xD9, 0xE1
VP8X_EXIF = 0x08
STANDALONE = frozenset((0x00, 0x01, *range(0xD0, 0xD9)))
MAX_BLOCKS = 8
"""Files have one block, rarely two; a file that names more is not worth the time."""
LARGEST_SEGMENT = 2 + 0xFFFF


@dataclass(frozen=True, slots=True)
class Block:
    """Where a container says that EXIF stands: ``[start, end)`` in bytes, unclamped."""

    start: int
    end: int


def tiff_blocks(data: bytes) -> Iterator[bytes]:
    """The TIFF blocks of ``data`` in file order, each cut at the end of ``data``.

    Knows JPEG (and MPO), TIFF and DNG, PNG, WebP, HEIC, AVIF and JPEG 2000. Anything else, and
    anything without EXIF, yields nothing.
    """
    blocks = dict.fromkeys(islice(_blocks(data), MAX_BLOCKS))
    for block in blocks:
        if tiff := _tiff_of(data[block.start : block.end]):
            yield tiff


def needs_more(head: bytes) -> int | None:
    """How many bytes from a file's start EXIF needs, when ``head`` (its first bytes) is too short.

    ``None`` when ``head`` holds all of it, or shows that there is none. The number is exact for
    a block that was found, and a next step to try otherwise; ask again with the longer head. For
    a whole, damaged file it may lie beyond the file's end: stop there.
    """
    if _is_jpeg(head):
        end = _jpeg_reach(head)
    elif head.startswith(TIFF_MAGICS):
        end = directories.reach(head)
    else:
        end = max((block.end for block in _blocks(head)), default=_next_reach(head))
    return end if end > len(head) else None


def _blocks(data: bytes) -> Iterator[Block]:
    if _is_jpeg(data):
        yield from _jpeg_blocks(data)
    elif data.startswith(TIFF_MAGICS):
        yield Block(0, len(data))
    elif data.startswith(PNG_MAGIC):
        yield from _png_blocks(data)
    elif _is_webp(data):
        yield from _webp_blocks(data)
    elif data[4:8] in BOX_TYPES:
        yield from (Block(start, end) for start, end in boxes.exif_extents(data))


def _is_jpeg(data: bytes) -> bool:
    return data.startswith(b"\xff\xd8")


def _next_reach(head: bytes) -> int:
    """The next reach to try where ``head`` shows no EXIF block yet; 0 when there can be none."""
    if head[4:8] in BOX_TYPES:
        return boxes.meta_end(head)
    if _is_webp(head):
        promised = head[12:16] == b"VP8X" and head[20] & VP8X_EXIF
        return 8 + int.from_bytes(head[4:8], "little") if promised else 0
    return 4 * len(head) if head.startswith(PNG_MAGIC) and b"IEND" not in head[-16:] else 0


def _is_webp(data: bytes) -> bool:
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP" and len(data) > 20


def _tiff_of(block: bytes) -> bytes:
    """``block`` without what some writers put before the TIFF header; empty if there is none."""
    if block.startswith(TIFF_MAGICS):
        return block
    at = block.find(b"Exif", 0, 16)
    for start in (at + 6, at + 5) if at >= 0 else (4,):
        if block.startswith(TIFF_MAGICS, start):
            return block[start:]
    return b""


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """(marker, start of its payload, end) of each segment before the first scan."""
    at = 2
    while 0 <= at < len(data) - 3:
        marker = data[at + 1]
        if data[at] != FILL:
            at = data.find(b"\xff", at)
        elif marker == FILL:
            at += 1
        elif marker in STANDALONE:
            at += 2
        else:
            end = at + 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
            yield marker, at + 4, end
            if marker in (START_OF_SCAN, END_OF_IMAGE):
                return
            at = end


def _jpeg_blocks(data: bytes) -> Iterator[Block]:
    for marker, start, end in _jpeg_segments(data):
        if marker == APP1 and data.startswith(b"Exif", start):
            yield Block(start, end)


def _jpeg_reach(head: bytes) -> int:
    reach = 2
    for marker, start, end in _jpeg_segments(head):
        is_exif = marker == APP1 and head.startswith(b"Exif", start)
        if is_exif or marker in (START_OF_SCAN, END_OF_IMAGE):
            return end if is_exif else 0
        reach = end
    return reach + LARGEST_SEGMENT


def _png_blocks(data: bytes) -> Iterator[Block]:
    at = len(PNG_MAGIC)
    while at + 8 <= len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4], "big")
        if data[at + 4 : at + 8] == b"eXIf":
            yield Block(at + 8, end)
        at = end + 4


def _webp_blocks(data: bytes) -> Iterator[Block]:
    at = 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if data[at : at + 4] == b"EXIF":
            yield Block(at + 8, at + 8 + size)
        at += 8 + size + size % 2
