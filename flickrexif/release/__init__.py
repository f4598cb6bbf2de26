"""Releases: built from a labelled corpus, described by a card and a manifest, and verified."""

from flickrexif.release.build import build
from flickrexif.release.finding import Finding
from flickrexif.release.manifest import read_manifest
from flickrexif.release.plan import BuildPlan
from flickrexif.release.summary import BuildSummary
from flickrexif.release.verify import verify

__all__ = ["BuildPlan", "BuildSummary", "Finding", "build", "read_manifest", "verify"]
