"""Real photos: pairs of two cameras pass, photos of two subjects do not."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from paircams import validate
from paircams.layout import PhotoFile
from paircams.limits import PROFILES
from paircams.matching.cascade import Look, passes
from paircams.matching.homography import fit
from paircams.photo import Contents, examine

if TYPE_CHECKING:
    from pathlib import Path

LIMITS = PROFILES["paper"]


@pytest.fixture(scope="module")
def pairs(oracle: Path) -> list[dict[str, str]]:
    table = oracle / "pairs" / "pairs.csv"
    if not table.is_file():
        pytest.skip("the oracle has no pairs")
    with table.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def manifest(oracle: Path, pairs: list[dict[str, str]], tmp_path: Path) -> Path:
    """The oracle's true pairs, linked beside a manifest of them."""
    (tmp_path / "photos").symlink_to(oracle / "pairs" / "photos")
    path = tmp_path / "pairs.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["subject_idx", "smartphone", "camera"])
        for row in pairs:
            if row["relation"] == "pair":
                writer.writerow([row["a"][1:4], f"photos/{row['b']}", f"photos/{row['a']}"])
    return path


def test_true_pairs_pass_and_the_one_upside_down_is_named(manifest: Path) -> None:
    report = validate(manifest)
    assert report.pairs == 48
    assert {verdict.same_subject for verdict in report.verdicts} == {"pass"}
    (error,) = (finding for finding in report.findings if finding.severity == "error")
    assert (error.rule, error.check, error.subject_idx) == ("P008", "rotated", "065")
    assert "rotated by 180°" in error.message
    found = {finding.check for finding in report.findings}
    assert not found & {"near-duplicate", "framing", "unsure"}


def test_no_photos_of_two_subjects_pass(oracle: Path, pairs: list[dict[str, str]]) -> None:
    """A quarter of them by ORB, the first step; ``benchmarks/pairs.py`` has all, and all steps."""
    others = [(row["a"], row["b"]) for row in pairs if row["relation"] == "other"][::4]
    names = {name for pair in others for name in pair}
    looks = {name: look(oracle / "pairs" / "photos" / name) for name in names}
    fits = [fit(looks[a].features, looks[b].features) for a, b in others]
    assert len(fits) == 75
    assert not any(found is not None and passes(found, LIMITS) for found in fits)
    assert max(found.inliers for found in fits if found is not None) < LIMITS.review_inliers


def look(path: Path) -> Look:
    file = PhotoFile("", "camera", path.name, path)
    contents = examine(file, path.read_bytes()).contents
    assert isinstance(contents, Contents)
    assert contents.look is not None
    return contents.look
