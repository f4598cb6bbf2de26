from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flickrexif.errors import UsageError
from flickrexif.imaging import MaskSpec, achieved_ratio, apply, visible

GEOMETRIES = ("center", "border", "random_patches", "checkerboard")
FILLS = ("zero", "mean", "noise", "#12ab7f")

specs = st.builds(
    MaskSpec,
    geometry=st.sampled_from(GEOMETRIES),
    ratio=st.floats(0, 1),
    fill=st.sampled_from(FILLS),
    patch=st.integers(1, 40),
    seed=st.integers(0, 2**31),
)
sides = st.integers(1, 64)


def photo(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(1, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("side", "ring_90", "ring_95"),
    [(224, 6, 3), (256, 7, 3), (288, 7, 4), (320, 8, 4), (336, 9, 4), (384, 10, 5), (448, 11, 6)],
)
def test_the_published_centre_mask_leaves_rings_of_the_published_widths(side, ring_90, ring_95):
    for ratio, ring in ((0.9, ring_90), (0.95, ring_95)):
        seen = visible(MaskSpec(ratio=ratio), side, side)
        expected = np.ones((side, side), dtype=bool)
        expected[ring : side - ring, ring : side - ring] = False
        assert np.array_equal(seen, expected)


def test_halves_are_rounded_to_even():
    # sqrt(0.25) * 10 = 5: margins of 2.5 on either side become 2, not 3
    assert visible(MaskSpec(ratio=0.25), 10, 10).sum() == 100 - 36
    # and 3.5 becomes 4
    assert visible(MaskSpec(ratio=0.25), 14, 14).sum() == 14 * 14 - 36


def test_the_achieved_ratio_is_told():
    assert achieved_ratio(MaskSpec(), 224, 224) == pytest.approx(212**2 / 224**2)


@settings(deadline=None)
@given(specs, sides, sides, st.integers(0, 2**53))
def test_visible_pixels_are_untouched_and_a_second_pass_changes_nothing(spec, height, width, name):
    image = photo(height, width)
    seen = visible(spec, height, width, name)
    masked = apply(image, spec, name)
    assert seen.shape == (height, width)
    assert np.array_equal(masked[seen], image[seen])
    assert np.array_equal(apply(masked, spec, name), masked)


@settings(deadline=None)
@given(specs, sides, sides, st.integers(0, 2**53))
def test_what_is_hidden_leaves_nothing_behind(spec, height, width, name):
    image = photo(height, width)
    other = np.where(visible(spec, height, width, name)[:, :, None], image, photo(height, width, 1))
    assert np.array_equal(apply(image, spec, name), apply(other, spec, name))


@settings(deadline=None)
@given(st.sampled_from(GEOMETRIES), st.integers(1, 40), sides, sides)
def test_ratio_0_hides_nothing_and_ratio_1_everything(geometry, patch, height, width):
    assert visible(MaskSpec(geometry, 0, patch=patch), height, width).all()
    assert not visible(MaskSpec(geometry, 1, patch=patch), height, width).any()


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("ratio", [0.1, 0.25, 0.5, 0.75, 0.9])
def test_every_geometry_hides_about_the_ratio(geometry, ratio):
    spec = MaskSpec(geometry, ratio, patch=14)
    assert achieved_ratio(spec, 224, 224, 7) == pytest.approx(ratio, abs=0.02)


def test_border_is_the_inverse_of_centre_at_the_other_ratio():
    border = visible(MaskSpec("border", 0.75), 224, 224)
    assert np.array_equal(border, ~visible(MaskSpec("center", 0.25), 224, 224))


def test_a_half_checkerboard_is_a_board():
    seen = visible(MaskSpec("checkerboard", 0.5, patch=8), 64, 64)[::8, ::8]
    board = np.indices((8, 8)).sum(axis=0) % 2 == 1
    assert np.array_equal(seen, board)


def test_random_patches_depend_on_photo_and_seed_alone():
    spec = MaskSpec("random_patches", 0.5)
    again = visible(spec, 224, 224, 5)
    assert np.array_equal(visible(spec, 224, 224, 5), again)
    assert not np.array_equal(visible(spec, 224, 224, 6), again)
    assert not np.array_equal(visible(MaskSpec("random_patches", 0.5, seed=1), 224, 224, 5), again)


def test_golden_random_patches():
    seen = visible(MaskSpec("random_patches", 0.5, patch=1, seed=3), 4, 4, 12345)
    assert ["".join("#."[int(pixel)] for pixel in row) for row in seen] == GOLDEN_PATCHES


GOLDEN_PATCHES = ["#..#", "#.##", "...#", ".#.#"]


def test_golden_fills():
    image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    centre = {
        fill: apply(image, MaskSpec(ratio=0.25, fill=fill), 9)[1, 1].tolist() for fill in FILLS
    }
    assert centre["zero"] == [0, 0, 0]
    assert centre["#12ab7f"] == [0x12, 0xAB, 0x7F]
    ring = image.reshape(-1, 3)[[0, 1, 2, 3, 4, 7, 8, 11, 12, 13, 14, 15]]
    assert centre["mean"] == np.rint(ring.mean(axis=0)).tolist()
    assert centre["noise"] == GOLDEN_NOISE


GOLDEN_NOISE = [20, 231, 53]


def test_noise_differs_between_photos_and_fills_the_range():
    image = photo(64, 64)
    spec = MaskSpec(ratio=1, fill="noise")
    noise = apply(image, spec, 1)
    assert not np.array_equal(noise, apply(image, spec, 2))
    assert noise.mean() == pytest.approx(127.5, abs=3)


@pytest.mark.parametrize(
    "words",
    [
        {"ratio": -0.1},
        {"ratio": 1.01},
        {"ratio": float("nan")},
        {"geometry": "ring"},
        {"fill": "black"},
        {"fill": "#12345"},
        {"patch": 0},
        {"stage": "pre_crop"},
    ],
)
def test_words_that_do_not_fit_are_refused_by_name(words):
    with pytest.raises(UsageError, match=repr(str(next(iter(words.values())))).strip("'")):
        MaskSpec(**words)


def test_pixels_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="height x width x 3"):
        apply(np.zeros((4, 4), dtype=np.uint8), MaskSpec())
