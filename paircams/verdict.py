"""What the geometry of a pair says: one subject or two, and one view of it or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SameSubject = Literal["pass", "review", "fail", "unjudged"]
"""``pass``: verified as one subject. ``review``: some evidence, a person decides. ``fail``: none.
``unjudged``: not looked at, as there are not two sound photos or matching broke off."""

View = Literal["same", "rotated", "mirrored", "framed otherwise"]

Method = Literal["orb", "sift", "orb mirrored"]

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Figures:
    """How the smartphone's photo maps onto the camera's, and on what evidence.

    Places are shares of the width and the height of the upright photos, so (0.5, 0.5) is the
    middle of either, whatever its size.
    """

    method: Method
    """The step of the cascade that the figures are of."""
    inliers: int
    """Matches that agree on the homography."""
    hull_share: float
    """The part of the frame that the hull of the inliers covers, on the side where it is less."""
    anisotropy: float
    """How much more the homography stretches one way than the other, at the middle; 1 is none."""
    is_plausible: bool
    """Whether the homography keeps the frame convex and its orientation."""
    rotation_deg: float
    """From -180 to 180, at the middle: positive turns the smartphone's photo clockwise."""
    scale: float
    """At the middle, with both photos brought to the same longest side."""
    iou: float
    """Intersection over union of the camera's frame and the smartphone's mapped onto it."""
    shift: float
    """How far the middle moves, as a part of the camera's diagonal."""
    ncc: float | None
    """Correlation of the grey levels where the frames overlap, from -1 to 1; None if flat."""
    homography: tuple[float, ...]
    """Nine numbers, row by row: smartphone to camera. It includes the mirroring, if there is."""
    matches: tuple[tuple[Point, Point], ...]
    """Inliers, smartphone and camera: at most 64, taken evenly from all."""


@dataclass(frozen=True, slots=True)
class PairVerdict:
    """One pair that has one photo on each side; ``smartphone`` and ``camera`` name the files."""

    subject_idx: str
    smartphone: str
    camera: str
    same_subject: SameSubject
    view: View | None = None
    """None when the photos do not show one subject, or when it was not judged."""
    figures: Figures | None = None
    """Of the best step of the cascade; None where not even a homography was found."""
    partner: str | None = None
    """For a failed pair: the subject whose camera photo fits this pair's smartphone photo."""
    reason: str | None = None
    """Why the pair was not judged."""
