"""Xet's xorbs: chunks one after another, plain or compressed.

Layout after https://huggingface.co/docs/xet/xorb (read August 2026): each chunk has a header of 8
bytes (version, length stored, scheme, length), lengths in 3 bytes, little-endian. Schemes: 0 plain,
1 an LZ4 frame, 2 an LZ4 frame of the chunk's bytes regrouped by their place modulo 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PLAIN, _LZ4, _GROUPED = 0, 1, 2
_LZ4_MAGIC = bytes.fromhex("04224d18")
_MIN_MATCH = 4


def chunks(xorb: Path, first: int, stop: int) -> Iterator[bytes]:
    """Yield chunks ``first`` up to ``stop`` of a xorb; raises ValueError when it breaks off."""
    with xorb.open("rb") as file:
        for number in range(stop):
            header = file.read(8)
            if len(header) < 8:
                raise ValueError(f"{xorb.name} has only {number} chunks, not {stop}")
            stored = int.from_bytes(header[1:4], "little")
            if number < first:
                file.seek(stored, 1)
                continue
            chunk = unpacked(file.read(stored), scheme=header[4])
            if len(chunk) != int.from_bytes(header[5:8], "little"):
                raise ValueError(f"chunk {number} of {xorb.name} has not the length it should have")
            yield chunk


def unpacked(stored: bytes, *, scheme: int) -> bytes:
    """Return a chunk as it was before it was stored; raises ValueError for an unknown scheme."""
    if scheme == _PLAIN:
        return stored
    if scheme == _LZ4:
        return lz4_frame(stored)
    if scheme == _GROUPED:
        return ungrouped(lz4_frame(stored))
    raise ValueError(f"a chunk is stored by the unknown scheme {scheme}")


def ungrouped(grouped: bytes) -> bytes:
    """Put bytes back in order that were regrouped by their place modulo 4."""
    plain, at = bytearray(len(grouped)), 0
    for group in range(4):
        count = len(plain[group::4])
        plain[group::4] = grouped[at : at + count]
        at += count
    return bytes(plain)


def lz4_frame(frame: bytes) -> bytes:
    """Decompress an LZ4 frame without looking at its checksums; a SHA-256 is checked later.

    https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md. Raises ValueError when it is none.
    """
    if not frame.startswith(_LZ4_MAGIC):
        raise ValueError("a chunk is no LZ4 frame")
    flags = frame[4]
    at = 7 + (8 if flags & 0x08 else 0) + (4 if flags & 0x01 else 0)
    block_checksum = 4 if flags & 0x10 else 0
    plain = bytearray()
    while size := int.from_bytes(frame[at : at + 4], "little"):
        length = size & 0x7FFFFFFF
        block = frame[at + 4 : at + 4 + length]
        if len(block) < length:
            raise ValueError("an LZ4 frame breaks off")
        if size >> 31:
            plain += block
        else:
            _add_block(plain, block)
        at += 4 + length + block_checksum
    return bytes(plain)


def _add_block(plain: bytearray, block: bytes) -> None:
    """Decompress one block onto ``plain``; a match may begin in an earlier block.

    https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md
    """
    at = 0
    while at < len(block):
        token = block[at]
        literals, at = _length(block, at + 1, token >> 4)
        plain += block[at : at + literals]
        at += literals
        if at >= len(block):
            return
        offset = int.from_bytes(block[at : at + 2], "little")
        length, at = _length(block, at + 2, token & 15)
        _repeat(plain, offset, length + _MIN_MATCH)


def _length(block: bytes, at: int, begun: int) -> tuple[int, int]:
    length = begun
    if begun == 15:
        while block[at] == 255:
            length, at = length + 255, at + 1
        length, at = length + block[at], at + 1
    return length, at


def _repeat(plain: bytearray, offset: int, length: int) -> None:
    """Append ``length`` bytes from ``offset`` before the end, which may overlap what they make."""
    if not 0 < offset <= len(plain):
        raise ValueError("an LZ4 block points to before its beginning")
    source = plain[-offset:][:length]
    plain += (source * (length // len(source) + 1))[:length]
