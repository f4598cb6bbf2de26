"""The command of a degradation report: words, exit codes, streams."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest
from labelled_scenes import write_scenes

from flickrexif.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    write_scenes(tmp_path / "set", {"blue": 10, "red": 10, "stripes": 10})
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
    return int(left.value.code or 0), out, err


def test_degradations_prints_tables_and_writes(capsys: pytest.CaptureFixture[str], here: Path):
    words = "degradations set --sweep defocus --encoder random:conv --crop 48 --out out"
    code, out, err = run(capsys, words)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == (
        "set, encoder random:conv: defocus over 48 px, 3 classes, 24 fitted, 6 test images"
    )
    assert lines[3].split()[0] == "level"
    assert [line.split()[0] for line in lines[4:8]] == [
        "original",
        *(f"defocus_{dioptres}_D" for dioptres in (4, 12, 20)),
    ]
    assert (here / "out" / "degradations.md").is_file()


def test_degradations_as_json(capsys: pytest.CaptureFixture[str]):
    words = "degradations set --sweep pixel_size --encoder pixels --crop 48 --seed 2 --json"
    code, out, err = run(capsys, words)
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert (told["sweep"], told["seed"], told["tested"]) == ("pixel_size", 2, 6)
    assert [row["level"] for row in told["levels"]][1:] == [f"pixel_{um}_um" for um in (5, 8, 11)]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("degradations set", "Missing option '--sweep'"),
        ("degradations nothing --sweep defocus", "'nothing' does not exist"),
        ("degradations set/red --sweep defocus", "have no labels"),
        ("degradations set --sweep fog", "unknown sweep 'fog'"),
        ("degradations set --sweep defocus --encoder clip", "unknown encoder 'clip'"),
        ("degradations set --sweep defocus --crop 0", "'--crop'"),
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
