"""Every check of a set of pairs, in the order in which they are reported."""

from __future__ import annotations

from paircams.checks import cameras, conditions, copies, edits, files, subjects, traces
from paircams.checks.check import Check

__all__ = ["CHECKS", "RULES", "Check"]

RULES = {
    "P001": "Two photos for every subject, one on each side.",
    "P002": "Photos that can be read.",
    "P003": "One subject in both photos.",
    "P004": "Two photos, not one twice.",
    "P005": "No subject twice.",
    "P006": "Two cameras.",
    "P007": "Cameras on their sides.",
    "P008": "Both photos upright and unmirrored.",
    "P009": "One view in both photos.",
    "P010": "One time, one light, one lens.",
    "P011": "Files as the cameras wrote them.",
    "P012": "Nothing private, a licence for all.",
    "P013": "Files of one kind on both sides.",
    "P014": "Nothing but the picture tells the side.",
}
"""The families of the checks."""

CHECKS: tuple[Check, ...] = (
    Check("P001", "row", "error", "Every row names a subject and can be read.", files.bad_rows),
    Check("P001", "columns", "warning", "Every column of the manifest is known.", files.columns),
    Check("P001", "outside", "error", "Every photo lies in the folder of the set.", files.outside),
    Check("P001", "unplaced", "error", "Every photo stands on a side.", files.unplaced),
    Check("P001", "missing", "error", "Both photos of every subject are there.", files.missing),
    Check("P001", "surplus", "error", "Every subject has one photo a side.", files.surplus),
    Check("P002", "undecodable", "error", "Every photo can be decoded.", files.undecodable),
    Check("P003", "rejected", "error", "No pair was rejected in review.", subjects.rejected),
    Check(
        "P003",
        "swapped",
        "error",
        "No two subjects have exchanged photos.",
        subjects.swapped,
        needs_matching=True,
    ),
    Check(
        "P003",
        "subject",
        "error",
        "Both photos of a pair show one subject.",
        subjects.strangers,
        needs_matching=True,
    ),
    Check(
        "P003",
        "unsure",
        "warning",
        "It is beyond doubt that both photos of a pair show one subject.",
        subjects.unsure,
        needs_matching=True,
    ),
    Check(
        "P004", "identical", "error", "The photos of a pair are two files.", copies.identical_pairs
    ),
    Check(
        "P004",
        "re-encoded",
        "error",
        "The photos of a pair are not one picture saved twice.",
        copies.re_encoded_pairs,
    ),
    Check("P004", "shared-file", "error", "No file stands in two subjects.", copies.shared_files),
    Check(
        "P005",
        "near-duplicate",
        "warning",
        "No picture stands in two subjects.",
        copies.near_duplicates,
        needs_matching=True,
    ),
    Check(
        "P006",
        "same-camera",
        "error",
        "The photos of a pair come from two models of camera.",
        cameras.same_camera,
    ),
    Check(
        "P007",
        "unknown-model",
        "warning",
        "The class of every camera model is known.",
        cameras.unknown_models,
    ),
    Check(
        "P007",
        "coloured-model",
        "info",
        "The class of every camera model is declared.",
        cameras.coloured_models,
    ),
    Check(
        "P007",
        "swapped-sides",
        "error",
        "The smartphone's photo is not on the camera's side, nor the camera's on its.",
        cameras.swapped_sides,
    ),
    Check(
        "P007",
        "smartphone-side",
        "error",
        "The smartphone side holds photos of smartphones.",
        cameras.smartphone_side,
    ),
    Check(
        "P007",
        "camera-side",
        "warning",
        "The camera side holds photos of digital cameras.",
        cameras.camera_side,
    ),
    Check(
        "P008",
        "rotated",
        "error",
        "The photos of a pair are the same way up.",
        subjects.rotated,
        needs_matching=True,
    ),
    Check(
        "P008",
        "mirrored",
        "error",
        "No photo is mirrored.",
        subjects.mirrored,
        needs_matching=True,
    ),
    Check(
        "P009",
        "framing",
        "warning",
        "The photos of a pair show nearly the same view.",
        subjects.framing,
        needs_matching=True,
    ),
    Check(
        "P010",
        "capture-gap",
        "warning",
        "The photos of a pair were taken soon after each other.",
        conditions.capture_gaps,
    ),
    Check(
        "P010",
        "exposure",
        "warning",
        "The photos of a pair were taken in the same light.",
        conditions.exposures,
    ),
    Check(
        "P010",
        "field-of-view",
        "warning",
        "The focal lengths explain how large the subject is.",
        conditions.fields_of_view,
        needs_matching=True,
    ),
    Check(
        "P010", "flash", "warning", "Flash fired for both photos or for none.", conditions.flashes
    ),
    Check("P011", "edited", "info", "No editor wrote a file.", edits.edited),
    Check("P011", "cropped", "info", "Every photo has its sensor's aspect.", edits.cropped),
    Check("P011", "resolution", "info", "Every photo has its camera's size.", edits.reduced),
    Check(
        "P011",
        "resaved",
        "info",
        "No JPEG was compressed before.",
        edits.resaved,
        needs_history=True,
    ),
    Check(
        "P012",
        "private-tags",
        "warning",
        "No photo tells a place, a serial number, an owner or an earlier view.",
        traces.private_photos,
    ),
    Check("P012", "license", "warning", "All subjects have a licence.", traces.unlicensed),
    Check(
        "P013",
        "sides-differ",
        "info",
        "Both sides have one format, colour profile, bit depth and size.",
        traces.differences,
    ),
    Check(
        "P014",
        "telltale",
        "warning",
        "Nothing about the files alone tells the side of a photo.",
        traces.telltales,
    ),
)
