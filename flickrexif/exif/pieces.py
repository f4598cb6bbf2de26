"""The bytes of a file that are known so far, and which ones a reader missed."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

NEAR = 64 * 1024
"""Bytes; what is missed this close together is asked for at once."""
MOST_STEPS = 32_768
"""How many segments, chunks or boxes of one file are looked at."""
LARGEST_BLOCK = 8 * 1024 * 1024
"""Bytes that are copied of one block, before and after it is decompressed."""


@dataclass(frozen=True, slots=True)
class Part:
    """``content`` stands at byte ``start`` of its file."""

    start: int
    content: bytes


@dataclass(frozen=True, slots=True)
class ByteRange:
    """The bytes ``[start, end)`` of a file."""

    start: int
    end: int


class Pieces:
    """Some parts of one file. Reading what they do not hold is noted, never an error."""

    __slots__ = ("_base", "_head", "_limit", "_parts", "_size", "missed")

    def __init__(self, head: bytes, parts: Iterable[Part] = (), size: int | None = None) -> None:
        self._head, self._base, self._limit = head, 0, len(head)
        self._parts = sorted(parts, key=attrgetter("start")) if parts else ()
        self._size = size
        self.missed: list[ByteRange] = []

    def take(self, start: int, end: int, *, room: int = 0) -> bytes:
        """What is known of ``[start, end)`` from its start on.

        If that is not all, the rest is noted as missed, and at least ``room`` bytes from ``start``:
        for a reader who will go on from there.
        """
        taken = self.known(start, end)
        at = start + len(taken)
        if at < end:
            self.missed.append(ByteRange(at, max(end, start + room)))
        return taken

    def known(self, start: int, end: int) -> bytes:
        """As `take`, and nothing is noted."""
        base = self._base
        taken = self._head[base + start : min(base + end, self._limit)]
        for part in self._parts:
            at = start + len(taken)
            if part.start <= at < end:
                taken += part.content[at - part.start : end - part.start]
        return taken

    def block(self, start: int, end: int) -> Pieces:
        """The bytes `take` would give, as pieces that begin at 0 and that nothing is added to."""
        if self._base + end > self._limit:
            return Pieces(self.take(start, end))
        block = Pieces(self._head)  # what is at hand is not copied
        block._base, block._limit = self._base + start, self._base + end
        return block

    def rest(self, start: int) -> Pieces:
        """A block without its first bytes."""
        return self.block(start, max(start, self._limit - self._base))

    def ends_at(self, at: int) -> bool:
        """Whether the whole file is known to end there, or before."""
        return self._size is not None and at >= self._size

    def needs(self) -> ByteRange | None:
        """The first range that was missed, with all that is missed near it."""
        missed = sorted(self.missed, key=attrgetter("start"))
        if not missed:
            return None
        start, end = missed[0].start, missed[0].end
        for further in missed[1:]:
            if further.start <= end + NEAR:
                end = max(end, further.end)
        return ByteRange(start, end)
