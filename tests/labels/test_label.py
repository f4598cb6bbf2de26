"""From a corpus on disk to photos.parquet, labels.parquet and labels.json."""

from __future__ import annotations

import json
import shutil

import polars as pl
import pyarrow.parquet as pq
import pytest

from flickrexif._version import __version__
from flickrexif.corpus import Corpus, CrawlPlan
from flickrexif.corpus.schema import LABELS, PHOTOS
from flickrexif.errors import UsageError
from flickrexif.labels import label
from flickrexif.labels.attributes import attribute
from flickrexif.labels.bins import SCHEMES
from flickrexif.labels.proof import prove
from flickrexif.release import BuildPlan, build

FILES = ("photos.parquet", "labels.parquet", "labels.json")


@pytest.fixture
def corpus(made_corpus, tmp_path):
    path = tmp_path / "corpus"
    shutil.copytree(made_corpus.path, path)
    return path


def test_the_files_have_the_schemas(corpus, made_corpus):
    summary = label(corpus, min_photos=20, min_owners=6)
    assert pq.read_table(corpus / "photos.parquet").cast(PHOTOS).schema.equals(PHOTOS)
    assert pq.read_schema(corpus / "photos.parquet").names == PHOTOS.names
    assert pq.read_schema(corpus / "labels.parquet").equals(LABELS)
    photos = pl.read_parquet(corpus / "photos.parquet")
    assert summary.photos == photos.height == len(made_corpus.photos)
    assert photos["photo_id"].to_list() == sorted(photo.id for photo in made_corpus.photos)


def test_photos_say_what_the_cameras_wrote(corpus, made_corpus):
    label(corpus)
    rows = {row["photo_id"]: row for row in pl.read_parquet(corpus / "photos.parquet").to_dicts()}
    for photo in made_corpus.photos:
        row = rows[photo.id]
        assert (row["make"], row["model"]) == (photo.camera.make, photo.camera.model)
        assert row["iso_speed"] == str(photo.settings.iso)
        assert row["f_number"] == pytest.approx(photo.settings.aperture)
        assert row["exposure_seconds"] == pytest.approx(photo.settings.exposure_s)
        assert row["is_smartphone"] is photo.camera.is_phone
        assert row["year"] == photo.captured.year
        assert row["taken_at"] == photo.taken.replace(microsecond=0)
        assert row["uploaded_at"].timestamp() == photo.uploaded
        assert row["license"] == "CC-BY-2.0"
        assert (row["jpeg_quality"], row["chroma_subsampling"]) == (85, "4:2:0")
        assert (row["jpeg_quality_exact"], row["jpeg_quality_residual"]) == (True, 0)
        assert (row["jpeg_tables"], row["bit_depth"]) == ("be1681c084d44cc7", 8)
        assert (row["double_compressed"], row["jpeg_first_quality"]) == (None, None)
        assert (row["width"], row["height"]) == (40 + photo.id % 7, 30)
        assert "sRGB" in row["icc_profile"]


def test_labels_are_sound_and_told(corpus):
    summary = label(corpus, min_photos=20, min_owners=6)
    labels = pl.read_parquet(corpus / "labels.parquet")
    photos = pl.read_parquet(corpus / "photos.parquet")
    assert prove(labels.join(photos.select("photo_id", "owner_id"), on="photo_id")) == []
    told = json.loads((corpus / "labels.json").read_text(encoding="utf-8"))
    assert list(told) == [
        *("schema_version", "made_with", "preset", "min_photos", "min_owners", "bins", "seed"),
        *("photos", "duplicates", "attributes", "left_out", "left_out_classes", "coverage"),
        "associations",
    ]
    assert (told["schema_version"], told["preset"], told["seed"]) == (2, "auto", 3)
    assert (told["min_photos"], told["min_owners"], told["bins"]) == (20, 6, {})
    assert told["made_with"] == {"flickrexif": __version__}
    assert told == json.loads(json.dumps(summary.as_json()))
    assert told["attributes"]
    assert not set(told["attributes"]) & set(told["left_out"])
    for name, one in told["attributes"].items():
        rows = labels.filter(pl.col("attribute") == name)
        assert set(one["splits"]) == {"train", "validation", "test"}
        for split, counts in one["splits"].items():
            assert list(counts) == one["classes"]
            found = rows.filter(pl.col("split") == split)["label"].value_counts()
            assert dict(found.iter_rows()) == counts
        for dropped in one["dropped_classes"].values():
            assert set(dropped) == {"photos", "owners", "reason"}
        firsts = photos.filter(pl.col("duplicate_of").is_null())
        counts = firsts.select(x=attribute(name).expression)["x"].drop_nulls().value_counts()
        every = one["kept_classes"] | one["dropped_classes"]
        assert {found: size["photos"] for found, size in every.items()} == dict(counts.iter_rows())
        assert list(one["kept_classes"]) == one["classes"]
    assert told["left_out"]["year"].startswith("1 class")
    assert list(told["left_out_classes"]) == list(told["left_out"])
    for coverage in told["coverage"].values():
        assert coverage["labelled"] + sum(coverage["unlabelled"].values()) == photos.height


def test_people_see_what_leads(corpus):
    summary = label(corpus, min_photos=20, min_owners=6)
    lines = summary.lines()
    assert lines[0] == f"{summary.photos} photos, preset auto, seed 3"
    model = next(row for row, line in enumerate(lines) if line.startswith("model: "))
    assert lines[model + 1].startswith("  not labelled: ")
    dropped = summary.each["model"].dropped
    largest = max(dropped, key=lambda name: dropped[name].size.photos)
    assert f"  dropped classes: {largest} " in lines[model + 2]
    assert lines[model + 2].endswith(f"and {len(dropped) - 4} more")
    assert [line for line in lines if line.startswith("year: left out, 1 class")]
    assert len(lines) < 60


def test_bins_are_told_and_give_other_classes(corpus):
    bins = {"iso": "full-stop", "exposure": "third-stop", "focal_length": "35mm-common"}
    summary = label(corpus, min_photos=20, min_owners=6, bins=bins)
    assert summary.attributes["iso"].classes == tuple(
        one for one in SCHEMES["iso"]["full-stop"].classes if one in summary.attributes["iso"].kept
    )
    told = json.loads((corpus / "labels.json").read_text(encoding="utf-8"))
    assert told["bins"] == bins
    for name, one in told["attributes"].items():
        assert one["bins"] == bins.get(name, "printed")
        if name in bins:
            assert set(one["classes"]) <= set(SCHEMES[name][bins[name]].classes)
            assert one["description"] == SCHEMES[name][bins[name]].description
    assert any(line.startswith("iso (full-stop): ") for line in summary.lines())
    first = {name: (corpus / name).read_bytes() for name in FILES}
    label(corpus, min_photos=20, min_owners=6, bins=dict(reversed(bins.items())))
    assert {name: (corpus / name).read_bytes() for name in FILES} == first


def test_a_release_tells_its_bins(corpus, tmp_path):
    label(corpus, min_photos=20, min_owners=6, bins={"iso": "full-stop"})
    plan = BuildPlan(version="1.0.0", kind="metadata", attributes=("iso",))
    build(corpus, plan, out=tmp_path / "release")
    manifest = json.loads((tmp_path / "release" / "manifest.json").read_text(encoding="utf-8"))
    assert "full-stop bins" in manifest["attributes"]["iso"]["description"]
    assert "full-stop bins" in (tmp_path / "release" / "README.md").read_text(encoding="utf-8")


def test_labelling_again_gives_the_same_bytes(corpus):
    label(corpus, min_photos=20, min_owners=6)
    first = {name: (corpus / name).read_bytes() for name in FILES}
    label(corpus, min_photos=20, min_owners=6)
    assert {name: (corpus / name).read_bytes() for name in FILES} == first
    label(corpus, min_photos=20, min_owners=6, seed=4)
    assert (corpus / "labels.parquet").read_bytes() != first["labels.parquet"]
    assert (corpus / "photos.parquet").read_bytes() == first["photos.parquet"]


def test_the_paper_preset_keeps_published_classes_only(corpus):
    summary = label(corpus, preset="paper", min_photos=10, min_owners=4)
    assert summary.attributes
    for one in summary.attributes.values():
        assert set(one.classes) <= set(one.attribute.paper_classes)
        for dropped in one.dropped:
            published = dropped in one.attribute.paper_classes
            assert published or one.dropped[dropped].reason == "not among the published classes"


def test_a_corpus_too_small_for_classes_is_still_labelled(corpus):
    summary = label(corpus, min_photos=100_000)
    assert not summary.attributes
    assert len(summary.left_out) == 10
    assert pl.read_parquet(corpus / "labels.parquet").is_empty()


def test_bad_words_are_refused_before_anything_is_written(corpus, tmp_path):
    with pytest.raises(UsageError, match="preset 'best'"):
        label(corpus, preset="best")
    with pytest.raises(UsageError, match="min_photos=0"):
        label(corpus, min_photos=0)
    with pytest.raises(UsageError, match="iso has no bins 'halves'"):
        label(corpus, bins={"iso": "halves"})
    with pytest.raises(UsageError, match="not a corpus"):
        label(tmp_path / "nowhere")
    empty = tmp_path / "empty"
    Corpus.create(empty, CrawlPlan(months="2020-01"), endpoint="sandbox:seed=0")
    with pytest.raises(UsageError, match="no photos yet"):
        label(empty)
    assert not [name for name in FILES if (corpus / name).exists() or (empty / name).exists()]
