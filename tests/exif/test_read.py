"""What is read from hand-made EXIF blocks, wherever a file keeps them."""

from __future__ import annotations

import struct
from dataclasses import asdict

import pytest
from exif_files import (
    ASCII,
    BYTE,
    DATE,
    DOUBLE,
    EXIF_IFD,
    EXPOSURE,
    F_NUMBER,
    FILES,
    FLASH,
    FOCAL_LENGTH,
    FOCAL_LENGTH_35MM,
    FULL,
    ISO,
    LONG,
    MAKE,
    MODEL,
    RATIONAL,
    SHORT,
    SRATIONAL,
    TRUTH,
    UNDEFINED,
    UTF8,
    VP8X,
    XMP,
    app1,
    box,
    heic,
    jpeg,
    jxl,
    png,
    raw_profile_chunk,
    segment,
    tiff,
    webp,
)
from hypothesis import given
from hypothesis import strategies as st

from flickrexif.exif import RawRecord, inspect_exif, read_exif

NOTHING = RawRecord("file")


@pytest.mark.parametrize("name", FILES)
def test_every_kind_of_file_says_the_truth(name):
    reading = inspect_exif(FILES[name], size=len(FILES[name]))
    assert (reading.record, reading.fault, reading.needs) == (TRUTH, None, None)


@pytest.mark.parametrize(
    "data",
    [
        jpeg(segment(0xE0, b"JFIF\0"), segment(0xE2, b"x" * 65_000), app1(FULL)),
        b"\xff\xd8\xff\xff\xff" + app1(FULL) + b"\xff\xd9",
        b"\xff\xd8" + XMP + b"junk" * 20_000 + app1(FULL) + b"\xff\xd9",
        jpeg(app1(b"no TIFF here"), app1(FULL)),
        jpeg(app1(FULL), app1(tiff([(MAKE, ASCII, b"Second\0")]))),
        jpeg(app1(tiff([(0x0112, SHORT, (6,))])), app1(FULL)),
        jpeg(segment(0xE1, b"EXIF\0\0" + FULL)),
        jpeg(segment(0xE1, b"\0\1\2\3Exif\0\0" + FULL)),
        jpeg(segment(0xE1, b"Exif\0" + FULL)),
        jpeg(segment(0xE1, b"Exif\0\0" + FULL[:2] + b"\7\0" + FULL[4:])),
        b"\xff\xd8" + app1(FULL)[:2] + b"\xff\xfe" + app1(FULL)[4:],
        webp((b"VP8X", bytes(10)), (b"EXIF", FULL)),
        webp(VP8X, (b"EXIF", FULL))[:4] + bytes(4) + webp(VP8X, (b"EXIF", FULL))[8:],
        png((b"tEXt", b"Comment\0" + b"none" * 20), (b"eXIf", FULL)),
        png(raw_profile_chunk(b"tEXt", b"", "xmp"), raw_profile_chunk(b"zTXt", FULL)),
        heic(FULL, locations=50),
        jxl(box(b"uuid", bytes(16)), struct.pack(">L4sQ", 1, b"free", 20) + b"four",
            box(b"Exif", struct.pack(">L", 6) + b"Exif\0\0" + FULL)),
    ],
    ids=["far", "fill", "junk-between", "after-no-tiff", "first-wins", "after-no-tags",
         "upper-case", "junk-before", "one-nul", "odd-magic", "long-length", "no-flag",
         "riff-size-0", "other-text", "other-profile", "item-twice", "wide-box"],
)  # fmt: skip
def test_oddities_of_real_writers(data):
    assert read_exif(data) == TRUTH


def settings(*entries):
    return read_exif(tiff([(MAKE, ASCII, b"Make\0")], entries))


@pytest.mark.parametrize("value", [(0, 10), (10, 0), (0, 0)])
def test_zeros_and_divisions_by_zero_are_unknown(value):
    record = settings(*((tag, RATIONAL, [value]) for tag in (EXPOSURE, F_NUMBER, FOCAL_LENGTH)))
    assert record == RawRecord("file", make="Make")
    zeros = settings((ISO, SHORT, (0,)), (FOCAL_LENGTH_35MM, SHORT, (0,)), (FLASH, SHORT, (0,)))
    assert zeros == RawRecord("file", make="Make", flash=0)


def test_numbers_of_other_types():
    assert settings((EXPOSURE, DOUBLE, (0.004,))).exposure_den == 250
    assert settings((EXPOSURE, DOUBLE, (float("nan"),))).exposure_den is None
    assert settings((EXPOSURE, DOUBLE, (1e300,))).exposure_den is None
    assert settings((EXPOSURE, SRATIONAL, [(1, 250)])).exposure_den == 250
    assert settings((EXPOSURE, SRATIONAL, [(-1, 250)])).exposure_den is None
    assert settings((EXPOSURE, LONG, (2,))).exposure_num == 2
    assert settings((ISO, LONG, (102_400,))).iso == 102_400
    assert settings((ISO, RATIONAL, [(400, 2)])).iso == 200
    assert settings((ISO, RATIONAL, [(1, 3)])).iso is None
    assert settings((ISO, DOUBLE, (800.0,))).iso == 800
    assert settings((FLASH, BYTE, (1,))).flash == 1


def test_the_first_of_two_values_counts():
    record = settings((ISO, SHORT, (200, 0)), (FLASH, SHORT, (16, 0)))
    assert (record.iso, record.flash) == (200, 16)
    assert settings((EXPOSURE, RATIONAL, [(1, 60), (1, 30)])).exposure_den == 60


def test_of_a_tag_that_stands_there_twice_the_last_counts():
    assert settings((ISO, SHORT, (100,)), (ISO, SHORT, (200,))).iso == 200


def test_an_iso_that_does_not_fit():
    overflow, kind = (ISO, SHORT, (65535,)), (0x8830, SHORT, (2,))
    index, standard = (0x8832, SHORT, (51200,)), (0x8831, SHORT, (25600,))
    assert settings(overflow, kind, index, standard).iso == 51200
    assert settings(overflow, (0x8830, SHORT, (1,)), index, standard).iso == 25600
    assert settings(overflow, standard).iso == 25600
    assert settings(overflow).iso == 65535


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        (b"GoPro\0\0 \xfcjunk", "GoPro"),
        (b"PENTAX Optio    \0", "PENTAX Optio"),
        (b"SONY", "SONY"),
        (b"Caf\xc3\xa9\0", "Café"),
        (b"NIKON\xcd\0", "NIKONÍ"),
        (b"    \0", None),
        (b"\0\0\0\0", None),
        (b"", None),
    ],
)
@pytest.mark.parametrize("kind", [ASCII, UNDEFINED, UTF8])
def test_texts(stored, text, kind):
    assert read_exif(tiff([(MAKE, kind, stored), (MODEL, ASCII, b"M\0")])).make == text


def test_settings_in_the_main_directory_count_where_the_exif_directory_has_none():
    exposure = (EXPOSURE, RATIONAL, [(1, 50)])
    assert read_exif(tiff([exposure])).exposure_den == 50
    assert read_exif(tiff([exposure], [(0x9000, UNDEFINED, b"0220")])).exposure_den == 50
    assert read_exif(tiff([exposure], [(ISO, SHORT, (100,))])).exposure_den is None


def test_other_directories_are_not_read():
    """Neither the second (a thumbnail's) nor one that the main one points to."""
    thumbnail = tiff([(MAKE, ASCII, b"Wrong\0")])[8:]
    block = tiff([(MODEL, ASCII, b"Right\0")])
    end = 8 + 2 + 12
    block = block[:end] + struct.pack("<L", len(block)) + block[end + 4 :] + thumbnail
    assert read_exif(block) == RawRecord("file", model="Right")


rational = st.tuples(st.integers(1, 2**32 - 1), st.integers(1, 2**32 - 1))
text = st.text(st.characters(min_codepoint=32, exclude_categories=("Cs", "Z", "C")), min_size=1)


@given(
    make=text,
    model=text,
    ratios=st.tuples(rational, rational, rational),
    numbers=st.tuples(st.integers(1, 65534), st.integers(1, 65535), st.integers(0, 127)),
    order=st.sampled_from("<>"),
    big=st.booleans(),
)
def test_what_is_written_is_read(make, model, ratios, numbers, order, big):
    (exposure, aperture, focal_length), (iso, focal_length_35mm, flash) = ratios, numbers
    block = tiff(
        [(MAKE, ASCII, make.encode() + b"\0"), (MODEL, UTF8, model.encode() + b" \0")],
        [
            (EXPOSURE, RATIONAL, [exposure]),
            (F_NUMBER, RATIONAL, [aperture]),
            (FOCAL_LENGTH, RATIONAL, [focal_length]),
            (ISO, SHORT, (iso,)),
            (FOCAL_LENGTH_35MM, SHORT, (focal_length_35mm,)),
            (FLASH, SHORT, (flash,)),
            (DATE, ASCII, b"2012:03:04 05:06:07\0"),
        ],
        order,
        big=big,
    )
    record = RawRecord(
        source="file",
        make=make,
        model=model,
        exposure_num=exposure[0],
        exposure_den=exposure[1],
        aperture_num=aperture[0],
        aperture_den=aperture[1],
        iso=iso,
        focal_length_num=focal_length[0],
        focal_length_den=focal_length[1],
        focal_length_35mm=focal_length_35mm,
        flash=flash,
        date_time_original="2012:03:04 05:06:07",
    )
    for data in (block, png((b"eXIf", block)), webp((b"EXIF", block)), heic(block)):
        assert read_exif(data) == record
    assert RawRecord.from_json(record.to_json()) == record


@given(st.binary(max_size=200), st.sampled_from(sorted(FILES)))
def test_no_bytes_raise(junk, name):
    head = FILES[name][:24]
    for data in (junk, head + junk, FILES[name][: 24 + len(junk)] + junk):
        assert isinstance(read_exif(data), RawRecord)


def test_nothing_personal_is_in_a_record():
    words = ("gps", "serial", "owner", "artist", "copyright", "software", "host")
    assert not [name for name in asdict(NOTHING) if any(word in name for word in words)]


def test_the_exif_pointer_may_be_of_another_whole_number_type():
    block = bytearray(tiff([(MAKE, ASCII, b"Make\0")], [(ISO, SHORT, (100,))]))
    block[block.index(struct.pack("<HH", EXIF_IFD, LONG)) + 2] = 13
    assert read_exif(bytes(block)).iso == 100
