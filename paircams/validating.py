"""Every check over every pair, in one call."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from flickrexif.errors import UsageError
from flickrexif.progress import Progress, Silent
from paircams.checks import CHECKS, RULES
from paircams.collection import Collection
from paircams.history import with_history
from paircams.judge import judged
from paircams.limits import limits_of
from paircams.matching.opencv import opencv
from paircams.pairs import read_pairs
from paircams.report import Report

if TYPE_CHECKING:
    import os
    from collections.abc import Collection as Group
    from collections.abc import Iterable, Mapping

    from paircams.checks import Check
    from paircams.finding import Finding
    from paircams.layout import Decision

LIBRARIES = ("opencv-python-headless", "numpy", "pillow", "pillow-heif")
"""What the figures of a report depend on."""

ACCEPTED = frozenset({"swapped", "subject", "unsure", "framing"})
"""What a person who accepts a pair has looked at and overrules."""


def validate(
    path: str | os.PathLike[str],
    *,
    profile: str = "paper",
    only: Group[str] = (),
    ignore: Group[str] = (),
    classes: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Report:
    """Check the pairs that the manifest, the dataset or the folder at ``path`` declares.

    Returns a `Report` with every finding; a bad photo is a finding, and all others are still
    judged. Nothing is written. ``only`` names rules (P003) or checks (subject) to run alone;
    ``ignore`` names such, or RULE:pair, whose findings are counted and left out. ``classes`` is a
    table of camera models for sets that tell models instead of sides.

    Raises `flickrexif.errors.UsageError` when ``path`` declares no pairs, there is no such
    ``profile`` (lenient, paper, strict), rule or check, or OpenCV is not installed and a check
    needs it.
    """
    limits = limits_of(profile)
    checks = _chosen(only)
    ignored = [_Ignored.parse(word) for word in ignore]
    declared = read_pairs(Path(path), classes=None if classes is None else Path(classes))
    matching = any(check.needs_matching for check in checks)
    if matching:
        opencv()  # refused here, before any photo is read
    telling = progress or Silent()
    collection = Collection.open(declared, telling, matching=matching)
    if any(check.needs_history for check in checks):
        collection = with_history(collection, telling)
    if matching:
        collection = judged(collection, limits, telling)
    found = [finding for check in checks for finding in check.findings(collection, limits)]
    decisions = {subject.subject_idx: subject.decision for subject in declared.subjects}
    kept = [f for f in found if not _is_left_out(f, ignored, decisions)]
    return Report(
        profile=profile,
        limits=limits,
        declared=declared,
        checks=tuple(check.declared for check in checks),
        findings=tuple(kept),
        verdicts=tuple(collection.verdicts.values()),
        ignored=len(found) - len(kept),
        versions=_versions(),
    )


@dataclass(frozen=True, slots=True)
class _Ignored:
    """What ``RULE`` or ``RULE:pair`` leaves out; a rule may be named by one of its checks."""

    name: str
    subject_idx: str | None

    @classmethod
    def parse(cls, word: str) -> _Ignored:
        name, colon, subject_idx = word.partition(":")
        return cls(_known(name), subject_idx if colon else None)

    def covers(self, finding: Finding) -> bool:
        is_named = self.name in (finding.rule, finding.check)
        return is_named and self.subject_idx in (None, finding.subject_idx)


def _is_left_out(
    finding: Finding, ignored: Iterable[_Ignored], decisions: Mapping[str, Decision | None]
) -> bool:
    is_accepted = finding.check in ACCEPTED and decisions.get(finding.subject_idx or "") == "accept"
    return is_accepted or any(one.covers(finding) for one in ignored)


def _chosen(only: Group[str]) -> tuple[Check, ...]:
    names = {_known(name) for name in only}
    return tuple(check for check in CHECKS if not names or names & {check.rule, check.id})


def _known(name: str) -> str:
    """``name`` as rules and checks are written; `UsageError` if there is none."""
    rule = name.strip().upper()
    check = name.strip().lower()
    if rule in RULES:
        return rule
    if any(check == known.id for known in CHECKS):
        return check
    checks = ", ".join(known.id for known in CHECKS)
    raise UsageError(f"no rule or check {name!r}; rules are P001 to P014, checks {checks}")


def _versions() -> dict[str, str]:
    """The installed versions; OpenCV may come as another of its packages."""
    versions: dict[str, str] = {}
    for name in LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions
