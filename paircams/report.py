"""What `paircams.validate` found, for people and for programs."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from flickrexif._version import __version__
from flickrexif.atomic import write_text
from flickrexif.errors import UsageError
from paircams.finding import SEVERITIES, DeclaredCheck, Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from paircams.layout import PairSet
    from paircams.limits import Limits
    from paircams.verdict import PairVerdict

SCHEMA = "paircams-report/2"

CSV_COLUMNS = (
    "subject_idx",
    "side",
    "file",
    "rule",
    "check",
    "severity",
    "value",
    "limit",
    "message",
)


@dataclass(frozen=True, slots=True)
class Report:
    """All findings, ordered by check, then by subject as declared; none is left out."""

    profile: str
    limits: Limits
    declared: PairSet
    """The set as declared, by which its photos can be read again; not part of the JSON."""
    checks: tuple[DeclaredCheck, ...]
    """Each check that ran."""
    findings: tuple[Finding, ...]
    verdicts: tuple[PairVerdict, ...] = ()
    """One for each subject with one photo on each side, as declared; none if not asked for."""
    ignored: int = 0
    """How many findings were left out because the user, or a reviewer's decision, said so."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of the libraries that the figures depend on."""

    @property
    def pairs(self) -> int:
        """How many subjects are declared."""
        return len(self.declared.subjects)

    @property
    def photos(self) -> int:
        """How many photos are declared."""
        return sum(1 for _ in self.declared.files())

    @property
    def counts(self) -> dict[Severity, int]:
        """How many findings there are of each severity, from the worst on."""
        counted = Counter(finding.severity for finding in self.findings)
        return {severity: counted[severity] for severity in SEVERITIES}

    @property
    def passed(self) -> bool:
        """True when no finding is an error."""
        return self.counts["error"] == 0

    @property
    def is_complete(self) -> bool:
        """False when the matching of a pair broke off."""
        return all(verdict.reason is None for verdict in self.verdicts)

    def fails(self, at: Severity) -> bool:
        """True when a finding is as bad as ``at``, or worse."""
        worst = SEVERITIES[: SEVERITIES.index(at) + 1]
        return any(self.counts[severity] for severity in worst)

    def lines(self) -> Iterator[str]:
        """A summary for a terminal: one line, and one more for each check that found something."""
        told = ", ".join(_count(self.counts[severity], severity) for severity in SEVERITIES[:2])
        notes = f", {self.counts['info']:,} info" if self.counts["info"] else ""
        yield f"{_count(self.pairs, 'pair')}, {_count(self.photos, 'photo')}: {told}{notes}"
        if self.verdicts:
            same = Counter(verdict.same_subject for verdict in self.verdicts)
            yield "same subject: " + ", ".join(f"{n:,} {told}" for told, n in same.items())
        counts = Counter(
            (finding.severity, finding.rule, finding.check) for finding in self.findings
        )
        for (severity, rule, check), count in sorted(counts.items(), key=_worst_first):
            first = next(finding for finding in self.findings if finding.check == check)
            more = f" (and {count - 1} more)" if count > 1 else ""
            yield f"{severity:7} {rule} {check}: {_located(first)}{first.message}{more}"
        if self.ignored:
            yield f"{_count(self.ignored, 'finding')} ignored as asked"

    def to_json(self) -> str:
        """The whole report as a JSON object; its ``schema`` names the version of its form."""
        whole = {
            "schema": SCHEMA,
            "paircams_version": __version__,
            "versions": dict(self.versions),
            "profile": self.profile,
            "limits": self.limits.to_json(),
            "pairs": self.pairs,
            "photos": self.photos,
            "severity_counts": self.counts,
            "ignored": self.ignored,
            "complete": self.is_complete,
            "checks": [asdict(check) for check in self.checks],
            "findings": [asdict(finding) for finding in self.findings],
            "verdicts": [asdict(verdict) for verdict in self.verdicts],
        }
        return json.dumps(whole, ensure_ascii=False, indent=2, allow_nan=False)

    def to_csv(self) -> str:
        """One line per finding under a header of `CSV_COLUMNS`; what is unknown is empty."""
        text = io.StringIO()
        writer = csv.DictWriter(text, CSV_COLUMNS, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(finding) for finding in self.findings)
        return text.getvalue()

    def write(self, folder: Path) -> None:
        """Write ``report.json`` and ``findings.csv`` into ``folder``, each whole or not at all."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_text(folder / "findings.csv", self.to_csv())
            write_text(folder / "report.json", self.to_json() + "\n")
        except OSError as error:
            raise UsageError(
                f"the report cannot be written to {str(folder)!r}: {error.strerror}; "
                "name a folder that can be written"
            ) from error


def _worst_first(counted: tuple[tuple[Severity, str, str], int]) -> tuple[int, str]:
    (severity, rule, _), _ = counted
    return SEVERITIES.index(severity), rule


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _located(finding: Finding) -> str:
    if finding.file is not None:
        return f"{finding.file}: "
    return f"subject {finding.subject_idx}: " if finding.subject_idx is not None else ""
