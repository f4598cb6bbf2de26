"""Releases: built from a labelled corpus, described by a card and a manifest, and verified."""

from flickrexif.release.build import build
from flickrexif.release.diff import diff
from flickrexif.release.difference import AttributeDiff, ReleaseDiff
from flickrexif.release.finding import Finding
from flickrexif.release.manifest import read_manifest
from flickrexif.release.plan import BuildPlan
from flickrexif.release.summary import BuildSummary
from flickrexif.release.verify import verify
from flickrexif.release.versions import next_version, required_bump
from flickrexif.release.withdraw import ReleaseTakedown, take_down_release

__all__ = [
    "AttributeDiff",
    "BuildPlan",
    "BuildSummary",
    "Finding",
    "ReleaseDiff",
    "ReleaseTakedown",
    "build",
    "diff",
    "next_version",
    "read_manifest",
    "required_bump",
    "take_down_release",
    "verify",
]
