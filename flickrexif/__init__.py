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
    from flickrexif.golden import (
        GoldenCheck,
        GoldenPlan,
        GoldenSet,
        golden_add,
        golden_check,
        golden_freeze,
    )
    from flickrexif.hydrating import HydratePlan, HydrateSummary, hydrate
    from flickrexif.imaging import MaskSpec
    from flickrexif.labels import KeptLabels, LabelSummary, label
    from flickrexif.probing import (
        DegradationPlan,
        DegradationReport,
        EmbedPlan,
        EmbedReport,
        ListedEncoder,
        NeighboursPlan,
        NeighboursReport,
        PreprocessSpec,
        ProbeComparison,
        ProbePlan,
        ProbeReport,
        ProcessingPlan,
        ProcessingReport,
        compare_probes,
        degradation_report,
        embed,
        list_encoders,
        module_encoder,
        neighbours_protocol,
        probe,
        processing_protocol,
    )
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
    "DegradationPlan": "probing",
    "DegradationReport": "probing",
    "Degrading": "treating",
    "EmbedPlan": "probing",
    "EmbedReport": "probing",
    "Finding": "release",
    "FlickrexifError": "errors",
    "FolderShelf": "publishing",
    "GoldenCheck": "golden",
    "GoldenPlan": "golden",
    "GoldenSet": "golden",
    "HubShelf": "publishing",
    "HydratePlan": "hydrating",
    "HydrateSummary": "hydrating",
    "KeptLabels": "labels",
    "LabelSummary": "labels",
    "Limits": "crawling",
    "ListedEncoder": "probing",
    "MaskSpec": "imaging",
    "Masking": "treating",
    "NeighboursPlan": "probing",
    "NeighboursReport": "probing",
    "PreprocessSpec": "probing",
    "ProbeComparison": "probing",
    "ProbePlan": "probing",
    "ProbeReport": "probing",
    "Processing": "treating",
    "ProcessingPlan": "probing",
    "ProcessingReport": "probing",
    "RecheckSummary": "upkeep",
    "ReleaseDiff": "release",
    "ReleaseTakedown": "release",
    "Sandbox": "sandbox",
    "TakedownSummary": "upkeep",
    "TreatPlan": "treating",
    "TreatSummary": "treating",
    "audit": "auditing",
    "build": "release",
    "compare_probes": "probing",
    "crawl": "crawling",
    "degradation_report": "probing",
    "diff": "release",
    "embed": "probing",
    "golden_add": "golden",
    "golden_check": "golden",
    "golden_freeze": "golden",
    "hydrate": "hydrating",
    "label": "labels",
    "list_encoders": "probing",
    "load": "publishing",
    "login": "flickr.login",
    "module_encoder": "probing",
    "neighbours_protocol": "probing",
    "probe": "probing",
    "processing_protocol": "probing",
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
    "DegradationPlan",
    "DegradationReport",
    "Degrading",
    "EmbedPlan",
    "EmbedReport",
    "Finding",
    "FlickrexifError",
    "FolderShelf",
    "GoldenCheck",
    "GoldenPlan",
    "GoldenSet",
    "HubShelf",
    "HydratePlan",
    "HydrateSummary",
    "KeptLabels",
    "LabelSummary",
    "Limits",
    "ListedEncoder",
    "MaskSpec",
    "Masking",
    "NeighboursPlan",
    "NeighboursReport",
    "PreprocessSpec",
    "ProbeComparison",
    "ProbePlan",
    "ProbeReport",
    "Processing",
    "ProcessingPlan",
    "ProcessingReport",
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
    "compare_probes",
    "crawl",
    "degradation_report",
    "diff",
    "embed",
    "golden_add",
    "golden_check",
    "golden_freeze",
    "hydrate",
    "label",
    "list_encoders",
    "load",
    "login",
    "module_encoder",
    "neighbours_protocol",
    "probe",
    "processing_protocol",
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
