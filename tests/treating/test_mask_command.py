"""`flickrexif mask apply` as its user meets it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from flickrexif.imaging import MaskSpec, decode_rgb, visible
from flickrexif.release import read_manifest, verify
from flickrexif.settings import FILE_NAME, PREFIX

SCRIPT = Path(sys.executable).with_name("flickrexif")
SMALL = ("--crop", 32, "--patch", 8, "--processes", 1)


@pytest.fixture
def apply(run):
    return run.under("--quiet", "mask", "apply")


@pytest.fixture
def images(here, fill_folder) -> Path:
    names = [f"{split}/{label}/{number}.jpg" for split in ("train", "validation", "test")
             for label in ("cat", "dog") for number in range(2)]  # fmt: skip
    return fill_folder(Path("my set"), names)


def test_help_tells_the_defaults_and_how_to_go_on(run):
    code, out, err = run("mask", "apply", "--help")
    assert (code, err) == (0, "")
    told = " ".join(out.split())
    for word in ("[default: 0.9]", "[default: 224]", "Stopped, the same command goes on",
                 "center|border|random_patches|checkerboard", "IMAGES", "--out"):  # fmt: skip
        assert word in told
    assert "apply" in run("mask", "--help")[1]


def test_a_folder_becomes_a_release(apply, images, rows_in):
    code, out, err = apply(images, "--out", "out", *SMALL)
    assert (code, err) == (0, "")
    assert out.startswith("out: masked, 4 train, 4 validation, 4 test images, 6 files")
    assert "classes: cat, dog" in out
    assert "left out" not in out
    assert verify("out") == []
    manifest = read_manifest(Path("out"))
    assert (manifest["name"], manifest["version"], manifest["seed"]) == ("out", "1.0.0", 0)
    assert manifest["mask"] == MaskSpec(patch=8).words()
    assert {path.name for path in Path().iterdir()} == {"my set", "out"}
    assert len(rows_in(Path("out"))) == 12


def test_every_option_reaches_the_mask(apply, images, rows_in):
    words = ("--ratio", 0.5, "--geometry", "random_patches", "--fill", "#0a141e", "--seed", 7,
             "--exact", "--interpolation", "bilinear", "--version", "2.1.0")  # fmt: skip
    assert apply(images, "--out", "deep/er/out", *SMALL, *words)[0] == 0
    manifest = read_manifest(Path("deep/er/out"))
    mask = MaskSpec("random_patches", 0.5, "#0a141e", 8, 7, align="pixel")
    assert manifest["mask"] == mask.words()
    assert (manifest["version"], manifest["seed"]) == ("2.1.0", 7)
    assert manifest["treatment"]["crop"] == {"size": 32, "interpolation": "bilinear"}
    assert manifest["mask_achieved_ratio"] == 0.5
    row = rows_in(Path("deep/er/out"))[0]
    pixels = np.asarray(decode_rgb(row["image"]["bytes"]))
    hidden = ~visible(mask, 32, 32, row["photo_id"])
    assert (pixels[hidden] == (0x0A, 0x14, 0x1E)).all()
    assert verify("deep/er/out") == []


def test_a_mask_before_the_resize_is_told(apply, images):
    assert apply(images, "--out", "out", *SMALL, "--stage", "pre_resize")[0] == 0
    assert read_manifest(Path("out"))["mask"]["stage"] == "pre_resize"
    assert verify("out") == []


def test_json_is_the_summary(apply, images):
    code, out, err = apply(images, "--out", "out", *SMALL, "--json")
    assert (code, err) == (0, "")
    told = json.loads(out)
    assert told["out"] == "out"
    assert told["rows"] == {"train": 4, "validation": 4, "test": 4}
    assert told["classes"] == ["cat", "dog"]
    assert (told["left_out"], told["unreadable"], told["config"]) == ({}, {}, "masked")
    assert told["files"] == len([path for path in Path("out").rglob("*") if path.is_file()])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--ratio 1.5", "mask ratio 1.5 is outside 0..1"),
        ("--ratio -0.1", "mask ratio -0.1 is outside 0..1"),
        ("--ratio nan", "mask ratio nan is outside 0..1"),
        ("--ratio half", "'half' is not a valid float"),
        ("--fill blue-ish", "unknown mask fill 'blue-ish'"),
        ("--fill #12345", "unknown mask fill '#12345'"),
        ("--fill normalised_zero", "give its normalisation, or a colour such as #7c7468"),
        ("--geometry round", "'round' is not one of"),
        ("--geometry random_patches --patch 225", "patch 225 px is larger than the image (224"),
        ("--geometry checkerboard --crop 8", "patch 16 px is larger than the image (8 x 8 px)"),
        ("--patch 0", "mask patch 0"),
        ("--crop 0", "crop 0 is not a positive number"),
        ("--crop 99999", "crop 99999 px"),
        ("--stage never", "'never' is not one of"),
        ("--interpolation cubic", "'cubic' is not one of"),
        ("--version 1.0", "version '1.0' is not X.Y.Z"),
        ("--version 1.0.0-rc1", "'1.0.0-rc1'"),
        ("--most-unreadable 2", "most_unreadable 2.0 is outside 0..1"),
        ("--most-unreadable nan", "outside 0..1"),
        ("--processes 0", "'--processes'"),
        ("--nonsense", "'--nonsense'"),
    ],
)
def test_bad_words_are_refused_in_one_line(apply, images, words, told):
    assert told in apply.refused(images, "--out", "out", *words.split())


def test_the_images_and_the_out_must_be_named(apply):
    assert "'IMAGES'" in apply.refused("--out", "out")
    assert "'--out'" in apply.refused("somewhere")


def test_what_is_no_set_of_images_is_refused(apply, write_table):
    Path("empty").mkdir()
    Path("notes.txt").write_text("mine")
    for name in ("missing", "empty", "notes.txt"):
        assert f"'{name}'" in apply.refused(name, "--out", "out")
    write_table(Path("table/train.parquet"), 2, photo_id=[5, 5])
    assert "photo 5 is in 'table' twice" in apply.refused("table", "--out", "out")


def test_a_release_with_several_configs_must_be_named_by_one(apply):
    Path("iso").mkdir()
    configs = {name: {"image": {}} for name in ("iso", "make")}
    Path("manifest.json").write_text(json.dumps({"configs": configs}))
    Path("iso/a.parquet").write_bytes(b"PAR1")
    assert "name one of 'iso', 'make'" in apply.refused(".", "--out", "../out")


def test_an_existing_out_is_not_touched(apply, images):
    for make, why in (
        (Path.mkdir, "'there' exists and a release is never overwritten"),
        (Path.touch, "'there' is a file: name a folder"),
    ):
        make(Path("there"))
        assert why in apply.refused(images, "--out", "there", *SMALL)
        Path("there").rmdir() if Path("there").is_dir() else Path("there").unlink()


def test_an_out_among_the_images_is_refused(apply, images):
    assert "'my set/out' lies in the set 'my set'" in apply.refused(images, "--out", "my set/out")


def test_unreadable_images_are_counted_and_named(apply, images):
    for number in range(7):
        (images / "train" / "cat" / f"bad {number}.jpg").write_bytes(b"\xff\xd8\xff no jpeg")
    words = (images, "--out", "out", *SMALL, "--most-unreadable", 0.5)
    code, out, err = apply(*words)
    assert code == 3
    assert err == ("error: 7 images are unreadable and left out: 'out/left_out.json' names them\n")
    assert "  7 images left out: unknown or damaged format" in out
    assert "    train/cat/bad 0.jpg: unknown or damaged format" in out
    assert "    and 2 more, see left_out.json" in out
    assert len(json.loads(Path("out/left_out.json").read_text())) == 7
    assert verify("out") == []


def test_too_many_unreadable_images_stop_it(apply, images):
    (images / "train" / "cat" / "bad.jpg").write_bytes(b"no jpeg")
    code, out, err = apply(images, "--out", "out", *SMALL)
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert "1 of 13 images of 'my set' are unreadable" in err
    assert "'train/cat/bad.jpg'" in err
    assert not Path("out").exists()
    code, out, _ = apply(images, "--out", "out", *SMALL, "--most-unreadable", 0.1)
    assert (code, Path("out.partial").exists()) == (3, False)
    assert "1 images left out" in out


def test_licences_that_forbid_it_are_left_out(apply, write_table, rows_in):
    write_table(
        Path("table/train-00000-of-00001.parquet"), 3, photo_id=[5, 6, 7],
        license=["CC-BY-2.0", "CC-BY-ND-2.0", "CC-BY-NC-ND-4.0"],
    )  # fmt: skip
    code, out, err = apply("table", "--out", "out", *SMALL)
    assert (code, err) == (0, "")
    assert "  2 images left out: licence allows no changed copies" in out
    assert [row["photo_id"] for row in rows_in(Path("out"))] == [5]
    assert verify("out") == []


def test_settings_may_hold_its_words(apply, images, monkeypatch):
    Path(FILE_NAME).write_text("[mask.apply]\ncrop = 32\nratio = 0.5\nprocesses = 1\n")
    monkeypatch.setenv(f"{PREFIX}_MASK_APPLY_RATIO", "0.25")
    assert apply(images, "--out", "out")[0] == 0
    manifest = read_manifest(Path("out"))
    assert (manifest["crop"], manifest["mask"]["ratio"]) == (32, 0.25)


def test_the_script_gives_the_same_bytes_with_two_processes(apply, images, contents):
    assert apply(images, "--out", "one/out", *SMALL)[0] == 0
    words = ("mask", "apply", "my set", "--out", "two/out", *SMALL[:-1], 2)
    done = subprocess.run(
        [str(SCRIPT), *map(str, words)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("two/out: masked, 4 train")
    assert "Traceback" not in done.stderr
    assert contents(Path("one/out")) == contents(Path("two/out"))


def test_what_comes_out_is_verified_and_probed_by_the_next_commands(run, apply, fill_folder):
    counts = {"train": 8, "validation": 3, "test": 3}
    names = [f"{split}/{label}/{number}.png" for split, count in counts.items()
             for label in ("cat", "dog") for number in range(count)]  # fmt: skip
    assert apply(fill_folder(Path("set"), names), "--out", "out", *SMALL)[0] == 0
    assert run("--quiet", "verify", "out") == (0, "out: no findings\n", "")
    code, out, err = run("--quiet", "probe", "out", "--encoder", "pixels", "--threads", 1)
    assert (code, err) == (0, "")
    assert "masked" in out
