from __future__ import annotations

import io
import json
import os
import shutil
import signal
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import piexif
import polars as pl
import pyarrow.parquet as pq
import pytest
from PIL import Image

from flickrexif.engine import InProcess, LocalPool, ShardFailure
from flickrexif.errors import FlickrexifError, UsageError
from flickrexif.imaging import MaskSpec, apply, decode_rgb, resize_and_crop
from flickrexif.release import BuildPlan, build, read_manifest, verify

if TYPE_CHECKING:
    from pathlib import Path

SMALL = BuildPlan("1.0.0", crop=32)


def files(release: Path) -> dict[str, bytes]:
    return {
        path.relative_to(release).as_posix(): path.read_bytes()
        for path in sorted(release.rglob("*"))
        if path.is_file()
    }


def corpus_images(corpus: Path) -> dict[int, bytes]:
    shards = pl.concat([pl.read_parquet(path) for path in sorted((corpus / "images").iterdir())])
    return dict(shards.select("photo_id", "image").iter_rows())


def test_the_folder_is_laid_out_as_designed(releases):
    assert set(files(releases["masked"])) == {
        "CHANGELOG.md",
        "README.md",
        "manifest.json",
        *(f"figures/{name}.svg" for name in ("associations", "classes", "licences", "months")),
        "photos/train-00000-of-00001.parquet",
        *(
            f"{attribute}/{split}-00000-of-00001.parquet"
            for attribute in ("make", "iso", "flash")
            for split in ("train", "validation", "test")
        ),
    }
    assert not releases["masked"].with_name("masked.partial").exists()


def test_masked_images_are_the_photos_decoded_cropped_and_masked(corpus, releases, rows_of):
    fetched = corpus_images(corpus)
    rows = rows_of(releases["masked"], "iso")
    for photo_id, image in rows.select("photo_id", "image").head(20).iter_rows():
        expected = resize_and_crop(decode_rgb(fetched[photo_id]), 224)
        expected = apply(np.asarray(expected), MaskSpec(), photo_id)
        assert np.array_equal(np.asarray(decode_rgb(image["bytes"])), expected)
        assert image["path"] == f"{photo_id}.png"
        assert not expected[6:218, 6:218].any()
        assert expected.any()


def test_images_keep_their_coded_pixels_and_lose_their_metadata(corpus, releases, rows_of):
    fetched = corpus_images(corpus)
    rows = rows_of(releases["images"], "iso")
    turned = 0
    for photo_id, image in rows.select("photo_id", "image").iter_rows():
        data = image["bytes"]
        scan = fetched[photo_id][fetched[photo_id].rindex(b"\xff\xda") :]
        assert data.endswith(scan)
        assert b"SECRET" not in data
        tags = piexif.load(data)
        assert not tags["GPS"]
        assert set(tags["0th"]) <= {piexif.ImageIFD.Orientation}
        turned += bool(tags["0th"])
        assert image["path"] == f"{photo_id}.jpg"
    assert turned == 1  # photo 5 of the corpus lies on its side


def test_nothing_secret_leaves(releases):
    for release in releases.values():
        assert not [name for name, data in files(release).items() if b"SECRET" in data]


def test_metadata_releases_have_no_image_column(releases, rows_of):
    rows = rows_of(releases["metadata"], "iso")
    assert rows.columns == [
        "label",
        "photo_id",
        "owner_id",
        "owner_name",
        "license",
        "license_url",
        "page_url",
    ]


def test_rows_carry_label_owner_and_licence(corpus, releases, rows_of):
    labels = pl.read_parquet(corpus / "labels.parquet").filter(pl.col("attribute") == "iso")
    photos = pl.read_parquet(corpus / "photos.parquet")
    classes = read_manifest(releases["masked"])["attributes"]["iso"]["classes"]
    for split in ("train", "validation", "test"):
        rows = rows_of(releases["masked"], "iso", split).drop("image")
        told = rows.select("photo_id", label=pl.col("label").map_elements(classes.__getitem__))
        expected = labels.filter(pl.col("split") == split).sort("photo_id")
        assert told.equals(expected.select("photo_id", "label"))
        credited = ["photo_id", "owner_id", "owner_name", "license", "license_url", "page_url"]
        of_split = photos.join(rows.select("photo_id"), on="photo_id", how="semi")
        assert rows.select(credited).equals(of_split.select(credited).sort("photo_id"))


def test_the_photos_config_is_the_photos_table(corpus, releases, rows_of):
    photos = pl.read_parquet(corpus / "photos.parquet").sort("photo_id")
    assert rows_of(releases["masked"], "photos").equals(photos)


def test_parquet_files_are_laid_out_for_readers(releases):
    path = releases["masked"] / "iso" / "train-00000-of-00001.parquet"
    metadata = pq.read_metadata(path)
    assert max(metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)) <= 100
    columns = [metadata.row_group(0).column(n) for n in range(metadata.num_columns)]
    compression = {column.path_in_schema: column.compression for column in columns}
    assert compression["image.bytes"] == "UNCOMPRESSED"
    assert set(compression.values()) == {"UNCOMPRESSED", "SNAPPY"}
    assert all(column.has_offset_index for column in columns)
    about = json.loads(pq.read_schema(path).metadata[b"flickrexif"])
    assert about["mask"]["ratio"] == 0.9
    assert about["crop"] == 224


def test_the_same_words_give_the_same_bytes_on_every_engine(corpus, tmp_path):
    plan = replace(SMALL, shard_bytes=20_000)
    for name, engine in (("a", InProcess()), ("b", InProcess()), ("c", LocalPool(2))):
        build(corpus, plan, out=tmp_path / name, engine=engine)
    made = files(tmp_path / "a")
    assert made == files(tmp_path / "b") == files(tmp_path / "c")
    assert len([name for name in made if name.startswith("iso/train-")]) > 1
    assert verify(tmp_path / "a") == []


def test_many_shards_hold_the_same_rows_as_one(corpus, tmp_path, rows_of):
    build(corpus, replace(SMALL, shard_bytes=15_000), out=tmp_path / "many")
    build(corpus, SMALL, out=tmp_path / "one")
    for split in ("train", "validation", "test"):
        many = rows_of(tmp_path / "many", "make", split)
        assert many.equals(rows_of(tmp_path / "one", "make", split))


def test_an_existing_release_is_never_overwritten(corpus, releases):
    before = files(releases["masked"])
    with pytest.raises(UsageError, match=r"never overwritten.*another folder"):
        build(corpus, BuildPlan("1.0.1"), out=releases["masked"])
    assert files(releases["masked"]) == before


@dataclass(frozen=True)
class StopsAfter:
    """An engine that loses heart after some shards, in whichever stage that is."""

    shards: int
    done: list[int]

    def run(self, stage, tasks):
        for outcome in InProcess().run(stage, tasks):
            if len(self.done) == self.shards:
                raise KeyboardInterrupt
            self.done.append(outcome.index)
            yield outcome


def test_a_stopped_build_goes_on_where_it_stopped(corpus, tmp_path):
    out, whole = tmp_path / "release", tmp_path / "whole"
    build(corpus, SMALL, out=whole)
    work = tmp_path / "release.partial"
    stops = 0
    for shards in range(1, 40, 4):
        try:
            build(corpus, SMALL, out=out, engine=StopsAfter(shards, []))
        except KeyboardInterrupt:
            stops += 1
            assert not out.exists()
            kept = {path: path.stat().st_mtime_ns for path in (work / "images").glob("*.arrow")}
        else:
            break
    assert stops >= 3
    assert kept
    assert files(out) == files(whole)
    assert not work.exists()


def test_finished_shards_are_not_made_again(corpus, tmp_path):
    out = tmp_path / "release"
    with pytest.raises(KeyboardInterrupt):
        build(corpus, SMALL, out=out, engine=StopsAfter(3, []))
    images = sorted((tmp_path / "release.partial" / "images").glob("*.arrow"))
    before = [path.stat().st_mtime_ns for path in images]
    assert len(before) >= 3
    with pytest.raises(KeyboardInterrupt):
        build(corpus, SMALL, out=out, engine=StopsAfter(6, []))
    assert [path.stat().st_mtime_ns for path in images] == before


def test_a_resume_with_other_words_is_refused_by_name(corpus, tmp_path):
    out = tmp_path / "release"
    with pytest.raises(KeyboardInterrupt):
        build(corpus, SMALL, out=out, engine=StopsAfter(1, []))
    with pytest.raises(UsageError, match=r"release\.partial'.*another plan.*remove that folder"):
        build(corpus, replace(SMALL, version="2.0.0"), out=out)


def test_a_folder_in_the_way_is_left_alone(corpus, tmp_path):
    mine = tmp_path / "release.partial" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("keep")
    with pytest.raises(UsageError, match="in the way"):
        build(corpus, SMALL, out=tmp_path / "release")
    assert mine.read_text() == "keep"


@dataclass(frozen=True)
class Fails:
    def run(self, stage, tasks):
        for task in tasks:
            yield ShardFailure(task.index, "OSError: no space left")


def test_a_failed_shard_stops_the_build_with_its_reason(corpus, tmp_path):
    with pytest.raises(FlickrexifError, match="shard 0 by OSError: no space left; the same comm"):
        build(corpus, SMALL, out=tmp_path / "release", engine=Fails())
    assert not (tmp_path / "release").exists()


@dataclass(frozen=True)
class KillsOnce:
    """Passes a stage on to a pool whose first worker dies."""

    marker: Path

    def run(self, stage, tasks):
        return LocalPool(1).run(Deadly(stage, self.marker), tasks)


@dataclass(frozen=True)
class Deadly:
    stage: object
    marker: Path

    @property
    def name(self):
        return self.stage.name

    def open(self):
        if not self.marker.exists():
            self.marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return self.stage.open()


def test_a_killed_worker_changes_nothing(corpus, tmp_path):
    build(corpus, SMALL, out=tmp_path / "whole")
    marker = tmp_path / "killed"
    build(corpus, SMALL, out=tmp_path / "release", engine=KillsOnce(marker))
    assert marker.exists()
    assert files(tmp_path / "release") == files(tmp_path / "whole")


def test_licences_decide_what_is_shown(corpus_writer, tmp_path, rows_of):
    noncommercial, no_derivatives = {0: 2, 16: 2}, {31: 6}
    corpus = corpus_writer(tmp_path / "corpus", licenses=noncommercial | no_derivatives)
    shown = {}
    for name, plan in {
        "masked": SMALL,
        "images": replace(SMALL, kind="images"),
        "metadata": replace(SMALL, kind="metadata"),
        "allowed": replace(SMALL, allow_noncommercial=True),
    }.items():
        summary = build(corpus, plan, out=tmp_path / name)
        assert verify(tmp_path / name) == []
        ids = set(rows_of(tmp_path / name, "photos")["license_id"])
        in_rows = set(rows_of(tmp_path / name, "iso")["license"])
        assert len(ids) == len(in_rows)
        shown[name] = (ids, dict(summary.left_out))
    commerce, changes = "licence is noncommercial", "licence allows no derivatives"
    assert shown == {
        "masked": ({4}, {commerce: 2, changes: 1}),
        "images": ({4, 6}, {commerce: 2}),
        "metadata": ({4, 6}, {commerce: 2}),
        "allowed": ({2, 4}, {changes: 1}),
    }


def test_classes_stay_equal_without_the_photos_left_out(corpus_writer, tmp_path, rows_of):
    # number 0 is a train photo of the first class of each attribute
    corpus = corpus_writer(tmp_path / "corpus", licenses={0: 6})
    build(corpus, SMALL, out=tmp_path / "release")
    train = rows_of(tmp_path / "release", "iso", "train")
    assert train["label"].value_counts()["count"].to_list() == [17] * 4
    words = read_manifest(tmp_path / "release")["attributes"]["iso"]
    assert words["splits"]["train"] == {"rows": 68, "per_class": 17}
    assert words["trimmed"] == 4
    assert "4 rows of labels" not in (tmp_path / "release" / "README.md").read_text()
    assert verify(tmp_path / "release") == []


def test_a_class_without_photos_is_dropped_and_an_attribute_with_one_class_too(
    corpus_writer, tmp_path
):
    # every test photo of flash's second class, and of iso's second and fourth: odd turns of owner 4
    gone = {4 + 15 * turn: 6 for turn in range(1, 8, 2)} | {
        9 + 15 * turn: 6 for turn in range(1, 8, 2)
    }
    gone |= {14 + 15 * turn: 6 for turn in range(1, 8, 2)}
    corpus = corpus_writer(tmp_path / "corpus", licenses=gone)
    summary = build(corpus, SMALL, out=tmp_path / "release")
    manifest = read_manifest(tmp_path / "release")
    assert manifest["attributes"]["iso"]["classes"] == ["100", "400"]
    assert manifest["attributes"]["iso"]["classes_left_out"] == ["200", "800"]
    assert summary.attributes_left_out == {"flash": "1 of 2 classes have photos in every split"}
    assert verify(tmp_path / "release") == []


def test_a_photo_that_cannot_be_read_is_left_out_with_its_reason(corpus_writer, tmp_path, rows_of):
    corpus = corpus_writer(tmp_path / "corpus", images={17: b"<html>gone</html>"})
    summary = build(corpus, SMALL, out=tmp_path / "release")
    photo_id = 50_000_000_000 + 7 * 17
    assert summary.unreadable == {photo_id: "unknown or damaged format"}
    assert summary.left_out == {"image cannot be read": 1}
    assert photo_id not in set(rows_of(tmp_path / "release", "iso")["photo_id"])
    assert photo_id in set(rows_of(tmp_path / "release", "photos")["photo_id"])
    assert any("image cannot be read" in line for line in summary.lines())
    assert verify(tmp_path / "release") == []


def test_an_image_that_cannot_be_stripped_is_left_out_with_its_reason(
    corpus_writer, tmp_path, rows_of
):
    whole = corpus_writer(tmp_path / "whole")
    first = rows_of(whole, "images")["image"][0]
    images = {17: b"<html>gone</html>", 18: first[:-40]}
    corpus = corpus_writer(tmp_path / "corpus", images=images)
    summary = build(corpus, BuildPlan("1.0.0", "images"), out=tmp_path / "release")
    assert summary.unreadable == {
        50_000_000_000 + 7 * 17: "metadata cannot be removed: neither JPEG nor PNG",
        50_000_000_000 + 7 * 18: "truncated: a JPEG scan without an end",
    }
    shown = rows_of(tmp_path / "release", "iso")
    assert shown["photo_id"].is_in(list(summary.unreadable)).sum() == 0
    assert verify(tmp_path / "release") == []


def test_bytes_that_rotted_in_the_corpus_are_noticed(corpus, tmp_path):
    rotten = shutil.copytree(corpus, tmp_path / "corpus")
    shard = sorted((rotten / "images").iterdir())[0]
    table = pq.read_table(shard)
    digests = ["0" * 64, *table["sha256"].to_pylist()[1:]]
    pq.write_table(table.set_column(2, table.schema.field(2), [digests]), shard)
    summary = build(rotten, SMALL, out=tmp_path / "release")
    assert list(summary.unreadable.values()) == [
        "the bytes in the corpus do not match their sha256",
    ]


def test_a_photo_without_an_image_is_counted(corpus, tmp_path):
    poorer = shutil.copytree(corpus, tmp_path / "corpus")
    sorted((poorer / "images").iterdir())[0].unlink()
    summary = build(poorer, SMALL, out=tmp_path / "release")
    assert summary.left_out == {"no image in the corpus": 25}
    assert verify(tmp_path / "release") == []


def test_attributes_are_chosen_and_kept_in_the_order_of_the_corpus(corpus, tmp_path):
    plan = replace(SMALL, attributes=("flash", "make"))
    summary = build(corpus, plan, out=tmp_path / "release")
    assert list(summary.attributes) == ["make", "flash"]
    assert not (tmp_path / "release" / "iso").exists()
    with pytest.raises(UsageError, match=r"unknown attribute 'wb'.*has make, iso, flash"):
        build(corpus, replace(SMALL, attributes=("wb",)), out=tmp_path / "other")


@pytest.mark.parametrize("missing", ["corpus.toml", "photos.parquet", "labels.json"])
def test_what_is_no_labelled_corpus_is_refused(corpus, tmp_path, missing):
    poorer = shutil.copytree(corpus, tmp_path / "corpus")
    (poorer / missing).unlink()
    with pytest.raises(UsageError, match=f"{missing}.*flickrexif (crawl|label)"):
        build(poorer, SMALL, out=tmp_path / "release")
    assert not list(tmp_path.glob("release*"))


@pytest.mark.parametrize("version", ["1.0", "v1.0.0", "1.0.0-rc1", "01.0.0", "1.0.0\n", ""])
def test_versions_are_three_numbers(version):
    with pytest.raises(UsageError, match=r"is not X\.Y\.Z"):
        BuildPlan(version)


@pytest.mark.parametrize(
    "words",
    [
        {"kind": "thumbnails"},
        {"crop": 0},
        {"interpolation": "lanczos"},
        {"attributes": ()},
        {"shard_bytes": 0},
    ],
)
def test_other_words_that_do_not_fit_are_refused(words):
    with pytest.raises(UsageError):
        BuildPlan("1.0.0", **words)


def test_a_photo_lying_on_its_side_is_masked_upright(corpus, releases, rows_of):
    photo_id = 50_000_000_000 + 7 * 5
    data = corpus_images(corpus)[photo_id]
    with Image.open(io.BytesIO(data)) as image:
        upright = image.transpose(Image.Transpose.ROTATE_270).convert("RGB")
    expected = apply(np.asarray(resize_and_crop(upright, 224)), MaskSpec())
    rows = rows_of(releases["masked"], "iso").filter(pl.col("photo_id") == photo_id)
    assert np.array_equal(np.asarray(decode_rgb(rows["image"][0]["bytes"])), expected)


def test_the_changelog_tells_what_changed(corpus, corpus_writer, tmp_path):
    build(corpus, SMALL, out=tmp_path / "first")
    later = corpus_writer(tmp_path / "corpus", licenses={3: 6, 7: 2})
    labels = pl.read_parquet(later / "labels.parquet")
    swap = {"Off | no": 'On, "fired"', 'On, "fired"': "Off | no"}
    flash = pl.col("attribute") == "flash"
    labels = labels.with_columns(
        pl.when(flash).then(pl.col("label").replace(swap)).otherwise("label").alias("label")
    )
    labels.write_parquet(later / "labels.parquet")
    summary = build(
        later, replace(SMALL, version="2.0.0"), out=tmp_path / "next", previous=tmp_path / "first"
    )
    text = (tmp_path / "next" / "CHANGELOG.md").read_text()
    assert text.startswith("# Changelog\n\n## 2.0.0\n\n- 0 photos added, 2 removed.\n")
    assert f"- flash: {summary.attributes['flash']} photos relabelled." in text
    assert "iso: 0" not in text
    assert text.endswith((tmp_path / "first" / "CHANGELOG.md").read_text().split("\n\n", 1)[1])
    assert verify(tmp_path / "next") == []
    for version in ("2.0.0", "1.9.9"):
        plan = replace(SMALL, version=version)
        with pytest.raises(UsageError, match=r"does not come after '2\.0\.0'"):
            build(later, plan, out=tmp_path / "late", previous=tmp_path / "next")
