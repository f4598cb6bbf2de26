"""EXIF inside box files: HEIC and AVIF (ISO/IEC 23008-12 items) and JPEG 2000 (a uuid box)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

JP2_EXIF = b"JpgTiffExif->JP2"
MAX_BOXES = 4096
FIRST_LOOK = 128 * 1024


def exif_extents(data: bytes) -> Iterator[tuple[int, int]]:
    """(start, end) in bytes of each EXIF block that ``data``'s boxes point to, header included.

    Items that are cut into several extents are not joined (no writer was seen to do it): the first
    extent is given.
    """
    for kind, start, end in _boxes(data, 0, len(data)):
        if kind == b"uuid" and data.startswith(JP2_EXIF, start):
            yield start + len(JP2_EXIF), end
        elif kind == b"meta":
            yield from _items(data, start + 4, end)


def meta_end(head: bytes) -> int:
    """Where the ``meta`` box ends, or how far to look for it; 0 when there can be none."""
    reach = 0
    for kind, _, end in _boxes(head, 0, len(head)):
        reach = end
        if kind == b"meta":
            return end
        if kind == b"jp2c" or (kind == b"mdat" and end == len(head)):
            return 0
    return reach + FIRST_LOOK


def _boxes(data: bytes, at: int, stop: int) -> Iterator[tuple[bytes, int, int]]:
    """(type, start of the content, end) of the boxes in ``data[at:stop]``; ends are unclamped."""
    for _ in range(MAX_BOXES):
        if at + 8 > min(stop, len(data)):
            return
        size, header = int.from_bytes(data[at : at + 4], "big"), 8
        if size == 1:
            size, header = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        end = stop if size == 0 else at + size
        if end < at + header:
            return
        yield data[at + 4 : at + 8], at + header, end
        at = end


def _items(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    inside = {kind: (at, to) for kind, at, to in _boxes(data, start, end)}
    if b"iinf" not in inside or b"iloc" not in inside:
        return
    wanted = set(_exif_item_ids(data, *inside[b"iinf"]))
    idat = inside.get(b"idat", (0, 0))[0]
    for item, method, offset, length in _locations(data, *inside[b"iloc"]):
        if item in wanted and method in (0, 1):
            at = offset + (idat if method == 1 else 0)
            yield _after_header_offset(data, at), at + length


def _after_header_offset(data: bytes, at: int) -> int:
    """Past the 4-byte offset to the TIFF header with which an EXIF item begins."""
    skip = int.from_bytes(data[at : at + 4], "big")
    return at + 4 + (skip if skip <= 64 else 0)


def _exif_item_ids(data: bytes, start: int, end: int) -> Iterator[int]:
    count_size = 2 if data[start : start + 1] == b"\0" else 4
    for kind, at, _ in _boxes(data, start + 4 + count_size, end):
        version = data[at] if at < len(data) else 0
        id_size = 4 if version == 3 else 2
        type_at = at + 4 + id_size + 2
        if kind == b"infe" and version >= 2 and data[type_at : type_at + 4] == b"Exif":
            yield int.from_bytes(data[at + 4 : at + 4 + id_size], "big")


class _Numbers:
    """Reads big-endian numbers one after another; past the end they are 0."""

    def __init__(self, data: bytes, at: int) -> None:
        self.data, self.at = data, at

    def take(self, size: int) -> int:
        self.at += size
        return int.from_bytes(self.data[self.at - size : self.at], "big")


def _locations(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """(item id, construction method, offset, length) of each item's first extent."""
    numbers = _Numbers(data[: min(end, len(data))], start)
    version = numbers.take(1)
    numbers.take(3)
    sizes = numbers.take(2)
    offset_size, length_size = sizes >> 12, (sizes >> 8) & 15
    base_size, index_size = (sizes >> 4) & 15, sizes & 15 if version else 0
    wide = 4 if version == 2 else 2
    for _ in range(min(numbers.take(wide), MAX_BOXES)):
        item = numbers.take(wide)
        method = numbers.take(2) & 15 if version else 0
        numbers.take(2)
        base = numbers.take(base_size)
        extents = numbers.take(2)
        for index in range(min(extents, MAX_BOXES)):
            numbers.take(index_size)
            offset, length = numbers.take(offset_size), numbers.take(length_size)
            if index == 0:
                yield item, method, base + offset, length
        if numbers.at >= len(numbers.data):
            return
