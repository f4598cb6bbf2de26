"""EXIF inside PNG: the eXIf chunk, and the text chunks in which ImageMagick wrote it before 2017.

Sources: PNG (third edition) sections 5.3 and 11; exiftool's reading of "Raw profile type" texts
(name, length in decimal and content in hexadecimal, each on lines of its own).
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from flickrexif.exif.pieces import LARGEST_BLOCK, MOST_STEPS, NEAR, Pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = b"\x89PNG\r\n\x1a\n"
PROFILES = (b"Raw profile type exif\0", b"Raw profile type APP1\0")
LONGEST_KEYWORD = len(PROFILES[0])
LONGEST_TEXT = 4 * 1024 * 1024
MOST_PROFILES = 8
"""More are not unpacked."""


def exif_blocks(file: Pieces) -> Iterator[Pieces]:
    """The EXIF of ``file``'s chunks, in its order."""
    profiles = 0
    for kind, start, end in _chunks(file):
        if kind == b"eXIf":
            yield file.block(start, min(end, start + LARGEST_BLOCK))
        elif kind in TEXT_CHUNKS and profiles < MOST_PROFILES:
            begin = start + LONGEST_KEYWORD
            if begin < end and file.take(start, begin) in PROFILES:
                profiles += 1
                text = TEXT_CHUNKS[kind](file.take(begin, min(end, begin + LONGEST_TEXT)))
                block = _profile(text)
                if block is not None:
                    yield Pieces(block)


def _chunks(file: Pieces) -> Iterator[tuple[bytes, int, int]]:
    """(type, start of its content, end) of each chunk before the last."""
    at = len(MAGIC)
    for _ in range(MOST_STEPS):
        # EXIF may stand behind thousands of pixel chunks, so ever more is asked for at once.
        head = file.take(at, at + 8, room=max(NEAR, 3 * at))
        if len(head) < 8 or head.endswith(b"IEND"):
            return
        end = at + 8 + int.from_bytes(head[:4], "big")
        yield head[4:], at + 8, end
        at = end + 4


def _plain(text: bytes) -> bytes:
    return text


def _compressed(text: bytes) -> bytes:
    """What was compressed behind the byte that names the method, as far as it can be read."""
    try:
        return zlib.decompressobj().decompress(text[1:], LONGEST_TEXT)
    except zlib.error:
        return b""


def _international(text: bytes) -> bytes:
    flag, content = text[:1], text[2:].split(b"\0", 2)[-1]
    return _compressed(b"\0" + content) if flag == b"\1" else content


TEXT_CHUNKS = {b"tEXt": _plain, b"zTXt": _compressed, b"iTXt": _international}


def _profile(text: bytes) -> bytes | None:
    """The bytes of a raw profile; empty when it is broken, ``None`` when it holds XMP."""
    lines = text.split(b"\n", 3)
    digits = b"".join(lines[3].split()) if len(lines) == 4 else b""
    try:
        content = bytes.fromhex(digits[: len(digits) // 2 * 2].decode("ascii"))
    except ValueError:
        return b""
    return None if content.startswith(b"http:") else content
