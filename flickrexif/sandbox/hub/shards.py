"""Xet's shards: which chunks of which xorbs make up a file.

Layout after https://huggingface.co/docs/xet/shard (read August 2026): a header of 48 bytes, then
records of 48 bytes. A file is a header record, one record per run of chunks, and, as its flags
say, one verification record per run and one that holds the file's SHA-256. A record that begins
with 32 bytes of ones ends the files.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_RECORD = 48
_END = b"\xff" * 32
_HAS_VERIFICATION = 1 << 31
_HAS_SHA256 = 1 << 30


@dataclass(frozen=True, slots=True)
class Run:
    """Chunks ``first`` up to, not including, ``stop`` of a xorb: ``size`` bytes of a file."""

    xorb: str
    first: int
    stop: int
    size: int


@dataclass(frozen=True, slots=True)
class XetFile:
    """A file as a shard tells it."""

    hash: str
    sha256: str
    runs: tuple[Run, ...]


@lru_cache(maxsize=4096)
def files_in(shard: Path) -> tuple[XetFile, ...]:
    """Return the files of a shard that have a SHA-256; a shard never changes, being its digest."""
    return tuple(parse_shard(shard.read_bytes()))


def parse_shard(content: bytes) -> Iterator[XetFile]:
    """Yield the files of a shard that have a SHA-256; raises ValueError when it breaks off."""
    at = _RECORD
    while not content.startswith(_END, at):
        try:
            name, flags, count, _ = struct.unpack_from("<32sIIQ", content, at)
            runs = tuple(_run(content, at + _RECORD * number) for number in range(1, count + 1))
            at += _RECORD * (1 + count)
            at += _RECORD * count if flags & _HAS_VERIFICATION else 0
            if flags & _HAS_SHA256:
                (sha256,) = struct.unpack_from("<32s", content, at)
                at += _RECORD
                yield XetFile(_printed(name), _printed(sha256), runs)
        except struct.error:
            raise ValueError("a shard breaks off in the middle of a file") from None


def _run(content: bytes, at: int) -> Run:
    xorb, _, size, first, stop = struct.unpack_from("<32sIIII", content, at)
    return Run(_printed(xorb), first, stop, size)


def _printed(digest: bytes) -> str:
    """Return a hash as Xet prints it: four little-endian numbers of 64 bits."""
    return "".join(f"{number:016x}" for number in struct.unpack("<4Q", digest))
