from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from flickrexif.errors import UsageError
from flickrexif.imaging import MaskSpec, achieved_ratio, apply, visible

GEOMETRIES = ("center", "border", "random_patches", "checkerboard")
FILLS = ("black", "mean", "noise", "#12ab7f")
ALIGNS = ("whole", "pixel")

specs = st.builds(
    MaskSpec,
    geometry=st.sampled_from(GEOMETRIES),
    ratio=st.floats(0, 1),
    fill=st.sampled_from(FILLS),
    patch=st.integers(1, 40),
    seed=st.integers(0, 2**31),
    align=st.sampled_from(ALIGNS),
)
sides = st.integers(40, 64)


GOLDEN = [
    ({"geometry": "center", "ratio": 0.5}, 4, 8, "........ .######. .######. ........"),
    ({"geometry": "border", "ratio": 0.5}, 4, 8, "######## #......# #......# ########"),
    (
        {"geometry": "checkerboard", "ratio": 0.5, "patch": 2},
        6,
        8,
        "##..##.. ##..##.. ..##..## ..##..## ##..##.. ##..##..",
    ),
    (
        {"geometry": "random_patches", "ratio": 0.5, "patch": 2, "seed": 3},
        6,
        8,
        "##....## ##....## ##..#### ##..#### ......## ......##",
    ),
    # 0.3 x 24 = 7.2: the four in the middle, then three of the ring around, in reading order
    ({"geometry": "center", "ratio": 0.3, "align": "pixel"}, 4, 6, "...... .####. .###.. ......"),
    ({"geometry": "border", "ratio": 0.3, "align": "pixel"}, 4, 6, ".....# #....# #....# #....#"),
    # 0.3 x 36 = 10.8: two squares of four, and three pixels of the third
    (
        {"geometry": "checkerboard", "ratio": 0.3, "patch": 2, "align": "pixel"},
        6,
        6,
        "##..## ##..#. ...... ...... ....## ....##",
    ),
    # 0.4 x 48 = 19.2: two squares of nine, and one pixel of one that the border cuts
    (
        {"geometry": "random_patches", "ratio": 0.4, "patch": 3, "seed": 3, "align": "pixel"},
        6,
        8,
        "###..... ###..... ###..... ####.... ###..... ###.....",
    ),
]


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
@given(specs, sides, sides)
def test_ratio_0_hides_nothing_and_ratio_1_everything(spec, height, width):
    assert visible(replace(spec, ratio=0), height, width).all()
    assert not visible(replace(spec, ratio=1), height, width).any()


@settings(deadline=None)
@given(specs, sides, sides, st.integers(0, 2**53))
def test_aligned_to_the_pixel_the_area_is_exact(spec, height, width, name):
    exact = visible(replace(spec, align="pixel"), height, width, name)
    assert (~exact).sum() == round(spec.ratio * height * width)


@settings(deadline=None)
@example(MaskSpec("center", 0.0), 41, 41, 0)
@example(MaskSpec("center", 1e-34), 43, 41, 0)
@given(specs, sides, sides, st.integers(0, 2**53))
def test_whole_shapes_hide_what_their_formula_says(spec, height, width, name):
    spec = replace(spec, align="whole")
    seen = visible(spec, height, width, name)
    rows, columns = (math.ceil(side / spec.patch) for side in (height, width))
    if spec.geometry == "center":
        margins = [round((side - math.sqrt(spec.ratio) * side) / 2) for side in (height, width)]
        down, across = (
            max(0, side - 2 * margin)  # where both margins round up, they meet
            for side, margin in zip((height, width), margins, strict=True)
        )
        assert (~seen).sum() == (down * across if spec.ratio else 0)
    elif spec.geometry == "random_patches":
        corners = seen[:: spec.patch, :: spec.patch]
        assert (~corners).sum() == round(spec.ratio * rows * columns)
    assert achieved_ratio(spec, height, width, name) == pytest.approx(1 - seen.mean())


@settings(deadline=None)
@given(specs, st.floats(0, 1), sides, sides, st.integers(0, 2**53))
def test_a_larger_ratio_hides_all_that_a_smaller_one_does(spec, other, height, width, name):
    less, more = sorted((spec.ratio, other))
    seen = [visible(replace(spec, ratio=ratio), height, width, name) for ratio in (less, more)]
    assert (seen[0] | ~seen[1]).all()


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


@pytest.mark.parametrize(("words", "height", "width", "expected"), GOLDEN)
def test_golden_geometries(words, height, width, expected):
    seen = visible(MaskSpec(**words), height, width, 12345)
    assert ["".join("#."[int(pixel)] for pixel in row) for row in seen] == expected.split()


def test_golden_random_patches():
    seen = visible(MaskSpec("random_patches", 0.5, patch=1, seed=3), 4, 4, 12345)
    assert ["".join("#."[int(pixel)] for pixel in row) for row in seen] == GOLDEN_PATCHES


GOLDEN_PATCHES = ["#..#", "#.##", "...#", ".#.#"]


def test_golden_fills():
    image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    centre = {
        fill: apply(image, MaskSpec(ratio=0.25, fill=fill), 9)[1, 1].tolist() for fill in FILLS
    }
    assert centre["black"] == [0, 0, 0]
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
        {"fill": "blank"},
        {"align": "token"},
        {"fill": "#12345"},
        {"patch": 0},
        {"stage": "pre_crop"},
    ],
)
def test_words_that_do_not_fit_are_refused_by_name(words):
    with pytest.raises(UsageError, match=repr(str(next(iter(words.values())))).strip("'")):
        MaskSpec(**words)


def test_a_word_of_older_releases_is_understood():
    assert MaskSpec(fill="zero") == MaskSpec(fill="black")


def test_a_photo_is_named_by_a_number_or_by_words():
    spec = MaskSpec("random_patches", 0.5)
    assert np.array_equal(visible(spec, 64, 64, 12), visible(spec, 64, 64, "12"))
    assert not np.array_equal(visible(spec, 64, 64, "a"), visible(spec, 64, 64, "b"))


@pytest.mark.parametrize("geometry", ["random_patches", "checkerboard"])
def test_a_patch_larger_than_the_image_is_refused(geometry):
    with pytest.raises(UsageError, match=r"patch 33 px is larger than the image \(64 x 32 px\)"):
        visible(MaskSpec(geometry, 0.5, patch=33), 32, 64)


def left_half(height, width, ratio, words):
    hidden = np.zeros((height, width), dtype=bool)
    hidden[:, : round(ratio * width)] = True
    return hidden


def test_a_geometry_of_ones_own_hides_what_it_returns():
    spec = MaskSpec(left_half, 0.5)
    image = photo(4, 8)
    assert np.array_equal(apply(image, spec)[:, 4:], image[:, 4:])
    assert not apply(image, spec)[:, :4].any()
    assert achieved_ratio(spec, 4, 8) == 0.5
    assert spec.words()["geometry"] == "left_half"


def test_a_geometry_of_ones_own_gets_the_randomness_of_its_photo():
    def scattered(height, width, ratio, words):
        return (words.random_raw(height * width) < ratio * 2**64).reshape(height, width)

    spec = MaskSpec(scattered, 0.5)
    seen = [visible(spec, 32, 32, name) for name in (1, 2, 1)]
    assert np.array_equal(seen[0], seen[2])
    assert not np.array_equal(seen[0], seen[1])
    assert achieved_ratio(spec, 32, 32) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize(
    "wrong", [np.ones((9, 8), dtype=bool), np.ones((8, 8), dtype=np.uint8), np.True_]
)
def test_a_geometry_that_does_not_fit_the_image_is_refused(wrong):
    def too_large(height, width, ratio, words):
        return wrong

    with pytest.raises(UsageError, match=r"too_large.*image of 8 x 8 px"):
        visible(MaskSpec(too_large, 0.5), 8, 8)


def test_what_a_caller_gets_is_its_own():
    visible(MaskSpec(), 32, 32)[:] = False
    assert visible(MaskSpec(), 32, 32).any()


def test_pixels_of_another_shape_are_refused():
    with pytest.raises(ValueError, match="height x width x 3"):
        apply(np.zeros((4, 4), dtype=np.uint8), MaskSpec())
