"""The two directories of a TIFF block that say how a photo was taken: IFD0 and the Exif IFD.

Every tag stands for itself: one with a type that does not exist, a count that makes no sense or an
offset out of the block, into the header or into its own directory is given up and counted, the
others are read. Entries are looked at once, values only when they are asked for, so that neither a
hostile count nor many entries for the same bytes cost time or memory.

Sources: TIFF 6.0 section 2; Exif 2.32 section 4.6 and Exif 3.0 (type 129, UTF-8); BigTIFF as
libtiff documents it. Which offsets and directories make no sense is exiftool's rule.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flickrexif.exif.pieces import Pieces

EXIF_IFD = 0x8769
MAKE, MODEL = 0x010F, 0x0110
EXPOSURE_TIME, F_NUMBER, ISO, FLASH, FOCAL_LENGTH = 0x829A, 0x829D, 0x8827, 0x9209, 0x920A
DATE_TIME_ORIGINAL, FOCAL_LENGTH_35MM = 0x9003, 0xA405
SENSITIVITY_TYPE, STANDARD_SENSITIVITY, EXPOSURE_INDEX, ISO_SPEED = 0x8830, 0x8831, 0x8832, 0x8833

SETTINGS = frozenset(
    (EXPOSURE_TIME, F_NUMBER, ISO, FLASH, FOCAL_LENGTH, DATE_TIME_ORIGINAL, FOCAL_LENGTH_35MM)
)
SPEEDS = frozenset((SENSITIVITY_TYPE, STANDARD_SENSITIVITY, EXPOSURE_INDEX, ISO_SPEED))
WANTED = SETTINGS | SPEEDS | {EXIF_IFD, MAKE, MODEL}

TEXTS = frozenset((1, 2, 7, 129))
NUMBERS = {
    1: "B", 3: "H", 4: "I", 5: "II", 6: "b", 7: "B", 8: "h", 9: "i", 10: "ii", 11: "f", 12: "d",
    13: "I", 16: "Q", 17: "q", 18: "Q",
}  # fmt: skip
"""`struct` codes by type; a rational is two."""
KINDS = TEXTS | NUMBERS.keys()

Number = int | float | tuple[int, int]
"""A rational is (numerator, denominator), as it is written."""

PAGE = 4096
"""Bytes to ask for where a directory stands: it and its values are rarely longer."""
LONGEST_TEXT = 0xFFFF
LARGEST_COUNT = 16
"""Of numbers: these tags have one; some cameras write two."""
MOST_ENTRIES = 0xFFFF


@dataclass(frozen=True, slots=True)
class Layout:
    """How a TIFF block writes its numbers: `struct` codes."""

    order: str
    count: str = "H"
    entry: str = "HHI4s"
    pointer: str = "I"
    header: int = 8
    """Bytes; no directory and no value stands before."""

    def number(self, code: str, content: bytes) -> int:
        """The first number of ``content``."""
        return int(struct.unpack_from(self.order + code, content)[0])


LAYOUTS = {b"II": Layout("<"), b"MM": Layout(">")}
BIG_LAYOUTS = {
    b"II+\0": Layout("<", count="Q", entry="HHQ8s", pointer="Q", header=16),
    b"MM\0+": Layout(">", count="Q", entry="HHQ8s", pointer="Q", header=16),
}


@dataclass(slots=True)
class Directory:
    """The wanted entries of one directory."""

    block: Pieces
    layout: Layout
    start: int = 0
    end: int = 0
    entries: Mapping[int, tuple[int, int, bytes]] = field(default_factory=dict)
    """(type, count, value or offset) by tag; of a tag that stands there twice the last."""
    is_damaged: bool = False
    """Whether it cannot be found, is cut, or is no directory at all."""
    flaws: int = 0
    """How many tags were asked for and had to be given up."""

    def text(self, tag: int) -> bytes | None:
        """The bytes of a text, with what fills it up."""
        try:
            return self._text(*self.entries[tag]) if tag in self.entries else None
        except _BadTag:
            self.flaws += 1
            return None

    def number(self, tag: int) -> Number | None:
        """The first of a tag's numbers."""
        try:
            return self._number(*self.entries[tag]) if tag in self.entries else None
        except _BadTag:
            self.flaws += 1
            return None

    def _text(self, kind: int, count: int, place: bytes) -> bytes:
        if kind not in TEXTS or count > LONGEST_TEXT:
            raise _BadTag
        return self._content(count, place)

    def _number(self, kind: int, count: int, place: bytes) -> Number:
        if kind not in NUMBERS or not 0 < count <= LARGEST_COUNT:
            raise _BadTag
        code = self.layout.order + NUMBERS[kind]
        values = struct.unpack_from(code, self._content(count * struct.calcsize(code), place))
        return values if len(values) == 2 else values[0]

    def _content(self, size: int, place: bytes) -> bytes:
        if size <= len(place):
            return place[:size]
        at = self.layout.number(self.layout.pointer, place)
        if at < self.layout.header or (at < self.end and at + size > self.start):
            raise _BadTag
        content = self.block.take(at, at + size)
        if len(content) < size:
            raise _BadTag
        return content


class _BadTag(Exception):  # noqa: N818 - it never leaves a directory
    """A tag makes no sense."""


def read_directories(block: Pieces) -> tuple[Directory, Directory | None]:
    """(IFD0, Exif IFD) of a TIFF block; the second is ``None`` where the first names none."""
    magic = block.take(0, 4)
    layout = BIG_LAYOUTS.get(magic) or LAYOUTS.get(magic[:2])
    if layout is None:
        return Directory(block, LAYOUTS[b"II"], is_damaged=True), None
    at = layout.header // 2
    pointer = block.take(at, layout.header)
    first = layout.number(layout.pointer, pointer) if len(pointer) == layout.header - at else 0
    main = _directory(block, layout, first)
    if EXIF_IFD not in main.entries:
        return main, None
    second = main.number(EXIF_IFD)
    if not isinstance(second, int) or second == first:
        return main, Directory(block, layout, is_damaged=True)
    return main, _directory(block, layout, second)


def _directory(block: Pieces, layout: Layout, start: int) -> Directory:
    at = start + struct.calcsize(layout.order + layout.count)
    head = block.take(start, at, room=PAGE) if start >= layout.header else b""
    if len(head) < at - start:
        return Directory(block, layout, is_damaged=True)
    count = min(layout.number(layout.count, head), MOST_ENTRIES)
    row = struct.Struct(layout.order + layout.entry)
    end = at + count * row.size
    table = block.take(at, end, room=PAGE)
    rows = list(row.iter_unpack(table[: len(table) // row.size * row.size]))
    if rows and rows[0][1] not in KINDS:
        return Directory(block, layout, is_damaged=True)
    entries = {tag: (kind, size, place) for tag, kind, size, place in rows if tag in WANTED}
    return Directory(block, layout, start, end, entries, is_damaged=len(rows) < count)


def sensitivities(kind: int | None) -> tuple[int, ...]:
    """The tags that may hold a speed too large for ISO, in order of trust, by SensitivityType."""
    by_kind = {1: STANDARD_SENSITIVITY, 2: EXPOSURE_INDEX, 3: ISO_SPEED, 5: STANDARD_SENSITIVITY}
    first = by_kind.get(kind or 0, EXPOSURE_INDEX)
    return (first, EXPOSURE_INDEX, STANDARD_SENSITIVITY, ISO_SPEED)
