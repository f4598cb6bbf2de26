"""The command of a degradation report: words, exit codes, streams."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from labelled_scenes import write_scenes

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import CommandLine


@pytest.fixture
def here(here: Path) -> Path:
    write_scenes(here / "set", {"blue": 10, "red": 10, "stripes": 10})
    return here


def test_degradations_prints_tables_and_writes(run: CommandLine, here: Path):
    words = "degradations set --sweep defocus --encoder random:conv --crop 48 --out out"
    code, out, err = run(*words.split())
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


def test_degradations_as_json(run: CommandLine):
    words = "degradations set --sweep pixel_size --encoder pixels --crop 48 --seed 2 --json"
    code, out, err = run(*words.split())
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
def test_bad_words_are_refused_in_one_line(run: CommandLine, words: str, told: str, here: Path):
    assert told in run.refused(*f"{words} --out out".split())
