from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from flickrexif.errors import UsageError
from flickrexif.imaging import Crop, UnreadableImage, resize_and_crop


def gradient(width: int, height: int) -> Image.Image:
    rows, columns = np.indices((height, width))
    stacked = np.stack([rows * 5 % 256, columns * 7 % 256, (rows + columns) % 256], axis=2)
    return Image.fromarray(stacked.astype(np.uint8))


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


def test_a_thread_that_would_become_a_bomb_is_refused():
    with pytest.raises(UnreadableImage, match="20000 x 1 px") as caught:
        resize_and_crop(Image.new("RGB", (20_000, 1)), 448)
    assert caught.value.refusal == "too large"


def test_crops_are_words_that_can_be_compared():
    assert Crop(224) == Crop(224, "bicubic")
    assert len({Crop(224), Crop(224, "bilinear"), Crop(256)}) == 3
