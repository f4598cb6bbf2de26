"""How far into a TIFF file its acquisition tags reach, without reading the values."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

EXIF_IFD = 0x8769
MAKE, MODEL = 0x010F, 0x0110
EXPOSURE_TIME, F_NUMBER, ISO, FLASH, FOCAL_LENGTH = 0x829A, 0x829D, 0x8827, 0x9209, 0x920A
DATE_TIME_ORIGINAL, FOCAL_LENGTH_35MM = 0x9003, 0xA405
SENSITIVITY_TYPE, STANDARD_SENSITIVITY, EXPOSURE_INDEX, ISO_SPEED = 0x8830, 0x8831, 0x8832, 0x8833

WANTED = frozenset(
    (MAKE, MODEL, EXPOSURE_TIME, F_NUMBER, ISO, FLASH, FOCAL_LENGTH, DATE_TIME_ORIGINAL)
)
TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
MAX_ENTRIES = 4096
LARGEST_VALUE = 64 * 1024


def reach(head: bytes) -> int:
    """The end, in bytes, of IFD0, the Exif IFD and the wanted tags' values (classic TIFF).

    A directory that itself lies past ``head`` counts with a page of room, so that one more request
    usually suffices. BigTIFF is taken as read.
    """
    order: str = "little" if head.startswith(b"II") else "big"
    if _number(head, 2, 2, order) != 42:
        return 0
    first = _number(head, 4, 4, order)
    second = next((at for tag, *_, at in _entries(head, first, order) if tag == EXIF_IFD), first)
    ends = [_directory_end(head, first, order), _directory_end(head, second, order)]
    return max((*ends, *_value_ends(head, first, order), *_value_ends(head, second, order)))


def _directory_end(head: bytes, at: int, order: str) -> int:
    if at + 2 > len(head):
        return at + 4096
    return at + 2 + 12 * min(_number(head, at, 2, order), MAX_ENTRIES)


def _value_ends(head: bytes, at: int, order: str) -> Iterator[int]:
    for tag, kind, count, value in _entries(head, at, order):
        size = TYPE_SIZES.get(kind, 0) * count
        if tag in WANTED and 4 < size <= LARGEST_VALUE:
            yield value + size


def _entries(head: bytes, at: int, order: str) -> Iterator[tuple[int, int, int, int]]:
    """(tag, type, count, value or offset) of the directory's entries that ``head`` holds."""
    for index in range(min(_number(head, at, 2, order), MAX_ENTRIES)):
        entry = at + 2 + 12 * index
        if entry + 12 > len(head):
            return
        yield (
            _number(head, entry, 2, order),
            _number(head, entry + 2, 2, order),
            _number(head, entry + 4, 4, order),
            _number(head, entry + 8, 4, order),
        )


def _number(head: bytes, at: int, size: int, order: str) -> int:
    part = head[at : at + size]
    return int.from_bytes(part, "little" if order == "little" else "big")


def sensitivities(kind: int | None) -> tuple[int, ...]:
    """The tags that may hold a speed too large for ISO, in order of trust, by SensitivityType."""
    by_kind = {1: STANDARD_SENSITIVITY, 2: EXPOSURE_INDEX, 3: ISO_SPEED, 5: STANDARD_SENSITIVITY}
    first = by_kind.get(kind or 0, EXPOSURE_INDEX)
    return (first, EXPOSURE_INDEX, STANDARD_SENSITIVITY, ISO_SPEED)
