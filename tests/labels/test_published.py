"""Split files in the published form."""

from __future__ import annotations

import json

import polars as pl
import pytest

from flickrexif.errors import UsageError
from flickrexif.labels.attributes import attribute
from flickrexif.labels.published import file_name, read_splits, splits_of, write_splits
from flickrexif.labels.splits import prove

LABELS = pl.DataFrame(
    {
        "attribute": ["exposure"] * 4 + ["flash"] * 2,
        "photo_id": [11, 12, 13, 14, 11, 12],
        "label": ["1/60", "1/125", "1/60", "1/125", "without flash", "with flash"],
        "split": ["train", "train", "test", "validation", "train", "train"],
    }
)


def test_round_trip(tmp_path):
    for name in ("exposure", "flash"):
        one = attribute(name)
        path = tmp_path / file_name(one)
        write_splits(path, splits_of(LABELS, one))
        mine = LABELS.filter(pl.col("attribute") == name)
        again = read_splits(path).labels().select(LABELS.columns)
        assert again.sort("photo_id").equals(mine)


def test_encoders_are_the_published_ones():
    assert splits_of(LABELS, attribute("exposure")).classes == ("1/125", "1/60")
    assert splits_of(LABELS, attribute("flash")).classes == ("without flash", "with flash")


@pytest.mark.parametrize("name", ["make", "model", "smartphone_model", "flash"])
def test_the_published_files_survive_reading_and_writing(oracle, tmp_path, name):
    one = attribute(name)
    source = oracle / "splits" / file_name(one)
    published = read_splits(source)
    assert published.classes == one.paper_classes
    assert splits_of(published.labels(), one) == published
    write_splits(tmp_path / "again.json", published)
    assert json.loads((tmp_path / "again.json").read_text()) == json.loads(source.read_text())


def test_the_published_model_splits_are_not_sound_and_the_others_are(oracle):
    def faults(name):
        labels = read_splits(oracle / "splits" / file_name(attribute(name))).labels()
        return prove(labels.with_columns(owner_id=pl.col("photo_id").cast(pl.String)))

    assert faults("make") == []
    assert faults("flash") == []
    assert any("stands twice (45 such photos)" in fault for fault in faults("model"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"val_ids": None}, "no published split file"),
        ({"train_ids": [1]}, "1 ids and 2 labels in train"),
        ({"encoded_test_labels": [7]}, "without a class in test"),
    ],
)
def test_damaged_files_are_refused(tmp_path, change, words):
    path = tmp_path / "x.json"
    write_splits(path, splits_of(LABELS, attribute("exposure")))
    told = json.loads(path.read_text()) | change
    path.write_text(json.dumps(told))
    with pytest.raises(UsageError, match=words):
        read_splits(path)


def test_an_unknown_attribute_is_refused(tmp_path):
    path = tmp_path / "x.json"
    write_splits(path, splits_of(LABELS, attribute("exposure")))
    path.write_text(path.read_text().replace('"Exposure"', '"Shoe Size"'))
    with pytest.raises(UsageError, match="'Shoe Size'"):
        read_splits(path).labels()
