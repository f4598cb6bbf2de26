"""Hostile files: no time, no memory, nothing raised. Each case by the trick that it plays."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
import time
import tracemalloc
import zlib
from functools import cache
from pathlib import Path

import pytest
from exif_files import (
    ASCII,
    EXIF_IFD,
    FULL,
    ISO,
    LONG,
    MAIN,
    MAKE,
    SETTINGS,
    SHORT,
    TRUTH,
    app1,
    box,
    heic,
    jp2,
    jpeg,
    png,
    tiff,
    webp,
)

from flickrexif.exif import inspect_exif

LONGEST_S = 0.25
LARGEST_PEAK = 64 * 1024 * 1024
MUTANTS = 4000
HERE = Path(__file__).parent


def entries(rows):
    """A TIFF block whose IFD0 is as many as 65,535 raw (tag, type, count, offset) rows."""
    packed = b"".join(struct.pack("<HHLL", *row) for row in rows)
    return b"II*\0" + struct.pack("<LH", 8, len(packed) // 12) + packed + bytes(4)


def same_bytes(tag, kind, count):
    """65,535 entries that all claim the same long value behind the directory."""
    block = entries([(0x0100, 3, 1, 9)] + [(tag, kind, count, 8 + 2 + 12 * 65_535 + 4)] * 65_534)
    return block + b"A" * 70_000


def items(extents, sizes=0x4400):
    """A HEIC whose item table promises 65,535 items of as many extents of such field sizes."""
    entry = box(b"infe", b"\2\0\0\0" + struct.pack(">HH4sB", 1, 0, b"Exif", 0))
    iinf = box(b"iinf", b"\0\0\0\0" + struct.pack(">H", 1) + entry)
    place = struct.pack(">HHH", 1, 0, extents)
    iloc = b"\0\0\0\0" + struct.pack(">HH", sizes, 65_535) + place * 65_535
    head = box(b"ftyp", b"heic\0\0\0\0heic")
    return head + box(b"meta", b"\0\0\0\0" + iinf + box(b"iloc", iloc))


@cache
def packed_lines():
    """256 MiB of lines of zeros, in 256 KiB."""
    packer = zlib.compressobj(9)
    line = b"\n" + b"0" * (2**20 - 1)
    return b"".join([*(packer.compress(line) for _ in range(256)), packer.flush()])


def bomb(kind, head):
    """A text chunk that unpacks to 256 MiB."""
    return png((kind, b"Raw profile type exif" + head + packed_lines()))


LOOP = entries([(0x0100, 3, 1, 9), (EXIF_IFD, 4, 1, 8)])
HEAD = b"\xff\xd8"
HOSTILE = {
    "nothing but fill": lambda: HEAD + b"\xff" * 4_000_000,
    "nothing but restarts": lambda: HEAD + b"\xff\xd0" * 2_000_000,
    "nothing but zeros": lambda: HEAD + b"\0" * 16_000_000,
    "zeros and stuffed bytes": lambda: HEAD + b"\0\xff\0" * 1_000_000,
    "a million segments of length 0": lambda: HEAD + b"\xff\xe1\0\0" * 1_000_000,
    "a million empty comments": lambda: HEAD + b"\xff\xfe\0\2" * 1_000_000,
    "a million empty EXIF segments": lambda: HEAD + app1(b"") * 1_000_000,
    "a thousand full segments to join": lambda: (
        HEAD + app1(FULL[:8] + bytes(0xFFF0 - 8)) + app1(b"x" * 0xFFF0) * 1000),
    "full segments that are never joined": lambda: HEAD + app1(b"II*\0" + bytes(0xFFE0)) * 1000,
    "a million empty chunks": lambda: b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0IDATcrc!" * 1_000_000,
    "a million empty eXIf chunks": lambda: b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0eXIfcrc!" * 1_000_000,
    "a million text chunks": lambda: (
        b"\x89PNG\r\n\x1a\n" + (b"\0\0\0\x20tEXt" + b"Raw profile type xmp" * 2)[:44] * 1_000_000),
    "a profile that unpacks to 256 MiB": lambda: bomb(b"zTXt", b"\0\0"),
    "an international one": lambda: bomb(b"iTXt", b"\0\1\0\0\0"),
    "a profile of line ends": lambda: png(
        (b"tEXt", b"Raw profile type exif\0" + b"\n \n" * 2_000_000)),
    "many broken profiles": lambda: png(
        *[(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(bytes(15_000_000)))] * 50),
    "many profiles of something else": lambda: png(
        *[(b"zTXt", b"Raw profile type APP1\0\0" + zlib.compress(
            b"\napp1\n9\n" + b"http:".hex().encode() + b"0" * 4_000_000))] * 500),
    "RIFF of size 0": lambda: b"RIFF\0\0\0\0WEBP" + b"EXIF\0\0\0\0" * 1_000_000,
    "a RIFF chunk of size 0": lambda: b"RIFF\xff\xff\xff\xffWEBP" + b"VP8 \0\0\0\0" * 1_000_000,
    "a RIFF chunk of 4 GiB": lambda: webp((b"VP8 ", b""))[:16] + b"\xff" * 1000,
    "nested meta boxes": lambda: (
        box(b"ftyp", b"heic\0\0\0\0heic") + b"\0\0\0\x0cmeta\0\0\0\0" * 1_000_000),
    "a meta box of boxes": lambda: box(b"ftyp", b"heic\0\0\0\0heic") + box(
        b"meta", bytes(4) + box(b"iinf", bytes(6) + box(b"infe", b"") * 400_000)),
    "boxes of 2^63 bytes": lambda: b"\0\0\0\x01ftyp" + b"\xff" * 1_000_000,
    "a million free boxes": lambda: box(b"ftyp", b"heic\0\0\0\0heic") + box(b"free", b"") * 10**6,
    "a million uuid boxes": lambda: jp2(box(b"uuid", b"JpgTiffExif->JP2") * 1_000_000),
    "items of no extents": lambda: items(0),
    "items of 65,535 extents": lambda: items(65_535),
    "extents without size": lambda: items(65_535, 0),
    "one block named two thousand times": lambda: heic(same_bytes(MAKE, ASCII, 60_000)[:-8],
                                                       locations=2000),
    "a directory that names itself": lambda: LOOP,
    "a directory of pointers to itself": lambda: entries([(EXIF_IFD, 4, 1, 8)] * 65_535),
    "directories that name each other": lambda: tiff(
        [], [(EXIF_IFD, LONG, (8,)), (0x0100, SHORT, (1,))]),
    "texts over the same bytes": lambda: same_bytes(MAKE, ASCII, 65_535),
    "numbers over the same bytes": lambda: same_bytes(ISO, SHORT, 35_000),
    "numbers of 2^32": lambda: same_bytes(ISO, LONG, 0xFFFFFFFF),
    "unknown tags over the same bytes": lambda: same_bytes(0xFFFF, ASCII, 65_535),
    "eight large directories": lambda: HEAD + b"".join(
        app1(entries([(0x0100 + n % 2, 2, 9, 8)] * 5000)) for n in range(50)),
    "a BigTIFF of 2^64 entries": lambda: (
        b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 2**64 - 1) + b"\0\1\3\0" * 500_000),
    "a BigTIFF far away": lambda: b"MM\0+\0\x08\0\0" + b"\xff" * 1000,
    "values in the header": lambda: entries([(0x0100, 3, 1, 9), (MAKE, 2, 6, 0)]),
}  # fmt: skip


def measured(data):
    """What was read, CPU seconds and the peak of memory.

    Tracing only slows it down: what ends in time while traced is not timed again. What does not is
    timed without, up to three times: a neighbour is no finding.
    """
    tracemalloc.start()
    try:
        reading, seconds = timed(data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    for _ in range(3):
        if seconds < LONGEST_S:
            break
        seconds = timed(data)[1]
    return reading, seconds, peak


def timed(data):
    begun = time.process_time()
    reading = inspect_exif(data)
    return reading, time.process_time() - begun


@pytest.mark.parametrize("trick", HOSTILE)
def test_a_hostile_file_costs_little(trick):
    reading, seconds, peak = measured(HOSTILE[trick]())
    assert seconds < LONGEST_S
    assert peak < LARGEST_PEAK
    assert reading.fault is not None or not reading.record.is_empty


def test_after_the_tricks_sound_tags_are_still_read():
    many = [(0xFFFF - n, ASCII, b"A" * 40) for n in range(3000)]
    assert inspect_exif(tiff([*MAIN, *many], SETTINGS)).record == TRUTH
    assert inspect_exif(jpeg(*[b"\xff\xfe\0\2"] * 5000, app1(FULL))).record == TRUTH
    assert inspect_exif(png(*[(b"IDAT", b"")] * 20_000, (b"eXIf", FULL))).record == TRUTH


def test_more_than_a_few_blocks_are_not_looked_at():
    blocks = [app1(tiff([(0x0112, SHORT, (6,))]))] * 8
    assert inspect_exif(jpeg(*blocks[1:], app1(FULL))).record == TRUTH
    assert inspect_exif(jpeg(*blocks, app1(FULL))).record.is_empty


def test_thousands_of_mutants(request):
    """In a process of its own, whose address space and CPU time are limited."""
    folder = HERE.parents[2] / "shared" / "oracle" / "exif" / "files"
    command = [sys.executable, str(HERE / "hostile_files.py"), str(MUTANTS)]
    told = subprocess.run(
        [*command, *([str(folder)] if folder.is_dir() else [])],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "error"},
    )
    assert told.returncode == 0, told.stderr[-2000:]
    worst = json.loads(told.stdout)
    print(worst)
    assert worst["count"] == MUTANTS >= 3000
    assert worst["seconds"] < LONGEST_S
    assert worst["peak_bytes"] < LARGEST_PEAK
    assert worst["with_values"] > MUTANTS / 3, "they were mutated beyond what is interesting"
    assert {"bad_tag", "bad_directory", "truncated", "no_exif", "no_tags"} <= set(worst["faults"])
