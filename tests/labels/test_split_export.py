"""Labels of a corpus, written as published files."""

from __future__ import annotations

import json
import shutil

import polars as pl
import pytest

from flickrexif.corpus import Corpus, CrawlPlan
from flickrexif.errors import UsageError
from flickrexif.labels import export_splits, inspect_splits, label
from flickrexif.labels.attributes import attribute
from flickrexif.labels.published import KEYS, file_name, read_splits
from flickrexif.upkeep import takedown


@pytest.fixture(scope="module")
def labelled(made_corpus, tmp_path_factory):
    corpus = tmp_path_factory.mktemp("labelled") / "corpus"
    shutil.copytree(made_corpus.path, corpus)
    label(corpus, min_photos=20, min_owners=6)
    return corpus


@pytest.fixture
def corpus(labelled, tmp_path):
    return shutil.copytree(labelled, tmp_path / "corpus")


def test_every_labelled_attribute_has_its_file(labelled, tmp_path):
    summary = export_splits(labelled, tmp_path / "new" / "out")
    told = json.loads((labelled / "labels.json").read_text(encoding="utf-8"))["attributes"]
    labels = pl.read_parquet(labelled / "labels.parquet")
    assert set(summary.files) == set(told) != set()
    assert {path.name for path in (tmp_path / "new" / "out").iterdir()} == {
        file_name(attribute(name)) for name in told
    }
    for name, path in summary.files.items():
        read = read_splits(path)
        mine = labels.filter(pl.col("attribute") == name)
        assert set(read.classes) == set(told[name]["classes"])
        assert read.keys == KEYS
        assert read.labels().sort("photo_id").equals(mine.select(read.labels().columns))
        assert summary.rows[name] == mine.height
    assert (summary.removed, summary.levelled) == (0, 0)
    assert len(summary.lines()) == len(told)


def test_our_own_files_and_corpora_have_no_faults(labelled, tmp_path):
    export_splits(labelled, tmp_path / "out")
    by_file = inspect_splits([tmp_path / "out"])
    by_corpus = inspect_splits([labelled])
    assert [one.attribute for one in by_file] == [one.attribute for one in by_corpus]
    for one in (*by_file, *by_corpus):
        assert one.faults == ()
        assert one.limiting_class is None  # ids are sorted in every class, which tells nothing
    assert {one.without_owner for one in by_corpus} == {0}


def test_exporting_again_gives_the_same_bytes(labelled, tmp_path):
    files = export_splits(labelled, tmp_path).files.values()
    before = [path.read_bytes() for path in files]
    export_splits(labelled, tmp_path)
    assert [path.read_bytes() for path in files] == before
    assert sorted(tmp_path.iterdir()) == sorted(files)


def test_photos_that_were_taken_down_stand_in_no_file(corpus, tmp_path):
    labels = pl.read_parquet(corpus / "labels.parquet")
    gone = labels.filter(pl.col("attribute") == labels["attribute"][0])["photo_id"][0]
    takedown(corpus, photos=[str(gone)])
    summary = export_splits(corpus, tmp_path / "out")
    assert summary.removed == 1
    assert summary.levelled > 0
    assert "1 photos have left the corpus" in summary.lines()[-1]
    for one in inspect_splits([tmp_path / "out"]):
        assert one.faults == ()
    for path in summary.files.values():
        assert str(gone) not in path.read_text()
    lost = labels.height - sum(summary.rows.values())
    assert lost == summary.levelled + labels.filter(pl.col("photo_id") == gone).height


def test_a_corpus_without_labels_is_refused_with_the_remedy(made_corpus, tmp_path):
    with pytest.raises(UsageError, match=r"has no labels\.parquet: run `flickrexif label`"):
        export_splits(made_corpus.path, tmp_path / "out")
    with pytest.raises(UsageError, match="not a corpus"):
        export_splits(tmp_path / "nowhere", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_corpus_with_nothing_labelled_is_refused(corpus, tmp_path):
    label(corpus, min_photos=100_000)
    with pytest.raises(UsageError, match="no labelled attribute"):
        export_splits(corpus, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["labels.parquet", "labels.json"])
def test_damaged_labels_are_refused(corpus, tmp_path, name):
    (corpus / name).write_text("{}")
    with pytest.raises(UsageError, match=rf"{name}' is damaged .*: label the corpus anew"):
        export_splits(corpus, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_file_in_the_place_of_the_folder_is_refused(labelled, tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(UsageError, match="is a file"):
        export_splits(labelled, tmp_path / "out")


def test_an_empty_corpus_is_no_labelled_one(tmp_path):
    Corpus.create(tmp_path / "empty", CrawlPlan(months="2020-01"), endpoint="sandbox:seed=0")
    with pytest.raises(UsageError, match="run `flickrexif label`"):
        export_splits(tmp_path / "empty", tmp_path / "out")
