"""The sRGB curve: exact both ways, and not a power of 2.2."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flickrexif.imaging.linear import light_of, linear_to_srgb, pixels_of, srgb_to_linear

CODES = np.arange(256, dtype=np.uint8)


def test_every_code_survives_the_round_trip():
    assert np.array_equal(pixels_of(light_of(CODES)), CODES)


def test_bytes_go_through_the_same_curve_as_floats():
    assert np.array_equal(light_of(CODES), srgb_to_linear(CODES / 255))
    square = CODES.reshape(16, 16)
    assert light_of(square).shape == (16, 16)


@pytest.mark.parametrize(
    ("coded", "light"),
    [(0, 0), (1, 1), (0.04045, 0.04045 / 12.92), (0.5, 0.21404114), (10 / 255, 0.003035270)],
)
def test_the_curve_has_the_standards_values(coded, light):
    assert float(srgb_to_linear(np.array(coded))) == pytest.approx(light, rel=1e-6)
    assert float(linear_to_srgb(np.array(light))) == pytest.approx(coded, rel=1e-6)


@pytest.mark.parametrize(("code", "wrong"), [(5, 88), (10, 74), (20, 47), (40, 20)])
def test_a_power_of_2_2_is_not_its_inverse(code, wrong):
    truth = float(light_of(np.array([code], np.uint8))[0])
    naive = (code / 255) ** 2.2
    assert round(100 * abs(naive - truth) / truth) in range(wrong - 1, wrong + 2)


@given(st.floats(0, 1))
def test_light_survives_the_round_trip(light):
    back = srgb_to_linear(linear_to_srgb(np.array([light])))
    # the standard's two pieces miss each other by 3e-8 where they meet
    assert back[0] == pytest.approx(light, abs=5e-8)


@given(st.lists(st.floats(-1, 2), min_size=2, max_size=20))
def test_brighter_light_never_gets_a_darker_byte(lights):
    pixels = pixels_of(np.sort(np.array(lights)))
    assert np.all(np.diff(pixels.astype(int)) >= 0)


def test_the_float_type_is_kept():
    for kind in (np.float32, np.float64):
        assert srgb_to_linear(np.zeros(3, kind)).dtype == kind
        assert linear_to_srgb(np.zeros(3, kind)).dtype == kind


def test_light_outside_the_range_is_clipped_in_bytes_only():
    assert pixels_of(np.array([-0.5, 1.5])).tolist() == [0, 255]
    assert float(linear_to_srgb(np.array(-0.001))) == pytest.approx(-0.01292)
