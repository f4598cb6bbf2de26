from __future__ import annotations

import io
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from flickrexif.errors import UsageError
from flickrexif.imaging import UnreadableImage, decode_rgb, resize_and_crop


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def gradient(width: int, height: int) -> Image.Image:
    rows, columns = np.indices((height, width))
    stacked = np.stack([rows * 5 % 256, columns * 7 % 256, (rows + columns) % 256], axis=2)
    return Image.fromarray(stacked.astype(np.uint8))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_as_every_viewer_does(make_jpeg, orientation):
    data = make_jpeg(orientation=orientation)
    with Image.open(io.BytesIO(data)) as image:
        expected = ImageOps.exif_transpose(image).convert("RGB")
    assert np.array_equal(np.asarray(decode_rgb(data)), np.asarray(expected))


def test_orientation_6_turns_a_known_corner():
    image = Image.new("RGB", (4, 2))
    image.putpixel((0, 0), (255, 0, 0))
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = decode_rgb(encoded(image, exif=exif.tobytes()))
    assert upright.size == (2, 4)
    assert upright.getpixel((1, 0)) == (255, 0, 0)


def test_an_xmp_orientation_is_not_applied(make_jpeg):
    xmp = b'http://ns.adobe.com/xap/1.0/\0<x tiff:Orientation="6"/>'
    plain = make_jpeg(exif=False)
    segment = b"\xff\xe1" + (len(xmp) + 2).to_bytes(2, "big") + xmp
    assert decode_rgb(plain[:2] + segment + plain[2:]).size == (96, 64)


def test_a_damaged_exif_block_leaves_the_photo_readable(make_jpeg):
    data = make_jpeg(orientation=6)
    start = data.index(b"Exif\0\0") + 6
    damaged = data[:start] + b"\xff" * 40 + data[start + 40 :]
    assert decode_rgb(damaged).size == (96, 64)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.new("L", (2, 2), 77), (77, 77, 77)),
        (Image.new("RGBA", (2, 2), (9, 8, 7, 0)), (9, 8, 7)),
        (Image.new("P", (2, 2), 0), (0, 0, 0)),
        (Image.new("1", (2, 2), 1), (255, 255, 255)),
        (Image.fromarray(np.full((2, 2), 0x80FF, dtype=np.uint16)), (128, 128, 128)),
    ],
    ids=["grey", "transparent", "palette", "bilevel", "16 bit grey keeps the high byte"],
)
def test_modes_become_rgb_by_the_stated_rules(image, expected):
    assert decode_rgb(encoded(image)).getpixel((0, 0)) == expected


def test_cmyk_becomes_rgb():
    decoded = decode_rgb(encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"))
    assert decoded.mode == "RGB"
    red, green, blue = decoded.getpixel((4, 4))
    assert red > 240
    assert max(green, blue) < 15


def test_floating_pixels_are_refused():
    with pytest.raises(UnreadableImage, match="mode F"):
        decode_rgb(encoded(Image.new("F", (2, 2), 0.5), "TIFF"))


def test_truncated_files_are_refused(make_jpeg):
    data = make_jpeg()
    with pytest.raises(UnreadableImage, match="truncated"):
        decode_rgb(data[: len(data) - 300])


def test_bombs_are_refused():
    # a PNG header that promises 2 gigapixels
    header = bytearray(encoded(Image.new("1", (8, 8))))
    header[16:24] = (50_000).to_bytes(4, "big") + (50_000).to_bytes(4, "big")
    with pytest.raises(UnreadableImage):
        decode_rgb(bytes(header))


def test_bomb_of_sound_structure_is_refused_by_its_size():
    data = encoded(Image.new("1", (20_000, 9_500)))
    with pytest.raises(UnreadableImage, match="DecompressionBomb"):
        decode_rgb(data)


def test_nonsense_is_refused_with_a_reason():
    with pytest.raises(UnreadableImage) as caught:
        decode_rgb(b"<html>not found</html>")
    assert caught.value.reason == "unknown or damaged format"


def test_the_reason_survives_a_process_border():
    assert pickle.loads(pickle.dumps(UnreadableImage("why"))).reason == "why"


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damaged_bytes_raise_nothing_else(make_jpeg, data):
    whole = make_jpeg()
    damaged = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for _ in range(data.draw(st.integers(0, 8))):
        if damaged:
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        image = decode_rgb(bytes(damaged))
    except UnreadableImage:
        return
    assert image.mode == "RGB"


@settings(deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 64))
def test_crops_are_square(width, height, size):
    assert resize_and_crop(Image.new("RGB", (width, height)), size, "bilinear").size == (size, size)


def test_an_image_of_the_right_size_is_untouched():
    image = gradient(32, 32)
    assert np.array_equal(np.asarray(resize_and_crop(image, 32)), np.asarray(image))


@pytest.mark.parametrize(
    ("width", "height", "box"),
    [
        (37, 32, (2, 0, 34, 32)),  # 2.5 is rounded to even: 2, not 3
        (39, 32, (4, 0, 36, 32)),  # 3.5 becomes 4
        (32, 37, (0, 2, 32, 34)),
        (45, 32, (6, 0, 38, 32)),  # 6.5 becomes 6
    ],
)
def test_the_crop_starts_at_the_rounded_half(width, height, box):
    image = gradient(width, height)
    assert np.array_equal(np.asarray(resize_and_crop(image, 32)), np.asarray(image.crop(box)))


def test_the_longer_side_is_cut_to_whole_pixels():
    # 20 * 101 / 64 = 31.56: the longer side is 31, not 32
    image = gradient(101, 64)
    resized = image.resize((31, 20), Image.Resampling.BICUBIC)
    assert math.floor(20 * 101 / 64) == 31
    expected = resized.crop((6, 0, 26, 20))  # (31 - 20) / 2 = 5.5 becomes 6
    assert np.array_equal(np.asarray(resize_and_crop(image, 20)), np.asarray(expected))


def test_interpolations_differ_and_unknown_ones_are_refused():
    image = gradient(101, 64)
    bicubic, bilinear = (
        np.asarray(resize_and_crop(image, 20, how)) for how in ("bicubic", "bilinear")
    )
    assert not np.array_equal(bicubic, bilinear)
    with pytest.raises(UsageError, match=r"'lanczos'.*bicubic, bilinear"):
        resize_and_crop(image, 20, "lanczos")
    with pytest.raises(UsageError, match="crop 0"):
        resize_and_crop(image, 0)
