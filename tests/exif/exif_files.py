"""Hand-made EXIF blocks, and small files of every kind that carries one."""

from __future__ import annotations

import struct
import zlib

from flickrexif.exif import RawRecord

BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, SRATIONAL, DOUBLE = 1, 2, 3, 4, 5, 7, 10, 12
UTF8 = 129
CODES = {BYTE: "B", SHORT: "H", LONG: "L", RATIONAL: "LL", SRATIONAL: "ll", DOUBLE: "d"}
TEXTS = (ASCII, UNDEFINED, UTF8)

MAKE, MODEL, EXIF_IFD = 0x010F, 0x0110, 0x8769
EXPOSURE, F_NUMBER, ISO, DATE, FLASH = 0x829A, 0x829D, 0x8827, 0x9003, 0x9209
FOCAL_LENGTH, FOCAL_LENGTH_35MM = 0x920A, 0xA405


def packed(order, kind, values):
    if kind in TEXTS:
        return values, len(values)
    flat = [n for value in values for n in (value if isinstance(value, tuple) else (value,))]
    return struct.pack(order + CODES[kind] * len(values), *flat), len(values)


def directory(order, at, entries, *, big=False):
    """An IFD at offset ``at``: (tag, type, values) rows in order, their values behind it."""
    count, row, pointer = ("Q", "HHQ", "Q") if big else ("H", "HHL", "L")
    width = struct.calcsize("=" + pointer)
    entries = sorted(entries)
    begin = at + struct.calcsize("=" + count)
    tail_at = begin + len(entries) * (struct.calcsize("=" + row) + width) + width
    rows, tail = b"", b""
    for tag, kind, values in entries:
        content, number = packed(order, kind, values)
        place = content.ljust(width, b"\0")
        if len(content) > width:
            place = struct.pack(order + pointer, tail_at + len(tail))
            tail += content
        rows += struct.pack(order + row, tag, kind, number) + place
    return struct.pack(order + count, len(entries)) + rows + b"\0" * width + tail


def tiff(main=(), exif=None, order="<", *, at=None, exif_at=None, big=False):
    """A TIFF block: IFD0 at ``at``, the Exif IFD at ``exif_at`` or right behind it."""
    mark = {"<": b"II", ">": b"MM"}[order]
    head = mark + struct.pack(order + ("HHHQ" if big else "HL"), *((43, 8, 0) if big else (42,)), 0)
    start = at or len(head)
    head = head[: -8 if big else -4] + struct.pack(order + ("Q" if big else "L"), start)
    if exif is None:
        return head.ljust(start, b"\0") + directory(order, start, [*main], big=big)
    empty = directory(order, start, [*main, (EXIF_IFD, LONG, (0,))], big=big)
    second = exif_at or start + len(empty)
    first = directory(order, start, [*main, (EXIF_IFD, LONG, (second,))], big=big)
    behind = directory(order, second, [*exif], big=big)
    if second > start:
        return (head.ljust(start, b"\0") + first).ljust(second, b"\0") + behind
    return (head.ljust(second, b"\0") + behind).ljust(start, b"\0") + first


def segment(marker, content):
    return bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content


def app1(block):
    return segment(0xE1, b"Exif\0\0" + block)


def jpeg(*segments):
    return b"\xff\xd8" + b"".join(segments) + b"\xff\xda\0\x02\xff\xd9"


def webp(*chunks):
    body = b"WEBP" + b"".join(
        name + struct.pack("<L", len(content)) + content + b"\0" * (len(content) % 2)
        for name, content in chunks
    )
    return b"RIFF" + struct.pack("<L", len(body)) + body


def png(*chunks):
    parts = (struct.pack(">L", len(content)) + name + content + b"crc!" for name, content in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + b"\0\0\0\0IENDcrc!"


def raw_profile(block, name="exif"):
    """The text that ImageMagick wrote: a type, a length, and hexadecimal in lines of 72."""
    digits = (b"Exif\0\0" + block).hex()
    lines = [digits[at : at + 72] for at in range(0, len(digits), 72)]
    return "\n".join(["", name, f"{len(digits) // 2:8}", *lines, ""]).encode()


def raw_profile_chunk(kind, block, name="exif"):
    keyword, text = f"Raw profile type {name}".encode(), raw_profile(block, name)
    heads = {b"tEXt": b"\0", b"zTXt": b"\0\0", b"iTXt": b"\0\1\0\0\0"}
    return kind, keyword + heads[kind] + (text if kind == b"tEXt" else zlib.compress(text))


def box(kind, content):
    return struct.pack(">L4s", len(content) + 8, kind) + content


def jp2(*boxes):
    return box(b"jP  ", b"\r\n\x87\n") + box(b"ftyp", b"jp2 \0\0\0\0jp2 ") + b"".join(boxes)


def jxl(*boxes):
    return box(b"JXL ", b"\r\n\x87\n") + box(b"ftyp", b"jxl \0\0\0\0jxl ") + b"".join(boxes)


def heic(block, *, extents=1, gap=b"", in_meta=False, locations=1):
    """A HEIC whose one EXIF item stands behind ``gap`` in so many extents, listed so often."""
    item = struct.pack(">L", 6) + b"Exif\0\0" + block
    step = -(-len(item) // extents)
    sizes = [len(item[n * step : (n + 1) * step]) for n in range(extents)]
    entry = box(b"infe", b"\2\0\0\0" + struct.pack(">HH4sB", 1, 0, b"Exif", 0))
    iinf = box(b"iinf", b"\0\0\0\0" + struct.pack(">H", 1) + entry)

    def meta(at):
        places = b"".join(struct.pack(">LL", at + n * step, size) for n, size in enumerate(sizes))
        place = struct.pack(">HHHH", 1, int(in_meta), 0, extents) + places
        iloc = b"\1\0\0\0" + struct.pack(">HH", 0x4400, locations) + place * locations
        idat = box(b"idat", item) if in_meta else b""
        return box(b"meta", b"\0\0\0\0" + iinf + box(b"iloc", iloc) + idat)

    head = box(b"ftyp", b"heic\0\0\0\0heic")
    if in_meta:
        return head + meta(0)
    behind = len(head) + len(meta(0)) + 8 + len(gap)
    return head + meta(behind) + box(b"mdat", gap + item)


MAIN = [(MAKE, ASCII, b"Canon\0"), (MODEL, ASCII, b"Canon EOS 40D\0")]
SETTINGS = [
    (EXPOSURE, RATIONAL, [(10, 600)]),
    (F_NUMBER, RATIONAL, [(56, 10)]),
    (ISO, SHORT, (400,)),
    (DATE, ASCII, b"2012:03:04 05:06:07\0"),
    (FLASH, SHORT, (16,)),
    (FOCAL_LENGTH, RATIONAL, [(35, 1)]),
    (FOCAL_LENGTH_35MM, SHORT, (56,)),
]
FULL = tiff(MAIN, SETTINGS)
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
"""What `FULL` says."""

XMP = segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta/>")
VP8X = (b"VP8X", bytes((0x08, 0, 0, 0, 9, 0, 0, 9, 0, 0)))
LONG_FULL = tiff(MAIN, SETTINGS, exif_at=75_000)


def split_app1(block):
    """A block too long for one segment, as exiftool writes it."""
    first = 0xFFFF - 2 - 6
    return app1(block[:first]) + app1(block[first:])


FILES = {
    "jpeg": jpeg(app1(FULL)),
    "jpeg-big-endian": jpeg(app1(tiff(MAIN, SETTINGS, ">"))),
    "jpeg-after-xmp": jpeg(segment(0xE0, b"JFIF\0"), XMP, app1(FULL)),
    "jpeg-two-segments": jpeg(split_app1(LONG_FULL)),
    "tiff": FULL,
    "tiff-pixels-first": tiff(MAIN, SETTINGS, at=300_000, exif_at=200_000),
    "bigtiff": tiff(MAIN, SETTINGS, big=True),
    "bigtiff-big-endian": tiff(MAIN, SETTINGS, ">", big=True),
    "png": png((b"IHDR", bytes(13)), (b"eXIf", FULL), (b"IDAT", bytes(900))),
    "png-exif-last": png((b"IHDR", bytes(13)), *[(b"IDAT", bytes(8192))] * 40, (b"eXIf", FULL)),
    "png-text": png((b"IHDR", bytes(13)), raw_profile_chunk(b"tEXt", FULL)),
    "png-compressed": png((b"IHDR", bytes(13)), raw_profile_chunk(b"zTXt", FULL, "APP1")),
    "png-international": png((b"IHDR", bytes(13)), raw_profile_chunk(b"iTXt", FULL)),
    "webp": webp(VP8X, (b"VP8 ", bytes(900)), (b"EXIF", FULL)),
    "webp-prefix": webp(VP8X, (b"ALPH", b"odd"), (b"EXIF", b"Exif\0\0" + FULL)),
    "webp-far": webp(VP8X, (b"VP8 ", bytes(500_000)), (b"EXIF", FULL)),
    "heic": heic(FULL),
    "heic-far": heic(FULL, gap=bytes(500_000)),
    "heic-extents": heic(FULL, extents=3),
    "heic-in-meta": heic(FULL, in_meta=True),
    "jp2": jp2(box(b"uuid", b"JpgTiffExif->JP2" + FULL), box(b"jp2c", bytes(900))),
    "jp2-photoshop": jp2(box(b"uuid", bytes.fromhex("0537cdab9d0c4431a72afa561f2a113e") + FULL)),
    "jp2-prefix": jp2(box(b"uuid", b"JpgTiffExif->JP2Exif\0\0" + FULL)),
    "jxl": jxl(box(b"jxlc", bytes(900)), box(b"Exif", b"\0\0\0\0" + FULL)),
}  # fmt: skip
