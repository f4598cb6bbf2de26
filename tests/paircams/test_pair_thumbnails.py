"""Thumbnails tell copies of a picture from other pictures, and hashes find them quickly."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pair_scenes import camera_view, jpeg, phone_view
from PIL import Image

from paircams.grey import grey_image
from paircams.limits import PROFILES
from paircams.matching.features import ORB_SIDE
from paircams.thumbnail import Thumbnail, close_hashes

LIMITS = PROFILES["paper"]


def thumbnail(file: bytes) -> Thumbnail:
    with Image.open(io.BytesIO(file)) as image:
        return Thumbnail.of(grey_image(image, ORB_SIDE))


@pytest.mark.parametrize("quality", [30, 60, 95])
@pytest.mark.parametrize("shrink", [1, 2, 3])
def test_a_picture_saved_again_stays_below_the_limit(quality: int, shrink: int) -> None:
    for seed in range(8):
        view = phone_view(seed)
        small = view.resize((view.width // shrink, view.height // shrink))
        again = thumbnail(jpeg(small, quality=quality))
        assert thumbnail(jpeg(view)).difference(again) < LIMITS.same_picture_difference


def test_two_views_of_a_scene_stay_above_the_limit() -> None:
    for seed in range(8):
        phone, camera = thumbnail(jpeg(phone_view(seed))), thumbnail(jpeg(camera_view(seed)))
        assert phone.difference(camera) > LIMITS.same_picture_difference


def test_flat_pictures_are_compared_with_nothing() -> None:
    grey = thumbnail(jpeg(Image.new("L", (300, 200), 128)))
    assert grey.difference(grey) == float("inf")


def test_a_jpeg_cut_short_is_noticed_although_it_is_decoded_small() -> None:
    big = phone_view(1).resize((2400, 1800))
    whole = jpeg(big)
    thumbnail(whole)
    with pytest.raises(OSError, match="truncated"):
        thumbnail(whole[: len(whole) * 9 // 10])


@given(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 15), max_size=20), st.integers(0, 64))
def test_close_hashes_are_those_of_a_plain_search(hashes: list[int], bits: int) -> None:
    expected = [
        (i, j)
        for i, a in enumerate(hashes)
        for j, b in enumerate(hashes)
        if i < j and (a ^ b).bit_count() <= bits
    ]
    found = close_hashes(np.array(hashes, dtype=np.uint64), bits)
    assert [tuple(pair) for pair in found.tolist()] == expected
