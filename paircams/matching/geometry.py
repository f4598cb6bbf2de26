"""What a homography says of two frames: turned, scaled, stretched, moved, overlapping.

Frames are (width, height) in pixels, places are pixels from the upper left corner, y downwards. A
homography is 3 x 3 and maps places of frame ``a`` to places of frame ``b``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

Matrix = npt.NDArray[np.float64]
Places = npt.NDArray[np.float64]
Frame = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Motion:
    """A homography at the middle of frame a, where views of one subject differ least."""

    rotation_deg: float
    """From -180 to 180; positive is clockwise on the screen."""
    scale: float
    """With both frames brought to the same longest side."""
    anisotropy: float
    """The larger singular value of the local linear map over the smaller."""
    shift: float
    """From b's middle to where a's is mapped, over b's diagonal."""
    iou: float
    """Of b's frame and a's mapped onto it: intersection over union of their areas."""
    is_plausible: bool
    """Whether a's frame is mapped to a convex quadrangle of the same orientation."""


def mapped(homography: Matrix, places: npt.ArrayLike) -> Places:
    """``places`` (n x 2) through ``homography``; infinite on the horizon."""
    given = np.asarray(places, np.float64).reshape(-1, 2)
    projected = np.column_stack((given, np.ones(len(given)))) @ homography.T
    with np.errstate(divide="ignore", invalid="ignore"):
        result: Places = projected[:, :2] / projected[:, 2:]
    return result


def motion(homography: Matrix, a: Frame, b: Frame) -> Motion:
    """What ``homography``, which `is_regular`, does to frame ``a`` as seen in frame ``b``."""
    linear = _linear_part(homography, middle(a))
    stretches = np.linalg.svd(linear, compute_uv=False)
    turned = np.degrees(np.arctan2(linear[1, 0] - linear[0, 1], linear[0, 0] + linear[1, 1]))
    to_b = mapped(homography, [middle(a)])[0] - middle(b)
    plausible = is_plausible(homography, a)
    return Motion(
        rotation_deg=float(turned),
        scale=float(np.sqrt(abs(np.linalg.det(linear))) * max(a) / max(b)),
        anisotropy=float(stretches[0] / stretches[1]),
        shift=float(np.hypot(*to_b) / np.hypot(*b)),
        iou=overlap(mapped(homography, corners(a)), corners(b)) if plausible else 0.0,
        is_plausible=plausible,
    )


def is_regular(homography: Matrix, a: Frame) -> bool:
    """Whether `motion` can be asked: finite, invertible, and a's middle not on the horizon."""
    if not np.isfinite(homography).all() or not np.isfinite(mapped(homography, [middle(a)])).all():
        return False
    return bool(np.linalg.svd(_linear_part(homography, middle(a)), compute_uv=False)[1] > 0)


def is_plausible(homography: Matrix, a: Frame) -> bool:
    """True when all of frame ``a`` lies before the camera, convex and not turned inside out."""
    depths = np.column_stack((corners(a), np.ones(4))) @ homography[2]
    if not (np.all(depths > 0) or np.all(depths < 0)):
        return False
    quadrangle = mapped(homography, corners(a))
    edges = np.roll(quadrangle, -1, axis=0) - quadrangle
    after = np.roll(edges, -1, axis=0)
    turns = edges[:, 0] * after[:, 1] - edges[:, 1] * after[:, 0]
    return bool(np.all(turns > 0))


def middle(frame: Frame) -> Places:
    """The middle of a frame."""
    return np.array(frame, np.float64) / 2


def corners(frame: Frame) -> Places:
    """The four corners, clockwise on the screen from the upper left."""
    width, height = frame
    return np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)


def overlap(one: Places, other: Places) -> float:
    """Intersection over union of two convex polygons, both clockwise on the screen."""
    common = area(clipped(one, other))
    whole = area(one) + area(other) - common
    return common / whole if whole > 0 else 0.0


def clipped(polygon: Places, window: Places) -> Places:
    """The part of a polygon inside a convex one (Sutherland and Hodgman, 1974)."""
    inside = polygon
    for start, end in zip(window, np.roll(window, -1, axis=0), strict=True):
        inside = _half(inside, start, end - start)
    return inside


def _half(polygon: Places, start: Places, along: Places) -> Places:
    """The part of ``polygon`` on the right of the line from ``start`` ``along``."""
    kept: list[Places] = []
    sides = along[0] * (polygon[:, 1] - start[1]) - along[1] * (polygon[:, 0] - start[0])
    for here, there, of_here, of_there in zip(
        polygon, np.roll(polygon, -1, axis=0), sides, np.roll(sides, -1), strict=True
    ):
        if of_here >= 0:
            kept.append(here)
        if (of_here > 0 > of_there) or (of_here < 0 < of_there):
            kept.append(here + (there - here) * of_here / (of_here - of_there))
    return np.array(kept, np.float64).reshape(-1, 2)


def area(polygon: Places) -> float:
    """The area of a simple polygon (shoelace formula)."""
    x, y = polygon[:, 0], polygon[:, 1]
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def rescaled(homography: Matrix, a: Sequence[float], b: Sequence[float]) -> Matrix:
    """``homography`` for places divided by the sizes ``a`` and ``b``, its last number 1."""
    whole = np.diag((1 / b[0], 1 / b[1], 1.0)) @ homography @ np.diag((a[0], a[1], 1.0))
    scaled: Matrix = whole / whole[2, 2]
    return scaled


def _linear_part(homography: Matrix, place: Places) -> Matrix:
    """The Jacobian of the map at ``place``, 2 x 2."""
    x, y, w = homography @ np.array([*place, 1.0])
    jacobian: Matrix = (homography[:2, :2] * w - np.outer((x, y), homography[2, :2])) / w**2
    return jacobian
