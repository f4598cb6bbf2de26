"""The commands on golden sets: words, exit codes, streams."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from frozen_scenes import SIDE, called_pixels, encoded, scene, write_scenes

from flickrexif.golden import GoldenPlan, golden_freeze
from flickrexif.probing.encoders.random_conv import RandomConvEncoder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from command_line import CommandLine, Outcome

    Golden = Callable[[str], Outcome]

WORDS = f"--crop {SIDE} --images 6 --fitted 12 --distortions jpeg/q75-420,defocus"


@pytest.fixture
def here(here: Path) -> Path:
    """A set of 15 + 15 images and an image beside it."""
    write_scenes(here / "set", 15)
    (here / "new.png").write_bytes(encoded(scene("plain", 500)))
    return here


@pytest.fixture
def golden(run: CommandLine) -> Golden:
    """Calls the command with words, as they stand on a line."""
    return lambda line: run("golden", *line.split())


def test_freeze_check_add_and_show(golden: Golden, here: Path):
    code, out, err = golden(f"freeze set --encoder random:conv --out frozen {WORDS}")
    assert (code, err) == (0, "")
    assert out.startswith("frozen: 6 images of 'set' in 5 distortions at 32 px")
    files = sorted(path.name for path in here.joinpath("frozen").iterdir())
    assert files == ["embeddings.parquet", "golden.json", "images.parquet"]

    code, out, err = golden("check frozen")
    assert (code, err) == (0, "")
    assert "embeddings equal to the frozen ones bit for bit" in out
    header, *rows = (line.split() for line in out.splitlines()[1:7])
    assert header[:4] == ["distortion", "images", "frozen", "now"]
    assert [row[0] for row in rows] == [
        "original",
        "jpeg/q75-420",
        *(f"defocus/defocus_{dioptres}_D" for dioptres in (4, 12, 20)),
    ]
    assert {row[-1] for row in rows} == {"holds"}

    code, out, err = golden("add frozen new.png --label plain --reason night")
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == "failure 'new.png' (plain): night"
    code, shown, err = golden("show frozen")
    assert (code, shown, err) == (0, out, "")
    code, out, err = golden("check frozen")
    assert code == 0
    assert "embeddings equal to the frozen ones bit for bit" in out
    assert [line.split()[:2] for line in out.splitlines()[7:8]] == [["stress", "1"]]


def test_freeze_tells_how_many_there_are_of_those_asked_for(golden: Golden, here: Path):
    words = f"--crop {SIDE} --images 1000 --fitted 12 --distortions original"
    code, out, err = golden(f"freeze set --encoder random:conv --out frozen {words}")
    assert (code, err) == (0, "")
    assert "fewer images than asked for: 1,000 to test, there are 6" in out.splitlines()
    told = golden("show frozen --json").told
    assert told["lacking"] == {"images": {"asked": 1000, "there": 6}}


def test_check_exits_with_1_when_an_accuracy_dropped(golden: Golden, here: Path):
    """What is called pixels now averages the stripes away: as good as a checkpoint that broke."""
    names = ("jpeg/q75-420",)
    plan = GoldenPlan(called_pixels(), distortions=names, images=6, fitted=12, crop=SIDE)
    golden_freeze(here / "set", plan, out=here / "frozen")
    code, out, err = golden("check frozen --json")
    assert (code, err) == (1, "")
    told = json.loads(out)
    assert "original" in told["dropped"]
    assert told["rows"][0]["frozen"] == 1
    assert told["rows"][0]["verdict"] == "dropped"
    assert not told["identical"]
    code, out, err = golden("check frozen --margin 1")
    assert (code, err) == (0, "")


def test_check_exits_with_1_when_a_cosine_dropped(golden: Golden, here: Path):
    """Weights that changed under the same name, and a set without classes."""
    encoder = RandomConvEncoder(seed=5)
    plan = GoldenPlan(encoder, distortions=(), images=4, crop=SIDE)
    golden_freeze(here / "set" / "striped", plan, out=here / "frozen")
    code, out, err = golden("check frozen")
    assert (code, err) == (1, "")
    assert "other weights than the frozen random:conv" in out
    assert out.splitlines()[-1].startswith("1 of 1 distortions dropped (allowed: each cosine")
    code, out, err = golden("check frozen --least-cosine -1")
    assert code == 0


def test_a_flipped_bit_exits_with_2_and_one_line_that_names_the_image(golden: Golden, here: Path):
    golden(f"freeze set --encoder pixels --out frozen {WORDS}")
    file = here / "frozen" / "images.parquet"
    content = bytearray(file.read_bytes())
    content[content.index(b"IDAT") + 60] ^= 1
    file.write_bytes(content)
    code, out, err = golden("check frozen")
    assert (code, out) == (2, "")
    assert err.startswith("error: image '")
    assert "is damaged" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("freeze nothing --out made", "'nothing' does not exist"),
        ("freeze set --out made --encoder clip", "unknown encoder 'clip'"),
        ("freeze set --out made --distortions fog", "unknown distortion 'fog'"),
        ("freeze set --out made --images 0", "images is 0"),
        ("freeze set --out set", "never overwritten"),
        ("check set", "'set' is no golden set"),
        ("check set --margin 2", "'--margin'"),
        ("show nothing", "'nothing' is no golden set"),
        ("add set new.png --label plain --reason none", "'set' is no golden set"),
        ("add set --label plain --reason none", "'IMAGE...'"),
    ],
)
def test_bad_words_are_refused_in_one_line(golden: Golden, words: str, told: str, here: Path):
    before = sorted(here.rglob("*"))
    code, out, err = golden(words)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert told in err
    assert sorted(here.rglob("*")) == before


def test_show_as_json_tells_the_manifest(golden: Golden):
    golden(f"freeze set --encoder pixels --out frozen {WORDS}")
    code, out, _ = golden("show frozen --json")
    told = json.loads(out)
    assert (code, told["classes"], told["stress"]) == (0, ["plain", "striped"], [])
    assert np.isclose(sum(told["roles"].values()), 6 + 9 + 3, atol=2)
