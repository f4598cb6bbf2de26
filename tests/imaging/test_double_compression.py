"""Whether a JPEG file was one before: textures of which all is known."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from flickrexif.imaging.double_compression import DoubleCompression, double_compression

HEIGHT, WIDTH = 360, 480
NOTHING, NONE_FOUND = DoubleCompression(), DoubleCompression(found=False)


def texture(seed: int, slope: float) -> Image.Image:
    """Noise whose spectrum falls as photos' do, with ``slope`` from 1 (rough) to 2 (smooth)."""
    random = np.random.default_rng(seed)
    down, across = np.fft.fftfreq(HEIGHT)[:, None], np.fft.rfftfreq(WIDTH)
    falling = (np.hypot(down, across) + 1 / WIDTH) ** -slope
    channels = [
        np.fft.irfft2(np.fft.rfft2(random.normal(size=(HEIGHT, WIDTH))) * falling) for _ in range(3)
    ]
    pixels = np.stack([128 + 50 * one / one.std() for one in channels], axis=-1)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def blurred(seed: int) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)


def saved(image: Image.Image, quality: int, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality, **options)
    return stream.getvalue()


def opened(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content)) as image:
        image.load()
    return image


TEXTURES = [texture(1, 1.0), texture(2, 1.3), texture(3, 1.6), blurred(4)]
SMALL = saved(TEXTURES[1].crop((0, 0, 240, 200)), 90)


@pytest.mark.parametrize("quality", [50, 60, 70, 75, 80, 85, 90, 92, 95, 98, 100])
def test_no_alarm_for_what_was_compressed_once(quality):
    found = [double_compression(saved(image, quality)) for image in TEXTURES]
    assert found == [NONE_FOUND] * len(TEXTURES)


@pytest.mark.parametrize(
    ("first", "second"),
    [(40, 75), (50, 90), (60, 75), (67, 75), (70, 92), (75, 85), (77, 85), (80, 90), (85, 90),
     (85, 95), (88, 100), (90, 95), (92, 98)],
)  # fmt: skip
def test_a_coarser_first_compression_is_found_within_2(first, second):
    for image in TEXTURES:
        hint = double_compression(saved(opened(saved(image, first)), second))
        assert hint.found is True
        assert abs(hint.first_quality - first) <= 2


@pytest.mark.parametrize(("first", "second"), [(95, 75), (90, 85), (98, 92), (90, 90)])
def test_a_finer_or_equal_first_compression_leaves_nothing_to_find(first, second):
    for image in TEXTURES:
        assert double_compression(saved(opened(saved(image, first)), second)) == NONE_FOUND


@pytest.mark.parametrize(
    "change",
    [
        lambda image: image.resize((WIDTH * 4 // 5, HEIGHT * 4 // 5)),
        lambda image: image.crop((3, 5, WIDTH, HEIGHT)),
    ],
    ids=["resized", "cropped off the grid"],
)
def test_a_change_of_the_grid_takes_the_first_compression_away(change):
    for image in TEXTURES:
        assert double_compression(saved(change(opened(saved(image, 70))), 90)) == NONE_FOUND


def test_a_crop_on_the_grid_does_not():
    cut = opened(saved(TEXTURES[0], 70)).crop((16, 8, WIDTH, HEIGHT))
    assert double_compression(saved(cut, 90)) == DoubleCompression(True, 70)


def test_the_middle_of_a_large_image_is_on_the_grid():
    large = Image.new("RGB", (1200, 1100), "gray")
    for left in (0, 400, 800):
        for top in (0, 360, 720):
            large.paste(texture(left + top, 1.2), (left, top))
    assert double_compression(saved(opened(saved(large, 70)), 90)).first_quality == 70
    assert double_compression(saved(large, 90)) == NONE_FOUND


@pytest.mark.parametrize("options", [{"progressive": True}, {"subsampling": 0}, {"optimize": True}])
def test_the_way_of_writing_does_not_matter(options):
    twice = saved(opened(saved(TEXTURES[1], 70)), 90, **options)
    assert double_compression(twice) == DoubleCompression(True, 70)


def test_gray_files_are_examined():
    gray = TEXTURES[0].convert("L")
    assert double_compression(saved(opened(saved(gray, 70)), 90)) == DoubleCompression(True, 70)
    assert double_compression(saved(gray, 90)) == NONE_FOUND


def test_tables_of_another_encoder_are_no_hindrance():
    table = [min(2 + (row + column) // 2, 9) for row in range(8) for column in range(8)]
    for image in TEXTURES:
        options = {"qtables": [table, table]}
        assert double_compression(saved(image, -1, **options)) == NONE_FOUND
        twice = double_compression(saved(opened(saved(image, 70)), -1, **options))
        assert twice == DoubleCompression(True, 70)


def with_a_step_of_zero(content: bytes) -> bytes:
    first = content.index(b"\xff\xdb") + 5
    return content[: first + 1] + b"\0" + content[first + 2 :]


def drawn() -> Image.Image:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return Image.fromarray(((rows + columns) % 256).astype(np.uint8))


def as_png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        saved(TEXTURES[0], 90)[:9000],
        as_png(TEXTURES[0]),
        saved(TEXTURES[0].convert("CMYK"), 90),
        saved(TEXTURES[0], 90, keep_rgb=True),
        saved(TEXTURES[0], 32),
        with_a_step_of_zero(saved(TEXTURES[0], 90)),
        saved(TEXTURES[0].crop((0, 0, 120, 90)), 90),
        saved(Image.new("RGB", (640, 480), "teal"), 90),
        *(saved(drawn(), quality) for quality in (50, 70, 85)),
    ],
    ids=["empty", "cut off", "PNG", "CMYK", "RGB", "low quality", "step 0", "small", "flat"]
    + ["drawn"] * 3,
)  # fmt: skip
def test_what_cannot_be_examined_is_null(content):
    assert double_compression(content) == NOTHING


def test_the_same_bytes_give_the_same_hint():
    twice = saved(opened(saved(TEXTURES[2], 61)), 83)
    assert len({double_compression(twice) for _ in range(3)}) == 1


@settings(max_examples=60)
@given(data=st.data())
def test_damage_never_raises(data):
    content = bytearray(SMALL)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(2, len(content) - 1) | st.integers(2, 640))
        content[place] = data.draw(st.integers(0, 255))
    hint = double_compression(bytes(content))
    assert (hint.first_quality is None) == (not hint.found)
