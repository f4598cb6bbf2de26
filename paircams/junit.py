"""A report in the form that continuous integration shows: JUnit's XML, one test case per pair."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from flickrexif.atomic import write_text
from flickrexif.errors import UsageError
from paircams.finding import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from paircams.finding import Finding, Severity
    from paircams.report import Report

WHOLE_SET = "the whole set"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'


def junit(report: Report, *, fail_on: Severity = "error") -> str:
    """Return a report as JUnit XML: a case per subject, and one for what concerns the whole set.

    Findings as bad as ``fail_on`` or worse are failures, the others stand in the case's output.
    """
    names = [subject.subject_idx for subject in report.declared.subjects]
    found: dict[str, list[Finding]] = {name: [] for name in (*names, WHOLE_SET)}
    for finding in report.findings:
        name = finding.subject_idx
        found[name if name in found and name is not None else WHOLE_SET].append(finding)
    suite = ET.Element("testsuite", name="paircams", tests=str(len(found)))
    failing = SEVERITIES[: SEVERITIES.index(fail_on) + 1]
    failed = [_case(suite, name, findings, failing) for name, findings in found.items()]
    suite.set("failures", str(sum(failed)))
    root = ET.Element("testsuites")
    root.append(suite)
    ET.indent(root)
    return f"{_DECLARATION}\n{ET.tostring(root, encoding='unicode')}\n"


def write_junit(report: Report, path: Path, *, fail_on: Severity = "error") -> None:
    """Write a report as JUnit XML to ``path``, whole or not at all; see `junit`."""
    try:
        write_text(path, junit(report, fail_on=fail_on))
    except OSError as error:
        raise UsageError(
            f"{str(path)!r} cannot be written: {error.strerror}; name a file in a folder that can"
        ) from error


def _case(
    suite: ET.Element, name: str, findings: Iterable[Finding], failing: tuple[Severity, ...]
) -> bool:
    """Add the case of one subject; True when it fails."""
    case = ET.SubElement(suite, "testcase", classname="paircams", name=name)
    bad = [finding for finding in findings if finding.severity in failing]
    if bad:
        checks = ", ".join(dict.fromkeys(f"{finding.rule} {finding.check}" for finding in bad))
        failure = ET.SubElement(case, "failure", message=checks, type=bad[0].severity)
        failure.text = _told(bad)
    rest = [finding for finding in findings if finding.severity not in failing]
    if rest:
        ET.SubElement(case, "system-out").text = _told(rest)
    return bool(bad)


def _told(findings: Iterable[Finding]) -> str:
    return "\n".join(
        f"{finding.severity} {finding.rule} {finding.check}: "
        f"{finding.file + ': ' if finding.file else ''}{finding.message}"
        for finding in findings
    )
