"""What `paircams.validate` found, for people and for programs."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Literal

from flickrexif._version import __version__
from flickrexif.atomic import write_text
from flickrexif.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from paircams.limits import Limits

SCHEMA = "paircams-report/1"

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with one photo, one pair, or (no subject, no file) the whole set."""

    check: str
    severity: Severity
    message: str
    subject_idx: str | None = None
    side: str | None = None
    file: str | None = None
    value: float | None = None
    """What was measured, where the check measures; in the unit of ``limit``."""
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """All findings, ordered by check, then by subject as declared; none is left out."""

    profile: str
    limits: Limits
    pairs: int
    photos: int
    checks: Mapping[str, str]
    """Each check that ran, with the sentence that a sound set fulfils."""
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> int:
        """How many findings have severity error."""
        return sum(finding.severity == "error" for finding in self.findings)

    @property
    def warnings(self) -> int:
        """How many findings have severity warning."""
        return len(self.findings) - self.errors

    @property
    def passed(self) -> bool:
        """True when no finding is an error."""
        return self.errors == 0

    def lines(self) -> Iterator[str]:
        """A summary for a terminal: one line, and one more for each check that found something."""
        yield (
            f"{_count(self.pairs, 'pair')}, {_count(self.photos, 'photo')}: "
            f"{_count(self.errors, 'error')}, {_count(self.warnings, 'warning')}"
        )
        counts = Counter((finding.severity, finding.check) for finding in self.findings)
        for (severity, check), count in counts.items():
            first = next(finding for finding in self.findings if finding.check == check)
            more = f" (and {count - 1} more)" if count > 1 else ""
            yield f"{severity:7} {check}: {_located(first)}{first.message}{more}"

    def to_json(self) -> str:
        """The whole report as a JSON object; its ``schema`` names the version of its form."""
        whole = {
            "schema": SCHEMA,
            "paircams_version": __version__,
            "profile": self.profile,
            "limits": asdict(self.limits),
            "pairs": self.pairs,
            "photos": self.photos,
            "severity_counts": {"error": self.errors, "warning": self.warnings},
            "checks": dict(self.checks),
            "findings": [asdict(finding) for finding in self.findings],
        }
        return json.dumps(whole, ensure_ascii=False, indent=2)

    def to_csv(self) -> str:
        """One line per finding under a header of `Finding`'s fields; what is unknown is empty."""
        text = io.StringIO()
        columns = [field.name for field in fields(Finding)]
        writer = csv.DictWriter(text, columns, lineterminator="\n")
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


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _located(finding: Finding) -> str:
    if finding.file is not None:
        return f"{finding.file}: "
    return f"subject {finding.subject_idx}: " if finding.subject_idx is not None else ""
