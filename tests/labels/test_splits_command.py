"""`flickrexif splits` as its user meets it."""

from __future__ import annotations

import json
import shutil

import pytest
from small_splits import change, publish

from flickrexif.labels import label
from flickrexif.labels.attributes import attribute
from flickrexif.labels.published import file_name


@pytest.fixture
def here(here):
    """A folder with published files and their table."""
    publish(here / "published").table(here / "table.csv")
    return here


@pytest.fixture
def splits(run):
    return run.under("splits")


IMPORT = ("import", "published", "--table", "table.csv", "--to", "corpus")


def test_sound_splits_exit_with_0_and_leaks_with_1(here, splits):
    code, out, err = splits("inspect", "published", "--table", "table.csv")
    assert (code, err) == (0, "")
    assert "Make (published/" in out
    assert "FOUND" not in out
    told = change(here / "published", "make")
    change(here / "published", "make", train_ids=[*told["test_ids"][:1], *told["train_ids"][1:]])
    code, out, err = splits("inspect", f"published/{file_name(attribute('make'))}")
    assert (code, err) == (1, "")
    assert "FOUND 1 photos in both train and test: 1 of 'Canon'" in out


def test_inspections_as_json(here, splits):
    code, out, _ = splits("inspect", "published", "--json")
    assert code == 0
    make, exposure = json.loads(out)
    assert (make["attribute"], exposure["attribute"]) == ("Make", "Exposure")
    assert set(make) == {
        "source", "attribute", "classes", "photos", "per_class", "faults", "leaks",
        "without_owner", "limiting_class", "ascending_run", "near_rates",
    }  # fmt: skip


def test_there_and_back(here, splits):
    code, out, err = splits(*IMPORT)
    assert (code, err) == (0, "")
    assert out.startswith("corpus: 36 photos by 14 owners, licences unknown\n")
    assert splits("inspect", "corpus")[0] == 0
    code, out, err = splits("export", "corpus", "out", "--format", "paper", "--json")
    assert (code, err) == (0, "")
    assert set(json.loads(out)["files"]) == {"make", "exposure"}
    for path in (here / "published").iterdir():
        assert (here / "out" / path.name).read_bytes() == path.read_bytes()


def test_a_labelled_corpus_can_be_inspected_and_exported(made_corpus, here, splits):
    shutil.copytree(made_corpus.path, here / "crawled")
    label(here / "crawled", min_photos=20, min_owners=6)
    code, out, _ = splits("inspect", "crawled", "published")
    assert code == 0
    assert " (crawled): " in out
    assert "Make (published/" in out
    assert splits("export", "crawled", "out")[0] == 0
    assert splits("inspect", "out")[0] == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("inspect", "'FILE|CORPUS...'"),
        ("inspect nowhere.json", "'nowhere.json' cannot be read"),
        ("inspect empty", "'empty' has no file"),
        ("inspect bad.json", "no published split file (no JSON"),
        ("inspect keys.json", "its keys are not"),
        ("inspect beyond.json", "labels without a class in train"),
        ("inspect text.json", "'x' in 'train_ids' is no int"),
        ("inspect published --table table.txt", "'table.txt' is no table"),
        ("inspect published --table owners.csv", "has no column 'owner'"),
        ("inspect published again", "both have the splits of 'Make'"),
        ("export published out", "'published' is not a corpus"),
        ("export nowhere out", "'nowhere' is not a corpus"),
        ("export published out --format other", "'--format'"),
        ("import published --to corpus", "'--table'"),
        ("import published --table table.csv", "'--to'"),
        ("import --table table.csv --to corpus", "'DIR|FILE...'"),
        ("import published again --table table.csv --to corpus", "both have the splits"),
        ("import bad.json --table table.csv --to corpus", "no published split file"),
        ("import beyond.json --table table.csv --to corpus", "labels without a class"),
        ("import published --table owners.csv --to corpus", "has no column 'owner'"),
        ("import published --table ids.csv --to corpus", "no photo id but 'x'"),
        ("import published --table nowhere.csv --to corpus", "'nowhere.csv' cannot be read"),
        ("import published --table table.csv --to empty", "'empty' exists"),
        ("import published --table table.csv --to table.csv", "'table.csv' is a file"),
    ],
)
def test_bad_words_are_refused_in_one_line_and_nothing_is_written(here, splits, words, told):
    (here / "empty").mkdir()
    shutil.copytree(here / "published", here / "again")
    make = (here / "published" / file_name(attribute("make"))).read_text()
    (here / "bad.json").write_text("{")
    (here / "keys.json").write_text(make.replace('"val_ids"', '"valid_ids"'))
    (here / "beyond.json").write_text(make.replace('"NIKON"', '"x"').replace('["Canon", ', "["))
    (here / "text.json").write_text(make.replace('"train_ids": [', '"train_ids": ["x", '))
    table = (here / "table.csv").read_text()
    (here / "owners.csv").write_text(table.replace(",owner,", ",user,"))
    (here / "ids.csv").write_text(table + "x,,1@N00,,,,,,\n")
    assert told in splits.refused(*words.split())
    assert not (here / "corpus").exists()
    assert not (here / "out").exists()
