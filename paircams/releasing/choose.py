"""Which pairs of a validated set go into a release, and why others do not."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from flickrexif.errors import FlickrexifError, UsageError
from paircams.layout import SIDES
from paircams.releasing.rows import ChosenPair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from paircams.finding import Finding
    from paircams.report import Report

MENDED = frozenset({"private-tags", "rejected"})
"""Checks whose findings a build mends: it strips the files, and leaves rejected pairs out."""
REJECTED = "rejected in review"


def choose(report: Report, *, leave_out_failed: bool) -> tuple[list[ChosenPair], dict[str, int]]:
    """Return the pairs to build from, as declared, and how many were left out for which reason.

    Raises `FlickrexifError` for errors on pairs that nobody rejected, unless pairs with errors are
    to be left out, and `UsageError` where no pair is left, or a decision is on none: whose it is,
    nobody can tell.
    """
    rejected = {one.subject_idx for one in report.declared.subjects if one.decision == "reject"}
    errors = [f for f in report.findings if _stops(f) and f.subject_idx not in rejected]
    if errors and not leave_out_failed:
        first = errors[0]
        where = first.file or first.subject_idx or "the set"
        raise FlickrexifError(
            f"the set has {len(errors)} errors, such as {first.check} of {where!r}: mend them "
            "(see `paircams validate`), reject the pairs (`paircams review`), or leave them out "
            "(--leave-out-failed)"
        )
    _refuse_stray_decisions(report, errors)
    verdicts = {verdict.subject_idx: verdict for verdict in report.verdicts}
    chosen: list[ChosenPair] = []
    left_out: Counter[str] = Counter()
    for subject in report.declared.subjects:
        name = subject.subject_idx
        mine = [found for found in report.findings if found.subject_idx == name]
        reason = REJECTED if name in rejected else _reason(mine)
        if reason is None and all(len(subject.on(side)) == 1 for side in SIDES):
            kept = tuple(found for found in mine if found.check not in MENDED)
            chosen.append(ChosenPair(subject, verdicts.get(name), kept))
        else:
            left_out[reason or "not one photo on each side"] += 1
    refuse_none(chosen)
    return chosen, dict(left_out)


def refuse_none(pairs: Sequence[ChosenPair]) -> None:
    """Raise `UsageError` where no pair is left."""
    if not pairs:
        raise UsageError("no pair is left to build from: see `paircams validate`")


def _refuse_stray_decisions(report: Report, errors: Sequence[Finding]) -> None:
    """Raise `UsageError` for a row of the file of decisions that is of no declared subject."""
    if report.declared.decisions is None:
        return
    file = report.declared.decisions.name
    names = {subject.subject_idx for subject in report.declared.subjects}
    for found in errors:
        if found.check == "row" and found.file == file and found.subject_idx not in names:
            raise UsageError(f"{file!r}: {found.message}")


def _stops(finding: Finding) -> bool:
    return finding.severity == "error" and finding.check not in MENDED


def _reason(findings: list[Finding]) -> str | None:
    return next((found.check for found in findings if _stops(found)), None)
