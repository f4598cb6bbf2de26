from __future__ import annotations

import io

import numpy as np
import piexif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, PngImagePlugin

from flickrexif.imaging import UnreadableImage, is_stripped, strip_metadata
from flickrexif.imaging.strip import jpeg_orientation

ICC = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def pixels(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


def segment(marker: int, payload: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(payload) + 2).to_bytes(2, "big") + payload


def after_soi(data: bytes, extra: bytes) -> bytes:
    return data[:2] + extra + data[2:]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"progressive": True},
        {"optimize": True},
        {"restart_marker_blocks": 2},
        {"subsampling": 0},
    ],
    ids=str,
)
def test_secrets_go_and_pixels_stay(make_jpeg, options):
    original = make_jpeg(comment=b"SECRET-COMMENT", icc_profile=ICC, **options)
    data = after_soi(original, segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0<x>SECRET-XMP</x>"))
    data = after_soi(data, segment(0xED, b"Photoshop 3.0\0SECRET-IPTC"))
    data = after_soi(data, segment(0xE2, b"MPF\0SECRET-MPF"))
    data += b"SECRET-TRAILER"
    assert data.count(b"SECRET") >= 6
    stripped = strip_metadata(data)
    assert b"SECRET" not in stripped
    assert b"Exif" not in stripped
    assert np.array_equal(pixels(stripped), pixels(original))
    with Image.open(io.BytesIO(stripped)) as image:
        assert image.info["icc_profile"] == ICC
        assert "jfif" in image.info
        assert not image.getexif()


def test_the_coded_scan_is_untouched(make_jpeg):
    data = make_jpeg()
    scan = data[data.rindex(b"\xff\xda") :]  # the thumbnail has one of its own
    assert strip_metadata(data).endswith(scan)


@pytest.mark.parametrize("orientation", range(2, 9))
def test_orientation_survives_alone(make_jpeg, orientation):
    stripped = strip_metadata(make_jpeg(orientation=orientation))
    tags = piexif.load(stripped)
    assert tags.pop("0th") == {piexif.ImageIFD.Orientation: orientation}
    assert not any(tags.values())
    assert jpeg_orientation(stripped) == orientation
    assert is_stripped(stripped)


def test_little_endian_orientation_is_read():
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x08\0\0\0\0\0\0\0"
    jpeg = io.BytesIO()
    Image.new("RGB", (8, 8)).save(jpeg, "JPEG")
    assert jpeg_orientation(after_soi(jpeg.getvalue(), segment(0xE1, exif))) == 8


def test_the_adobe_marker_stays_because_the_colours_depend_on_it():
    buffer = io.BytesIO()
    Image.new("CMYK", (16, 16), (10, 200, 30, 40)).save(buffer, "JPEG")
    data = buffer.getvalue()
    assert b"Adobe" in data
    assert np.array_equal(pixels(strip_metadata(data)), pixels(data))


def test_a_jfif_thumbnail_goes(make_jpeg):
    plain = make_jpeg(exif=False)
    jfif = b"JFIF\0\x01\x02\0\0\x48\0\x48\x01\x01SEC"  # one pixel of thumbnail: "SEC"
    length = int.from_bytes(plain[4:6], "big")
    stripped = strip_metadata(plain[:2] + segment(0xE0, jfif) + plain[4 + length :])
    assert b"SEC" not in stripped
    assert np.array_equal(pixels(stripped), pixels(plain))


def test_fill_bytes_before_markers_are_read_over(make_jpeg):
    data = make_jpeg(exif=False)
    assert strip_metadata(after_soi(data, b"\xff\xff\xff")) == strip_metadata(data)


def test_is_stripped_tells_both_states(make_jpeg):
    data = make_jpeg()
    assert not is_stripped(data)
    assert is_stripped(strip_metadata(data))


def test_png_text_and_exif_go():
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "SECRET-TEXT")
    text.add_itxt("XML:com.adobe.xmp", "SECRET-XMP")
    exif = Image.Exif()
    exif[0x010F] = "SECRET-MAKE"
    buffer = io.BytesIO()
    image = Image.new("RGB", (8, 8), (1, 2, 3))
    image.save(buffer, "PNG", pnginfo=text, exif=exif.tobytes(), icc_profile=ICC)
    stripped = strip_metadata(buffer.getvalue() + b"SECRET-TRAILER")
    assert buffer.getvalue().count(b"SECRET") == 3
    assert b"SECRET" not in stripped
    assert np.array_equal(pixels(stripped), pixels(buffer.getvalue()))
    assert is_stripped(stripped)
    with Image.open(io.BytesIO(stripped)) as opened:
        assert opened.info["icc_profile"] == ICC


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\xff\xd8", b"\xff\xd8\xff\xd9"], ids=repr)
def test_other_bytes_are_refused(data):
    with pytest.raises(UnreadableImage):
        strip_metadata(data)


def test_cut_off_files_are_refused(make_jpeg):
    data = make_jpeg()
    for end in (40, len(data) // 2, len(data) - 2):
        with pytest.raises(UnreadableImage):
            strip_metadata(data[:end])


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_damaged_bytes_raise_nothing_else_and_stripping_settles(make_jpeg, data):
    damaged = bytearray(make_jpeg(orientation=data.draw(st.sampled_from([1, 6]))))
    for _ in range(data.draw(st.integers(1, 10))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        once = strip_metadata(bytes(damaged))
    except UnreadableImage:
        return
    assert strip_metadata(once) == once


def test_a_segment_without_a_marker_is_no_scan(make_jpeg):
    damaged = bytearray(make_jpeg())
    damaged[3] = 0
    with pytest.raises(UnreadableImage, match="no JPEG marker at byte 2"):
        strip_metadata(bytes(damaged))


def test_real_files_lose_their_tags_and_keep_their_pixels(oracle):
    seen = 0
    for path in sorted((oracle / "exif" / "files").glob("*.jpg"))[:40]:
        data = path.read_bytes()
        try:
            before = pixels(data)
            stripped = strip_metadata(data)
        except (UnreadableImage, OSError):
            continue
        seen += 1
        assert np.array_equal(pixels(stripped), before), path.name
        with Image.open(io.BytesIO(stripped)) as image:
            assert set(image.getexif()) <= {0x0112}, path.name
    assert seen >= 10
