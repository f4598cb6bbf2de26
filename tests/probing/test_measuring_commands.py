from __future__ import annotations

import json
import logging
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tiny_releases import png

from flickrexif.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Two classes told apart by their whole colour, and an object; the log goes back after."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    for label, level in (("day", 180), ("night", 60)):
        (tmp_path / "set" / label).mkdir(parents=True)
        for number in range(10):
            pixels = random.normal(level, 10, (32, 32, 3)).clip(0, 255).astype(np.uint8)
            (tmp_path / "set" / label / f"{number}.png").write_bytes(png(pixels))
    (tmp_path / "object.png").write_bytes(png(np.full((8, 8, 3), 255, np.uint8)))
    root, ours = logging.getLogger(), logging.getLogger("flickrexif")
    handlers, level, our_level = [*root.handlers], root.level, ours.level
    yield tmp_path
    for handler in root.handlers[:]:
        if handler not in handlers:
            root.removeHandler(handler)
    root.setLevel(level)
    ours.setLevel(our_level)


def run(capsys: pytest.CaptureFixture[str], words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as left:
        main(words.split())
    out, err = capsys.readouterr()
    return int(left.value.code), out, err


def test_mask_leak_prints_a_table_and_writes(capsys: pytest.CaptureFixture[str], here: Path):
    words = "mask leak set --encoder pixels --ratios 1,0.9 --geometry border --crop 32 --out out"
    code, out, err = run(capsys, words)
    assert (code, err) == (0, "")
    assert out.startswith("set, encoder pixels: 2 classes, 12 train, 4 validation, 4 test images")
    assert [line.split()[0] for line in out.splitlines()[4:6]] == ["0.9", "1"]
    assert "mask border over 32 px" in out
    assert sorted(path.name for path in (here / "out").iterdir()) == ["leak.png", "results.json"]


def test_mask_leak_as_json(capsys: pytest.CaptureFixture[str]):
    words = "mask leak set --encoder pixels --ratios 0,1 --crop 32 --seed 7 --json"
    code, out, err = run(capsys, words)
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert [row["accuracy"] for row in told["rows"]] == [1, 0.5]
    assert told["rows"][1]["chance"] == 0.5
    assert told["splits"] == "drawn by seed 7, class by class"


def test_mask_leak_tells_bad_images_and_stops_at_too_many(
    capsys: pytest.CaptureFixture[str], here: Path
):
    (here / "set" / "day" / "0.png").write_bytes(b"no image")
    words = "mask leak set --encoder pixels --ratios 1 --crop 32"
    code, out, err = run(capsys, words)
    assert code == 0
    assert "'day/0.png' is skipped: unknown or damaged format" in err
    assert out.splitlines()[-1] == "images skipped, as they could not be read: 1"
    code, out, err = run(capsys, f"--quiet {words} --most-unreadable 0")
    assert (code, out) == (2, "")
    assert "more than 0% of the 20 images" in err.splitlines()[-1]


def test_shift_prints_a_table_and_writes(capsys: pytest.CaptureFixture[str], here: Path):
    words = "shift object.png --encoder pixels --canvas 32 --stride 4 --mode roll --out out"
    code, out, err = run(capsys, words)
    assert (code, err) == (0, "")
    heading, header, local, everywhere, least = out.splitlines()
    assert heading.startswith("object.png (8 x 8 px), encoder pixels: roll every 4 px on 32 px")
    assert header.split() == ["shifts", "positions", "similarity"]
    assert local.startswith("local, within 8 px")
    assert everywhere.split()[:2] == ["global", "63"]
    assert least.startswith("minimum, at dx ")
    files = sorted(path.name for path in (here / "out").iterdir())
    assert files == ["map.csv", "map.png", "results.json"]


def test_shift_as_json(capsys: pytest.CaptureFixture[str]):
    words = "shift object.png --encoder random:conv --canvas 32 --background noise --seed 3 --json"
    code, out, err = run(capsys, words)
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
def test_bad_words_are_refused_in_one_line(
    capsys: pytest.CaptureFixture[str], words: str, told: str, here: Path
):
    code, out, err = run(capsys, f"{words} --out out")
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert told in err
    assert not (here / "out").exists()


def test_plans_and_reports_are_known_without_torch():
    code = (
        "import sys, flickrexif.probing as p; p.LeakPlan(), p.ShiftPlan(); "
        "print({'torch', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "set()\n", "")
