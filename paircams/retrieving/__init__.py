"""Is a photo's partner found, and does that depend on whose camera took the other photos?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flickrexif.probing.require import required
from flickrexif.progress import Progress, Silent
from paircams.retrieving.plan import RetrievePlan
from paircams.retrieving.report import RetrievalReport, RetrievalRow

if TYPE_CHECKING:
    import os

__all__ = ["RetrievalReport", "RetrievalRow", "RetrievePlan", "retrieve"]


def retrieve(
    path: str | os.PathLike[str],
    plan: RetrievePlan,
    *,
    out: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> RetrievalReport:
    """Embed the photos of the pairs at ``path`` and look for each one's partner by its embedding.

    ``path`` is a release, the published dataset, a manifest or a folder; each photo is decoded once
    for all encoders. The negatives are the photos of all other subjects by the query's camera side,
    or by the target's; see `flickrexif.probing.protocols.retrieval`. With ``out``, retrieval.json,
    retrieval.csv and retrieval.png are written there.

    Raises `UsageError` for a ``path`` without pairs, for fewer than two sound ones, for an encoder
    that cannot be had, and when the ``probe`` extra is not installed.
    """
    required("torch", *(() if out is None else ("matplotlib",)))
    from paircams.retrieving.run import run

    report = run(Path(path), plan, progress=progress or Silent())
    if out is not None:
        report.write(Path(out))
    return report
