"""The thresholds of the checks, by profile, each with what was measured for it.

Sets that figures are of: *real pairs* are 208 true pairs of 108 subjects (8 taken by hand with a
smartphone and an old camera, 200 of printed cards), *strangers* 1,950 couples of photos of
different subjects, among them look-alikes of the cards. The limits of one subject were set on these
same photos; held out were 22,791 couples of camera files, with no false accept. *Cards* are 48 true
pairs of the cards and 106 photos. ``benchmarks/pairs.py`` measures anew what it can.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

from flickrexif.errors import UsageError


def _limit(default: float, unit: str, measured: str) -> Any:
    return field(default=default, metadata={"unit": unit, "measured": measured})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the checks tolerate; ``to_json`` adds the units and the measured error rates."""

    subject_inliers: int = _limit(
        25,
        "matches",
        "Real pairs: at least 100 by ORB. Strangers: at most 63, those of 25 or more on a hull of "
        "at most 3.1 %. With the three limits of a subject: recall 208 of 208, false accepts 0 of "
        "1,950 (95 % intervals: 0.966 to 1, 0 to 0.002).",
    )
    subject_hull_share: float = _limit(
        0.04,
        "of the frame",
        "Real pairs: at least 0.068. Strangers that share a printed word: 0.004 to 0.031.",
    )
    subject_anisotropy: float = _limit(
        2.5, "ratio", "Rejects no real pair; a plane seen at 45 degrees has 1.4, at 65 degrees 2.4."
    )
    review_inliers: int = _limit(
        12,
        "matches",
        "Strangers for review: 1 of 1,950 after ORB, 6 after SIFT; held out: 2 of 22,791.",
    )
    view_rotation_deg: float = _limit(
        15.0, "degrees", "Real pairs: at most 9.0 (6 upside down set aside)."
    )
    view_scale: float = _limit(1.67, "ratio, either way", "Real pairs: 0.82 to 1.08.")
    view_iou: float = _limit(0.5, "of the union", "Real pairs: at least 0.68.")
    view_shift: float = _limit(
        0.2,
        "of the diagonal",
        "Real pairs: at most 0.116. With the four limits of a view: 202 of 202 kept.",
    )
    review_correlation: float = _limit(
        0.5,
        "correlation",
        "8 real pairs: at least 0.64; 56 couples of their photos: at most 0.38. Told, never a "
        "verdict.",
    )
    same_picture_difference: float = _limit(
        0.10,
        "deviations",
        "Photos saved again: at most 0.063 (JPEG 30 to 95, PNG, at a half and a third of the "
        "size), 0.084 sharpened fourfold, 0.120 brightened by 15 %. Cards: at least 0.167.",
    )
    duplicate_hash_bits: int = _limit(
        4, "bits of 64", "Photos saved again: at most 4, 6 sharpened. Other subjects: at least 16."
    )
    duplicate_difference: float = _limit(
        0.25,
        "deviations",
        "Taken as a duplicate without matching. Other subjects: at least 0.476.",
    )
    capture_gap_s: float = _limit(
        600.0, "seconds", "Not measured: no set with the clocks of both cameras was at hand."
    )
    clock_pairs: int = _limit(
        3, "pairs", "From how many pairs of two cameras their clocks' difference is estimated."
    )
    exposure_ev: float = _limit(
        2.0, "EV", "Not measured, likewise; phones that merge frames state one of them."
    )
    field_of_view: float = _limit(
        1.5, "ratio, either way", "Not measured: 35 mm equivalents stand in 24 % of camera files."
    )
    size_ratio: float = _limit(
        2.0, "ratio of pixels, either way", "A convention: the median over the pairs is judged."
    )
    aspect_tolerance: float = _limit(
        0.02, "ratio less 1", "Sizes in pixels are rounded to blocks of 8 or 16 by many cameras."
    )
    telltale_share: float = _limit(
        0.9, "of the photos", "From which share on a trait is said to tell the side."
    )
    telltale_pairs: int = _limit(4, "pairs", "With fewer, chance alone tells the side.")

    def to_json(self) -> dict[str, dict[str, float | str]]:
        """Each limit by name: its value, its unit, and what was measured for it."""
        return {
            limit.name: {"value": getattr(self, limit.name), **limit.metadata}
            for limit in fields(self)
        }


_PAPER = Limits()

PROFILES = {
    "lenient": replace(
        _PAPER,
        view_rotation_deg=25.0,
        view_scale=2.5,
        view_iou=0.3,
        view_shift=0.35,
        capture_gap_s=3600.0,
        exposure_ev=4.0,
    ),
    "paper": _PAPER,
    "strict": replace(
        _PAPER,
        subject_inliers=50,
        view_rotation_deg=10.0,
        view_scale=1.25,
        view_iou=0.65,
        view_shift=0.12,
        capture_gap_s=120.0,
        exposure_ev=1.0,
    ),
}
"""What differs: how close two views and two conditions must be. ``strict`` just keeps the real
pairs (rotation to 9.0 degrees, scale from 0.82, overlap from 0.68, shift to 0.116)."""


def limits_of(profile: str) -> Limits:
    """The limits of ``profile``; `UsageError` names the known ones."""
    if profile not in PROFILES:
        known = ", ".join(PROFILES)
        raise UsageError(f"no profile {profile!r}; choose one of {known}")
    return PROFILES[profile]
