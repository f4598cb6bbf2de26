"""What is read from hand-made EXIF blocks, and where containers keep them."""

from __future__ import annotations

import struct

import pytest

from flickrexif.exif import RawRecord, needs_more, read_exif
from flickrexif.exif.containers import tiff_blocks

ASCII, SHORT, RATIONAL, UNDEFINED, DOUBLE = 2, 3, 5, 7, 12
EXIF_IFD = 0x8769


def pack(order, kind, values):
    if kind in (ASCII, UNDEFINED):
        return values
    if kind == RATIONAL:
        return struct.pack(f"{order}{len(values) * 2}L", *(n for pair in values for n in pair))
    return struct.pack(f"{order}{len(values)}{'H' if kind == SHORT else 'd'}", *values)


def directory(order, at, entries):
    """An IFD at offset ``at``: (tag, type, values) rows, values behind it."""
    entries = sorted(entries)
    tail_at = at + 2 + 12 * len(entries) + 4
    rows, tail = b"", b""
    for tag, kind, values in entries:
        content = pack(order, kind, values)
        count = len(content) if kind in (ASCII, UNDEFINED) else len(values)
        if len(content) > 4:
            place = struct.pack(f"{order}L", tail_at + len(tail))
            tail += content
        else:
            place = content.ljust(4, b"\0")
        rows += struct.pack(f"{order}HHL", tag, kind, count) + place
    return struct.pack(f"{order}H", len(entries)) + rows + b"\0\0\0\0" + tail


def tiff(main=(), exif=None, order="<"):
    magic = b"II*\0" if order == "<" else b"MM\0*"
    head = magic + struct.pack(f"{order}L", 8)
    if exif is None:
        return head + directory(order, 8, list(main))
    empty = directory(order, 8, [*main, (EXIF_IFD, SHORT, (0,))])
    at = 8 + len(empty)
    main_ifd = directory(order, 8, [*main, (EXIF_IFD, SHORT, (at,))])
    return head + main_ifd + directory(order, at, list(exif))


def segment(marker, content):
    return bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content


def jpeg(*segments):
    return b"\xff\xd8" + b"".join(segments) + b"\xff\xda\0\x02\xff\xd9"


def app1(block):
    return segment(0xE1, b"Exif\0\0" + block)


def webp(*chunks):
    body = b"WEBP" + b"".join(
        name + struct.pack("<L", len(content)) + content + b"\0" * (len(content) % 2)
        for name, content in chunks
    )
    return b"RIFF" + struct.pack("<L", len(body)) + body


FULL = tiff(
    [(0x010F, ASCII, b"Canon\0"), (0x0110, ASCII, b"Canon EOS 40D\0")],
    [
        (0x829A, RATIONAL, [(10, 600)]),
        (0x829D, RATIONAL, [(56, 10)]),
        (0x8827, SHORT, (400,)),
        (0x9003, ASCII, b"2012:03:04 05:06:07\0"),
        (0x9209, SHORT, (16,)),
        (0x920A, RATIONAL, [(35, 1)]),
        (0xA405, SHORT, (56,)),
    ],
)
FULL_RECORD = RawRecord(
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
XMP = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>")
VP8X = (b"VP8X", bytes((0x08, 0, 0, 0, 9, 0, 0, 9, 0, 0)))


@pytest.mark.parametrize(
    "data",
    [
        FULL,
        jpeg(app1(FULL)),
        jpeg(XMP, XMP, app1(FULL)),
        jpeg(segment(0xE0, b"JFIF\0"), segment(0xE2, b"x" * 65_000), app1(FULL)),
        b"\xff\xd8\xff\xff\xff" + app1(FULL) + b"\xff\xd9",
        jpeg(app1(b"no TIFF here"), app1(FULL)),
        jpeg(app1(FULL), app1(tiff([(0x010F, ASCII, b"Second\0")]))),
        b"\xff\xd8" + app1(FULL)[:2] + b"\xff\xfe" + app1(FULL)[4:],
        webp(VP8X, (b"EXIF", FULL)),
        webp(VP8X, (b"ALPH", b"odd"), (b"EXIF", b"Exif\0\0" + FULL)),
        b"\x89PNG\r\n\x1a\n" + struct.pack(">L", len(FULL)) + b"eXIf" + FULL + b"\0\0\0\0",
        b"\0\0\0\x0cjP  \r\n\x87\n" + struct.pack(">L", 24 + len(FULL)) + b"uuid"
        + b"JpgTiffExif->JP2" + FULL,
    ],
    ids=["tiff", "jpeg", "after-xmp", "far", "fill", "after-junk", "first-wins", "long-length",
         "webp", "webp-prefix", "png", "jp2"],
)  # fmt: skip
def test_where_the_block_stands(data):
    assert read_exif(data) == FULL_RECORD


def test_both_byte_orders():
    main = [(0x010F, ASCII, b"A Make\0")]
    assert read_exif(tiff(main, order=">")) == read_exif(tiff(main)) != RawRecord("file")


def settings(*entries):
    return read_exif(tiff([(0x010F, ASCII, b"Make\0")], entries))


@pytest.mark.parametrize("value", [(0, 10), (10, 0), (0, 0)])
def test_zeros_and_divisions_by_zero_are_unknown(value):
    record = settings(*((tag, RATIONAL, [value]) for tag in (0x829A, 0x829D, 0x920A)))
    assert record == RawRecord("file", make="Make")
    zeros = settings((0x8827, SHORT, (0,)), (0xA405, SHORT, (0,)), (0x9209, SHORT, (0,)))
    assert zeros == RawRecord("file", make="Make", flash=0)


def test_a_double_is_made_a_ratio():
    assert settings((0x829A, DOUBLE, (0.004,))).exposure_den == 250
    assert settings((0x829A, DOUBLE, (float("nan"),))).exposure_den is None
    assert settings((0x829A, DOUBLE, (1e300,))).exposure_den is None


def test_the_first_of_two_values_counts():
    record = settings((0x8827, SHORT, (200, 0)), (0x9209, SHORT, (16, 0)))
    assert (record.iso, record.flash) == (200, 16)


def test_an_iso_that_does_not_fit():
    overflow, kind = (0x8827, SHORT, (65535,)), (0x8830, SHORT, (2,))
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
    ],
)
@pytest.mark.parametrize("kind", [ASCII, UNDEFINED])
def test_texts(stored, text, kind):
    assert read_exif(tiff([(0x010F, kind, stored), (0x0110, ASCII, b"M\0")])).make == text


def test_settings_in_the_main_directory():
    exposure = (0x829A, RATIONAL, [(1, 50)])
    assert read_exif(tiff([exposure])).exposure_den == 50
    assert read_exif(tiff([exposure], [(0x8827, SHORT, (100,))])).exposure_den is None


def test_a_cut_block_tells_how_much_it_needs():
    data = jpeg(XMP, app1(FULL)) + b"pixels" * 1000
    end = len(jpeg(XMP, app1(FULL))) - 6
    assert needs_more(data[: end - 10]) == end
    assert needs_more(data[:end]) is None
    assert needs_more(jpeg(XMP)) is None
    assert needs_more(jpeg(segment(0xE2, b"x" * 60_000))[:1000]) > 60_000


def test_a_file_that_names_many_blocks_is_given_up():
    blocks = [app1(tiff([(0x010F, ASCII, b"%d\0" % number)])) for number in range(50)]
    assert len(list(tiff_blocks(jpeg(*blocks)))) == 8
