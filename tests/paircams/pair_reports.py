"""Reports that the tests make by hand, so that pages are tested apart from checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paircams.finding import DeclaredCheck, Finding
from paircams.limits import limits_of
from paircams.pairs import read_pairs
from paircams.report import Report
from paircams.verdict import Figures, PairVerdict

if TYPE_CHECKING:
    from pathlib import Path

UNMOVED = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
POINTS = (((0.25, 0.5), (0.3, 0.5)), ((0.5, 0.75), (0.55, 0.75)))


def finding(subject: str | None, severity: str = "error", **fields: object) -> Finding:
    words = {"rule": "P003", "check": "wrong-subject", "message": "another thing; look at it"}
    return Finding(severity=severity, subject_idx=subject, **{**words, **fields})  # type: ignore[arg-type]


def verdict(subject: str, same_subject: str = "pass", **fields: object) -> PairVerdict:
    figures = Figures(
        method="orb",
        inliers=180,
        hull_share=0.5,
        anisotropy=1.0,
        is_plausible=True,
        rotation_deg=2.0,
        scale=1.0,
        iou=0.8,
        shift=0.05,
        ncc=0.9,
        homography=UNMOVED,
        matches=POINTS,
    )
    names = (f"{subject}/smartphone.jpg", f"{subject}/camera.jpg")
    words = {"view": "same", "figures": figures, **fields}
    return PairVerdict(subject, *names, same_subject, **words)  # type: ignore[arg-type]


def report_of(path: Path, *findings: Finding, verdicts: tuple[PairVerdict, ...] = ()) -> Report:
    checks = (DeclaredCheck("P003", "wrong-subject", "error", "Both photos show one subject."),)
    return Report("paper", limits_of("paper"), read_pairs(path), checks, findings, verdicts)
