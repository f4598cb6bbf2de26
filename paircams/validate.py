"""Every check over every pair, in one call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flickrexif.progress import Progress, Silent
from paircams.checks import CHECKS
from paircams.collection import Collection
from paircams.limits import limits_of
from paircams.pairs import read_pairs
from paircams.report import Report

if TYPE_CHECKING:
    import os


def validate(
    path: str | os.PathLike[str], *, profile: str = "paper", progress: Progress | None = None
) -> Report:
    """Check the pairs that the manifest or the folder at ``path`` declares.

    Returns a `Report` with every finding; a bad photo is a finding, and all others are still
    judged. Nothing is written. Raises `flickrexif.errors.UsageError` when ``path`` declares no
    pairs, a manifest has unknown columns, or there is no such ``profile`` (lenient, paper, strict).
    """
    limits = limits_of(profile)
    declared = read_pairs(Path(path))
    collection = Collection.open(declared, progress or Silent())
    findings = (finding for check in CHECKS for finding in check.findings(collection, limits))
    return Report(
        profile=profile,
        limits=limits,
        pairs=len(declared.subjects),
        photos=sum(1 for _ in declared.files()),
        checks={check.id: check.sentence for check in CHECKS},
        findings=tuple(findings),
    )
