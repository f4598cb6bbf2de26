"""Real pairs of two cameras raise no error."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from paircams import validate

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def manifest(oracle: Path, tmp_path: Path) -> Path:
    """The oracle's true pairs, linked beside a manifest of them."""
    source = oracle / "pairs"
    if not (source / "pairs.csv").is_file():
        pytest.skip("the oracle has no pairs")
    with (source / "pairs.csv").open(newline="") as file:
        pairs = [row for row in csv.DictReader(file) if row["relation"] == "pair"]
    (tmp_path / "photos").symlink_to(source / "photos")
    path = tmp_path / "pairs.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["subject_idx", "smartphone", "camera"])
        for row in pairs:
            writer.writerow([row["a"][1:4], f"photos/{row['b']}", f"photos/{row['a']}"])
    return path


def test_true_pairs_raise_no_error(manifest: Path) -> None:
    report = validate(manifest)
    assert report.pairs == 48
    assert [finding for finding in report.findings if finding.severity == "error"] == []
    assert "near-duplicate" not in {finding.check for finding in report.findings}
