"""Reports hold every finding, on the screen, as JSON and as CSV."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pair_scenes import Album, scene

from flickrexif.errors import UsageError
from paircams import Finding, Report, validate
from paircams.checks.traces import told_share
from paircams.finding import DeclaredCheck
from paircams.layout import PairSet
from paircams.limits import PROFILES


def report_of(findings: tuple[Finding, ...]) -> Report:
    check = DeclaredCheck("P001", "missing", "error", "All is there.")
    return Report("paper", PROFILES["paper"], PairSet(Path(), ()), (check,), findings)


def test_nothing_is_cut_from_a_long_report(tmp_path: Path) -> None:
    findings = tuple(Finding("P001", "missing", "error", f"no. {n}", str(n)) for n in range(5000))
    report = report_of(findings)
    report.write(tmp_path / "new" / "folder")
    written = json.loads((tmp_path / "new" / "folder" / "report.json").read_text())
    assert [Finding(**fields) for fields in written["findings"]] == list(findings)
    assert written["severity_counts"] == {"error": 5000, "warning": 0, "info": 0}
    with (tmp_path / "new" / "folder" / "findings.csv").open(newline="") as file:
        assert [row["message"] for row in csv.DictReader(file)] == [f.message for f in findings]
    assert len(list(report.lines())) == 2


def test_a_report_says_what_was_checked_and_against_what(album: Album) -> None:
    written = json.loads(validate(album.root, profile="strict").to_json())
    assert written["schema"] == "paircams-report/2"
    assert written["profile"] == "strict"
    gap = written["limits"]["capture_gap_s"]
    assert (gap["value"], gap["unit"]) == (120.0, "seconds")
    assert gap["measured"].startswith("Not measured")
    assert {"rule", "id", "severity", "sentence"} == set(written["checks"][0])
    assert written["versions"]["pillow"]
    assert written["complete"] is True


def test_one_set_gives_one_report(album: Album) -> None:
    (album.root / "stranger.jpg").write_bytes(b"")
    album.add(3, camera=b"")
    assert validate(album.root).to_json() == validate(album.root).to_json()


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UsageError, match="cannot be written"):
        report_of(()).write(tmp_path / "file")


def test_names_that_are_no_utf8_can_be_reported(album: Album, tmp_path: Path) -> None:
    odd = album.root / "003" / "caf\udce9\n.jpg"
    scene(1).save(odd, "JPEG")
    report = validate(album.root, only=["P001"])
    report.write(tmp_path / "report")
    (finding,) = report.findings
    assert finding.check == "unplaced"
    assert "\n" not in "".join(report.lines())


@given(st.lists(st.sampled_from("ab"), min_size=4, max_size=40))
def test_a_trait_told_by_one_side_alone_tells_all(values: list[str]) -> None:
    assert told_share([("x", "y") for _ in values]) == 1.0
    assert told_share([(value, value) for value in values]) <= 0.5
    assert told_share([(f"{n}p", f"{n}c") for n, _ in enumerate(values)]) == 0.5
