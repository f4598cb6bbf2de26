"""Points of a grey photo that another photo of the same thing is likely to have too."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from paircams.matching.opencv import opencv

Grey = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float32]

ORB_SIDE, ORB_POINTS, ORB_CONTRAST = 640, 1000, 10
ORB_LEAST = 2
"""Shortest side in pixels: OpenCV's ORB scales its pictures down, and raises for a side of 1."""
SIFT_SIDE, SIFT_POINTS = 800, 2000
"""Longest side in pixels, and the most points. Of 208 true pairs and 1,950 of different subjects,
ORB passes all the former and none of the latter at a sixth of SIFT's cost, and is the stronger on
noise and blur; SIFT on a zoom of 2 or more and on partners below 200 px."""

_made = threading.local()


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Points in pixels from the upper left corner, and what surrounds each."""

    width: int
    height: int
    points: Points
    """n x 2: x, y."""
    descriptors: npt.NDArray[Any]
    """n x 32 bytes (ORB, compared bit by bit) or n x 128 floats (RootSIFT)."""
    responses: npt.NDArray[np.float32]
    """n: how distinct each point is."""

    @property
    def longest(self) -> int:
        """The longer side in pixels."""
        return max(self.width, self.height)

    @property
    def diagonal(self) -> float:
        """In pixels."""
        return float(np.hypot(self.width, self.height))


def orb(grey: Grey) -> Features:
    """ORB's binary features (Rublee et al., ICCV 2011), of sides of `ORB_LEAST` or more."""
    cv2 = opencv()
    finder = _of_thread(
        "orb", lambda: cv2.ORB_create(nfeatures=ORB_POINTS, fastThreshold=ORB_CONTRAST)
    )
    return _found(grey, finder, np.empty((0, 32), np.uint8))


def sift(grey: Grey) -> Features:
    """RootSIFT: SIFT's histograms, L1-normalised, their roots (Arandjelovic, Zisserman, 2012)."""
    cv2 = opencv()
    finder = _of_thread("sift", lambda: cv2.SIFT_create(nfeatures=SIFT_POINTS))
    found = _found(grey, finder, np.empty((0, 128), np.float32))
    sums = found.descriptors.sum(axis=1, keepdims=True)
    roots = np.sqrt(found.descriptors / np.maximum(sums, np.finfo(np.float32).tiny))
    return replace(found, descriptors=roots)


def strongest(features: Features, count: int) -> Features:
    """The ``count`` most distinct points of ``features``."""
    kept = np.sort(np.argsort(-features.responses, kind="stable")[:count])
    return replace(
        features,
        points=features.points[kept],
        descriptors=features.descriptors[kept],
        responses=features.responses[kept],
    )


def _of_thread(name: str, make: Any) -> Any:
    """A detector of this thread's own: OpenCV's keep state while they run."""
    if not hasattr(_made, name):
        setattr(_made, name, make())
    return getattr(_made, name)


def _found(grey: Grey, finder: Any, nothing: npt.NDArray[Any]) -> Features:
    height, width = grey.shape
    keypoints, descriptors = finder.detectAndCompute(grey, None)
    points = np.array([point.pt for point in keypoints], np.float32).reshape(-1, 2)
    responses = np.array([point.response for point in keypoints], np.float32)
    described = nothing if descriptors is None else descriptors
    return Features(width, height, points, described, responses)
