"""Where a camera stands and where it looks: the homography from its frame to the subject's plane.

A pinhole camera before a plane at distance 1. The ray through the pixel p is ``R K**-1 p``, with K
the camera's focal length and centre in pixels and R its rotation; it meets the plane where its
third coordinate is 1 (Hartley and Zisserman, Multiple View Geometry, 2nd edition, section 8.1.1).
The photographer who steps aside turns back to the subject, so the pan alone moves nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    import random

    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]
    Plane = NDArray[np.float32]

REFERENCE_35MM = 28.0
"""The focal length (35 mm equivalent) at which the frame spans as many pixels on the canvas."""
FULL_FRAME_MM = 36.0
CANVAS_PER_FRAME = 1.6
"""The canvas is larger than the frame, so that no view looks past its edge."""


@dataclass(frozen=True, slots=True)
class View:
    """A viewpoint relative to the one straight before the subject; the default is that one."""

    roll_deg: float = 0.0
    pan_deg: float = 0.0
    tilt_deg: float = 0.0
    zoom: float = 1.0
    """Above 1: nearer, or zoomed in."""
    right: float = 0.0
    """How far the aim is from the subject's middle, as a fraction of the frame's diagonal."""
    down: float = 0.0


def nearby(chance: random.Random) -> View:
    """Return a viewpoint as the second photographer finds it.

    A little less than what true pairs measured (rotation to 9 degrees, scale 0.82 to 1.08, centres
    1.6 to 11.6 % of the diagonal apart), because focal lengths differ besides.
    """
    return View(
        roll_deg=chance.uniform(-5, 5),
        pan_deg=chance.uniform(-4, 4),
        tilt_deg=chance.uniform(-3, 3),
        zoom=chance.uniform(0.9, 1.06),
        right=chance.choice((-1, 1)) * chance.uniform(0.015, 0.045),
        down=chance.choice((-1, 1)) * chance.uniform(0.01, 0.035),
    )


def canvas_size(frame: tuple[int, int]) -> tuple[int, int]:
    """Return width and height of the canvas for a frame, multiples of 8."""
    width, height = (8 * math.ceil(edge * CANVAS_PER_FRAME / 8) for edge in frame)
    return width, height


def to_canvas(view: View, focal_35mm: float, frame: tuple[int, int]) -> Matrix:
    """Return the 3 x 3 homography from pixels of the frame to pixels of the canvas."""
    longest = max(frame)
    unit = longest * REFERENCE_35MM / FULL_FRAME_MM
    focal = longest * focal_35mm / FULL_FRAME_MM * view.zoom
    turn = _rotation(view)
    axis = turn[:, 2] / turn[2, 2]
    diagonal = math.hypot(*frame) / unit
    aim = np.eye(3)
    aim[:2, 2] = view.right * diagonal - axis[0], view.down * diagonal - axis[1]
    canvas = canvas_size(frame)
    found = _lens(unit, canvas) @ aim @ turn @ np.linalg.inv(_lens(focal, frame))
    return np.asarray(found / found[2, 2])


def look(plane: Plane, homography: Matrix, frame: tuple[int, int]) -> Plane:
    """Return an ``(H, W)`` plane of the canvas as the frame sees it, bilinear."""
    coefficients = homography.ravel()[:8].tolist()
    seen = Image.fromarray(plane).transform(
        frame, Image.Transform.PERSPECTIVE, coefficients, Image.Resampling.BILINEAR
    )
    return np.asarray(seen)


def _lens(focal: float, size: tuple[int, int]) -> Matrix:
    return np.array([[focal, 0, size[0] / 2], [0, focal, size[1] / 2], [0, 0, 1]])


def _rotation(view: View) -> Matrix:
    roll, pan, tilt = (math.radians(d) for d in (view.roll_deg, view.pan_deg, view.tilt_deg))
    about_z = [[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]]
    about_y = [[math.cos(pan), 0, math.sin(pan)], [0, 1, 0], [-math.sin(pan), 0, math.cos(pan)]]
    about_x = [
        [1, 0, 0],
        [0, math.cos(tilt), -math.sin(tilt)],
        [0, math.sin(tilt), math.cos(tilt)],
    ]
    return np.asarray(np.array(about_y) @ np.array(about_x) @ np.array(about_z))
