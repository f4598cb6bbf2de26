"""Every check of a set of pairs, in the order in which they are reported."""

from __future__ import annotations

from paircams.checks import cameras, copies, files, traces
from paircams.checks.check import Check

__all__ = ["CHECKS", "Check"]

CHECKS: tuple[Check, ...] = (
    Check("row", "error", "Every row names a subject and can be read.", files.bad_rows),
    Check("outside", "error", "Every photo lies in the folder of the set.", files.outside),
    Check("unplaced", "error", "Every photo stands on a side of a subject.", files.unplaced),
    Check("missing", "error", "Both photos of every subject are there.", files.missing),
    Check("surplus", "error", "Every subject has one photo on each side.", files.surplus),
    Check("undecodable", "error", "Every photo decodes to its last byte.", files.undecodable),
    Check(
        "identical", "error", "The photos of a pair are not the same file.", copies.identical_pairs
    ),
    Check(
        "re-encoded",
        "error",
        "The photos of a pair are not one picture saved twice.",
        copies.re_encoded_pairs,
    ),
    Check("shared-file", "error", "No file stands in two subjects.", copies.shared_files),
    Check(
        "near-duplicate",
        "warning",
        "No picture stands in two subjects.",
        copies.near_duplicates,
    ),
    Check(
        "same-camera",
        "error",
        "The photos of a pair come from two models of camera.",
        cameras.same_camera,
    ),
    Check(
        "swapped-sides",
        "error",
        "The smartphone's photo is not on the camera's side, nor the camera's on its.",
        cameras.swapped_sides,
    ),
    Check(
        "smartphone-side",
        "error",
        "The smartphone side holds photos of smartphones.",
        cameras.smartphone_side,
    ),
    Check(
        "camera-side",
        "warning",
        "The camera side holds photos of digital cameras.",
        cameras.camera_side,
    ),
    Check(
        "capture-gap",
        "warning",
        "The photos of a pair were taken soon after each other.",
        cameras.capture_gaps,
    ),
    Check(
        "private-tags",
        "warning",
        "No photo tells a place, a serial number, an owner or an earlier view.",
        traces.private_photos,
    ),
    Check(
        "telltale",
        "warning",
        "Nothing about the files alone tells the side of a photo.",
        traces.telltales,
    ),
)
