"""The benchmark of the contact sheet runs, and prints bytes and ratios."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

BENCHMARK = Path(__file__).resolve().parents[2] / "benchmarks" / "pairs_sheet.py"


def test_a_page_is_told_in_bytes_and_beside_pillow() -> None:
    words = [sys.executable, BENCHMARK, "--pairs", "3", "--rounds", "1"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = re.findall(r"^3 pairs, .* (\d+) bytes a pair; CPU time \d+\.\d\d of", done.stdout, re.M)
    sound, found = map(int, told)
    assert 3_000 < sound < found
