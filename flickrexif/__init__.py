"""EXIF-labelled image corpora from Flickr, versioned datasets, and probes of the camera's traces.

Every name is imported when it is first used, so that ``import flickrexif`` stays fast::

    import flickrexif

    plan = flickrexif.CrawlPlan(months="2020-01..2020-06")
    with flickrexif.Sandbox() as flickr:
        to = flickrexif.Connection.embedded(flickr.rest_url, flickr.image_base)
        flickrexif.crawl("corpus", plan, connection=to)
    flickrexif.label("corpus")
    flickrexif.build("corpus", flickrexif.BuildPlan(version="1.0.0"), out="release")
    flickrexif.probe("release")

This product uses the Flickr API but is not endorsed or certified by SmugMug, Inc.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from flickrexif._version import __version__

if TYPE_CHECKING:
    from flickrexif.auditing import AuditReport, audit
    from flickrexif.corpus import Corpus
    from flickrexif.crawling import CrawlPlan, CrawlStatus, CrawlSummary, Limits, crawl, status
    from flickrexif.errors import FlickrexifError
    from flickrexif.flickr import Connection
    from flickrexif.flickr.login import login
    from flickrexif.hydrating import HydratePlan, HydrateSummary, hydrate
    from flickrexif.imaging import MaskSpec
    from flickrexif.labels import KeptLabels, LabelSummary, label
    from flickrexif.probing import ProbePlan, ProbeReport, probe
    from flickrexif.publishing import (
        FolderShelf,
        HubShelf,
        load,
        publish,
        releases,
        rollback,
        withdraw,
    )
    from flickrexif.release import (
        BuildPlan,
        BuildSummary,
        Finding,
        ReleaseDiff,
        ReleaseTakedown,
        build,
        diff,
        take_down_release,
        verify,
    )
    from flickrexif.sandbox import Sandbox
    from flickrexif.treating import (
        Canonicalising,
        Degrading,
        Masking,
        Processing,
        TreatPlan,
        TreatSummary,
        treat,
    )
    from flickrexif.upkeep import RecheckSummary, TakedownSummary, recheck, takedown

_ROOMS = {
    "AuditReport": "auditing",
    "BuildPlan": "release",
    "BuildSummary": "release",
    "Canonicalising": "treating",
    "Connection": "flickr",
    "Corpus": "corpus",
    "CrawlPlan": "crawling",
    "CrawlStatus": "crawling",
    "CrawlSummary": "crawling",
    "Degrading": "treating",
    "Finding": "release",
    "FlickrexifError": "errors",
    "FolderShelf": "publishing",
    "HubShelf": "publishing",
    "HydratePlan": "hydrating",
    "HydrateSummary": "hydrating",
    "KeptLabels": "labels",
    "LabelSummary": "labels",
    "Limits": "crawling",
    "MaskSpec": "imaging",
    "Masking": "treating",
    "ProbePlan": "probing",
    "ProbeReport": "probing",
    "Processing": "treating",
    "RecheckSummary": "upkeep",
    "ReleaseDiff": "release",
    "ReleaseTakedown": "release",
    "Sandbox": "sandbox",
    "TakedownSummary": "upkeep",
    "TreatPlan": "treating",
    "TreatSummary": "treating",
    "audit": "auditing",
    "build": "release",
    "crawl": "crawling",
    "diff": "release",
    "hydrate": "hydrating",
    "label": "labels",
    "load": "publishing",
    "login": "flickr.login",
    "probe": "probing",
    "publish": "publishing",
    "recheck": "upkeep",
    "releases": "publishing",
    "rollback": "publishing",
    "status": "crawling",
    "take_down_release": "release",
    "takedown": "upkeep",
    "treat": "treating",
    "verify": "release",
    "withdraw": "publishing",
}

__all__ = [
    "AuditReport",
    "BuildPlan",
    "BuildSummary",
    "Canonicalising",
    "Connection",
    "Corpus",
    "CrawlPlan",
    "CrawlStatus",
    "CrawlSummary",
    "Degrading",
    "Finding",
    "FlickrexifError",
    "FolderShelf",
    "HubShelf",
    "HydratePlan",
    "HydrateSummary",
    "KeptLabels",
    "LabelSummary",
    "Limits",
    "MaskSpec",
    "Masking",
    "ProbePlan",
    "ProbeReport",
    "Processing",
    "RecheckSummary",
    "ReleaseDiff",
    "ReleaseTakedown",
    "Sandbox",
    "TakedownSummary",
    "TreatPlan",
    "TreatSummary",
    "__version__",
    "audit",
    "build",
    "crawl",
    "diff",
    "hydrate",
    "label",
    "load",
    "login",
    "probe",
    "publish",
    "recheck",
    "releases",
    "rollback",
    "status",
    "take_down_release",
    "takedown",
    "treat",
    "verify",
    "withdraw",
]


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
