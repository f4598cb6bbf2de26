"""Hostile and damaged files: nothing raises, nothing is slow, nothing wrong is read."""

from __future__ import annotations

import io
import random
import struct
import time
import tracemalloc
from dataclasses import asdict

import piexif
import pillow_heif
import pytest
from PIL import Image

from flickrexif.exif.containers import needs_more
from flickrexif.exif.read import read_exif
from flickrexif.exif.record import RawRecord

LONGEST_S = 1.0
LARGEST_PEAK = 32 * 1024 * 1024
MUTANTS = 1500

TRUTH = RawRecord(
    source="file",
    make="Canon",
    model="Canon EOS 40D",
    exposure_num=10,
    exposure_den=600,
    aperture_num=56,
    aperture_den=10,
    iso=400,
    focal_length_num=35,
    focal_length_den=1,
    focal_length_35mm=56,
    flash=16,
    date_time_original="2012:03:04 05:06:07",
)


def exif_of_truth() -> bytes:
    return piexif.dump(
        {
            "0th": {piexif.ImageIFD.Make: TRUTH.make, piexif.ImageIFD.Model: TRUTH.model},
            "Exif": {
                piexif.ExifIFD.ExposureTime: (10, 600),
                piexif.ExifIFD.FNumber: (56, 10),
                piexif.ExifIFD.ISOSpeedRatings: 400,
                piexif.ExifIFD.FocalLength: (35, 1),
                piexif.ExifIFD.FocalLengthIn35mmFilm: 56,
                piexif.ExifIFD.Flash: 16,
                piexif.ExifIFD.DateTimeOriginal: TRUTH.date_time_original,
                piexif.ExifIFD.MakerNote: b"\1" * 300,
            },
            "GPS": {piexif.GPSIFD.GPSLatitude: ((1, 1), (2, 1), (3, 1))},
            "1st": {piexif.ImageIFD.Make: "Wrong", piexif.ImageIFD.Model: "Wrong"},
            "thumbnail": saved("JPEG", size=(32, 24)),
        }
    )


def saved(kind: str, size: tuple[int, int] = (160, 120), **options: object) -> bytes:
    if kind == "HEIF":
        pillow_heif.register_heif_opener()
    stream = io.BytesIO()
    noise = random.Random(size[0]).randbytes(size[0] * size[1] * 3)
    Image.frombytes("RGB", size, noise).save(stream, kind, **options)
    return stream.getvalue()


FILES = {kind: saved(kind, exif=exif_of_truth()) for kind in ("JPEG", "PNG", "WEBP", "HEIF")}
FILES["TIFF"] = exif_of_truth()[6:]


def timed(data: bytes) -> tuple[RawRecord, float]:
    begun = time.process_time()
    record = read_exif(data)
    return record, time.process_time() - begun


def short_ifd(entries: int, count: int, kind: int = 3) -> bytes:
    """A TIFF block of 64 KiB whose every entry claims the same ``count`` values."""
    rows = (struct.pack("<HHLL", 40_000 + n, kind, count, 8) for n in range(entries))
    block = b"II*\0" + struct.pack("<LH", 8, entries) + b"".join(rows) + b"\0\0\0\0"
    return block.ljust(65_000, b"\0")


def in_jpeg(*blocks: bytes) -> bytes:
    segments = (b"\xff\xe1" + struct.pack(">H", len(b) + 8) + b"Exif\0\0" + b for b in blocks)
    return b"\xff\xd8" + b"".join(segments) + b"\xff\xd9"


@pytest.mark.parametrize("kind", FILES)
def test_the_untouched_file_says_the_truth(kind: str) -> None:
    assert read_exif(FILES[kind]) == TRUTH


@pytest.mark.parametrize("kind", FILES)
def test_mutated_headers_never_raise_and_are_read_quickly(kind: str) -> None:
    chance = random.Random(20240501)
    whole = FILES[kind]
    reach = min(len(whole), 1200)
    slowest = 0.0
    for _ in range(MUTANTS):
        mutant = bytearray(whole[:65536])
        for _ in range(chance.choice((1, 2, 4, 16, 64))):
            mutant[chance.randrange(2, reach)] = chance.choice(
                (0, 1, 0x7F, 0xFF, chance.randrange(256))
            )
        record, seconds = timed(bytes(mutant))
        assert isinstance(record, RawRecord)
        needs_more(bytes(mutant))
        slowest = max(slowest, seconds)
    assert slowest < LONGEST_S


@pytest.mark.parametrize("kind", FILES)
def test_a_file_cut_anywhere_says_the_truth_or_nothing(kind: str) -> None:
    whole = FILES[kind]
    cuts = {*range(0, min(len(whole), 1500), 3), *range(0, len(whole), 997), len(whole)}
    for cut in sorted(cuts):
        for name, value in asdict(read_exif(whole[:cut])).items():
            assert value in (None, getattr(TRUTH, name)), (cut, name)


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("begin", [32, 64, 200, 1000, 4096, 65536])
def test_asking_for_more_ends_at_the_truth(kind: str, begin: int) -> None:
    whole = FILES[kind]
    head = whole[:begin]
    for _ in range(20):
        reach = needs_more(head)
        if reach is None or len(head) == len(whole):
            break
        assert reach > len(head)
        head = whole[:reach]
    assert read_exif(head) == TRUTH


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"\xff\xd8",
        b"\xff\xd8" + b"\xff" * 200_000,
        b"\xff\xd8" + b"\xff\xd0" * 200_000,
        b"\xff\xd8" + b"\xff\xe1\0\0" * 100_000,
        b"\xff\xd8" + b"\0" * 200_000,
        b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0eXIf\0\0\0\0" * 20_000,
        b"RIFF\0\0\0\0WEBP" + b"EXIF\0\0\0\0" * 20_000,
        b"\0\0\0\x18ftypheic" + b"\0" * 12 + b"\0\0\0\x08meta" * 20_000,
        b"\0\0\0\x01ftypheic" + b"\xff" * 200_000,
        b"II*\0\xff\xff\xff\xff",
        b"MM\0*\0\0\0\x08\xff\xff" + b"\x87\x69\0\4\0\0\0\1\0\0\0\x08" * 5000,
        b"II+\0" + b"\xff" * 1000,
    ],
    ids=range(14),
)
def test_degenerate_files_say_nothing_quickly(data: bytes) -> None:
    record, seconds = timed(data)
    assert record.is_empty
    assert seconds < LONGEST_S
    begun = time.process_time()
    needs_more(data)
    assert time.process_time() - begun < LONGEST_S


@pytest.mark.parametrize("kind", [1, 2, 3, 5, 7, 12])
def test_directories_that_claim_the_same_bytes_over_and_over_are_cheap(kind: int) -> None:
    sizes = {1: 1, 2: 1, 3: 2, 5: 8, 7: 1, 12: 8}
    block = short_ifd(5000, 60_000 // sizes[kind], kind)
    data = in_jpeg(block)
    tracemalloc.start()
    begun = time.process_time()
    read_exif(data)
    seconds = time.process_time() - begun
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < LARGEST_PEAK
    assert seconds < LONGEST_S


def heic_pointing(times: int, block: bytes) -> bytes:
    """A HEIC whose item table names one EXIF block ``times`` times."""

    def box(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">L4s", len(content) + 8, kind) + content

    entry = box(b"infe", b"\2\0\0\0" + struct.pack(">HH4sB", 1, 0, b"Exif", 0))
    iinf = box(b"iinf", b"\0\0\0\0" + struct.pack(">H", 1) + entry)

    def meta(at: int) -> bytes:
        place = struct.pack(">HHHLL", 1, 0, 1, at, len(block) + 4)
        iloc = b"\0\0\0\0" + struct.pack(">HH", 0x4400, times) + place * times
        return box(b"meta", b"\0\0\0\0" + iinf + box(b"iloc", iloc))

    head = box(b"ftyp", b"heic\0\0\0\0heic")
    return head + meta(len(head) + len(meta(0))) + struct.pack(">L", 0) + block


def test_one_block_named_many_times_is_not_read_many_times() -> None:
    data = heic_pointing(2000, short_ifd(1000, 2))
    _, seconds = timed(data)
    assert seconds < LONGEST_S


def test_the_pointing_file_is_understood() -> None:
    assert read_exif(heic_pointing(1, exif_of_truth()[6:])) == TRUTH
