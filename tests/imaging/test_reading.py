from __future__ import annotations

import io
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from flickrexif.imaging import (
    ENCODER_CROPS,
    Crop,
    UnreadableImage,
    decode_rgb,
    exact_reader,
    fast_reader,
    turbo,
)
from flickrexif.imaging.reading import ExactReader, FastReader

KINDS = {
    "4:2:0": {"subsampling": 2},
    "4:2:2": {"subsampling": 1},
    "4:4:4": {"subsampling": 0},
    "coarse": {"quality": 20},
    "fine": {"quality": 100},
    "progressive": {"progressive": True},
    "optimised": {"optimize": True},
    "restart markers": {"restart_marker_blocks": 3},
    "RGB without a transform": {"keep_rgb": True},
}


def photo(width: int = 601, height: int = 397) -> Image.Image:
    """Smooth colours under noise, of odd sides: chroma blocks are cut at both edges."""
    rng = np.random.default_rng(width)
    smooth = Image.fromarray(rng.integers(0, 256, (7, 9, 3), dtype=np.uint8))
    grown = np.asarray(smooth.resize((width, height), Image.Resampling.BICUBIC)).astype(int)
    noisy = grown + rng.normal(0, 12, grown.shape)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def jpeg(image: Image.Image | None = None, **options: object) -> bytes:
    buffer = io.BytesIO()
    (image or photo()).save(buffer, "JPEG", **options)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def fast() -> FastReader:
    pytest.importorskip("torch")
    reader = fast_reader()
    assert isinstance(reader, FastReader)
    return reader


def reference(data: bytes, crop: Crop) -> np.ndarray:
    """Pillow's own words for what a crop is."""
    with Image.open(io.BytesIO(data)) as image:
        whole = image.convert("RGB")
    shorter = min(whole.size)
    size = tuple(
        crop.size if side == shorter else crop.size * side // shorter for side in whole.size
    )
    filters = {"bicubic": Image.Resampling.BICUBIC, "bilinear": Image.Resampling.BILINEAR}
    resized = whole.resize(size, filters[crop.interpolation])
    left, top = (round((side - crop.size) / 2) for side in size)
    return np.asarray(resized.crop((left, top, left + crop.size, top + crop.size)))


def noise(seed: int, width: int, height: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=0)
    return buffer.getvalue()


def test_the_exact_reader_gives_the_reference_bit_for_bit():
    data = jpeg()
    crops = exact_reader()(data, ENCODER_CROPS)
    assert len(crops) == len(ENCODER_CROPS) == 8
    for crop, pixels in zip(ENCODER_CROPS, crops, strict=True):
        assert np.array_equal(pixels, reference(data, crop)), crop


@pytest.mark.parametrize("size", [(601, 397), (397, 601), (1024, 683), (120, 90), (224, 224)])
def test_the_fast_reader_is_within_a_level_of_the_reference(fast, size):
    data = jpeg(photo(*size))
    for crop, pixels in zip(ENCODER_CROPS, fast(data, ENCODER_CROPS), strict=True):
        apart = np.abs(pixels.astype(int) - reference(data, crop))
        assert pixels.dtype == np.uint8
        assert apart.max() <= 1, crop
        assert (apart == 0).mean() > 0.98, crop


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 99), st.integers(40, 700), st.floats(1, 2), st.sampled_from(ENCODER_CROPS))
def test_not_even_noise_is_two_levels_apart(fast, seed, shorter, aspect, crop):
    data = png(noise(seed, int(shorter * aspect), shorter))
    (pixels,) = fast(data, [crop])
    assert np.abs(pixels.astype(int) - reference(data, crop)).max() <= 1


def test_what_hardly_shrinks_is_resized_by_pillow(fast):
    data = png(noise(0, 400, 300))
    (pixels,) = fast(data, [Crop(224)])
    assert np.array_equal(pixels, reference(data, Crop(224)))
    (pixels,) = fast(data, [Crop(150)])
    assert not np.array_equal(pixels, reference(data, Crop(150)))


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS.keys())
def test_both_decoders_give_the_same_pixels(fast, options):
    data = jpeg(**options)
    assert np.array_equal(fast.decode(data), np.asarray(decode_rgb(data)))


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_both_decoders_agree_on_other_colours(fast, mode):
    data = jpeg(photo().convert(mode))
    assert np.array_equal(fast.decode(data), np.asarray(decode_rgb(data)))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_both_decoders_turn_alike(fast, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = jpeg(exif=exif.tobytes())
    assert np.array_equal(fast.decode(data), np.asarray(decode_rgb(data)))


def test_a_png_is_read_by_the_fast_reader_too(fast):
    pixels = noise(0, 40, 30)
    assert np.array_equal(fast.decode(png(pixels)), pixels)


@pytest.mark.parametrize("cut", [300, 5000])
def test_both_readers_refuse_alike(fast, cut):
    refusals = []
    for reader in (exact_reader(), fast):
        with pytest.raises(UnreadableImage) as caught:
            reader(jpeg()[:-cut], [Crop(224)])
        refusals.append(caught.value.reason)
    assert refusals[0] == refusals[1]
    assert "truncated" in refusals[0]


def test_what_libjpeg_only_warns_about_is_left_to_pillow(fast):
    sound = jpeg()
    data = sound[:-2] + bytes(64) + sound[-2:]  # more than a decoder reads ahead
    with Image.open(io.BytesIO(data)) as image:
        assert turbo.decode(data, image) is None
    with Image.open(io.BytesIO(sound)) as image:
        assert turbo.decode(sound, image) is not None
    assert np.array_equal(fast.decode(data), np.asarray(decode_rgb(data)))


def test_decoding_is_never_scaled(fast):
    """A photo of alternating rows: a decode at half scale would make it grey before the resize."""
    rows = np.zeros((448, 448, 3), dtype=np.uint8)
    rows[::2] = 255
    data = jpeg(Image.fromarray(rows), quality=100, subsampling=0)
    for reader in (exact_reader(), fast):
        assert np.ptp(reader(data, [Crop(448)])[0]) > 250


def test_provenance_names_what_makes_the_pixels(fast):
    assert "Pillow" in exact_reader().provenance
    assert all(word in fast.provenance for word in ("simplejpeg 1", "torch 2", " on "))
    told = ExactReader("torch is not installed").provenance
    assert told.endswith("not the fast path: torch is not installed")


def in_a_new_process(words: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", words],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=True,
    )
    return done.stdout.strip()


def test_kernels_without_vector_instructions_stay_within_a_level(fast):
    words = "from flickrexif.imaging import reading; print(reading.levels_apart())"
    assert in_a_new_process(words, ATEN_CPU_CAPABILITY="default") in {"0", "1"}


def test_the_core_needs_no_torch():
    words = (
        "import sys; sys.modules['torch'] = None; import flickrexif.imaging as i;"
        "print(i.exact_reader().provenance); print(sorted(i.MaskSpec.__slots__))"
    )
    assert in_a_new_process(words).startswith("decoded and resized by Pillow")


def test_importing_the_room_imports_no_torch():
    words = (
        "import sys, flickrexif.imaging; print('torch' in sys.modules, 'simplejpeg' in sys.modules)"
    )
    assert in_a_new_process(words) == "False False"
