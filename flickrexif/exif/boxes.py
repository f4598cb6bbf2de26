"""EXIF inside box files: HEIC, HEIF and AVIF (items), JPEG XL (a box), JPEG 2000 (a uuid box).

Sources: ISO/IEC 14496-12 (boxes, iinf, iloc), ISO/IEC 23008-12 annex A (EXIF items), ISO/IEC
18181-2 (JPEG XL); for JPEG 2000 the two uuids that exiftool reads. EXIF that a JPEG XL file keeps
compressed (a brob box) is not read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flickrexif.exif.pieces import LARGEST_BLOCK, MOST_STEPS, NEAR, Pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST_BOXES = (b"ftyp", b"jP  ", b"JXL ")
JP2_EXIF = (b"JpgTiffExif->JP2", bytes.fromhex("0537cdab9d0c4431a72afa561f2a113e"))
UUID_SIZE = 16
LARGEST_META = 4 * 1024 * 1024
LARGEST_OFFSET = 64
"""From the start of an EXIF item to its TIFF header, in bytes; a larger one is not believed."""
MOST_EXTENTS = 64

Box = tuple[bytes, int, int]
"""Type, start of the content and end; ends are as written, and may lie behind the file's."""


def exif_blocks(file: Pieces) -> Iterator[Pieces]:
    """The EXIF that ``file``'s boxes hold or point to, in its order."""
    for kind, start, end in _file_boxes(file):
        if kind == b"Exif":
            yield _item(_content(file, start, end))
        elif kind == b"uuid" and file.take(start, min(end, start + UUID_SIZE)) in JP2_EXIF:
            yield _content(file, start + UUID_SIZE, end)
        elif kind == b"meta":
            yield from _items(file, start, end)
            return


def _file_boxes(file: Pieces) -> Iterator[Box]:
    at = 0
    for _ in range(MOST_STEPS):
        if file.ends_at(at):
            return
        head = file.take(at, at + 8, room=NEAR)
        if head.startswith(b"\0\0\0\1"):
            head = file.take(at, at + 16)
        box = _box(head, at)
        if box is None:
            return
        yield box
        at = box[2]


def _box(head: bytes, at: int, stop: int = 1 << 63) -> Box | None:
    """The box at ``at`` that begins with ``head``; one of size 0 goes on to ``stop``."""
    size, header = int.from_bytes(head[:4], "big"), 8
    if size == 1:
        size, header = int.from_bytes(head[8:16], "big"), 16
    end = at + size if size else stop
    return (head[4:8], at + header, end) if len(head) >= header and end >= at + header else None


def _content(file: Pieces, start: int, end: int) -> Pieces:
    return file.block(start, min(end, start + LARGEST_BLOCK))


def _item(block: Pieces) -> Pieces:
    """An EXIF item without its first four bytes, which tell where its TIFF header stands."""
    skip = int.from_bytes(block.known(0, 4), "big")
    return block.rest(4 + (skip if skip <= LARGEST_OFFSET else 0))


def _items(file: Pieces, start: int, end: int) -> Iterator[Pieces]:
    """The EXIF items of a meta box."""
    meta = file.take(start, min(end, start + LARGEST_META))
    inside = {kind: (at, to) for kind, at, to in _boxes_in(meta, 4, len(meta))}
    if b"iinf" not in inside or b"iloc" not in inside:
        return
    wanted = frozenset(_exif_item_ids(meta, *inside[b"iinf"]))
    idat = start + inside.get(b"idat", (0, 0))[0]
    for method, extents in _locations(meta[slice(*inside[b"iloc"])], wanted):
        base = idat if method else 0
        yield _item(_joined([_content(file, base + at, base + at + n) for at, n in extents]))


def _joined(blocks: list[Pieces]) -> Pieces:
    if len(blocks) == 1:
        return blocks[0]
    return Pieces(b"".join(block.known(0, LARGEST_BLOCK) for block in blocks)[:LARGEST_BLOCK])


def _boxes_in(data: bytes, at: int, stop: int) -> Iterator[Box]:
    for _ in range(MOST_STEPS):
        box = _box(data[at : at + 16], at, stop)
        if box is None or at >= stop:
            return
        yield box
        at = box[2]


def _exif_item_ids(meta: bytes, start: int, end: int) -> Iterator[int]:
    first = start + (6 if meta[start : start + 1] == b"\0" else 8)
    for kind, at, _ in _boxes_in(meta, first, min(end, len(meta))):
        version = meta[at : at + 1]
        id_size = 4 if version == b"\3" else 2
        type_at = at + 4 + id_size + 2
        if kind == b"infe" and version >= b"\2" and meta[type_at : type_at + 4] == b"Exif":
            yield int.from_bytes(meta[at + 4 : at + 4 + id_size], "big")


class _Numbers:
    """Reads big-endian numbers one after another; past the end they are 0."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, size: int) -> int:
        self.at += size
        return int.from_bytes(self.data[self.at - size : self.at], "big")


def _locations(iloc: bytes, wanted: frozenset[int]) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """(construction method, (offset, size) of each extent) of the wanted items, 0 or 1 only."""
    numbers = _Numbers(iloc)
    version = numbers.take(1)
    numbers.take(3)
    sizes = numbers.take(2)
    offset_size, length_size = sizes >> 12, (sizes >> 8) & 15
    base_size, index_size = (sizes >> 4) & 15, sizes & 15 if version else 0
    wide = 4 if version == 2 else 2
    for _ in range(min(numbers.take(wide), MOST_STEPS)):
        item = numbers.take(wide)
        method = numbers.take(2) & 15 if version else 0
        numbers.take(2)
        base = numbers.take(base_size)
        count = numbers.take(2)
        ahead = numbers.at + count * (index_size + offset_size + length_size)
        if item in wanted and method in (0, 1) and count <= MOST_EXTENTS:
            extents = []
            for _ in range(count):
                numbers.take(index_size)
                extents.append((base + numbers.take(offset_size), numbers.take(length_size)))
            yield method, extents
        numbers.at = ahead
        if ahead >= len(iloc):
            return
