from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tiny_releases import png

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import CommandLine


@pytest.fixture
def here(here: Path) -> Path:
    """Two classes told apart by their whole colour, and an object."""
    random = np.random.default_rng(0)
    for label, level in (("day", 180), ("night", 60)):
        (here / "set" / label).mkdir(parents=True)
        for number in range(10):
            pixels = random.normal(level, 10, (32, 32, 3)).clip(0, 255).astype(np.uint8)
            (here / "set" / label / f"{number}.png").write_bytes(png(pixels))
    (here / "object.png").write_bytes(png(np.full((8, 8, 3), 255, np.uint8)))
    return here


def test_mask_leak_prints_a_table_and_writes(run: CommandLine, here: Path):
    words = "mask leak set --encoder pixels --ratios 1,0.9 --geometry border --crop 32 --out out"
    code, out, err = run(*words.split())
    assert (code, err) == (0, "")
    assert out.startswith("set, encoder pixels: 2 classes, 12 train, 4 validation, 4 test images")
    assert [line.split()[0] for line in out.splitlines()[4:6]] == ["0.9", "1"]
    assert "mask border over 32 px" in out
    assert sorted(path.name for path in (here / "out").iterdir()) == ["leak.png", "results.json"]


def test_mask_leak_as_json(run: CommandLine):
    words = "mask leak set --encoder pixels --ratios 0,1 --crop 32 --seed 7 --json"
    code, out, err = run(*words.split())
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert [row["accuracy"] for row in told["rows"]] == [1, 0.5]
    assert told["rows"][1]["chance"] == 0.5
    assert told["splits"] == "drawn by seed 7, class by class"


def test_mask_leak_tells_bad_images_and_stops_at_too_many(run: CommandLine, here: Path):
    (here / "set" / "day" / "0.png").write_bytes(b"no image")
    words = "mask leak set --encoder pixels --ratios 1 --crop 32"
    code, out, err = run(*words.split())
    assert code == 0
    assert "'day/0.png' is skipped: unknown or damaged format" in err
    assert out.splitlines()[-1] == "images skipped, as they could not be read: 1"
    code, out, err = run(*f"--quiet {words} --most-unreadable 0".split())
    assert (code, out) == (2, "")
    assert "more than 0% of the 20 images" in err.splitlines()[-1]


def test_shift_prints_a_table_and_writes(run: CommandLine, here: Path):
    words = "shift object.png --encoder pixels --canvas 32 --stride 4 --mode roll --out out"
    code, out, err = run(*words.split())
    assert (code, err) == (0, "")
    heading, header, local, everywhere, least = out.splitlines()
    assert heading.startswith("object.png (8 x 8 px), encoder pixels: roll every 4 px on 32 px")
    assert header.split() == ["shifts", "positions", "similarity"]
    assert local.startswith("local, within 8 px")
    assert everywhere.split()[:2] == ["global", "63"]
    assert least.startswith("minimum, at dx ")
    files = sorted(path.name for path in (here / "out").iterdir())
    assert files == ["map.csv", "map.png", "results.json"]


def test_shift_as_json(run: CommandLine):
    words = "shift object.png --encoder random:conv --canvas 32 --background noise --seed 3 --json"
    code, out, err = run(*words.split())
    told = json.loads(out)
    assert (code, err) == (0, "")
    assert (told["seed"], told["background"], told["consistency"]) == (3, "noise", None)
    assert told["minimum"]["similarity"] <= told["global"] <= 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("mask leak nothing", "'nothing' does not exist"),
        ("mask leak set/day", "have no labels"),
        ("mask leak set --ratios 1.5", "mask ratio 1.5 is outside 0..1"),
        ("mask leak set --ratios x", "ratios 'x' are no numbers"),
        ("mask leak set --encoder clip", "unknown encoder 'clip'"),
        ("mask leak set --most-unreadable 2", "'--most-unreadable'"),
        ("shift nothing.png", "'nothing.png' is no readable image"),
        ("shift object.png --stride 0", "stride is 0 px"),
        ("shift object.png --canvas 4", "larger than the canvas (4 px)"),
        ("shift object.png --background grey", "background 'grey' is no colour"),
        ("shift object.png --encoder clip", "unknown encoder 'clip'"),
    ],
)
def test_bad_words_are_refused_in_one_line(run: CommandLine, words: str, told: str, here: Path):
    assert told in run.refused(*f"{words} --out out".split())


def test_plans_and_reports_are_known_without_torch():
    code = (
        "import sys, flickrexif.probing as p; p.LeakPlan(), p.ShiftPlan(); "
        "print({'torch', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "set()\n", "")
