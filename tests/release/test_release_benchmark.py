"""The benchmark of releases runs, and prints ratios; its longer parts are run by hand."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "release.py"
RATIO = r"(\d+\.\d+)%? \(\d+\.\d+%? to \d+\.\d+%?\)"


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What two parts of it print of a few photos."""
    corpus = tmp_path_factory.mktemp("benchmark") / "corpus"
    words = ["--photos", "40", "--rounds", "1", "--corpus", corpus, "--no-peer"]
    done = subprocess.run(
        [sys.executable, BENCHMARK, "build", "requests", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_building_is_compared_in_cpu_and_memory(told):
    lines = [line for line in told.splitlines() if "memory" in line]
    assert len(lines) == 5
    assert all(len(re.findall(RATIO, line)) == 4 for line in lines)
    (peer,) = (line for line in lines if line.startswith("  from_generator.to_parquet"))
    assert set(re.findall(RATIO, peer)) == {"1.00"}


def test_requests_are_told_by_kind(told):
    published = re.findall(r"^  publish, 16 shards +\d+ \+ 2 for each", told, flags=re.MULTILINE)
    assert len(published) == 2
    assert "commit 1" in told
