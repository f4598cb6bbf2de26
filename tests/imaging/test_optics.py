"""Blurs: no light lost, transfer functions as the textbooks have them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flickrexif.errors import UsageError
from flickrexif.imaging.optics import (
    Defocus,
    Diffraction,
    airy,
    blur_disc_px,
    circular_mtf,
    convolve,
    pillbox,
)

FREQUENCIES = np.linspace(0.01, 0.3, 30)


def bessel_j1(x: np.ndarray) -> np.ndarray:
    """Bessel's integral, ``mean of cos(t - x sin t)`` over half a turn, by the midpoint rule."""
    turn = (np.arange(2000) + 0.5) * math.pi / 2000
    return np.cos(turn - x[..., None] * np.sin(turn)).mean(axis=-1)


def transfer(psf: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
    """The modulation transfer of a PSF at cycles per pixel along a row."""
    offsets = np.arange(len(psf)) - len(psf) // 2
    waves = np.cos(2 * math.pi * frequencies[:, None] * offsets)
    return waves @ psf.sum(axis=0)


def test_the_bessel_function_of_this_test_is_right():
    # the first two zeros and the first maximum (Abramowitz and Stegun, table 9.5)
    assert np.allclose(bessel_j1(np.array([0, 3.8317060, 7.0155867])), 0, atol=1e-7)
    assert bessel_j1(np.array([1.8411838])) == pytest.approx(0.5818652, abs=1e-7)


@pytest.mark.parametrize("diameter", [3.0, 7.5, 14.9, 24.8, 60.2])
def test_a_disc_has_the_transfer_function_of_a_disc(diameter):
    x = math.pi * FREQUENCIES * diameter
    expected = 2 * bessel_j1(x) / x * np.sinc(FREQUENCIES)
    # what a sharp edge has beyond half a cycle per pixel folds back, less of it in larger discs
    assert np.abs(transfer(pillbox(diameter), FREQUENCIES) - expected).max() < 0.08 / diameter


@pytest.mark.parametrize("cutoff", [0.1, 0.23, 0.45])
def test_diffraction_has_the_transfer_function_of_a_round_aperture(cutoff):
    psf = airy(cutoff)
    relative = np.minimum(FREQUENCIES / cutoff, 1)
    expected = 2 / math.pi * (np.arccos(relative) - relative * np.sqrt(1 - relative**2))
    expected *= np.sinc(FREQUENCIES)
    assert np.abs(transfer(psf, FREQUENCIES) - expected).max() < 0.005


@pytest.mark.parametrize("cutoff", [0.02, 0.05])
def test_diffraction_makes_an_airy_pattern(cutoff):
    psf = airy(cutoff)
    middle = len(psf) // 2
    radius = np.arange(1, round(3 / cutoff))
    v = math.pi * cutoff * radius
    expected = (2 * bessel_j1(v) / v) ** 2
    assert np.abs(psf[middle, middle + radius] / psf[middle, middle] - expected).max() < 0.005
    first_dark = int(np.argmin(psf[middle, middle : middle + round(1.8 / cutoff)]))
    assert first_dark == pytest.approx(1.22 / cutoff, abs=1)


def test_the_formula_of_the_aperture_is_half_at_0_404_of_the_cutoff():
    assert circular_mtf(np.array([0, 1, 1.5])) == pytest.approx([1, 0, 0], abs=1e-12)
    assert circular_mtf(np.array([0.4040]))[0] == pytest.approx(0.5, abs=1e-3)


@given(diameter=st.floats(0, 90), cutoff=st.floats(0.05, 6))
@settings(max_examples=40)
def test_psfs_are_light_and_lie_even(diameter, cutoff):
    for psf in (pillbox(diameter), airy(cutoff)):
        assert psf.sum() == pytest.approx(1, abs=1e-12)
        assert psf.min() >= 0
        assert len(psf) % 2 == 1
        assert np.allclose(psf, psf[::-1], atol=1e-12)
        assert np.allclose(psf, psf.T, atol=1e-12)


def test_a_disc_that_fits_in_a_pixel_changes_nothing():
    assert pillbox(0.0).tolist() == pillbox(1.0).tolist() == [[1.0]]
    assert len(pillbox(1.01)) == 3


def test_a_disc_covers_its_area_evenly():
    psf = pillbox(41.0)
    assert psf[20, 20] == pytest.approx(4 / (math.pi * 41**2), rel=1e-3)
    assert psf[0, 0] == 0


def blurred_image(seed: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).random((height, width, 3))


@given(
    height=st.integers(1, 30),
    width=st.integers(1, 30),
    diameter=st.floats(0, 70),
    seed=st.integers(0, 99),
)
@settings(max_examples=40)
def test_blurs_keep_light_also_at_edges_and_in_images_smaller_than_they_are(
    height, width, diameter, seed
):
    light = blurred_image(seed, height, width)
    soft = convolve(light, pillbox(diameter))
    assert soft.shape == light.shape
    assert np.allclose(soft.sum(axis=(0, 1)), light.sum(axis=(0, 1)), rtol=1e-10)
    even = np.full((height, width, 3), 0.37)
    for psf in (pillbox(diameter), airy(1.27)):
        assert np.allclose(convolve(even, psf), 0.37, atol=1e-12)


def test_a_point_becomes_the_psf_in_its_own_channel():
    point = np.zeros((41, 61, 3))
    point[20, 30, 1] = 1
    psf = pillbox(9.3)
    reach = len(psf) // 2
    soft = convolve(point, psf)
    window = soft[20 - reach : 21 + reach, 30 - reach : 31 + reach, 1]
    assert np.allclose(window, psf, atol=1e-15)
    assert np.allclose(soft[:, :, [0, 2]], 0, atol=1e-15)


def test_dioptres_become_pixels():
    disc = blur_disc_px(dioptres=12, pupil_m=0.003, fov_rad=0.5, width_px=1000)
    assert disc == pytest.approx(72)
    assert blur_disc_px(dioptres=-12, pupil_m=0.003, fov_rad=0.5, width_px=1000) == disc
    # 12 dioptres of ISETCam's camera are 15 pixels of an image of 224
    assert len(Defocus(12).psf(224)) == 15
    assert len(Defocus(12).psf(448)) == 31
    assert np.array_equal(Defocus(0).psf(224), [[1.0]])
    wide = Defocus(12, fov_degrees=40)
    assert len(wide.psf(224)) < len(Defocus(12).psf(224))


def test_narrower_apertures_and_finer_pixels_spread_light_farther():
    peaks = [Diffraction(f_number=n).psf().max() for n in (2, 4, 8, 16)]
    assert peaks == sorted(peaks, reverse=True)
    assert Diffraction(pixel_size_um=1.4).psf().max() < Diffraction().psf().max()
    assert Diffraction(wavelength_um=0.65).psf().max() < Diffraction().psf().max()


@pytest.mark.parametrize(
    "made",
    [
        lambda: Defocus(4, pupil_m=0),
        lambda: Defocus(4, fov_degrees=180),
        lambda: Diffraction(f_number=-1),
        lambda: Diffraction(wavelength_um=math.nan),
        lambda: Diffraction(pixel_size_um=math.inf),
    ],
)
def test_what_is_no_lens_is_refused(made):
    with pytest.raises(UsageError):
        made()
