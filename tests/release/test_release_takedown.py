"""A takedown in a release: the next version without some photos, and little else changed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flickrexif.errors import UsageError
from flickrexif.imaging import MaskSpec
from flickrexif.publishing import FolderShelf, publish, rollback
from flickrexif.release import BuildPlan, build, diff, read_manifest, take_down_release, verify
from flickrexif.release.ledger import Withdrawal, ledger_text, read_ledger
from flickrexif.release.lessen import lessen
from flickrexif.release.manifest import describe_file, to_text
from flickrexif.treating import Masking, TreatPlan, treat

if TYPE_CHECKING:
    from pathlib import Path

FIRST_ID = 50_000_000_000
GONE = [FIRST_ID, FIRST_ID + 7 * 18]
"""Of a train and of a validation owner."""
DAY = "2026-09-01"
LEDGER = "withdrawn.jsonl"


@pytest.fixture(scope="module")
def sharded(corpus, tmp_path_factory):
    """A release of each kind, those with images in many files."""
    folder = tmp_path_factory.mktemp("sharded")
    for kind in ("metadata", "images", "masked"):
        plan = BuildPlan("1.0.0", kind, crop=48, shard_bytes=20_000 if kind == "images" else 9_000)
        build(corpus, plan, out=folder / kind)
    return folder


@pytest.fixture(scope="module")
def withdrawn(sharded):
    """What is left of each without two photos, and what the takedown told."""
    told = {}
    for kind in ("metadata", "images", "masked"):
        out = sharded / f"{kind} after"
        told[kind] = take_down_release(sharded / kind, photos=GONE, date=DAY, out=out)
    return told


each_kind = pytest.mark.parametrize("kind", ["metadata", "images", "masked"])


def parquet_files(release):
    return {path.relative_to(release).as_posix() for path in release.rglob("*.parquet")}


def ids_in(file):
    return set(pq.read_table(file, columns=["photo_id"])["photo_id"].to_pylist())


def everything(folder):
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != LEDGER]
    return b"".join(path.read_bytes() for path in files)


def images_of(release, attribute):
    tables = [pq.read_table(file) for file in sorted((release / attribute).glob("*.parquet"))]
    rows = [row for table in tables for row in table.to_pylist()]
    return {row["photo_id"]: row["image"] for row in rows if "image" in row}


def test_the_next_version_never_lands_where_a_link_leads(sharded, tmp_path):
    """As ``DIR/v1.0.0`` does, into the trees of a folder that was published to."""
    publish(sharded / "metadata", FolderShelf(tmp_path / "shelf"))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError, match=r"v1.0.0' is a link, .*: say where .*--out"):
        take_down_release(tmp_path / "shelf" / "v1.0.0", photos=GONE, date=DAY)
    assert sorted(tmp_path.rglob("*")) == before
    told = take_down_release(
        tmp_path / "shelf" / "v1.0.0", photos=GONE, date=DAY, out=tmp_path / "next"
    )
    assert told.out == tmp_path / "next"


@each_kind
def test_what_is_left_is_sound_and_has_nothing_of_them(kind, withdrawn):
    out = withdrawn[kind].out
    assert verify(out) == []
    for file in parquet_files(out):
        assert not ids_in(out / file) & set(GONE)
    left = everything(out)
    for photo_id in GONE:
        assert str(photo_id).encode() not in left


@each_kind
def test_files_that_held_none_of_their_rows_are_the_same(kind, sharded, withdrawn):
    before, told = sharded / kind, withdrawn[kind]
    assert parquet_files(before) == parquet_files(told.out)
    changed = {
        name
        for name in parquet_files(before)
        if (before / name).read_bytes() != (told.out / name).read_bytes()
    }
    holding = {name for name in parquet_files(before) if ids_in(before / name) & set(GONE)}
    lessened = {
        name for name in parquet_files(before) if ids_in(before / name) != ids_in(told.out / name)
    }
    assert changed == lessened
    assert holding <= changed
    assert (told.files_rewritten, told.files_kept) == (
        len(changed),
        len(parquet_files(before)) - len(changed),
    )
    assert told.files_kept >= (3 if kind == "metadata" else len(parquet_files(before)) // 2)


@each_kind
def test_rows_that_stay_are_as_they_were(kind, sharded, withdrawn, rows_of):
    for attribute in ("make", "iso", "flash"):
        before = rows_of(sharded / kind, attribute)
        after = rows_of(withdrawn[kind].out, attribute)
        assert after.equals(before.join(after.select("photo_id"), on="photo_id", how="semi"))


@each_kind
def test_classes_stay_equal_and_the_fewest_rows_leave(kind, sharded, withdrawn, rows_of):
    """In each split every class loses as many as the one that lost most."""
    told = withdrawn[kind]
    for attribute in ("make", "iso", "flash"):
        fewer = 0
        for split in ("train", "validation", "test"):
            before = rows_of(sharded / kind, attribute, split)
            lost = before.filter(pl.col("photo_id").is_in(GONE))["label"].value_counts()["count"]
            classes = before["label"].n_unique()
            after = rows_of(told.out, attribute, split)
            assert before.height - after.height == classes * (lost.max() or 0)
            fewer += before.height - after.height
        assert told.rows[attribute] + told.further[attribute] == fewer
        words = read_manifest(told.out)["attributes"][attribute]
        assert words["trimmed"] == told.further[attribute]


@each_kind
def test_descriptions_tell_the_new_version(kind, sharded, withdrawn):
    before, told = sharded / kind, withdrawn[kind]
    assert told.version == "1.0.1"
    difference = diff(before, told.out, images=kind != "metadata")
    assert difference.photos_removed.to_list() == GONE
    assert difference.as_json()["required_bump"] == "patch"
    manifest = read_manifest(told.out)
    assert manifest["left_out"] == {"withdrawn from an earlier version": 2}
    assert manifest["previous"] == "1.0.0"
    changelog = (told.out / "CHANGELOG.md").read_text()
    assert changelog.startswith(
        "# Changelog\n\n## 1.0.1\n\n- 0 photos added, 2 removed.\n- 2 photos withdrawn"
    )
    assert changelog.endswith((before / "CHANGELOG.md").read_text().split("\n\n", 1)[1])
    assert "version: 1.0.1" in (told.out / "README.md").read_text()


@each_kind
def test_the_ledger_has_ids_and_names_no_one(kind, withdrawn):
    lines = (withdrawn[kind].out / LEDGER).read_text().splitlines()
    assert [json.loads(line) for line in lines] == [
        {"photo_id": photo_id, "version": "1.0.1", "date": DAY, "reason": "asked for"}
        for photo_id in GONE
    ]
    assert LEDGER in read_manifest(withdrawn[kind].out)["files"]


def test_images_stay_byte_for_byte_in_their_row_groups(sharded, withdrawn):
    before, after = sharded / "images", withdrawn["images"].out
    for attribute in ("make", "iso"):
        images = images_of(before, attribute)
        assert all(images[name] == image for name, image in images_of(after, attribute).items())
    about = pq.read_schema(after / sorted(parquet_files(after))[0]).metadata[b"flickrexif"]
    assert json.loads(about)["kind"] == "images"


def test_rewritten_files_tell_the_version_that_wrote_them(sharded, withdrawn):
    before, after = sharded / "masked", withdrawn["masked"].out
    for name in parquet_files(after):
        about = [pq.read_schema(one / name).metadata[b"flickrexif"] for one in (before, after)]
        old, new = map(json.loads, about)
        is_same = (before / name).read_bytes() == (after / name).read_bytes()
        assert new == (old if is_same else old | {"version": "1.0.1"})


def test_the_same_words_give_the_same_bytes(sharded, withdrawn, tmp_path):
    again = take_down_release(sharded / "images", photos=GONE, date=DAY, out=tmp_path / "again")
    assert everything(again.out) == everything(withdrawn["images"].out)
    assert not (tmp_path / "again.partial").exists()


def test_a_stopped_takedown_is_finished_by_the_same_call(sharded, withdrawn, tmp_path):
    class Stops:
        def start(self, stage, total, unit):
            self.left = 5

        def advance(self, count=1):
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt

        def close(self):
            pass

    words = {"photos": GONE, "date": DAY, "out": tmp_path / "out"}
    with pytest.raises(KeyboardInterrupt):
        take_down_release(sharded / "images", **words, progress=Stops())
    assert not (tmp_path / "out").exists()
    before = everything(sharded / "images")
    take_down_release(sharded / "images", **words)
    assert everything(tmp_path / "out") == everything(withdrawn["images"].out)
    assert everything(sharded / "images") == before


# Owners, versions, copies


def test_all_photos_of_an_owner_leave(releases, tmp_path):
    owner = "00000004@N00"
    told = take_down_release(
        releases["masked"], owners=[owner, "00000099@N00"], photos=[77], date=DAY,
        reason="legal", out=tmp_path / "out",
    )  # fmt: skip
    assert told.photos == 8
    assert set(told.unknown) == {"77", "00000099@N00"}
    assert owner.encode() not in everything(told.out)
    assert owner not in (told.out / LEDGER).read_text()
    assert verify(told.out) == []
    assert {one.reason for one in read_ledger(told.out)} == {"legal"}


def test_a_second_takedown_keeps_the_first_one_on_the_ledger(withdrawn, tmp_path):
    out = tmp_path / "third"
    more = FIRST_ID + 7 * 3
    told = take_down_release(
        withdrawn["metadata"].out, photos=[more], date="2026-10-01", reason="unsafe", out=out
    )
    assert told.version == "1.0.2"
    assert [(one.photo_id, one.version, one.reason) for one in read_ledger(out)] == [
        (GONE[0], "1.0.1", "asked for"),
        (more, "1.0.2", "unsafe"),
        (GONE[1], "1.0.1", "asked for"),
    ]
    assert verify(out) == []
    with pytest.raises(UsageError, match="shows none of them"):
        take_down_release(out, photos=GONE, date=DAY)


def test_a_build_after_it_keeps_them_out(corpus, withdrawn, tmp_path):
    """The corpus has them still; a build that does not know of the ledger would bring them back."""
    summary = build(
        corpus, BuildPlan("1.1.0", "metadata"), out=tmp_path / "next",
        previous=withdrawn["metadata"].out,
    )  # fmt: skip
    assert summary.left_out == {"withdrawn from an earlier version": 2}
    assert read_ledger(tmp_path / "next") == read_ledger(withdrawn["metadata"].out)
    assert verify(tmp_path / "next") == []
    assert (
        "photos withdrawn" not in (tmp_path / "next" / "CHANGELOG.md").read_text().split("## ")[1]
    )


def test_versions_are_those_asked_for_where_they_fit(releases, tmp_path):
    words = {"photos": GONE, "date": DAY}
    told = take_down_release(releases["metadata"], **words, version="1.4.0", out=tmp_path / "out")
    assert told.version == read_manifest(told.out)["version"] == "1.4.0"
    for version in ("1.0.0", "0.9.9", "1.0"):
        with pytest.raises(UsageError, match=f"version '{version}'"):
            take_down_release(releases["metadata"], **words, version=version, out=tmp_path / "no")
    assert not (tmp_path / "no").exists()


def test_a_class_that_is_lost_asks_for_a_major_version(corpus, releases, tmp_path, rows_of):
    """Every test photo of the second class of iso: turns 1 and 5 of the owners 4, 9 and 14."""
    lost = [FIRST_ID + 7 * (owner + 15 * turn) for owner in (4, 9, 14) for turn in (1, 5)]
    words = {"photos": lost, "date": DAY}
    with pytest.raises(UsageError, match=r"iso: other classes.*use '2\.0\.0'"):
        take_down_release(releases["images"], **words, version="1.0.1", out=tmp_path / "out")
    told = take_down_release(releases["images"], **words, out=tmp_path / "out")
    assert told.version == "2.0.0"
    assert told.classes_removed == {"iso": ("200",)}
    assert verify(told.out) == []
    manifest = read_manifest(told.out)
    assert manifest["attributes"]["iso"]["classes"] == ["100", "400", "800"]
    assert manifest["attributes"]["iso"]["classes_left_out"] == ["200"]
    labels = pl.read_parquet(corpus / "labels.parquet").filter(pl.col("attribute") == "iso")
    rows = rows_of(told.out, "iso").select("photo_id", "label").join(labels, on="photo_id")
    names = pl.Series(["100", "400", "800"])
    assert names.gather(rows["label"]).to_list() == rows["label_right"].to_list()


def test_an_attribute_that_cannot_stay_leaves_with_its_reason(releases, tmp_path):
    """Without the test photos of the odd turns, flash has one class, and iso half of its four."""
    lost = [FIRST_ID + 7 * (owner + 15 * turn) for owner in (4, 9, 14) for turn in (1, 3, 5, 7)]
    told = take_down_release(releases["masked"], photos=lost, date=DAY, out=tmp_path / "out")
    assert told.version == "2.0.0"
    assert told.attributes_removed == {"flash": "1 of 2 classes have photos in every split"}
    assert not (told.out / "flash").exists()
    assert verify(told.out) == []
    assert any("flash removed" in line for line in told.lines())


def test_nothing_left_is_refused(releases, tmp_path):
    every = [FIRST_ID + 7 * number for number in range(120)]
    with pytest.raises(UsageError, match=r"nothing would be left.*as a whole"):
        take_down_release(releases["masked"], photos=every, date=DAY, out=tmp_path / "out")
    test_owners = [f"{owner:08}@N00" for owner in (4, 9, 14)]
    with pytest.raises(UsageError, match="nothing would be left"):
        take_down_release(releases["masked"], owners=test_owners, date=DAY, out=tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_copies_are_told_of_the_first_that_is_left(corpus, tmp_path):
    own = shutil.copytree(corpus, tmp_path / "corpus")
    photos = pl.read_parquet(own / "photos.parquet")
    copies = sorted(photos["photo_id"].to_list())[:3]
    same = pl.col("photo_id").is_in(copies)
    changed = photos.with_columns(sha256=pl.when(same).then(pl.lit("f" * 64)))
    changed.cast(photos.schema).write_parquet(own / "photos.parquet")
    labels = pl.read_parquet(own / "labels.parquet")
    labels.filter(~pl.col("photo_id").is_in(copies[1:])).write_parquet(own / "labels.parquet")
    build(own, BuildPlan("1.0.0", "metadata"), out=tmp_path / "before")
    told = take_down_release(tmp_path / "before", photos=copies[:1], date=DAY, out=tmp_path / "out")
    (file,) = (told.out / "photos").glob("*.parquet")
    rows = pq.read_table(file, columns=["photo_id", "duplicate_of"]).to_pylist()
    assert {row["photo_id"]: row["duplicate_of"] for row in rows if row["duplicate_of"]} == {
        copies[2]: copies[1]
    }
    assert str(copies[0]).encode() not in everything(told.out)
    assert verify(told.out) == []


# What is refused


def test_bad_words_are_refused_and_leave_nothing(releases, tmp_path):
    for words, told in (
        ({"photos": ["x"]}, "'x' names no photo"),
        ({"photos": [123]}, "shows none of them"),
        ({}, "nothing is named"),
        ({"photos": GONE, "reason": "Jane Doe wrote to us"}, "cannot be published"),
        ({"photos": GONE, "date": "1 September"}, "is no day"),
        ({"photos": GONE, "date": "20260901"}, "is no day"),
    ):
        with pytest.raises(UsageError, match=told):
            take_down_release(releases["metadata"], **({"date": DAY} | words), out=tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_a_release_is_never_overwritten(releases, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(UsageError, match="never overwritten"):
        take_down_release(releases["metadata"], photos=GONE, date=DAY, out=tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_what_rotted_gets_no_new_digest(releases, tmp_path):
    rotten = shutil.copytree(releases["images"], tmp_path / "rotten")
    file = rotten / "iso" / "train-00000-of-00001.parquet"
    data = bytearray(file.read_bytes())
    data[len(data) // 3] ^= 1
    file.write_bytes(data)
    with pytest.raises(UsageError, match=r"iso/train.*is damaged.*fetch the release again"):
        take_down_release(rotten, photos=GONE, date=DAY, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_treated_sets_are_treated_again_instead(releases, tmp_path):
    treat(releases["images"] / "flash", Masking(MaskSpec()), TreatPlan("treated"),
          out=tmp_path / "treated")  # fmt: skip
    with pytest.raises(UsageError, match=r"is a treated set.*treat them again"):
        take_down_release(tmp_path / "treated", photos=GONE, date=DAY, out=tmp_path / "out")


# The ledger and verify


def forge(release, lines):
    (release / LEDGER).write_text(lines)
    manifest = read_manifest(release)
    manifest["files"][LEDGER] = describe_file(release / LEDGER)
    (release / "manifest.json").write_text(to_text(manifest))


GOOD = {"photo_id": 7, "version": "1.0.0", "date": DAY, "reason": "asked for"}


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "",
        json.dumps(GOOD | {"owner": "12345678@N00"}),
        json.dumps({name: value for name, value in GOOD.items() if name != "date"}),
        json.dumps(GOOD | {"photo_id": "7"}),
        json.dumps(GOOD | {"photo_id": True}),
        json.dumps(GOOD | {"version": "1.0"}),
        json.dumps(GOOD | {"version": None}),
        json.dumps(GOOD | {"date": "2026-02-30"}),
        json.dumps(GOOD | {"reason": "Jane Doe asked"}),
    ],
)
def test_a_line_of_the_ledger_that_does_not_fit_is_found(releases, tmp_path, line):
    release = shutil.copytree(releases["metadata"], tmp_path / "release")
    forge(release, json.dumps(GOOD) + "\n" + line + "\n")
    (finding,) = verify(release)
    assert (finding.rule, finding.file) == ("ledger", LEDGER)
    assert "line 2: " in finding.message


def test_a_withdrawn_photo_that_is_there_is_found_in_each_file(releases, tmp_path):
    release = shutil.copytree(releases["images"], tmp_path / "release")
    forge(release, json.dumps(GOOD | {"photo_id": FIRST_ID}) + "\n")
    found = verify(release)
    assert {finding.rule for finding in found} == {"withdrawn-photo"}
    assert {finding.file.split("/")[0] for finding in found} == {"photos", "make", "iso", "flash"}
    assert str(FIRST_ID) in found[0].message


def test_a_later_version_on_the_ledger_and_a_ledger_nobody_told_of_are_found(releases, tmp_path):
    release = shutil.copytree(releases["metadata"], tmp_path / "release")
    forge(release, json.dumps(GOOD | {"version": "1.0.1"}) + "\n")
    assert [finding.rule for finding in verify(release)] == ["ledger"]
    other = shutil.copytree(releases["metadata"], tmp_path / "other")
    (other / LEDGER).write_text(json.dumps(GOOD) + "\n")
    assert [finding.rule for finding in verify(other)] == ["foreign-file"]


LINES = st.builds(
    Withdrawal,
    st.integers(1, 10**12),
    st.tuples(*[st.integers(0, 99)] * 3).map(lambda three: ".".join(map(str, three))),
    st.dates().map(str),
    st.sampled_from(["asked for", "legal", "mistake"]),
)


@given(lines=st.lists(LINES))
def test_ledgers_come_back_as_they_went(tmp_path_factory, lines):
    folder = tmp_path_factory.mktemp("ledger")
    (folder / LEDGER).write_text(ledger_text(lines))
    assert read_ledger(folder) == sorted(lines)


# Any rows

ROWS = st.lists(
    st.tuples(
        st.integers(0, 3), st.sampled_from(["train", "validation", "test"]), st.integers(0, 2)
    ),
    min_size=12,
    max_size=90,
)


@given(ROWS, st.sets(st.integers(0, 89), max_size=20))
def test_what_is_lessened_is_equal_and_as_large_as_can_be(made, gone):
    rows = pl.DataFrame(
        [(n, code, split, f"{split}-{file}") for n, (code, split, file) in enumerate(made)],
        schema={"photo_id": pl.Int64, "label": pl.Int64, "split": pl.String, "file": pl.String},
        orient="row",
    )
    left = lessen(rows, gone, "abcd", salt="0:x")
    stays = rows.filter(~pl.col("photo_id").is_in(list(gone)))
    sizes = {
        code: [
            stays.filter(label=code, split=split).height
            for split in ("train", "validation", "test")
        ]
        for code in range(4)
    }
    whole = [code for code, of_splits in sizes.items() if all(of_splits)]
    if stays.height == rows.height:
        assert left.rows.equals(rows)
    elif len(whole) < 2:
        assert left == f"{len(whole)} of 4 classes have photos in every split"
    else:
        assert left.classes == tuple("abcd"[code] for code in whole)
        least = [min(sizes[code][place] for code in whole) for place in range(3)]
        counted = left.rows.group_by("split", "label").len()["len"]
        assert left.rows.height == len(whole) * sum(least)
        assert counted.len() == 3 * len(whole)
        assert left.further == stays.height - left.rows.height
        assert left.rows["photo_id"].is_sorted()
        named = left.rows.with_columns(label=pl.Series(whole).gather(left.rows["label"]))
        assert named.join(stays, on=rows.columns, how="anti").is_empty()


def test_rows_leave_from_the_files_that_change_anyway():
    """Three classes in five files; a photo of the third file leaves, and with it its neighbours."""
    rows = pl.DataFrame(
        {
            "photo_id": range(90),
            "label": [n % 3 for n in range(90)],
            "split": ["train"] * 60 + ["validation"] * 15 + ["test"] * 15,
            "file": [f"train-{n // 12}" for n in range(60)] + ["v"] * 15 + ["t"] * 15,
        }
    )
    left = lessen(rows, {25}, "abc", salt="0:x")
    assert left.further == 2
    assert set(rows.join(left.rows, on="photo_id", how="anti")["file"]) == {"train-2"}


# The command


@pytest.fixture
def takedown(run):
    return run.under("--quiet", "takedown")


def test_the_command_sees_whether_it_is_a_corpus_or_a_release(takedown, corpus, releases, tmp_path):
    release = shutil.copytree(releases["metadata"], tmp_path / "FlickrExif-1.0.0")
    code, out, _ = takedown(release, "--photo", GONE[0], "--date", DAY)
    assert code == 0
    assert "FlickrExif-1.0.1: version 1.0.1, 1 photos withdrawn" in out
    after = tmp_path / "FlickrExif-1.0.1"
    assert verify(after) == []
    assert takedown(after, "--list")[1] == f"{GONE[0]}  1.0.1  {DAY}  asked for\n"
    code, out, _ = takedown(release, "--photo", GONE[1], "--out", tmp_path / "x", "--json")
    assert json.loads(out)["version"] == "1.0.1"
    assert read_ledger(tmp_path / "x")[0].date > DAY[:4]
    own = shutil.copytree(corpus, tmp_path / "corpus")
    code, out, _ = takedown(own, "--photo", GONE[0], "--reason", "any words")
    assert (code, "taken down" in out or "recorded" in out or out != "") == (0, True)


def test_words_of_the_other_kind_are_refused(takedown, corpus, releases, tmp_path):
    own = shutil.copytree(corpus, tmp_path / "corpus")
    for words in (["--version", "1.0.1"], ["--out", tmp_path / "x"], ["--date", DAY]):
        code, out, err = takedown(own, "--photo", GONE[0], *words)
        assert (code, out) == (2, "")
        assert "are for a release" in err
    for words, told in (
        (["--undo", "--photo", GONE[0]], "--undo is for a corpus"),
        (["--list", "--photo", GONE[0]], "name nothing beside it"),
        (["--photo", GONE[0], "--reason", "my words"], "cannot be published"),
    ):
        code, out, err = takedown(releases["metadata"], *words)
        assert (code, out) == (2, "")
        assert told in err


def test_load_dataset_opens_what_is_left(withdrawn, tmp_path):
    """Also where a file lost all its rows."""
    script = (
        "import sys; from datasets import load_dataset\n"
        "rows = load_dataset(sys.argv[1], 'flash')\n"
        "print({split: len(part) for split, part in rows.items()})"
    )
    offline = {
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(tmp_path / "hf"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
    }
    before = withdrawn["images"].out
    first = sorted((before / "flash").glob("train-*.parquet"))[0]
    emptied = take_down_release(
        before, photos=sorted(ids_in(first)), date=DAY, out=tmp_path / "emptied"
    )
    assert pq.read_metadata(emptied.out / "flash" / first.name).num_rows == 0
    assert verify(emptied.out) == []
    done = subprocess.run(
        [sys.executable, "-c", script, str(emptied.out)],
        env=os.environ | offline, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    splits = read_manifest(emptied.out)["attributes"]["flash"]["splits"]
    assert done.stdout.strip() == str({name: one["rows"] for name, one in splits.items()})


def test_the_release_itself_is_not_touched_through_shared_files(sharded, withdrawn, tmp_path):
    """Files are linked, and replaced rather than written into."""
    before = everything(sharded / "masked")
    third = take_down_release(
        withdrawn["masked"].out, owners=["00000001@N00"], date=DAY, out=tmp_path / "third"
    )
    assert third.files_rewritten
    assert everything(sharded / "masked") == before
    shared = [name for name in parquet_files(third.out) if _inode(third.out / name) in
              {_inode(sharded / "masked" / name)}]  # fmt: skip
    assert len(shared) >= 1


def _inode(path: Path) -> tuple[int, int]:
    told = path.stat()
    return told.st_dev, told.st_ino


def test_a_release_that_lost_withdrawn_photos_is_not_published(
    corpus, sharded, withdrawn, tmp_path
):
    shelf = FolderShelf(tmp_path / "shelf")
    publish(sharded / "metadata", shelf)
    publish(withdrawn["metadata"].out, shelf)
    head = shelf.refs().head
    build(corpus, BuildPlan("1.1.0", "metadata"), out=tmp_path / "forgetful")
    for is_dry in (True, False):
        with pytest.raises(UsageError, match=r"lacks 2 of the 2 lines of version '1\.0\.1'") as no:
            publish(tmp_path / "forgetful", shelf, dry_run=is_dry)
        assert "forgetful/withdrawn.jsonl" in str(no.value)
        assert "--previous version '1.0.1'" in str(no.value)
        assert shelf.refs().head == head
    rollback(shelf, "1.0.0")  # main has no ledger now: the newest version still has one
    with pytest.raises(UsageError, match="lacks 2 of the 2 lines"):
        publish(tmp_path / "forgetful", shelf)
    before = withdrawn["metadata"].out
    build(corpus, BuildPlan("2.0.0", "metadata"), out=tmp_path / "kept", previous=before)
    assert publish(tmp_path / "kept", shelf).version == "2.0.0"


def test_a_release_that_lost_one_withdrawn_photo_is_not_published(sharded, withdrawn, tmp_path):
    shelf, release = FolderShelf(tmp_path / "shelf"), sharded / "metadata"
    both = take_down_release(release, photos=GONE, date=DAY, version="1.0.2", out=tmp_path / "both")
    publish(both.out, shelf)
    one = take_down_release(
        release, photos=GONE[:1], date=DAY, version="1.0.3", out=tmp_path / "one"
    )
    with pytest.raises(UsageError, match=r"of the 2 lines of version '1\.0\.2'"):
        publish(one.out, shelf)
