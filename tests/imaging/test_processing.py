"""Each class against a reference that is written out here: Pillow's arithmetic step by step."""

from __future__ import annotations

import io
import math
import random
from hashlib import blake2b
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from flickrexif.errors import UsageError
from flickrexif.imaging import UnreadableImage, is_stripped
from flickrexif.imaging.encode import MAX_PROFILE_BYTES, jpeg
from flickrexif.imaging.processing import (
    FAMILIES,
    draw_class,
    drawn_scale,
    process,
    provenance,
)

CLASSES = [(family, name) for family, found in FAMILIES.items() for name in found.classes]

# ISO/IEC 10918-1 annex K, tables K.1 and K.2
LUMA = """16 11 10 16 24 40 51 61 12 12 14 19 26 58 60 55 14 13 16 24 40 57 69 56
14 17 22 29 51 87 80 62 18 22 37 56 68 109 103 77 24 35 55 64 81 104 113 92
49 64 78 87 103 121 120 101 72 92 95 98 112 100 103 99"""
CHROMA = (
    """17 18 24 47 99 99 99 99 18 21 26 66 99 99 99 99 24 26 56 99 99 99 99 99
47 66 99 99 99 99 99 99"""
    + " 99" * 32
)


def photo(width: int = 45, height: int = 31, seed: int = 0) -> Image.Image:
    """Smooth colours under noise, so that each step has something to change."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[0:height, 0:width]
    smooth = np.stack([rows * 5, columns * 4, (rows + columns) * 3], axis=2) % 256
    noisy = smooth + rng.normal(0, 12, smooth.shape)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def pixels(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(image)


def ijg(table: str, quality: int) -> list[int]:
    """libjpeg's scaling (jcparam.c), in natural order."""
    scale = 200 - 2 * quality if quality >= 50 else 5000 // quality
    return [min(max((int(step) * scale + 50) // 100, 1), 255) for step in table.split()]


def plain_jpeg(found: np.ndarray, quality: int, subsampling: int) -> bytes:
    """By tables instead of a quality; 0 is 4:4:4, 2 is 4:2:0."""
    buffer = io.BytesIO()
    tables = [ijg(LUMA, quality), ijg(CHROMA, quality)]
    Image.fromarray(found).save(buffer, "JPEG", qtables=tables, subsampling=subsampling)
    return buffer.getvalue()


def segments(data: bytes) -> list[tuple[int, bytes]]:
    """Marker codes and payloads of the header, to the start of the scan."""
    found, position = [], 2
    while True:
        marker, length = data[position + 1], int.from_bytes(data[position + 2 : position + 4])
        found.append((marker, data[position + 4 : position + 2 + length]))
        if marker == 0xDA:
            return found
        position += 2 + length


def tables_of(data: bytes) -> dict[int, list[int]]:
    """The quantisation tables in natural order, from the file's DQT segments."""
    order = sorted(
        ((row, column) for row in range(8) for column in range(8)),
        key=lambda at: (sum(at), at[0] if sum(at) % 2 else at[1]),
    )
    found = {}
    for payload in (payload for marker, payload in segments(data) if marker == 0xDB):
        for start in range(0, len(payload), 65):
            natural = [0] * 64
            for (row, column), step in zip(order, payload[start + 1 : start + 65], strict=True):
                natural[8 * row + column] = step
            found[payload[start]] = natural
    return found


def factors_of(data: bytes) -> list[tuple[int, int]]:
    """The sampling factors of the components, from the frame header; only baseline has SOF0."""
    (frame,) = (payload for marker, payload in segments(data) if marker == 0xC0)
    return [(frame[7 + 3 * at] >> 4, frame[7 + 3 * at] & 15) for at in range(frame[5])]


def sharpened(found: np.ndarray, factor: float) -> np.ndarray:
    """Away from the mean of a 3 x 3 neighbourhood whose middle weighs 5; the border stays."""
    wide = found.astype(float)
    rows, columns, _ = found.shape
    smooth = wide.copy()
    total = 4 * wide[1:-1, 1:-1]
    for down in (0, 1, 2):
        for across in (0, 1, 2):
            total = total + wide[down : rows - 2 + down, across : columns - 2 + across]
    smooth[1:-1, 1:-1] = np.floor(total / 13 + 0.5)
    return (smooth + factor * (wide - smooth)).clip(0, 255).astype(np.uint8)


def sinc(x: float) -> float:
    return 1.0 if x == 0 else math.sin(math.pi * x) / (math.pi * x)


def bicubic(x: float) -> float:
    x = abs(x)
    if x < 1:
        return (1.5 * x - 2.5) * x * x + 1
    return ((-0.5 * x + 2.5) * x - 4) * x + 2 if x < 2 else 0.0


KERNELS = {
    "box": (0.5, lambda x: float(-0.5 < x <= 0.5)),
    "bilinear": (1.0, lambda x: max(0.0, 1 - abs(x))),
    "bicubic": (2.0, bicubic),
    "lanczos": (3.0, lambda x: sinc(x) * sinc(x / 3) if -3 <= x < 3 else 0.0),
}


def resampled_rows(found: np.ndarray, size: int, name: str) -> np.ndarray:
    """The first axis to ``size`` by Pillow's 8-bit convolution: weights in 22 binary digits."""
    support, kernel = KERNELS[name]
    ratio = len(found) / size
    spread = max(ratio, 1.0)
    out = np.empty((size, *found.shape[1:]), dtype=np.uint8)
    for at in range(size):
        centre = (at + 0.5) * ratio
        first = max(0, int(centre - support * spread + 0.5))
        last = min(len(found), int(centre + support * spread + 0.5))
        weights = [kernel((x - centre + 0.5) / spread) for x in range(first, last)]
        fixed = [round(weight / sum(weights) * 2**22) for weight in weights]
        total = np.tensordot(fixed, found[first:last].astype(np.int64), axes=1)
        out[at] = ((total + 2**21) >> 22).clip(0, 255)
    return out


def resampled(found: np.ndarray, width: int, height: int, name: str) -> np.ndarray:
    across = resampled_rows(found.swapaxes(0, 1), width, name).swapaxes(0, 1)
    return resampled_rows(across, height, name)


def stated_word(purpose: str, photo_id: object, seed: int) -> int:
    name = f"{purpose}:{seed}:{photo_id}".encode()
    key = int.from_bytes(blake2b(name, digest_size=16, person=b"processing").digest(), "little")
    return int(np.random.Philox(key=key).random_raw())


def chi_square(counts: np.ndarray, expected: np.ndarray) -> float:
    return float(((counts - expected) ** 2 / expected).sum())


def test_the_families_and_their_classes_in_order():
    assert {name: family.classes for name, family in FAMILIES.items()} == {
        "jpeg": ("q75-420", "q75-444", "q85-420", "q85-444", "q95-420", "q95-444"),
        "sharpening": ("none", "2", "4"),
        "resizing": ("none", "half", "double"),
        "interpolation": ("bilinear", "bicubic", "lanczos", "box"),
    }
    assert all(family.description for family in FAMILIES.values())


@pytest.mark.parametrize("class_name", FAMILIES["jpeg"].classes)
def test_jpeg_classes_are_the_photo_at_that_quality_and_sampling(class_name):
    quality, subsampling = int(class_name[1:3]), {"420": 2, "444": 0}[class_name[4:]]
    data = process(photo(), "jpeg", class_name, 1)
    assert data == plain_jpeg(np.asarray(photo()), quality, subsampling)


@pytest.mark.parametrize(("class_name", "factor"), [("none", 1), ("2", 2), ("4", 4)])
def test_sharpening_classes_are_the_photo_sharpened_by_that_factor(class_name, factor):
    expected = sharpened(np.asarray(photo()), factor)
    assert (factor == 1) == np.array_equal(expected, np.asarray(photo()))
    assert process(photo(), "sharpening", class_name, 1) == plain_jpeg(expected, 95, 0)


@pytest.mark.parametrize(
    ("class_name", "width", "height"), [("none", 45, 31), ("half", 22, 15), ("double", 90, 62)]
)
def test_resizing_classes_are_the_photo_at_that_size_by_a_bicubic_filter(class_name, width, height):
    expected = np.asarray(photo())
    if class_name != "none":
        expected = resampled(expected, width, height, "bicubic")
    assert process(photo(), "resizing", class_name, 1) == plain_jpeg(expected, 95, 0)


@pytest.mark.parametrize("class_name", FAMILIES["interpolation"].classes)
@pytest.mark.parametrize("photo_id", [3, "a/b.jpg"])
def test_interpolation_classes_are_the_photo_at_its_own_scale_by_that_filter(class_name, photo_id):
    word = stated_word("scale of interpolation", photo_id, 7)
    scale = 0.8 + 0.4 * (word >> 11) / 2**53
    expected = resampled(np.asarray(photo()), int(45 * scale), int(31 * scale), class_name)
    assert expected.shape[:2] != (31, 45)
    found = process(photo(), "interpolation", class_name, photo_id, seed=7)
    assert found == plain_jpeg(expected, 95, 0)


@pytest.mark.parametrize(("family", "class_name"), CLASSES)
def test_every_file_is_a_bare_baseline_jpeg_with_the_stated_tables_and_factors(family, class_name):
    stated = FAMILIES[family].words()[class_name]
    data = process(photo(), family, class_name, 1)
    quality = stated["quality"]
    assert tables_of(data) == {0: ijg(LUMA, quality), 1: ijg(CHROMA, quality)}
    luma = {"4:2:0": (2, 2), "4:4:4": (1, 1)}[stated["subsampling"]]
    assert factors_of(data) == [luma, (1, 1), (1, 1)]
    assert is_stripped(data)
    assert {marker for marker, _ in segments(data)} == {0xE0, 0xDB, 0xC0, 0xC4, 0xDA}


@pytest.mark.parametrize(("family", "class_name"), CLASSES)
def test_what_is_read_back_is_near_what_was_written(family, class_name):
    flat = Image.new("RGB", (40, 40), (200, 100, 50))
    found = pixels(process(flat, family, class_name, 1))
    assert np.abs(found.astype(int) - (200, 100, 50)).max() <= 3


def test_metadata_of_the_opened_file_does_not_travel():
    buffer = io.BytesIO()
    photo().save(buffer, "JPEG", comment=b"SECRET", icc_profile=b"SECRET", exif=b"Exif\0\0SECRET")
    with Image.open(buffer) as image:
        assert image.info["comment"] == b"SECRET"
        for family, class_name in CLASSES:
            data = process(image, family, class_name, 1)
            assert b"SECRET" not in data
            assert is_stripped(data)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 9), st.integers(1, 9), st.sampled_from(CLASSES), st.integers(0, 2**40))
def test_the_smallest_images_keep_a_pixel_and_equal_calls_give_equal_bytes(
    width, height, of, photo_id
):
    image = photo(width, height)
    data = process(image, *of, photo_id)
    assert data == process(image.copy(), *of, str(photo_id))
    scale = drawn_scale(FAMILIES[of[0]].processings[of[1]], of[0], photo_id)
    size = max(1, int(height * scale)), max(1, int(width * scale))
    assert pixels(data).shape[:2] == size


@pytest.mark.parametrize(("family", "class_name"), CLASSES)
def test_a_single_pixel_stays_at_least_one(family, class_name):
    side = 2 if class_name == "double" else 1
    for photo_id in range(3):  # scales below and above 1
        data = process(photo(1, 1), family, class_name, photo_id)
        assert pixels(data).shape == (side, side, 3)


def test_the_photo_handed_in_is_left_alone():
    image = photo()
    before = image.tobytes()
    for family, class_name in CLASSES:
        process(image, family, class_name, 1)
    assert image.tobytes() == before


@pytest.mark.parametrize("family", FAMILIES)
def test_classes_are_drawn_evenly(family):
    classes = FAMILIES[family].classes
    drawn = [draw_class(family, photo_id) for photo_id in range(6000)]
    counts = np.array([drawn.count(name) for name in classes])
    # 99.99 % quantile of chi-square with 5 degrees of freedom: 25.7
    assert chi_square(counts, np.full(len(classes), 6000 / len(classes))) < 25.7


@pytest.mark.parametrize(
    ("first", "second"),
    [*pairwise([*FAMILIES, "jpeg"]), ("jpeg", "resizing"), ("sharpening", "interpolation")],
)
def test_families_are_drawn_independently(first, second):
    assert independence(first, second, seeds=(0, 0)) < 40


@pytest.mark.parametrize("family", FAMILIES)
def test_seeds_are_drawn_independently(family):
    assert independence(family, family, seeds=(0, 1)) < 60


def independence(first: str, second: str, seeds: tuple[int, int]) -> float:
    """Chi-square of the table of the two families' classes over 6000 photos.

    99.99 % quantiles: 44.3 with (6 - 1) x (4 - 1) degrees of freedom, 60.1 with 25.
    """
    rows, columns = FAMILIES[first].classes, FAMILIES[second].classes
    table = np.zeros((len(rows), len(columns)))
    for photo_id in range(6000):
        row = rows.index(draw_class(first, photo_id, seed=seeds[0]))
        table[row, columns.index(draw_class(second, photo_id, seed=seeds[1]))] += 1
    return chi_square(table, np.outer(table.sum(1), table.sum(0)) / 6000)


def test_scales_are_even_over_their_range_and_tell_nothing_of_the_class():
    family = FAMILIES["interpolation"]
    scales = np.array(
        [drawn_scale(family.processings["box"], "interpolation", number) for number in range(6000)]
    )
    assert scales.min() >= 0.8
    assert scales.max() < 1.2
    apart = np.abs(np.sort(scales) - np.linspace(0.8, 1.2, 6000)).max() / 0.4
    assert apart < 2.23 / math.sqrt(6000)  # Kolmogorov-Smirnov at 0.0001
    drawn = np.array([draw_class("interpolation", number) for number in range(6000)])
    for name in family.classes:
        error = 0.4 / math.sqrt(12) / math.sqrt((drawn == name).sum())
        assert abs(scales[drawn == name].mean() - 1) < 4 * error


def test_draws_are_the_stated_function_of_seed_and_photo():
    for photo_id, seed in ((0, 0), ("54321", 3), ("folder/a.jpg", 0)):
        for name, family in FAMILIES.items():
            word = stated_word(f"class of {name}", photo_id, seed)
            expected = family.classes[word * len(family.classes) // 2**64]
            assert draw_class(name, photo_id, seed=seed) == expected
    golden = ["q75-444", "q85-444", "q95-444", "q95-420"]
    assert [draw_class("jpeg", photo_id) for photo_id in range(4)] == golden


def test_draws_do_not_depend_on_their_order():
    photos = list(range(200))
    forwards = {number: draw_class("jpeg", number, seed=5) for number in photos}
    random.Random(0).shuffle(photos)
    assert {number: draw_class("jpeg", number, seed=5) for number in photos} == forwards


def test_the_interpolation_scale_is_one_for_all_classes_of_a_photo():
    def size(class_name: str, seed: int = 0) -> tuple[int, ...]:
        return pixels(process(photo(100, 80), "interpolation", class_name, 5, seed=seed)).shape

    assert len({size(name) for name in FAMILIES["interpolation"].classes}) == 1
    assert size("box", 0) != size("box", 1)


def test_words_tell_what_each_class_does():
    assert FAMILIES["resizing"].words()["half"] == {
        "sharpness": 1.0,
        "scale": 0.5,
        "spread": 0.0,
        "filter": "bicubic",
        "quality": 95,
        "subsampling": "4:4:4",
    }


def test_provenance_names_the_libraries():
    assert "Pillow" in provenance()
    assert "libjpeg-turbo" in provenance()


def test_unknown_families_and_classes_are_refused_by_name():
    with pytest.raises(UsageError, match="'blur': use one of jpeg, sharpening, resizing"):
        draw_class("blur", 1)
    with pytest.raises(UsageError, match="'blur'"):
        process(photo(), "blur", "none", 1)
    with pytest.raises(UsageError, match="'3' of sharpening: use one of none, 2, 4"):
        process(photo(), "sharpening", "3", 1)


@pytest.mark.parametrize("mode", ["L", "RGBA", "CMYK", "I;16"])
def test_other_modes_are_refused(mode):
    with pytest.raises(ValueError, match=f"'{mode}'"):
        process(Image.new(mode, (8, 8)), "sharpening", "2", 1)
    with pytest.raises(ValueError, match=f"'{mode}'"):
        jpeg(Image.new(mode, (8, 8)), quality=95, subsampling="4:4:4")


def test_results_that_no_file_holds_are_refused():
    with pytest.raises(UnreadableImage, match="side of 66000 px") as caught:
        process(Image.new("RGB", (33_000, 1)), "resizing", "double", 1)
    assert caught.value.refusal == "too large"
    with pytest.raises(UnreadableImage, match="7000 x 6500 px, resized by 2") as caught:
        process(Image.new("RGB", (7000, 6500)), "resizing", "double", 1)
    assert caught.value.refusal == "too large"
    too_long = bytes(MAX_PROFILE_BYTES + 1)
    with pytest.raises(UnreadableImage, match="ICC profile of"):
        jpeg(photo(), quality=95, subsampling="4:4:4", profile=too_long)
