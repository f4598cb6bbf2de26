"""What a report tells of where its figures come from, besides the encoders' own words."""

from __future__ import annotations

import dataclasses
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from flickrexif._version import __version__
from flickrexif.release.manifest import MANIFEST
from flickrexif.release.source import sha256_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flickrexif.probing.plan import ProbePlan
    from flickrexif.probing.release_data import AttributeData, ReleaseData

LIBRARIES = ("numpy", "torch")


def provenance_of(
    data: ReleaseData, attributes: Iterable[AttributeData], plan: ProbePlan
) -> dict[str, Any]:
    """The fields of a `ProbeReport` that say what was probed, with which words and libraries."""
    words = dataclasses.asdict(dataclasses.replace(plan, encoders=("-",)))
    del words["encoders"]  # each has a record of its own
    return {
        "classes": {attribute.name: attribute.classes for attribute in attributes},
        "synthetic": bool(data.manifest.get("corpus", {}).get("synthetic", False)),
        "manifest_sha256": sha256_of(data.path / MANIFEST),
        "plan": words,
        "made_with": {"flickrexif": __version__, **{name: version(name) for name in LIBRARIES}},
    }
