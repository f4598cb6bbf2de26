"""The sensor: electrons as physics has them, and degradations that can be repeated."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flickrexif.errors import UsageError
from flickrexif.imaging.linear import light_of
from flickrexif.imaging.optics import Defocus, Diffraction
from flickrexif.imaging.sensor import SWEEPS, Degradation, Sensor, degrade, sweep

QUIET = Sensor(read_noise_electrons=0, dark_current_electrons_per_s=0)
LEVELS = [sweep_level for name in SWEEPS for sweep_level in sweep(name)]


def random(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(seed))


def photo(height: int = 24, width: int = 32, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def flat(level: float, count: int = 200_000) -> np.ndarray:
    return np.full(count, level)


def test_linear_white_fills_the_reference_pixel():
    sensor = Sensor()
    assert sensor.white_electrons == pytest.approx(sensor.full_well_electrons) == 10_000
    assert sensor.electrons(flat(0.5), random()).mean() == pytest.approx(5000.1, abs=1)


@pytest.mark.parametrize("read_noise", [0.0, 10.0, 40.0])
def test_variance_is_mean_plus_read_noise_squared(read_noise):
    sensor = Sensor(read_noise_electrons=read_noise)
    levels = np.linspace(0.05, 0.8, 12)
    drawn = np.stack([sensor.electrons(flat(level), random(1)) for level in levels])
    means, variances = drawn.mean(axis=1), drawn.var(axis=1)
    # of 200 000 draws the variance is right to 0.32 %, the slope to 0.0017, the intercept to 2 at
    # 10 electrons and 6 at 40 (one sigma, over 25 seeds): the bounds are five of these or more
    slope, intercept = np.polyfit(means, variances, 1, w=1 / variances)
    assert slope == pytest.approx(1, abs=0.009)
    assert intercept == pytest.approx(read_noise**2, abs=10 + read_noise**2 / 80)
    assert np.allclose(variances, means + read_noise**2, rtol=0.016)


def test_the_noise_line_is_that_of_what_is_read_out():
    sensor = Sensor(read_noise_electrons=30)
    slope, intercept = sensor.noise_line()
    for level in (0.1, 0.4, 0.8):
        seen = sensor.read_out(flat(level), random(2)).var()
        assert seen == pytest.approx(slope * level + intercept, rel=0.016)
    amplified = sensor.noise_line(2.0)
    assert amplified == pytest.approx((2 * slope, 4 * intercept))


@pytest.mark.parametrize("signal", [200.0, 1000.0, 6000.0])
def test_signal_to_noise_is_the_formulas(signal):
    sensor = Sensor(dark_current_electrons_per_s=0)
    drawn = sensor.electrons(flat(signal / 10_000), random(3))
    measured = 20 * math.log10(drawn.mean() / drawn.std())
    formula = 10 * math.log10(signal**2 / (10**2 + signal))
    assert measured == pytest.approx(formula, abs=0.07)
    assert float(sensor.snr_db(np.array(signal))) == pytest.approx(formula)


def test_twice_the_time_is_twice_the_area():
    longer = replace(QUIET, exposure_seconds=2 * QUIET.exposure_seconds)
    larger = QUIET.resized(QUIET.pixel_size_um * math.sqrt(2))
    fuller = replace(Sensor(fill_factor=0.375), exposure_seconds=4 * QUIET.exposure_seconds)
    for sensor in (longer, larger, fuller):
        assert sensor.white_electrons == pytest.approx(20_000, rel=1e-12)
    light = flat(0.2)
    means = [s.electrons(light, random(4)).mean() for s in (QUIET, longer, larger)]
    assert means[1] / means[0] == pytest.approx(2, rel=1e-3)
    assert means[1] == pytest.approx(means[2], rel=1e-3)


def test_signal_grows_with_the_square_of_the_pixel():
    grown = QUIET.resized(2 * QUIET.pixel_size_um)
    assert grown.white_electrons == pytest.approx(4 * QUIET.white_electrons)
    assert grown.fill_factor == QUIET.fill_factor
    assert grown.full_well_electrons == QUIET.full_well_electrons


def test_dark_current_gathers_with_time_and_area():
    sensor = Sensor(read_noise_electrons=0, exposure_seconds=60)
    dark = flat(0)
    assert sensor.electrons(dark, random(5)).mean() == pytest.approx(600, rel=0.002)
    larger = sensor.resized(5.6)
    assert larger.electrons(dark, random(5)).mean() == pytest.approx(2400, rel=0.002)


def test_each_channel_overflows_by_itself():
    light = np.tile(np.array([3.0, 0.5, 0.0]), (50, 50, 1))
    red, green, blue = np.moveaxis(Sensor().electrons(light, random(6)), 2, 0)
    assert np.all(red == 10_000)
    assert green.mean() == pytest.approx(5000, rel=0.01)
    assert blue.max() < 60
    assert blue.min() == 0


@pytest.mark.parametrize("bits", [1, 4, 12])
def test_the_converter_has_its_steps(bits):
    sensor = Sensor(bits=bits)
    seen = sensor.read_out(np.linspace(0, 1.2, 20_000), random(7))
    steps = seen * (2**bits - 1)
    assert np.allclose(steps, np.rint(steps), atol=1e-9)
    assert seen.min() == 0
    assert seen.max() == 1
    assert len(np.unique(seen)) <= 2**bits


@pytest.mark.parametrize("size_um", [1.1, 2.8, 5.0, 8.0, 11.0])
def test_sampling_keeps_an_even_image_even(size_um):
    sensor = replace(QUIET, full_well_electrons=1e12).resized(size_um)
    bright = replace(sensor, exposure_seconds=1e6, bits=16).metered()
    seen = bright.expose(np.full((30, 41, 3), 0.4), random(8))
    assert seen.shape == (30, 41, 3)
    assert np.allclose(seen, 0.4, atol=2e-5)


def test_larger_pixels_average_areas_and_cut_pixels_where_they_end():
    quietest = replace(QUIET, full_well_electrons=1e14, bits=16)
    sensor = quietest.resized(2.8 * 1.5).metered()
    row = np.array([1.0, 0.0, 0.5, 0.2, 0.2, 0.8])
    light = np.tile(row[None, :, None], (6, 1, 3))
    # four pixels of one and a half: 2/3 of one and 1/3 of the next
    gathered = [1 * 2 / 3, (0.5 * 2) / 3, 0.2, (0.2 + 2 * 0.8) / 3]
    assert np.mean(gathered) == pytest.approx(row.mean())
    seen = sensor.expose(light, random(9))[3, :, 0]
    centres = (np.arange(6) + 0.5) * 4 / 6 - 0.5
    assert np.allclose(seen, np.interp(centres, range(4), gathered), atol=1e-4)


def test_metering_fills_the_well_again():
    metered = Sensor().resized(8.0).metered()
    assert metered.white_electrons == pytest.approx(metered.full_well_electrons)
    assert metered.exposure_seconds == pytest.approx(0.01 * (2.8 / 8) ** 2)


@given(height=st.integers(1, 20), width=st.integers(1, 20), seed=st.integers(0, 99))
def test_level_zero_is_the_identity(height, width, seed):
    image = photo(height, width, seed)
    for spec in (Degradation(), Degradation(defocus=Defocus(0), seed=7), *map(_first, SWEEPS)):
        same = degrade(image, spec, "photo")
        assert np.array_equal(same, image)
        assert same is not image


def _first(name: str) -> Degradation:
    return sweep(name)[0]


@given(
    height=st.integers(1, 20),
    width=st.integers(1, 20),
    spec=st.sampled_from(LEVELS),
    seed=st.integers(0, 2**40),
)
@settings(max_examples=40)
def test_the_shape_stays_and_the_image_is_not_touched(height, width, spec, seed):
    image = photo(height, width)
    before = image.copy()
    image.flags.writeable = False
    made = degrade(image, replace(spec, seed=seed), 12)
    assert made.shape == image.shape
    assert made.dtype == np.uint8
    assert np.array_equal(image, before)


def test_the_same_photo_is_degraded_alike_in_any_order_and_process():
    specs = [level for level in LEVELS if level.sensor is not None]
    ids = list(range(4))
    forth = {(s.name, i): degrade(photo(), s, i) for s in specs for i in ids}
    back = {(s.name, i): degrade(photo(), s, i) for i in reversed(ids) for s in reversed(specs)}
    assert all(np.array_equal(made, back[key]) for key, made in forth.items())
    assert np.array_equal(degrade(photo(), specs[0], 12), degrade(photo(), specs[0], "12"))
    code = (
        "import numpy as np; from flickrexif.imaging.sensor import *;"
        "i = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8);"
        "print(degrade(i, sweep('pixel_size')[1], 3).tobytes().hex())"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert bytes.fromhex(told.stdout) == forth["pixel_5_um", 3].tobytes()


def test_photos_and_seeds_have_noise_of_their_own():
    spec = sweep("exposure_time")[2]
    one = degrade(photo(), spec, 1)
    assert not np.array_equal(one, degrade(photo(), spec, 2))
    assert not np.array_equal(one, degrade(photo(), replace(spec, seed=1), 1))
    assert np.array_equal(one, degrade(photo(), replace(spec, name="another"), 1))


def test_sweeps_are_classes_in_order():
    assert SWEEPS == ("exposure_time", "pixel_size", "pixel_size_metered", "defocus")
    names = {name: [level.name for level in sweep(name)] for name in SWEEPS}
    assert names["pixel_size"] == ["original", "pixel_5_um", "pixel_8_um", "pixel_11_um"]
    assert names["defocus"] == ["original", "defocus_4_D", "defocus_12_D", "defocus_20_D"]
    assert names["exposure_time"][1] == "exposure_0.15625_ms"
    for classes in names.values():
        assert len(set(classes)) == len(classes)
    assert {level.seed for level in sweep("defocus", seed=5)} == {5}
    sizes = [level.sensor.pixel_size_um for level in sweep("pixel_size")[1:]]
    assert sizes == [5, 8, 11]
    metered = [level.sensor.white_electrons for level in sweep("pixel_size_metered")[1:]]
    assert metered == pytest.approx([10_000] * 4)


def test_longer_exposures_are_brighter():
    image = photo()
    means = [degrade(image, level, 1).mean() for level in sweep("exposure_time")[1:]]
    assert means == sorted(means)
    assert means[0] < 30
    assert means[-1] > 230
    anchored = degrade(image, sweep("exposure_time")[4], 1)
    assert light_of(anchored).mean() == pytest.approx(light_of(image).mean(), abs=0.01)


def test_more_defocus_leaves_less_detail_and_the_same_light():
    image = photo(64, 64)
    made = [degrade(image, level) for level in sweep("defocus")]
    spreads = [light_of(one).std() for one in made]
    assert spreads == sorted(spreads, reverse=True)
    for one in made:
        assert light_of(one).mean() == pytest.approx(light_of(image).mean(), abs=0.004)


def test_blur_is_in_linear_light():
    halves = np.zeros((64, 64, 3), np.uint8)
    halves[:, 32:] = 255
    soft = degrade(halves, Degradation(defocus=Defocus(40)))
    # half of white's light is code 188, half of its code 128
    assert soft[32, 31:33, 0].astype(float).mean() == pytest.approx(188, abs=2)


def test_lens_and_sensor_follow_one_another():
    image = photo(40, 40)
    whole = Degradation("all", Defocus(12), Diffraction(8.0), Sensor(bits=8))
    softer = degrade(image, replace(whole, sensor=None), 3)
    only_defocus = degrade(image, Degradation(defocus=Defocus(12)), 3)
    assert not np.array_equal(softer, only_defocus)
    noisy = degrade(image, whole, 3)
    assert not np.array_equal(noisy, softer)
    assert np.abs(light_of(noisy) - light_of(softer)).mean() < 0.02


@pytest.mark.parametrize(
    "image",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4, 3))],
)
def test_what_is_no_image_is_refused(image):
    with pytest.raises(ValueError, match="expected uint8 height x width x 3"):
        degrade(image, Degradation())


def test_an_empty_image_stays_empty():
    assert degrade(np.zeros((0, 5, 3), np.uint8), LEVELS[-1]).shape == (0, 5, 3)


@pytest.mark.parametrize(
    "words",
    [
        {"pixel_size_um": 0},
        {"fill_factor": 1.1},
        {"fill_factor": 0},
        {"full_well_electrons": -1},
        {"read_noise_electrons": -1},
        {"dark_current_electrons_per_s": math.nan},
        {"exposure_seconds": math.inf},
        {"bits": 0},
        {"bits": 17},
    ],
)
def test_what_is_no_sensor_is_refused_by_name(words):
    with pytest.raises(UsageError, match=next(iter(words))):
        Sensor(**words)


def test_an_unknown_sweep_is_told_the_known_ones():
    with pytest.raises(UsageError, match="use one of exposure_time, pixel_size"):
        sweep("fog")
