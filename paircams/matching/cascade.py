"""From two photos to a verdict: step after step until one passes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from paircams.matching.correlation import correlation
from paircams.matching.features import ORB_SIDE, SIFT_SIDE, Features, Grey, orb, sift
from paircams.matching.geometry import Matrix, rescaled
from paircams.matching.homography import Fit, fit
from paircams.verdict import Figures, Method, SameSubject, View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from paircams.limits import Limits

MOST_MATCHES_TOLD = 64
QUARTER_TURNS = (90, 180, -90)
TINY_SIDE = 128
"""Pixels of the copies that are compared level by level."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What matching knows of a photo: its ORB features and a tiny copy, and how to see more."""

    features: Features
    tiny: Grey
    grey: Callable[[int], Grey]
    """The upright grey photo, its longest side at most so many pixels: read and decoded anew."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """The verdict of two photos, and the figures of the step that gave it."""

    same_subject: SameSubject
    view: View | None = None
    figures: Figures | None = None


def align(a: Look, b: Look, limits: Limits) -> Alignment:
    """Whether ``a`` and ``b`` show one subject in one view.

    ORB, then SIFT, then ORB on the mirrored ``a``: a front that is its own mirror image passes
    unmirrored. What no step passes is for review if a step has at least ``review_inliers``.
    """
    best: tuple[Method, Fit] | None = None
    for method, found in _steps(a, b):
        if found is None:
            continue
        if passes(found, limits):
            figures = _figures(a, b, method, found)
            return Alignment("pass", _view(method, figures, limits), figures)
        if best is None or found.inliers > best[1].inliers:
            best = method, found
    if best is None:
        return Alignment("fail")
    is_hopeful = best[1].inliers >= limits.review_inliers
    return Alignment("review" if is_hopeful else "fail", None, _figures(a, b, *best))


def passes(found: Fit, limits: Limits) -> bool:
    """Whether a fit verifies one subject: enough matches, spread wide, a map a camera makes."""
    return (
        found.inliers >= limits.subject_inliers
        and found.hull_share >= limits.subject_hull_share
        and found.motion.is_plausible
        and found.motion.anisotropy <= limits.subject_anisotropy
    )


def _steps(a: Look, b: Look) -> Iterator[tuple[Method, Fit | None]]:
    yield "orb", fit(a.features, b.features)
    yield "sift", fit(sift(a.grey(SIFT_SIDE)), sift(b.grey(SIFT_SIDE)))
    mirrored = np.ascontiguousarray(a.grey(ORB_SIDE)[:, ::-1])
    yield "orb mirrored", fit(orb(mirrored), b.features)


def _view(method: Method, figures: Figures, limits: Limits) -> View:
    if method == "orb mirrored":
        return "mirrored"
    if nearest_turn(figures.rotation_deg, limits) != 0:
        return "rotated"
    is_same = (
        abs(figures.rotation_deg) <= limits.view_rotation_deg
        and 1 / limits.view_scale <= figures.scale <= limits.view_scale
        and figures.iou >= limits.view_iou
        and figures.shift <= limits.view_shift
    )
    return "same" if is_same else "framed otherwise"


def nearest_turn(rotation_deg: float, limits: Limits) -> int:
    """90, 180 or -90 when the rotation is that, as near as a true pair's is to 0; else 0."""
    for turn in QUARTER_TURNS:
        apart = abs((rotation_deg - turn + 180) % 360 - 180)
        if apart <= limits.view_rotation_deg:
            return turn
    return 0


def _figures(a: Look, b: Look, method: Method, found: Fit) -> Figures:
    size_a, size_b = found.frames
    whole = rescaled(found.homography, size_a, size_b)
    mine = found.mine / size_a
    if method == "orb mirrored":
        whole = whole @ _MIRROR
        mine = mine * (-1, 1) + (1, 0)
    told = _evenly(found.inliers)
    other = found.other / size_b
    return Figures(
        method=method,
        inliers=found.inliers,
        hull_share=found.hull_share,
        anisotropy=found.motion.anisotropy,
        is_plausible=found.motion.is_plausible,
        rotation_deg=found.motion.rotation_deg,
        scale=found.motion.scale,
        iou=found.motion.iou,
        shift=found.motion.shift,
        ncc=correlation(a.tiny, b.tiny, whole),
        homography=tuple(map(float, whole.ravel())),
        matches=tuple(
            ((float(x), float(y)), (float(u), float(v)))
            for (x, y), (u, v) in zip(mine[told].tolist(), other[told].tolist(), strict=True)
        ),
    )


_MIRROR: Matrix = np.array([(-1, 0, 1), (0, 1, 0), (0, 0, 1)], np.float64)
"""Of places that are shares of the width and the height."""


def _evenly(count: int) -> list[int]:
    step = max(count / MOST_MATCHES_TOLD, 1.0)
    return [int(place * step) for place in range(min(count, MOST_MATCHES_TOLD))]
