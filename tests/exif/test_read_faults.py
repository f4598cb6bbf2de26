"""A damaged file: what is sound is in the record, and a code tells what was amiss."""

from __future__ import annotations

import struct

import pytest
from exif_files import (
    ASCII,
    EXIF_IFD,
    EXPOSURE,
    FILES,
    FULL,
    ISO,
    LONG,
    MAIN,
    MAKE,
    MODEL,
    RATIONAL,
    SETTINGS,
    SHORT,
    TRUTH,
    UNDEFINED,
    app1,
    box,
    heic,
    jp2,
    jpeg,
    png,
    raw_profile_chunk,
    segment,
    tiff,
    webp,
)

from flickrexif.exif import RawRecord, inspect_exif

NOTHING = RawRecord("file")


def fault_of(data):
    reading = inspect_exif(data, size=len(data))
    return reading.record, reading.fault


def patched(block, tag, *, kind=None, count=None, value=None):
    """A little-endian ``block`` whose entry of ``tag`` says something else."""
    at = next(n for n in range(8, len(block)) if block[n : n + 2] == struct.pack("<H", tag))
    old = struct.unpack_from("<HLL", block, at + 2)
    new = [o if n is None else n for o, n in zip(old, (kind, count, value), strict=True)]
    return block[: at + 2] + struct.pack("<HLL", *new) + block[at + 12 :]


@pytest.mark.parametrize("data", [b"", b"\xff", b"GIF89a" + bytes(90), b"PK\3\4" + bytes(90)])
def test_other_files(data):
    assert fault_of(data) == (NOTHING, "unknown_format")


@pytest.mark.parametrize(
    "data",
    [
        jpeg(),
        jpeg(segment(0xE0, b"JFIF\0")),
        png((b"IHDR", bytes(13))),
        png(raw_profile_chunk(b"tEXt", b"", "icc")),
        webp((b"VP8 ", bytes(90))),
        jp2(box(b"jp2c", bytes(90))),
        box(b"ftyp", b"heic\0\0\0\0heic") + box(b"meta", bytes(4)),
    ],
)
def test_files_without_exif(data):
    assert fault_of(data) == (NOTHING, "no_exif")


def test_exif_without_a_tag_that_is_read():
    assert fault_of(jpeg(app1(tiff([(0x0112, SHORT, (6,))])))) == (NOTHING, "no_tags")
    assert fault_of(jpeg(app1(tiff([], [])))) == (NOTHING, "no_tags")
    blank = [(MAKE, ASCII, b"      \0")]
    assert fault_of(jpeg(app1(tiff(blank)))) == (NOTHING, "no_tags")


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"no TIFF here",
        b"II*\0",
        b"II*\0" + bytes(4),
        b"II*\0\4\0\0\0" + bytes(90),
        b"II*\0\xff\xff\0\0" + bytes(90),
        FULL[:8] + b"\5\0" + b"\1\1\xff\xff" * 90,
    ],
)
def test_a_block_that_is_none(block):
    assert fault_of(jpeg(app1(block))) == (NOTHING, "bad_directory")
    assert fault_of(png((b"eXIf", block))) == (NOTHING, "bad_directory")


def test_a_broken_profile_text_is_a_block_that_is_none():
    broken = (b"zTXt", b"Raw profile type exif\0\0" + b"no zlib stream")
    assert fault_of(png(broken)) == (NOTHING, "bad_directory")
    odd = (b"tEXt", b"Raw profile type exif\0" + b"\nexif\n  3\nxyz")
    assert fault_of(png(odd)) == (NOTHING, "bad_directory")


@pytest.mark.parametrize(
    ("tag", "change"),
    [
        (MAKE, {"kind": 0}),
        (MAKE, {"kind": RATIONAL}),
        (MAKE, {"kind": 0xFFFF}),
        (MAKE, {"count": 0xFFFFFFFF}),
        (MAKE, {"count": 100_000}),
        (MAKE, {"value": 0xFFFFFFF0}),
        (MAKE, {"value": len(FULL) + 12 - 2}),
        (MAKE, {"value": 4}),
        (MAKE, {"value": 8}),
        (MAKE, {"value": 16}),
    ],
)
def test_one_bad_tag_loses_no_other(tag, change):
    # An entry without a type, were it the first one, would mean more: the offset is wrong.
    main = [(0x0100, SHORT, (640,)), *MAIN]
    record, fault = fault_of(jpeg(app1(patched(tiff(main, SETTINGS), tag, **change))))
    assert fault == "bad_tag"
    assert record == RawRecord(**{**fields(TRUTH), "make": None})


def fields(record):
    return {name: getattr(record, name) for name in RawRecord.__dataclass_fields__}


@pytest.mark.parametrize(
    "change",
    [{"kind": ASCII}, {"count": 0}, {"count": 17}, {"count": 0xFFFFFFFF}, {"value": 0xFFFFFFF0}],
)
def test_a_bad_number(change):
    record, fault = fault_of(jpeg(app1(patched(FULL, EXPOSURE, **change))))
    assert (record.make, record.exposure_num, record.iso) == ("Canon", None, 400)
    assert fault == "bad_tag"


def test_a_directory_whose_first_entry_has_no_type_is_none():
    """As exiftool has it: the offset is wrong, and all that follows would be made up."""
    record, fault = fault_of(jpeg(app1(patched(FULL, EXPOSURE, kind=99))))
    assert (record, fault) == (RawRecord("file", "Canon", "Canon EOS 40D"), "bad_directory")


@pytest.mark.parametrize("value", [0, 4, 8, 0xFFFFFFFF, len(FULL)])
def test_an_exif_directory_that_is_none(value):
    record, fault = fault_of(jpeg(app1(patched(FULL, EXIF_IFD, value=value))))
    assert (record, fault) == (RawRecord("file", "Canon", "Canon EOS 40D"), "bad_directory")


def test_an_exif_pointer_that_is_no_number():
    block = patched(FULL, EXIF_IFD, kind=ASCII)
    assert fault_of(jpeg(app1(block)))[1] == "bad_directory"


def test_a_directory_that_promises_more_entries_than_there_are():
    block = bytearray(tiff([(MAKE, ASCII, b"Ab\0"), (MODEL, ASCII, b"Cd\0")]))
    block[8:10] = struct.pack("<H", 500)
    record, fault = fault_of(jpeg(app1(bytes(block))))
    assert (record.make, record.model, fault) == ("Ab", "Cd", "bad_directory")


def test_the_reason_is_that_of_the_block_that_was_read():
    assert fault_of(jpeg(app1(b"no TIFF here"), app1(FULL))) == (TRUTH, None)
    bare = app1(tiff([(0x0112, SHORT, (6,))]))
    assert fault_of(jpeg(app1(b"no TIFF here"), bare)) == (NOTHING, "bad_directory")
    assert fault_of(jpeg(bare, app1(b"no TIFF here"))) == (NOTHING, "no_tags")


def test_heic_items_that_lead_nowhere():
    data = heic(FULL)
    assert fault_of(data.replace(b"Exif", b"mime", 1)) == (NOTHING, "no_exif")
    assert fault_of(data.replace(b"iloc", b"ilox", 1)) == (NOTHING, "no_exif")
    lost = data.replace(struct.pack(">L", len(data) - len(FULL) - 10), b"\x7f\0\0\0", 1)
    assert fault_of(lost) == (NOTHING, "truncated")


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_anywhere_says_the_truth_or_nothing(name):
    whole = FILES[name]
    cuts = {*range(0, min(len(whole), 1500), 7), *range(0, len(whole), 9973)}
    for cut in sorted(cuts):
        reading = inspect_exif(whole[:cut], size=cut)
        for field, value in fields(reading.record).items():
            assert value in (None, getattr(TRUTH, field)), (cut, field)
        if reading.record.is_empty:
            assert reading.fault is not None, cut


def test_a_cut_file_is_called_so():
    for name in ("jpeg", "tiff", "webp", "heic", "png"):
        data = FILES[name]
        at = data.index(b"2012:03:04") + 5
        reading = inspect_exif(data[:at], size=at)
        assert reading.fault == "truncated", name
        assert reading.needs is not None
        assert reading.needs.start == at
        assert reading.record.make == "Canon", name


def test_values_may_share_bytes():
    """Writers that save space, or that are hostile, point twice at the same bytes."""
    block = tiff([(MAKE, ASCII, b"Canon\0"), (MODEL, ASCII, b"Canon\0")])
    place = struct.unpack_from("<L", block, 8 + 2 + 8)[0]
    shared = patched(block, MODEL, value=place)
    assert fault_of(shared) == (RawRecord("file", "Canon", "Canon"), None)


def test_a_maker_note_that_claims_the_world_costs_nothing():
    entries = [*SETTINGS, (0x927C, UNDEFINED, b"note" * 4)]
    block = patched(tiff(MAIN, entries), 0x927C, count=0xFFFFFFFF)
    assert fault_of(jpeg(app1(block))) == (TRUTH, None)
    assert fault_of(tiff([(ISO, LONG, (100,))])) == (RawRecord("file", iso=100), None)
