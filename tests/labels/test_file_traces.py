"""What a file's header gives away."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pillow_heif
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms
from small_corpora import jpeg

from flickrexif.imaging.jpeg_tables import CHROMA, LUMA, scaled_table
from flickrexif.labels.photos import IMAGE_SCHEMA, TRACES
from flickrexif.labels.traces import Traces, read_traces

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def saved(image, form, **options):
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(depth, colour, *, channels):
    """A PNG of 4 x 4 pixels, for Pillow writes no 16-bit colour."""
    row = bytes(1 + (4 * depth * channels + 7) // 8)
    palette = chunk(b"PLTE", bytes(6)) if colour == 3 else b""
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 4, depth, colour, 0, 0, 0))
        + palette
        + chunk(b"IDAT", zlib.compress(row * 4))
        + chunk(b"IEND", b"")
    )


def heic(*, depth=8, mode="RGB", chroma=420, **options):
    bytes_each, channels = (1 if depth == 8 else 2), (3 if mode[0] == "R" else 1)
    pixels = bytes(64 * 64 * channels * bytes_each)
    stream = io.BytesIO()
    file = pillow_heif.from_bytes(mode, (64, 64), pixels)
    file.save(stream, chroma=chroma, **options)
    return stream.getvalue()


@pytest.mark.parametrize("quality", [1, 25, 49, 50, 51, 75, 90, 95, 100])
def test_libjpegs_qualities_are_recognised(quality):
    told = read_traces(jpeg(1, quality=quality))
    found = (told.jpeg_quality, told.jpeg_quality_exact, told.jpeg_quality_residual)
    assert found == (quality, True, 0)


def test_other_tables_have_a_nearest_quality_and_say_so():
    table = [3] * 63 + [4]
    told = read_traces(saved(Image.new("RGB", (16, 16)), "JPEG", qtables=[table, table]))
    assert told.jpeg_quality_exact is False
    assert told.jpeg_quality == 98
    nearest = [*scaled_table(LUMA, 98), *scaled_table(CHROMA, 98)]
    assert told.jpeg_quality_residual == np.abs(np.subtract(nearest, table * 2)).mean()
    assert told.jpeg_tables != read_traces(jpeg(1, quality=98)).jpeg_tables


def test_the_tables_hash_is_of_the_encoder_not_of_the_image():
    tables = {read_traces(jpeg(number, quality=85)).jpeg_tables for number in range(5)}
    assert len(tables) == 1
    assert len(tables.pop()) == 16
    subsampled = [read_traces(jpeg(1, subsampling=code)).jpeg_tables for code in (0, 1, 2)]
    assert len(set(subsampled)) == 1


@pytest.mark.parametrize(("code", "name"), [(0, "4:4:4"), (1, "4:2:2"), (2, "4:2:0")])
def test_subsampling(code, name):
    assert read_traces(jpeg(1, subsampling=code)).chroma_subsampling == name


def test_gray():
    told = read_traces(saved(Image.new("L", (16, 16)), "JPEG", quality=80))
    assert (told.jpeg_quality, told.jpeg_quality_exact) == (80, True)
    assert (told.chroma_subsampling, told.icc_profile, told.bit_depth) == ("gray", None, 8)


def test_a_missing_table_leaves_the_other_facts():
    content = jpeg(1, quality=80, icc_profile=PROFILE)
    first = content.index(b"\xff\xdb")
    size = int.from_bytes(content[first + 2 : first + 4], "big")
    told = read_traces(content[:first] + content[first + 2 + size :])
    assert told == Traces(chroma_subsampling="4:2:0", icc_profile="sRGB built-in", bit_depth=8)


def test_nothing_behind_the_header_is_looked_at():
    content = jpeg(1, quality=88, icc_profile=PROFILE)
    scan = content.index(b"\xff\xda")
    header = content[: scan + 2 + int.from_bytes(content[scan + 2 : scan + 4], "big")]
    assert len(header) < len(content)
    assert read_traces(header) == read_traces(content) != Traces()


@pytest.mark.parametrize(
    ("content", "depth"),
    [
        (png(1, 0, channels=1), 1),
        (png(8, 2, channels=3), 8),
        (png(16, 2, channels=3), 16),
        (png(16, 6, channels=4), 16),
        (png(16, 0, channels=1), 16),
        (png(4, 3, channels=1), 4),
        (saved(Image.new("1", (8, 8)), "TIFF"), 1),
        (saved(Image.new("RGB", (8, 8)), "TIFF"), 8),
        (saved(Image.fromarray(np.zeros((8, 8), np.uint16)), "TIFF"), 16),
        (saved(Image.new("F", (8, 8)), "TIFF"), 32),
        (saved(Image.new("RGB", (8, 8)), "WEBP"), 8),
        (heic(), 8),
        (heic(depth=16, mode="RGB;16"), 10),
        (saved(Image.new("RGB", (16, 16)), "GIF"), None),
        (saved(Image.new("RGB", (16, 16)), "BMP"), None),
    ],
)
def test_bit_depth_is_what_the_file_stores(content, depth):
    told = read_traces(content)
    assert told.bit_depth == depth
    assert (told.jpeg_quality, told.jpeg_quality_exact, told.jpeg_tables) == (None, None, None)


@pytest.mark.parametrize(("chroma", "name"), [(420, "4:2:0"), (422, "4:2:2"), (444, "4:4:4")])
def test_heic(chroma, name):
    told = read_traces(heic(chroma=chroma, icc_profile=PROFILE))
    assert told == Traces(chroma_subsampling=name, icc_profile="sRGB built-in", bit_depth=8)
    gray = [read_traces(heic(mode="L")), read_traces(heic(mode="L;16", depth=16))]
    assert [(one.chroma_subsampling, one.bit_depth) for one in gray] == [("gray", 8), ("gray", 10)]


def test_depths_that_differ_or_are_absurd_are_unknown():
    content = saved(Image.new("RGB", (8, 8)), "TIFF")
    depths = struct.pack("<3H", 8, 8, 8)
    assert content.count(depths) == 1
    for others in ((8, 8, 5), (999, 999, 999)):
        assert read_traces(content.replace(depths, struct.pack("<3H", *others))).bit_depth is None


@pytest.mark.parametrize("content", [b"", b"\xff\xd8", b"not an image", jpeg(1)[:40], heic()[:60]])
def test_damage_is_nothing(content):
    assert read_traces(content) == Traces()


SOUND = [
    jpeg(1, icc_profile=PROFILE),
    jpeg(2, progressive=True),
    png(16, 2, channels=3),
    saved(Image.new("RGB", (8, 8)), "TIFF", icc_profile=PROFILE),
    saved(Image.new("RGB", (8, 8)), "WEBP", icc_profile=PROFILE),
    saved(Image.new("P", (8, 8)), "GIF"),
    heic(icc_profile=PROFILE),
]


@settings(max_examples=300)
@given(data=st.data())
def test_damage_never_raises_and_what_is_told_fits_the_columns(data):
    content = bytearray(data.draw(st.sampled_from(SOUND)))
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    told = read_traces(bytes(content[: data.draw(st.none() | st.integers(0, len(content)))]))
    values = {name: [getattr(told, name)] for name in TRACES}
    pl.DataFrame(values, schema={name: IMAGE_SCHEMA[name] for name in TRACES}, strict=True)
    if told.jpeg_quality is not None:
        assert 1 <= told.jpeg_quality <= 100
        assert told.jpeg_quality_exact == (told.jpeg_quality_residual == 0)
