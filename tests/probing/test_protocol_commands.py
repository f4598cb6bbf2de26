from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from processed_scenes import SIDE, fill

from flickrexif.cli import protocols
from flickrexif.imaging import FAMILIES
from flickrexif.probing.protocols.protocol_plan import SETUPS

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import CommandLine

QUICK = f"--encoder pixels --crop {SIDE}"


@pytest.fixture
def here(here: Path) -> Path:
    """Twelve images of each of two colours in three splits."""
    for turn, (split, count) in enumerate({"train": 6, "validation": 3, "test": 3}.items()):
        fill(here / "set", count, split=split, first=10 * turn)
    return here


def test_processing_prints_a_table_and_writes(run: CommandLine, here: Path):
    words = f"protocol processing set --family jpeg --family resizing {QUICK} --seeds 2 --out out"
    code, out, err = run(*words.split())
    assert (code, err) == (0, "")
    heading, splits, how, header, jpeg, resizing = out.splitlines()
    assert heading == "set: 12 train, 6 validation, 6 test images, 2 draws of processings"
    assert splits == "splits: the set's own train, validation and test"
    assert how == "accuracies in %, intervals over draws and images, sd over the draws"
    assert header.split()[:2] == ["family", "encoder"]
    assert jpeg.split()[:2] == ["jpeg", "pixels"]
    assert "16.7" in jpeg.split()
    assert "33.3" in resizing.split()
    files = sorted(path.name for path in (here / "out").iterdir())
    assert files == ["processing.png", "results.json", "results.parquet"]


def test_processing_as_json_takes_all_families_and_several_encoders(
    run: CommandLine,
):
    words = f"protocol processing set {QUICK} --encoder random:conv --seeds 1 --seed 4"
    code, out, err = run(*f"{words} --solver ridge --json".split())
    told = json.loads(out)
    assert (code, err) == (0, "")
    expected = [(family, name) for family in FAMILIES for name in ("pixels", "random:conv")]
    assert [(row["family"], row["encoder"]) for row in told["rows"]] == expected
    assert (told["words"]["seed"], told["words"]["solver"]) == (4, "ridge")
    assert told["rows"][0]["deviation"] is None
    assert set(told["encoders"]) == {"pixels", "random:conv"}


def test_neighbours_print_a_table_and_write(run: CommandLine, here: Path):
    words = f"protocol neighbours set --family sharpening {QUICK} --k 3 --seeds 2 --out out"
    code, out, err = run(*words.split())
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "set: 18 gallery, 6 queries, k = 3"
    assert [line.split()[2] for line in lines[4:]] == list(SETUPS)
    assert all("100.0 [100.0, 100.0]" in line for line in lines[4:])
    files = sorted(path.name for path in (here / "out").iterdir())
    assert files == ["neighbours.png", "results.json", "results.parquet"]


def test_neighbours_of_some_set_ups_as_json(run: CommandLine):
    words = f"protocol neighbours set --family jpeg {QUICK} --k 1 --setup pos-same --setup uniform"
    code, out, err = run(*f"{words} --json".split())
    told = json.loads(out)
    assert (code, err) == (0, "")
    assert [row["setup"] for row in told["rows"]] == ["pos-same", "uniform"]
    assert [row["comparisons"] for row in told["rows"]] == [30, 60]
    assert {row["against_same"] for row in told["rows"]} == {None}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("processing nothing", "'nothing' does not exist"),
        ("processing set --family blur", "'blur' is not one of"),
        ("processing set --encoder clop", "unknown encoder 'clop'"),
        ("processing set --seeds 0", "seeds is 0"),
        ("processing set --encoder pixels --encoder pixels", "each once"),
        ("processing set --most-unreadable 2", "'--most-unreadable'"),
        ("neighbours set/test/red", "have no labels"),
        ("neighbours set --k 19", "k is 19; the gallery has 18 images"),
        ("neighbours set --setup none-same", "'none-same' is not one of"),
    ],
)
def test_bad_words_are_refused_in_one_line(run: CommandLine, words: str, told: str, here: Path):
    assert told in run.refused(*f"protocol {words} --out out".split())


def test_the_choices_are_those_of_the_library():
    assert tuple(FAMILIES) == protocols.FAMILIES
    assert protocols.SETUPS == SETUPS


def test_plans_are_known_without_torch():
    code = (
        "import sys, flickrexif.probing as p; p.ProcessingPlan(), p.NeighboursPlan(); "
        "print({'torch', 'matplotlib'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "set()\n", "")
