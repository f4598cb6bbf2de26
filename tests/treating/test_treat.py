from __future__ import annotations

import json
import re
import shutil
import signal
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from killed_lives import BY_FIVE, Life
from own_treatments import SMALL, Deadly, Mirrored, Qualities, Yields

from flickrexif.engine import InProcess, LocalPool, ShardFailure
from flickrexif.errors import FlickrexifError, UsageError
from flickrexif.imaging import Crop, MaskSpec, apply, decode_rgb, resize_and_crop
from flickrexif.imaging.image_place import Place
from flickrexif.release import read_manifest, verify
from flickrexif.treating import Masking, TreatPlan, treat
from flickrexif.treating.rows import dealt, may_be_changed, owner_of, row_id

PLAN = TreatPlan("tiny")
ALL = replace(PLAN, most_unreadable=1)


def all_hidden(height, width, _ratio, _words):
    return np.ones((height, width), bool)


def place(name: str, split=None, **credit: str | None) -> Place:
    return Place(name, Path("x"), 0, None, split, credit)


# Masks


def test_each_image_is_masked_as_an_encoder_gets_it(labelled, tmp_path, rows_in):
    summary = treat(labelled, SMALL, PLAN, out=tmp_path / "out")
    rows = rows_in(tmp_path / "out")
    assert len(rows) == 24
    assert {row["source"] for row in rows} == {
        file.relative_to(labelled).as_posix() for file in labelled.rglob("*.*")
    }
    for row in rows:
        assert row["photo_id"] == row_id(row["source"])
        cropped = resize_and_crop(decode_rgb((labelled / row["source"]).read_bytes()), 32)
        expected = np.asarray(apply(cropped, SMALL.mask, row["photo_id"]))
        assert np.array_equal(np.asarray(decode_rgb(row["image"]["bytes"])), expected)
        assert row["image"]["path"] == f"{row['photo_id']}.png"
    assert dict(summary.rows) == {"train": 12, "validation": 6, "test": 6}
    assert summary.classes == ("cat", "dog")


def test_labels_and_splits_of_the_source_stay(labelled, tmp_path, rows_in):
    treat(labelled, SMALL, PLAN, out=tmp_path / "out")
    for split in ("train", "validation", "test"):
        for row in rows_in(tmp_path / "out", split):
            assert row["source"].split("/")[:2] == [split, ("cat", "dog")[row["label"]]]


def test_unlabelled_images_get_no_label(plain, tmp_path, rows_in):
    summary = treat(plain, SMALL, PLAN, out=tmp_path / "out")
    assert not {"label", "source_label"} & rows_in(tmp_path / "out")[0].keys()
    assert summary.classes == ()
    assert sum(summary.rows.values()) == 20


@pytest.mark.parametrize("stage", ["post_crop", "pre_resize"])
@pytest.mark.parametrize(
    ("geometry", "fill"),
    [("center", "mean"), ("border", "noise"), ("random_patches", "noise"),
     ("random_patches", "mean"), ("checkerboard", "#80ff00")],
)  # fmt: skip
def test_every_mask_gives_a_sound_release(fill_folder, tmp_path, stage, geometry, fill):
    folder = fill_folder(tmp_path / "set", ["a.png", "b.jpg"])
    mask = MaskSpec(geometry, 0.5, fill, 8, seed=3, stage=stage, align="pixel")
    treat(folder, Masking(mask, Crop(32, "bilinear")), PLAN, out=tmp_path / "out")
    assert verify(tmp_path / "out") == []


@pytest.mark.parametrize(
    ("mask", "told"),
    [
        (MaskSpec("random_patches", patch=33), "patch 33 px is larger than the image (32 x 32 px)"),
        (MaskSpec("checkerboard", patch=33), "patch 33 px is larger"),
        (MaskSpec(fill="normalised_zero"), "a colour such as #"),
        (MaskSpec(all_hidden), "mask geometry 'all_hidden'"),
    ],
    ids=["patches", "squares", "normalised_zero", "own shape"],
)
def test_a_mask_that_cannot_be_is_refused_before_anything_is_written(plain, tmp_path, mask, told):
    with pytest.raises(UsageError) as refused:
        treat(plain, Masking(mask, Crop(32)), PLAN, out=tmp_path / "out")
    assert told in str(refused.value)
    assert list(tmp_path.iterdir()) == []


def test_a_crop_beyond_all_images_is_refused_at_once(plain, tmp_path):
    with pytest.raises(UsageError, match="crop 100000 px"):
        treat(plain, Masking(crop=Crop(100_000)), PLAN, out=tmp_path / "out")


def test_an_image_smaller_than_a_patch_is_left_out(fill_folder, tmp_path, image_bytes, rows_in):
    folder = fill_folder(tmp_path / "set", ["a.png"], **{"tiny.png": image_bytes(1, size=(9, 9))})
    mask = MaskSpec("random_patches", patch=16, stage="pre_resize")
    summary = treat(folder, Masking(mask, Crop(32)), ALL, out=tmp_path / "out")
    assert [row["source"] for row in rows_in(tmp_path / "out")] == ["a.png"]
    assert list(summary.unreadable) == ["tiny.png"]
    assert "larger than the image (9 x 9 px)" in summary.unreadable["tiny.png"]


# Treatments with classes of their own


def test_one_of_each_in_classes_of_the_treatment(labelled, tmp_path, rows_in):
    summary = treat(labelled, Mirrored(), PLAN, out=tmp_path / "out")
    rows = rows_in(tmp_path / "out")
    assert len(rows) == 24
    for row in rows:
        assert row["label"] == sum(row["source"].encode()) % 2
        assert row["source_label"] == ("cat", "dog").index(row["source"].split("/")[1])
    assert summary.classes == ("as it was", "mirrored")
    words = read_manifest(tmp_path / "out")["attributes"]["mirrored"]
    assert (words["ordinal"], words["description"]) == (False, "something was done")
    for split, told in words["splits"].items():
        counts = Counter(row["label"] for row in rows_in(tmp_path / "out", split))
        assert told["rows"] == counts.total()
        assert told["classes"] == {"as it was": counts[0], "mirrored": counts[1]}


def test_unlabelled_images_get_the_classes_of_the_treatment(plain, tmp_path, rows_in):
    treat(plain, Mirrored(), PLAN, out=tmp_path / "out")
    rows = rows_in(tmp_path / "out")
    assert {row["label"] for row in rows} == {0, 1}
    assert "source_label" not in rows[0]


def test_several_images_of_one_stay_together(plain, tmp_path, rows_in):
    summary = treat(plain, Qualities(), PLAN, out=tmp_path / "out")
    rows = rows_in(tmp_path / "out")
    assert sum(summary.rows.values()) == len(rows) == 60
    assert len({row["photo_id"] for row in rows}) == 60
    assert [row["label"] for row in rows] == [0, 1, 2] * 20
    assert all(row["image"]["path"] == f"{row['photo_id']}.jpg" for row in rows)
    of_split = [
        {row["source"] for row in rows_in(tmp_path / "out", split)} for split in summary.rows
    ]
    assert sum(map(len, of_split)) == 20
    assert read_manifest(tmp_path / "out")["attributes"]["quality"]["ordinal"]


PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(
    ("made", "given", "told"),
    [
        (((None, PNG), (None, PNG)), None, "two images"),
        ((("a", PNG), ("a", PNG)), ("a",), "two images"),
        ((("c", PNG),), ("a", "b"), "'c'"),
        (((None, PNG),), ("a", "b"), "None"),
        ((("a", PNG),), None, "'a'"),
        (((None, b"RIFF....WEBP"),), None, "neither PNG nor JPEG"),
        ((), None, "nothing"),
    ],
    ids=["twice", "class twice", "unknown", "unlabelled", "unasked", "webp", "nothing"],
)
def test_a_treatment_that_breaks_its_protocol_is_told_so(plain, tmp_path, made, given, told):
    with pytest.raises(FlickrexifError) as failed:
        treat(plain, Yields(made=made, given=given), PLAN, out=tmp_path / "out")
    assert told in str(failed.value)
    assert "'own'" in str(failed.value)
    assert ".jpg'" in str(failed.value)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("heavy", [2, 3])
def test_row_groups_are_bounded_and_never_empty(fill_folder, tmp_path, heavy):
    folder = fill_folder(tmp_path / "set", [f"train/{number}.png" for number in range(heavy)])
    image = PNG + bytes(16_100_000)
    treat(folder, Yields(made=((None, image),)), PLAN, out=tmp_path / "out")
    (file,) = (tmp_path / "out" / "own").iterdir()
    metadata = pq.read_metadata(file)
    groups = [metadata.row_group(index).num_rows for index in range(metadata.num_row_groups)]
    assert groups == [2, 1][: heavy - 1]
    assert len(pq.ParquetFile(file).read(columns=["photo_id"])) == heavy
    shutil.rmtree(tmp_path / "out")


# Rows


def test_a_photo_keeps_its_id_its_credit_and_its_owner(write_table, tmp_path, rows_in):
    write_table(
        tmp_path / "set" / "train.parquet",
        4,
        photo_id=[70, 71, 72, 73],
        label=["b", "a", None, "b"],
        owner_id=["x", "x", None, ""],
        license=["CC-BY-2.0", None, "CC0-1.0", ""],
        page_url=["https://a", None, None, "https://b"],
    )
    treat(tmp_path / "set", SMALL, PLAN, out=tmp_path / "out")
    credit = ("photo_id", "source", "label", "owner_id", "license", "page_url", "owner_name")
    assert sorted(tuple(row[name] for name in credit) for row in rows_in(tmp_path / "out")) == [
        (70, "70", 1, "x", "CC-BY-2.0", "https://a", None),
        (71, "71", 0, "x", None, None, None),
        (72, "72", None, "72", "CC0-1.0", None, None),
        (73, "73", 1, "73", "", "https://b", None),
    ]


def test_credits_that_are_numbers_become_texts(write_table, tmp_path, rows_in):
    file = write_table(tmp_path / "a.parquet", 2, owner_id=[12, 13], license=[4, 4])
    treat(file, SMALL, PLAN, out=tmp_path / "out")
    rows = rows_in(tmp_path / "out")
    assert sorted(row["owner_id"] for row in rows) == ["12", "13"]
    assert {row["license"] for row in rows} == {"4"}


FORBIDDEN = (
    {"license": "CC-BY-ND-2.0"},
    {"license": "CC-BY-NC-ND-4.0"},
    {"license": "LicenseRef-All-Rights-Reserved"},
    {"license": "LicenseRef-Unknown"},
    {"license": "cc-by-nd-2.0"},
    {"license": "CC BY-NC-ND 3.0"},
    {"license": "Attribution-NoDerivs License"},
    {"license": "Attribution-NoDerivatives 4.0"},
    {"license": "All rights reserved"},
    {"license": None, "license_url": "http://creativecommons.org/licenses/by-nd/2.0/"},
    {"license": "CC", "license_url": "https://creativecommons.org/licenses/by-nc-nd/3.0/de/"},
)
ALLOWED = (
    {},
    {"license": None},
    {"license": ""},
    {"license": "CC-BY-2.0", "license_url": "https://creativecommons.org/licenses/by/2.0/"},
    {"license": "CC0-1.0"},
    {"license": "CC BY-NC-SA 4.0"},
    {"license": "standard"},
    {"license": "LicenseRef-No-Known-Copyright-Restrictions"},
    {"license_url": "https://land.example/index.html", "owner_name": "ND"},
)


@pytest.mark.parametrize("credit", FORBIDDEN, ids=str)
def test_licences_that_forbid_changed_copies_are_known(credit):
    assert not may_be_changed(place("a", **credit))


@pytest.mark.parametrize("credit", ALLOWED, ids=str)
def test_other_licences_are_let_in(credit):
    assert may_be_changed(place("a", **credit))


def test_what_must_not_be_changed_is_left_out_and_counted(write_table, tmp_path, rows_in):
    licenses = ["CC-BY-2.0", "CC-BY-ND-2.0", "CC0-1.0", "CC-BY-NC-ND-4.0"]
    file = write_table(tmp_path / "a.parquet", 4, photo_id=[1, 2, 3, 4], license=licenses)
    summary = treat(file, SMALL, PLAN, out=tmp_path / "out")
    assert sorted(row["photo_id"] for row in rows_in(tmp_path / "out")) == [1, 3]
    assert dict(summary.left_out) == {"licence allows no changed copies": 2}
    assert summary.unreadable == {}
    assert verify(tmp_path / "out") == []


def test_a_set_that_nobody_may_change_is_refused(write_table, tmp_path):
    file = write_table(tmp_path / "a.parquet", 2, license=["CC-BY-ND-2.0"] * 2)
    with pytest.raises(UsageError, match="allows no changed copies: name another set"):
        treat(file, SMALL, PLAN, out=tmp_path / "out")
    assert not list(tmp_path.glob("out*"))


@given(st.integers(0, 2**63 - 1))
def test_a_photo_id_stays(number):
    assert row_id(str(number)) == number


@given(st.text(min_size=1), st.text(min_size=1), st.sampled_from([None, "a"]))
def test_other_names_have_ids_of_their_own(one, other, label):
    first, second = row_id(one, label), row_id(other, label)
    assert 0 <= first < 2**63
    assert (first == second) == (one == other)


@pytest.mark.parametrize("name", ["007", "\u0667", "\u00b2", str(2**63), "-1", "9" * 5000])
def test_what_only_looks_like_an_id_is_a_name(name):
    assert row_id(name) != row_id("7")
    assert 0 <= row_id(name) < 2**63


def test_ids_with_leading_zeros_are_photos_of_their_own(write_table, tmp_path):
    file = write_table(tmp_path / "a.parquet", 3, photo_id=["7", "07", "007"])
    treat(file, SMALL, PLAN, out=tmp_path / "out")
    assert verify(tmp_path / "out") == []


# Splits


NAMES = st.lists(st.text("abc01", min_size=1, max_size=4), min_size=1, max_size=30, unique=True)


@given(NAMES, st.integers(0, 9), st.data())
def test_dealing_loses_nothing_and_moves_nothing(names, seed, data):
    owners = {name: data.draw(st.sampled_from(["x", "y", "", None])) for name in names}
    places = [place(name, owner_id=owners[name]) for name in names]
    by_split = dealt(places, seed=seed)
    found = {one.name: split for split, those in by_split.items() for one in those}
    assert Counter(found.keys()) == Counter(names)
    split_of_owner = {(owner_of(one), split) for split, those in by_split.items() for one in those}
    assert len(split_of_owner) == len({owner for owner, _ in split_of_owner})
    fewer = data.draw(st.lists(st.sampled_from(places), min_size=1, unique_by=id))
    for split, those in dealt(fewer, seed=seed).items():
        assert all(found[one.name] == split for one in those)


def test_shares_of_dealt_splits():
    by_split = dealt([place(str(number)) for number in range(5000)], seed=0)
    shares = {split: len(those) / 5000 for split, those in by_split.items()}
    assert shares == pytest.approx({"train": 0.7, "validation": 0.1, "test": 0.2}, abs=0.02)
    other = dealt([place(str(number)) for number in range(5000)], seed=1)
    assert {one.name for one in other["test"]} != {one.name for one in by_split["test"]}


def test_an_image_without_a_split_beside_others_goes_to_train():
    by_split = dealt([place("a", "test"), place("b"), place("c", "validation")], seed=0)
    assert [(split, [one.name for one in those]) for split, those in by_split.items()] == [
        ("train", ["b"]),
        ("validation", ["c"]),
        ("test", ["a"]),
    ]


def test_validation_comes_out_of_train_where_it_alone_is_missing():
    places = [place(str(number), "train" if number % 4 else "test") for number in range(4000)]
    by_split = dealt(places, seed=0)
    sizes = {split: len(those) for split, those in by_split.items()}
    assert sizes["test"] == 1000
    assert sizes["validation"] / 3000 == pytest.approx(1 / 8, abs=0.02)
    assert {one.split for one in by_split["validation"]} == {"train"}


def test_a_set_that_is_all_train_is_dealt_anew():
    told = dealt([place(str(number), "train") for number in range(100)], seed=0)
    untold = dealt([place(str(number)) for number in range(100)], seed=0)
    assert {split: [one.name for one in those] for split, those in told.items()} == {
        split: [one.name for one in those] for split, those in untold.items()
    }


# What is left out


DAMAGED = {"cut.jpg", "empty.png", "page.gif", "text [1].jpg", "zéro.bmp"}


def damaged(fill_folder, folder: Path, image_bytes) -> Path:
    """Twenty images and five that are none, each in another way."""
    whole = image_bytes(7, suffix="jpg")
    return fill_folder(
        folder,
        [f"{number:02}.png" for number in range(20)],
        **{
            "cut.jpg": whole[: len(whole) // 2],
            "empty.png": b"",
            "page.gif": b"<html>",
            "text [1].jpg": b"not an image",
            "zéro.bmp": bytes(100),
        },
    )


def test_unreadable_images_are_counted_and_named(fill_folder, tmp_path, image_bytes, rows_in):
    folder = damaged(fill_folder, tmp_path / "set", image_bytes)
    summary = treat(folder, SMALL, replace(BY_FIVE, most_unreadable=0.2), out=tmp_path / "out")
    assert sum(summary.rows.values()) == len(rows_in(tmp_path / "out")) == 20
    assert set(summary.unreadable) == DAMAGED
    assert sum(summary.left_out.values()) == 5
    told = json.loads((tmp_path / "out" / "left_out.json").read_text(encoding="utf-8"))
    assert told == dict(summary.unreadable)
    assert told["cut.jpg"].startswith("truncated")
    assert read_manifest(tmp_path / "out")["left_out"] == dict(summary.left_out)
    lines = "\n".join(summary.lines())
    assert "text [1].jpg: unknown or damaged format" in lines
    assert verify(tmp_path / "out") == []


def test_too_many_unreadable_images_stop_the_work(fill_folder, tmp_path, image_bytes):
    folder = damaged(fill_folder, tmp_path / "set", image_bytes)
    with pytest.raises(FlickrexifError) as stopped:
        treat(folder, SMALL, replace(PLAN, most_unreadable=0.1), out=tmp_path / "out")
    told = re.search(
        r"(\d) of 25 images .* such as '(.+)' \(.*\), more than 0\.1", str(stopped.value)
    )
    assert told
    assert int(told[1]) > 2
    assert told[2] in DAMAGED
    assert not (tmp_path / "out").exists()


def test_a_larger_share_goes_on_where_too_many_stopped_it(
    fill_folder, tmp_path, image_bytes, contents
):
    folder = damaged(fill_folder, tmp_path / "set", image_bytes)
    with pytest.raises(FlickrexifError, match="raise --most-unreadable"):
        treat(folder, SMALL, replace(BY_FIVE, most_unreadable=0.1), out=tmp_path / "out")
    kept = [file.stat().st_ino for file in (tmp_path / "out.partial").rglob("train-*-of-*.parquet")]
    assert kept
    enough = replace(BY_FIVE, most_unreadable=0.2)
    treat(folder, SMALL, enough, out=tmp_path / "out")
    inodes = [file.stat().st_ino for file in (tmp_path / "out").rglob("train-*.parquet")]
    assert set(kept) <= set(inodes)
    treat(folder, SMALL, enough, out=tmp_path / "again")
    assert contents(tmp_path / "out") == contents(tmp_path / "again")


@pytest.mark.parametrize(("bad", "share"), [(29, 0.29), (7, 0.07), (0, 0.0)])
def test_a_share_of_just_so_many_is_let_through(tmp_path, fill_folder, image_bytes, bad, share):
    names = [f"{number:03}.png" for number in range(100)]
    folder = fill_folder(tmp_path / "set", [])
    folder.mkdir()
    for number, name in enumerate(names):
        (folder / name).write_bytes(b"" if number < bad else image_bytes(0, size=(8, 8)))
    plan = replace(PLAN, most_unreadable=share)
    small = Masking(MaskSpec(), Crop(8))
    assert sum(treat(folder, small, plan, out=tmp_path / "out").rows.values()) == 100 - bad
    (folder / names[-1]).write_bytes(b"")
    with pytest.raises(FlickrexifError, match=f"^{bad + 1} of 100 images"):
        treat(folder, small, plan, out=tmp_path / "other")


def test_a_release_of_nothing_is_not_made(fill_folder, tmp_path):
    folder = fill_folder(tmp_path / "set", [])
    folder.mkdir()
    (folder / "a.png").write_bytes(b"")
    with pytest.raises(FlickrexifError, match="1 of 1 images"):
        treat(folder, SMALL, ALL, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_split_whose_images_are_all_unreadable_is_not_there(fill_folder, tmp_path, image_bytes):
    folder = fill_folder(tmp_path / "set", ["train/a/1.png", "train/b/2.png"])
    (folder / "test" / "a").mkdir(parents=True)
    (folder / "test" / "a" / "3.png").write_bytes(b"")
    summary = treat(folder, SMALL, ALL, out=tmp_path / "out")
    assert dict(summary.rows) == {"train": 2}
    assert read_manifest(tmp_path / "out")["attributes"]["masked"]["splits"]["test"]["rows"] == 0
    assert verify(tmp_path / "out") == []


# Words that do not fit


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"version": "1.0"}, "'1.0'"),
        ({"most_unreadable": -0.1}, "outside 0..1"),
        ({"most_unreadable": 1.1}, "outside 0..1"),
        ({"most_unreadable": float("nan")}, "outside 0..1"),
        ({"images_per_file": 0}, "images_per_file 0"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(words, told):
    with pytest.raises(UsageError) as refused:
        TreatPlan("tiny", **words)
    assert told in str(refused.value)


def test_an_existing_out_is_never_touched(plain, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "file").touch()
    for name in ("out", "file"):
        with pytest.raises(UsageError, match="exists and a release is never overwritten"):
            treat(plain, SMALL, PLAN, out=tmp_path / name)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "out"]


@pytest.mark.parametrize("name", ["out.partial", "out.partial/mine", "out.partial/.x.partial"])
def test_what_is_in_the_way_is_not_touched(plain, tmp_path, contents, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine")
    with pytest.raises(UsageError, match="in the way"):
        treat(plain, SMALL, PLAN, out=tmp_path / "out")
    assert contents(tmp_path) == {name: b"mine"}


@pytest.mark.parametrize("place", ["out", "a/b/out"])
def test_an_out_inside_the_images_is_refused(fill_folder, tmp_path, place):
    """Or the next call would find parquet files among the images, and take these for the set."""
    folder = fill_folder(tmp_path / "set", ["a.png"])
    with pytest.raises(UsageError, match="lies in the set"):
        treat(folder, SMALL, PLAN, out=folder / place)
    assert [file.name for file in folder.iterdir()] == ["a.png"]


def test_out_may_lie_deep_and_beside_the_images(fill_folder, tmp_path, monkeypatch):
    fill_folder(tmp_path / "set", ["a.png"])
    monkeypatch.chdir(tmp_path)
    treat("set", SMALL, PLAN, out="ratio=0.9/set of mine/out")
    assert verify("ratio=0.9/set of mine/out") == []


# Where the images came from


def test_what_a_release_told_of_itself_is_kept(labelled, tmp_path):
    treat(labelled, SMALL, PLAN, out=tmp_path / "first")
    assert read_manifest(tmp_path / "first")["source"] == {"name": "labelled", "images": 24}
    manifest = read_manifest(tmp_path / "first")
    manifest["source"]["synthetic"] = True
    (tmp_path / "first" / "manifest.json").write_text(json.dumps(manifest))
    config = tmp_path / "first" / "masked"
    for number, images in enumerate(
        (tmp_path / "first", config, config / "train-00000-of-00001.parquet")
    ):
        treat(images, Mirrored(), PLAN, out=tmp_path / f"{number}")
        source = read_manifest(tmp_path / f"{number}")["source"]
        assert source["name"] == images.name
        assert source["synthetic"] is True
        assert source["release"]["name"] == "tiny"
        assert source["release"]["treatment"] == SMALL.words()
        assert "This dataset is synthetic" in (tmp_path / f"{number}" / "README.md").read_text()


def test_a_relative_path_finds_its_release_too(labelled, tmp_path, monkeypatch):
    treat(labelled, SMALL, PLAN, out=tmp_path / "first")
    monkeypatch.chdir(tmp_path / "first" / "masked")
    treat(".", Mirrored(), PLAN, out=tmp_path / "second")
    source = read_manifest(tmp_path / "second")["source"]
    assert (source["name"], source["release"]["name"]) == ("masked", "tiny")


@pytest.mark.parametrize("text", ['{"name": "an app"}', "[]", "{", '{"configs": {"a": {}}}'])
def test_a_manifest_of_something_else_does_not_matter(fill_folder, tmp_path, text):
    folder = fill_folder(tmp_path / "set", ["a.png"])
    (folder / "manifest.json").write_text(text)
    (tmp_path / "manifest.json").write_text(text)
    treat(folder, SMALL, PLAN, out=tmp_path / "out")
    assert read_manifest(tmp_path / "out")["source"] == {"name": "set", "images": 1}


def test_a_foreign_manifest_beside_tables_does_not_matter(write_table, tmp_path):
    write_table(tmp_path / "set" / "a.parquet", 2)
    (tmp_path / "manifest.json").write_text('{"kind": 1, "configs": {"b": {}}}')
    treat(tmp_path / "set", SMALL, PLAN, out=tmp_path / "out")
    assert read_manifest(tmp_path / "out")["source"] == {"name": "set", "images": 2}


def test_a_damaged_release_is_refused_before_the_work(write_table, tmp_path):
    write_table(tmp_path / "set" / "a.parquet", 2)
    (tmp_path / "manifest.json").write_text('{"configs": ')
    with pytest.raises(UsageError, match=r"manifest\.json' is damaged"):
        treat(tmp_path / "set", SMALL, PLAN, out=tmp_path / "out")
    assert not list(tmp_path.glob("out*"))


def test_no_path_of_this_machine_gets_into_a_release(labelled, tmp_path, contents):
    treat(labelled, SMALL, PLAN, out=tmp_path / "out")
    for folder in (labelled.parent, tmp_path):
        assert not [name for name, held in contents(tmp_path / "out").items()
                    if str(folder).encode() in held]  # fmt: skip


# Equal bytes


@pytest.fixture(scope="module")
def expected(labelled, tmp_path_factory, contents) -> dict[str, bytes]:
    """What a call that nothing disturbed makes of the labelled images, five to a file."""
    out = tmp_path_factory.mktemp("expected") / "out"
    treat(labelled, SMALL, BY_FIVE, out=out)
    return contents(out)


def test_processes_change_no_byte(labelled, tmp_path, contents):
    treat(labelled, Qualities(), BY_FIVE, out=tmp_path / "one")
    treat(labelled, Qualities(), BY_FIVE, out=tmp_path / "two", engine=LocalPool(2))
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert {file.name for file in tmp_path.iterdir()} == {"one", "two"}


def test_the_order_on_disk_changes_no_byte(labelled, tmp_path, expected, contents):
    files = sorted(labelled.rglob("*.*"), key=lambda file: hash(file.name), reverse=True)
    for file in files:
        copy = tmp_path / "labelled" / file.relative_to(labelled)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    treat(tmp_path / "labelled", SMALL, BY_FIVE, out=tmp_path / "out")
    assert contents(tmp_path / "out") == expected


class LastFirst:
    """Does the tasks in the opposite order."""

    def run(self, stage, tasks):
        return InProcess().run(stage, reversed(list(tasks)))


def test_the_order_of_the_work_changes_no_byte(
    fill_folder, image_bytes, labelled, tmp_path, expected, contents
):
    treat(labelled, SMALL, BY_FIVE, out=tmp_path / "out", engine=LastFirst())
    assert contents(tmp_path / "out") == expected
    folder = damaged(fill_folder, tmp_path / "set", image_bytes)
    plan = replace(BY_FIVE, most_unreadable=0.5)
    treat(folder, SMALL, plan, out=tmp_path / "first")
    treat(folder, SMALL, plan, out=tmp_path / "last", engine=LastFirst())
    assert contents(tmp_path / "first") == contents(tmp_path / "last")


def test_other_words_change_them(labelled, tmp_path, expected, contents):
    for number, (treatment, plan) in enumerate(
        (
            (SMALL, replace(BY_FIVE, version="1.0.1")),
            (Masking(MaskSpec(ratio=0.5), Crop(32)), BY_FIVE),
            (Masking(MaskSpec(patch=8), Crop(32, "bilinear")), BY_FIVE),
        )
    ):
        treat(labelled, treatment, plan, out=tmp_path / f"{number}")
        found = contents(tmp_path / f"{number}")
        assert found.keys() == expected.keys()
        assert all(found[name] != expected[name] for name in found if "left_out" not in name)


# Stopped and resumed


# The labelled set makes seven files; each is renamed, then its sheet, then its report.
PARTS = 3 + 2 + 2
FIRST, LAST = 2, 1 + 3 * PARTS + 3 + 1


@pytest.mark.parametrize(
    "die_at",
    [1, FIRST, FIRST + 1, FIRST + 2, FIRST + 10, LAST - 1, LAST],
    ids=["words", "file", "sheet", "report", "middle", "manifest", "release"],
)
def test_killed_before_a_rename_it_goes_on(labelled, tmp_path, expected, contents, die_at):
    out = tmp_path / "out"
    assert Life(labelled, out, die_at=die_at).end() == -signal.SIGKILL
    assert not out.exists()
    treat(labelled, SMALL, BY_FIVE, out=out)
    assert contents(out) == expected
    assert list(tmp_path.iterdir()) == [out]


def test_no_rename_comes_after_the_last(labelled, tmp_path, expected, contents):
    assert Life(labelled, tmp_path / "out", die_at=LAST + 1).end() == 0
    assert contents(tmp_path / "out") == expected


def test_killed_while_it_tidies_up_the_release_stands(labelled, tmp_path, expected, contents):
    out = tmp_path / "out"
    assert Life(labelled, out, die_at="shutil.rmtree").end() == -signal.SIGKILL
    assert contents(out) == expected
    with pytest.raises(UsageError, match="exists"):
        treat(labelled, SMALL, BY_FIVE, out=out)
    assert contents(out) == expected


def test_killed_in_the_middle_of_an_image_it_goes_on(labelled, tmp_path, expected, contents):
    out = tmp_path / "out"
    deadly = Deadly(name="masked", at="train/dog/03.jpg", marker=tmp_path / "marker")
    assert Life(labelled, out, treatment=deadly).end() == -signal.SIGKILL
    left = [file.name for file in (tmp_path / "out.partial").rglob("*") if file.is_file()]
    assert any(name.endswith(".partial") for name in left)
    treat(labelled, deadly, BY_FIVE, out=out)
    assert verify(out) == []
    images = {name: held for name, held in contents(out).items() if name.endswith(".parquet")}
    assert images.keys() == {name for name in expected if name.endswith(".parquet")}
    assert not [name for name in contents(out) if name not in expected]


def test_a_worker_that_is_killed_changes_nothing(fill_folder, tmp_path, contents):
    folder = fill_folder(tmp_path / "set", [f"train/{number}.png" for number in range(8)])
    deadly = Deadly(at="train/3.png", marker=tmp_path / "marker")
    treat(folder, deadly, BY_FIVE, out=tmp_path / "out", engine=LocalPool(1))
    assert (tmp_path / "marker").exists()
    treat(folder, deadly, BY_FIVE, out=tmp_path / "whole")
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
    assert verify(tmp_path / "out") == []


def test_what_is_done_is_not_done_again(labelled, tmp_path):
    out = tmp_path / "out"
    assert Life(labelled, out, die_at=LAST - 1).end() == -signal.SIGKILL
    made = {file.name: file.stat().st_ino for file in (tmp_path / "out.partial").rglob("*-of-*")}
    treat(labelled, SMALL, BY_FIVE, out=out)
    kept = {file.name: file.stat().st_ino for file in out.rglob("*-of-*")}
    assert kept.items() <= made.items()
    assert len(kept) == PARTS


class Fails:
    """Nothing can be done."""

    def run(self, stage, tasks):
        for task in tasks:
            yield ShardFailure(task.index, "OSError: no space left")


@pytest.mark.parametrize("word", ["treatment", "plan", "images"])
def test_other_words_or_images_do_not_go_on_there(fill_folder, tmp_path, word):
    folder = fill_folder(tmp_path / "set", [f"train/{number}.png" for number in range(8)])
    with pytest.raises(FlickrexifError, match="no space left"):
        treat(folder, SMALL, BY_FIVE, out=tmp_path / "out", engine=Fails())
    treatment, plan = SMALL, BY_FIVE
    if word == "treatment":
        treatment = Masking(MaskSpec(ratio=0.5), Crop(32))
    elif word == "plan":
        plan = replace(BY_FIVE, seed=1)
    else:
        (folder / "train" / "8.png").write_bytes((folder / "train" / "7.png").read_bytes())
    with pytest.raises(UsageError, match=f"another {word}:"):
        treat(folder, treatment, plan, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_file_that_fails_is_named_with_the_reason(labelled, tmp_path, expected, contents):
    with pytest.raises(FlickrexifError, match=r"'train-00000-of-00003\.parquet' failed by"):
        treat(labelled, SMALL, BY_FIVE, out=tmp_path / "out", engine=Fails())
    assert not (tmp_path / "out").exists()
    treat(labelled, SMALL, BY_FIVE, out=tmp_path / "out")
    assert contents(tmp_path / "out") == expected


def test_a_table_that_is_damaged_inside_is_named(write_table, tmp_path):
    file = write_table(tmp_path / "set" / "train.parquet", 30)
    content = bytearray(file.read_bytes())
    content[200:4000] = b"\xff" * 3800
    file.write_bytes(content)
    with pytest.raises(FlickrexifError) as failed:
        treat(tmp_path / "set", SMALL, PLAN, out=tmp_path / "out")
    assert str(file) in str(failed.value)
    assert not (tmp_path / "out").exists()
