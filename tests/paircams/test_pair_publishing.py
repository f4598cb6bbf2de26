"""Pairs on a Hub, by its real clients: two versions, each had again by its number and its tag."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from paircams.releasing import take_down

if TYPE_CHECKING:
    from pathlib import Path

# In one process: that of the clients reads its environment when they are imported.
MAINTAINER = """
import contextlib, io, json, sys
import flickrexif
from datasets import load_dataset
from paircams.cli import main

def run(*words):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        try:
            main([*words, "--repo", "lab/PairCams"] if words[0] != "verify" else [*words])
        except SystemExit as end:
            return end.code, out.getvalue()

first, second = sys.argv[1:]
told = [run("publish", first), run("publish", second), run("releases"), run("publish", first)]
told.append(run("verify", "lab/PairCams", "--version", "1.0.0"))
for version in ("1.0.0", "1.0.1"):
    ours = flickrexif.load("lab/PairCams", version=version)["train"]
    theirs = load_dataset("lab/PairCams", revision="v" + version)["train"]
    told.append([list(ours["subject_idx"]), list(theirs["subject_idx"]), theirs[1]["image"].size])
told.append(run("rollback", "--version", "1.0.0"))
print(json.dumps(told))
"""


def test_versions_of_pairs_are_published_to_a_hub_and_loaded_by_tag(
    built: Path, tmp_path: Path
) -> None:
    take_down(built, pairs=["003"], date="2026-11-03", out=tmp_path / "next")
    program = "from flickrexif.cli import main; main()"
    beside = [sys.executable, "-c", program, "sandbox", "--hub", tmp_path / "hub", "--"]
    script = [sys.executable, "-c", MAINTAINER, built, tmp_path / "next"]
    ended = subprocess.run([*beside, *script], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    first, second, listed, again, verified, one, other, back = json.loads(
        ended.stdout.splitlines()[-1]
    )
    assert "lab/PairCams: v1.0.0 published" in first[1]
    assert "lab/PairCams: v1.0.1 published" in second[1]
    kinds = [line.split("  ")[::2] for line in listed[1].splitlines()]
    assert kinds == [["v1.0.0", "pairs"], ["v1.0.1", "pairs", "current"]]
    assert "v1.0.0 is published already" in again[1]
    assert verified == [0, "lab/PairCams: sound\n"]
    assert one[0] == one[1] == ["001", "001", "002", "002", "003", "003"]
    assert other[0] == other[1] == ["001", "001", "002", "002"]
    assert "main is as v1.0.0 again" in back[1]
