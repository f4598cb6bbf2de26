"""The homography that most matches agree on, and how well they are spread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from paircams.matching.geometry import Frame, Matrix, Motion, is_regular, motion
from paircams.matching.matches import matched
from paircams.matching.opencv import opencv

if TYPE_CHECKING:
    from paircams.matching.features import Features, Points

TOLERANCE = 0.006
"""How far from its place a match may lie to agree, over the diagonal of the frame."""

LEAST_MATCHES = 4
TRIES, CONFIDENCE = 10_000, 0.999


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A homography in pixels of the two photos' features, and the matches that agree on it."""

    homography: Matrix
    mine: Points
    other: Points
    hull_share: float
    """The part of the frame that the hull of the agreeing points covers, where it is less."""
    motion: Motion
    frames: tuple[Frame, Frame]
    """The sizes of the two photos that the pixels are of."""

    @property
    def inliers(self) -> int:
        """How many matches agree."""
        return len(self.mine)


def fit(a: Features, b: Features) -> Fit | None:
    """The homography from ``a`` to ``b``; None where fewer than four matches agree on any.

    Searched by MAGSAC++ (Barath et al., CVPR 2020) with OpenCV's fixed seed: one pair of photos has
    one answer.
    """
    mine, other = matched(a, b)
    if len(mine) < LEAST_MATCHES:
        return None
    cv2 = opencv()
    homography, is_inlier = cv2.findHomography(
        mine, other, cv2.USAC_MAGSAC, TOLERANCE * b.diagonal, None, TRIES, CONFIDENCE
    )
    if homography is None or not is_regular(homography, (a.width, a.height)):
        return None
    agreeing = is_inlier.ravel().astype(bool)
    mine, other = mine[agreeing], other[agreeing]
    if len(mine) < LEAST_MATCHES:
        return None
    frames = (a.width, a.height), (b.width, b.height)
    return Fit(
        homography=homography,
        mine=mine,
        other=other,
        hull_share=min(_hull_share(mine, a), _hull_share(other, b)),
        motion=motion(homography, *frames),
        frames=frames,
    )


def _hull_share(points: Points, of: Features) -> float:
    cv2 = opencv()
    return float(cv2.contourArea(cv2.convexHull(points)) / (of.width * of.height))
