"""Image files → the TIFF blocks in which their EXIF stands.

Every walk is bounded: it goes forward, looks at a limited number of segments, chunks or boxes and
copies a limited number of bytes, so that hostile lengths and counts cost neither time nor memory.
What a walk would have to know and does not is noted by `flickrexif.exif.pieces.Pieces`.

Sources: ITU-T T.81 annex B; Exif 2.32 section 4.7; RFC 9649 (WebP).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flickrexif.exif import boxes, png
from flickrexif.exif.pieces import LARGEST_BLOCK, MOST_STEPS, Pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

TIFF_MAGICS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
EXIF_HEADER = 6
"""Bytes of ``Exif\\0\\0``."""

FILL, START_OF_SCAN, END_OF_IMAGE, APP1 = 0xFF, 0xDA, 0xD9, 0xE1
STANDALONE = frozenset((0x00, 0x01, *range(0xD0, 0xD9)))
LARGEST_SEGMENT = 2 + 0xFFFF
JUNK_STEP = 256
"""Bytes between segments that are searched for the next one at once."""
FULL_CONTENT = 0xFF00
"""An EXIF segment of about this many bytes or more may go on in the next one."""
MOST_JOINED = 64


def exif_blocks(file: Pieces) -> Iterator[Pieces] | None:
    """The TIFF blocks of ``file`` in its order; ``None`` for a file of no kind that is known.

    Known are JPEG (and MPO), TIFF and DNG, PNG, WebP, HEIC, HEIF, AVIF, JPEG 2000 and JPEG XL. A
    block that a container names and that is none comes as an empty one.
    """
    head = file.known(0, 12)
    if head.startswith(b"\xff\xd8"):
        return map(_tiff, _jpeg_blocks(file))
    if head.startswith(TIFF_MAGICS):
        return iter((file,))
    if head.startswith(png.MAGIC):
        return map(_tiff, png.exif_blocks(file))
    if head[:4] == b"RIFF" and head[8:] == b"WEBP":
        return map(_tiff, _webp_blocks(file))
    if head[4:8] in boxes.FIRST_BOXES:
        return map(_tiff, boxes.exif_blocks(file))
    file.take(0, 12)
    return None


def _tiff(block: Pieces) -> Pieces:
    """``block`` without what stands before the TIFF header; empty where there is none."""
    head = block.known(0, 16)
    if head.startswith(TIFF_MAGICS):
        return block
    at = _exif_header(head)
    if at < 0:
        return Pieces(b"")
    start = at + EXIF_HEADER
    return block.rest(start - 1 if head.startswith(TIFF_MAGICS, start - 1) else start)


def _exif_header(content: bytes) -> int:
    """Where ``Exif`` stands, in any case and behind up to four bytes of junk; else -1."""
    return content[:9].lower().find(b"exif\0")


def _jpeg_blocks(file: Pieces) -> Iterator[Pieces]:
    """The EXIF segments; a full one that goes on in the next ones is joined with them."""
    full: list[bytes] = []
    for marker, start, end in _jpeg_segments(file):
        head = file.take(start, min(end, start + 10)) if marker == APP1 else b""
        is_exif = _exif_header(head) >= 0
        if (
            full
            and is_exif
            and not head.startswith(TIFF_MAGICS, EXIF_HEADER)
            and len(full) < MOST_JOINED
        ):
            full.append(file.take(start + EXIF_HEADER, end))
            continue
        if full:
            yield Pieces(b"".join(full))
            full = []
        if is_exif and end - start >= FULL_CONTENT:
            full = [file.take(start, end)]
        elif is_exif:
            yield file.block(start, end)
    if full:
        yield Pieces(b"".join(full))


def _jpeg_segments(file: Pieces) -> Iterator[tuple[int, int, int]]:
    """(marker, start of its content, end) of each segment before the first scan."""
    at = 2
    for _ in range(MOST_STEPS):
        head = file.take(at, at + 4, room=LARGEST_SEGMENT)
        if len(head) < 2 or head[:2] in (b"\xff\xda", b"\xff\xd9"):
            return
        marker = head[1]
        if head[0] != FILL:
            junk = file.take(at, at + JUNK_STEP, room=LARGEST_SEGMENT)
            found = junk.find(b"\xff")
            at += len(junk) if found < 0 else found
        elif marker == FILL:
            at += 1
        elif marker in STANDALONE:
            at += 2
        elif len(head) < 4:
            return
        else:
            end = at + 2 + max(2, int.from_bytes(head[2:], "big"))
            yield marker, at + 4, end
            at = end


def _webp_blocks(file: Pieces) -> Iterator[Pieces]:
    """The EXIF chunks, up to the end that the file's header names or as far as more is known."""
    riff_end = 8 + int.from_bytes(file.take(4, 8), "little")
    at = 12
    for _ in range(MOST_STEPS):
        if at >= riff_end and not file.known(at, at + 1):
            return
        head = file.take(at, at + 8, room=LARGEST_SEGMENT)
        size = int.from_bytes(head[4:], "little")
        if len(head) < 8:
            return
        if head.startswith(b"EXIF"):
            yield file.block(at + 8, at + 8 + min(size, LARGEST_BLOCK))
        at += 8 + size + size % 2
