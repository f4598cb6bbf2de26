"""What is read from a homography is what made it."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from paircams.matching.geometry import (
    area,
    clipped,
    corners,
    is_plausible,
    is_regular,
    mapped,
    middle,
    motion,
    overlap,
    rescaled,
)

FRAME_A, FRAME_B = (640, 480), (600, 400)
ANGLES = st.floats(-179, 179)
SCALES = st.floats(0.4, 2.5)
SHIFTS = st.tuples(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3))
Matrix = npt.NDArray[np.float64]


def similarity(angle_deg: float, scale: float, shift: tuple[float, float]) -> Matrix:
    """Turn about a's middle clockwise, scale by longest sides, then move by shares of b's frame."""
    turn = math.radians(angle_deg)
    factor = scale * max(FRAME_B) / max(FRAME_A)
    linear = factor * np.array(
        [[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]]
    )
    to = middle(FRAME_B) + np.array(shift) * FRAME_B
    whole = np.eye(3)
    whole[:2, :2], whole[:2, 2] = linear, to - linear @ middle(FRAME_A)
    return whole


@given(ANGLES, SCALES, SHIFTS, st.floats(0.01, 100))
def test_a_known_motion_is_recovered(
    angle: float, scale: float, shift: tuple[float, float], factor: float
) -> None:
    found = motion(factor * similarity(angle, scale, shift), FRAME_A, FRAME_B)
    assert found.rotation_deg == pytest.approx(angle, abs=1e-6)
    assert found.scale == pytest.approx(scale)
    assert found.anisotropy == pytest.approx(1)
    moved = math.hypot(shift[0] * FRAME_B[0], shift[1] * FRAME_B[1])
    assert found.shift == pytest.approx(moved / math.hypot(*FRAME_B), abs=1e-9)
    assert found.is_plausible


@given(SHIFTS)
def test_the_overlap_of_moved_frames_is_that_of_rectangles(shift: tuple[float, float]) -> None:
    moved = np.eye(3)
    moved[:2, 2] = np.array(shift) * FRAME_A
    common = (1 - abs(shift[0])) * (1 - abs(shift[1]))
    assert motion(moved, FRAME_A, FRAME_A).iou == pytest.approx(common / (2 - common))


@given(st.floats(0.3, 1.0))
def test_the_overlap_of_a_zoom_is_the_ratio_of_areas(scale: float) -> None:
    zoom = np.diag((scale, scale, 1.0))
    zoom[:2, 2] = middle(FRAME_A) * (1 - scale)
    assert motion(zoom, FRAME_A, FRAME_A).iou == pytest.approx(scale**2)


@given(ANGLES, SCALES, SHIFTS)
def test_overlap_is_symmetric_and_at_most_one(
    angle: float, scale: float, shift: tuple[float, float]
) -> None:
    quadrangle = mapped(similarity(angle, scale, shift), corners(FRAME_A))
    one, other = overlap(quadrangle, corners(FRAME_B)), overlap(corners(FRAME_B), quadrangle)
    assert one == pytest.approx(other)
    assert 0 <= one <= 1 + 1e-9
    common = area(clipped(quadrangle, corners(FRAME_B)))
    assert common <= min(area(quadrangle), area(corners(FRAME_B))) * (1 + 1e-9)


@given(st.floats(0.2, 1.0), st.floats(0, 180))
def test_a_stretch_is_told_as_anisotropy(stretch: float, towards_deg: float) -> None:
    turn = math.radians(towards_deg)
    rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    whole = np.eye(3)
    whole[:2, :2] = rotation @ np.diag((1, stretch)) @ rotation.T
    assert motion(whole, FRAME_A, FRAME_A).anisotropy == pytest.approx(1 / stretch)


@given(
    st.lists(st.floats(-0.0004, 0.0004), min_size=2, max_size=2),
    st.floats(-30, 30),
    st.floats(0.8, 1.2),
)
def test_the_linear_part_is_that_of_finite_differences(
    perspective: list[float], angle: float, scale: float
) -> None:
    whole = similarity(angle, scale, (0.05, -0.02))
    whole[2, :2] = perspective
    assume(is_plausible(whole, FRAME_A))
    step = 1e-4
    at = middle(FRAME_A)
    steps = np.array([(step, 0), (-step, 0), (0, step), (0, -step)])
    ahead = mapped(whole, at + steps)
    jacobian = np.column_stack((ahead[0] - ahead[1], ahead[2] - ahead[3])) / (2 * step)
    found = motion(whole, FRAME_A, FRAME_B)
    area_scale = math.sqrt(np.linalg.det(jacobian)) * max(FRAME_A) / max(FRAME_B)
    assert found.scale == pytest.approx(area_scale, rel=1e-4)
    stretches = np.linalg.svd(jacobian, compute_uv=False)
    assert found.anisotropy == pytest.approx(stretches[0] / stretches[1], rel=1e-4)


def test_mirrors_and_horizons_are_no_plausible_views() -> None:
    mirror = np.diag((-1.0, 1.0, 1.0))
    mirror[0, 2] = FRAME_A[0]
    assert not is_plausible(mirror, FRAME_A)
    through_horizon = np.eye(3)
    through_horizon[2, 0] = -1.5 / FRAME_A[0]
    assert not is_plausible(through_horizon, FRAME_A)
    folded = np.eye(3)
    folded[2, :2] = -0.9 / FRAME_A[0], -0.9 / FRAME_A[1]
    assert not is_plausible(folded, FRAME_A)
    assert motion(through_horizon, FRAME_A, FRAME_A).iou == 0


def test_degenerate_maps_are_not_asked_for_a_motion() -> None:
    on_horizon = np.eye(3)
    on_horizon[2, 0] = -2 / FRAME_A[0]
    assert not is_regular(on_horizon, FRAME_A)
    assert not is_regular(np.diag((1.0, 0.0, 1.0)), FRAME_A)
    assert not is_regular(np.full((3, 3), np.nan), FRAME_A)
    assert is_regular(np.eye(3), FRAME_A)


@given(ANGLES, SCALES, SHIFTS)
def test_shares_of_frames_map_like_pixels(
    angle: float, scale: float, shift: tuple[float, float]
) -> None:
    whole = similarity(angle, scale, shift)
    shares = corners(FRAME_A) / FRAME_A
    in_shares = mapped(rescaled(whole, FRAME_A, FRAME_B), shares)
    assert in_shares == pytest.approx(mapped(whole, corners(FRAME_A)) / FRAME_B, abs=1e-7)
