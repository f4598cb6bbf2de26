from __future__ import annotations

import io
import pickle
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from flickrexif.imaging import REFUSALS, UnreadableImage, decode_rgb
from flickrexif.imaging.decode import MAX_PIXELS


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def noise(width: int, height: int) -> Image.Image:
    rng = np.random.default_rng(width * height)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


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


def chunk(name: bytes, payload: bytes) -> bytes:
    checked = name + payload
    return struct.pack(">I", len(payload)) + checked + struct.pack(">I", zlib.crc32(checked))


def test_16_bit_colours_keep_their_high_byte():
    header = struct.pack(">IIBBBBB", 1, 1, 16, 2, 0, 0, 0)
    pixel = zlib.compress(b"\0" + bytes.fromhex("12ff 34ff 56ff"))
    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", pixel) + chunk(b"IEND", b"")
    assert decode_rgb(b"\x89PNG\r\n\x1a\n" + chunks).getpixel((0, 0)) == (0x12, 0x34, 0x56)


def test_a_transparent_palette_shows_the_colour_beneath():
    image = Image.new("P", (2, 2), 3)
    image.putpalette([0, 0, 0] * 3 + [200, 100, 50])
    assert decode_rgb(encoded(image, transparency=3)).getpixel((0, 0)) == (200, 100, 50)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF", "MPO"])
def test_of_many_frames_the_first_is_taken(kind):
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("#ff0000", "#00ff00")]
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    with Image.open(io.BytesIO(data)) as image:
        assert image.n_frames == 2
    assert decode_rgb(data).getpixel((8, 8))[0] > 250


@pytest.mark.parametrize(
    "image", [Image.new("F", (2, 2), 0.5), Image.new("I", (2, 2), 70_000)], ids=["F", "I"]
)
def test_pixels_without_a_stated_range_are_refused(image):
    with pytest.raises(UnreadableImage, match=f"mode {image.mode}") as caught:
        decode_rgb(encoded(image, "TIFF"))
    assert caught.value.refusal == "pixels without a stated range"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"])
def test_truncated_files_are_refused(kind):
    data = encoded(noise(64, 48), kind)
    assert decode_rgb(data).size == (64, 48)
    with pytest.raises(UnreadableImage) as caught:
        decode_rgb(data[: len(data) // 2])
    assert caught.value.refusal in {"truncated", "damaged", "unknown or damaged format"}


def test_a_truncated_jpeg_is_told_as_one(make_jpeg):
    with pytest.raises(UnreadableImage) as caught:
        decode_rgb(make_jpeg()[:-300])
    assert caught.value.refusal == "truncated"


@pytest.mark.parametrize("kind", ["EPS", "PPM", "ICO"])
def test_other_formats_are_refused(kind):
    with pytest.raises(UnreadableImage) as caught:
        decode_rgb(encoded(noise(16, 16), kind))
    assert caught.value.refusal == "unknown or damaged format"


@pytest.mark.parametrize("kind", ["JPEG", "MPO", "PNG", "TIFF"])
def test_nothing_but_pixels_is_left(kind, make_jpeg):
    with Image.open(io.BytesIO(make_jpeg(orientation=6))) as image:
        data = encoded(image, kind, exif=image.info["exif"])
    assert b"SECRET" in data
    for again in ("JPEG", "PNG", "TIFF", "WEBP"):
        assert b"SECRET" not in encoded(decode_rgb(data), again)


def test_bombs_are_refused():
    # a PNG header that promises 2 gigapixels
    header = bytearray(encoded(Image.new("1", (8, 8))))
    header[16:24] = (50_000).to_bytes(4, "big") + (50_000).to_bytes(4, "big")
    with pytest.raises(UnreadableImage):
        decode_rgb(bytes(header))  # the header's checksum fails as well


def test_a_raised_limit_of_pillow_changes_nothing(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    with pytest.raises(UnreadableImage) as caught:
        decode_rgb(encoded(Image.new("1", (20_000, MAX_PIXELS // 20_000 + 1))))
    assert caught.value.refusal == "too large"


def test_bomb_of_sound_structure_is_refused_by_its_size():
    data = encoded(Image.new("1", (20_000, 9_500)))
    with pytest.raises(UnreadableImage, match="too large"):
        decode_rgb(data)


def test_nonsense_is_refused_with_a_reason():
    with pytest.raises(UnreadableImage) as caught:
        decode_rgb(b"<html>not found</html>")
    assert caught.value.reason == "unknown or damaged format"


def test_the_reason_survives_a_process_border():
    again = pickle.loads(pickle.dumps(UnreadableImage("damaged", "a hole")))
    assert (again.refusal, again.reason) == ("damaged", "damaged: a hole")


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
    except UnreadableImage as error:
        refusal = error.refusal
    else:
        refusal = None
        assert image.mode == "RGB"
    assert refusal is None or refusal in REFUSALS
