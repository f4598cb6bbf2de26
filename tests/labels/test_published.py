"""Split files in the published form."""

from __future__ import annotations

import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flickrexif.errors import UsageError
from flickrexif.labels.attributes import ATTRIBUTES, attribute
from flickrexif.labels.proof import prove
from flickrexif.labels.published import (
    KEYS,
    LARGEST_ID,
    Members,
    PublishedSplits,
    file_name,
    read_splits,
    splits_of,
    write_splits,
)
from flickrexif.labels.split_files import read_each

LABELS = pl.DataFrame(
    {
        "attribute": ["exposure"] * 4 + ["flash"] * 2,
        "photo_id": [11, 12, 13, 14, 11, 12],
        "label": ["1/60", "1/125", "1/60", "1/125", "without flash", "with flash"],
        "split": ["train", "train", "test", "validation", "train", "train"],
    }
)
NAMES = ("make", "model", "smartphone_model", "flash")


def written(path, name="exposure", **changes):
    """A split file of `LABELS` with some keys replaced; None takes a key away."""
    write_splits(path, splits_of(LABELS, attribute(name)))
    told = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({key: value for key, value in told.items() if value is not None}))
    return path


def test_round_trip(tmp_path):
    for name in ("exposure", "flash"):
        one = attribute(name)
        path = tmp_path / file_name(one)
        write_splits(path, splits_of(LABELS, one))
        mine = LABELS.filter(pl.col("attribute") == name)
        again = read_splits(path).labels().select(LABELS.columns)
        assert again.sort("photo_id").equals(mine)


MEMBERS = st.lists(st.tuples(st.integers(1, LARGEST_ID), st.integers(0, 2)), max_size=9).map(
    lambda pairs: Members(tuple(one for one, _ in pairs), tuple(code for _, code in pairs))
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("any")


@settings(max_examples=50)  # three short lists
@given(
    st.fixed_dictionaries({"train": MEMBERS, "validation": MEMBERS, "test": MEMBERS}),
    st.permutations(KEYS),
    st.lists(st.text(min_size=1), min_size=3, max_size=3, unique=True),
)
def test_any_file_is_read_and_written_byte_by_byte(folder, splits, keys, classes):
    told = PublishedSplits("Model", tuple(classes), splits, tuple(keys))
    write_splits(folder / "a.json", told)
    read = read_splits(folder / "a.json")
    assert read == told
    rows = read.labels()
    again = splits_of(rows, attribute("model"), classes=read.classes, keys=read.keys)
    assert again == told
    write_splits(folder / "b.json", again)
    assert (folder / "a.json").read_bytes() == (folder / "b.json").read_bytes()


def test_encoders_are_the_published_ones():
    assert splits_of(LABELS, attribute("exposure")).classes == ("1/125", "1/60")
    assert splits_of(LABELS, attribute("flash")).classes == ("without flash", "with flash")


def test_keys_and_types_are_the_published_ones(tmp_path):
    told = json.loads(written(tmp_path / "x.json").read_text())
    assert tuple(told) == KEYS
    assert told["train_ids"] == [11, 12]
    assert told["encoded_train_labels"] == [1, 0]
    assert told["label_encoder_classes"] == ["1/125", "1/60"]
    assert told["target_attribute"] == "Exposure"
    assert file_name(attribute("iso")) == "split_data_target_attribute=ISO Speed.json"


@pytest.mark.parametrize("name", NAMES)
def test_the_published_files_survive_reading_and_writing(oracle, tmp_path, name):
    one = attribute(name)
    source = oracle / "splits" / file_name(one)
    published = read_splits(source)
    assert published.classes == one.paper_classes
    assert splits_of(published.labels(), one, keys=published.keys) == published
    write_splits(tmp_path / "again.json", published)
    assert (tmp_path / "again.json").read_bytes() == source.read_bytes()


def test_the_published_model_splits_are_not_sound_and_the_others_are(oracle):
    def faults(name):
        return prove(read_splits(oracle / "splits" / file_name(attribute(name))).labels())

    assert [fault for name in NAMES if name != "model" for fault in faults(name)] == []
    assert [(fault.flaw, fault.count) for fault in faults("model")] == [("photo-in-two-splits", 45)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"val_ids": None}, "its keys are not train_ids"),
        ({"more": 1}, "its keys are not"),
        ({"val_ids": 5}, "'val_ids' is no list"),
        ({"train_ids": [1]}, "1 ids and 2 labels in train"),
        ({"train_ids": [1, "2"]}, "'2' in 'train_ids' is no int"),
        ({"train_ids": [1, 2.0]}, "2.0 in 'train_ids' is no int"),
        ({"train_ids": [1, True]}, "True in 'train_ids' is no int"),
        ({"train_ids": [1, 0]}, "0 in train, no photo id"),
        ({"train_ids": [1, 2**63]}, "no photo id"),
        ({"encoded_test_labels": [7]}, "without a class in test"),
        ({"encoded_test_labels": [-1]}, "without a class in test"),
        ({"label_encoder_classes": [1, 2]}, "1 in 'label_encoder_classes' is no str"),
        ({"label_encoder_classes": ["1/60", "1/60"]}, "one twice"),
        ({"label_encoder_classes": []}, "no classes"),
        ({"target_attribute": "Shoe Size"}, "'Shoe Size' is not published"),
        ({"target_attribute": ["Make"]}, "is not published"),
    ],
)
def test_damaged_files_are_refused_in_one_line(tmp_path, change, words):
    path = written(tmp_path / "x.json", **change)
    with pytest.raises(UsageError, match=words) as refused:
        read_splits(path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", "null", '{"a": 1}', "[" * 100_000, "\ufeff{}", "{'a': 1}"]
)
def test_what_is_no_split_file_is_refused(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=r"x\.json' is no published split file"):
        read_splits(path)


def test_files_that_cannot_be_read_are_refused(tmp_path):
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="no published split file"):
        read_splits(tmp_path / "bytes.json")
    with pytest.raises(UsageError, match="cannot be read"):
        read_splits(tmp_path / "none.json")


def test_folders_stand_for_their_published_names(tmp_path):
    exposure = written(tmp_path / file_name(attribute("exposure")))
    flash = written(tmp_path / file_name(attribute("flash")), "flash")
    (tmp_path / "notes.json").write_text("{}")
    assert set(read_each([tmp_path])) == {exposure, flash}
    assert list(read_each([flash, tmp_path])) == [flash, exposure]


def test_two_files_of_an_attribute_are_refused(tmp_path):
    for name in ("a.json", "b.json"):
        written(tmp_path / name)
    with pytest.raises(UsageError, match=r"a\.json' and .*b\.json' both have .* 'Exposure'"):
        read_each([tmp_path / "a.json", tmp_path / "b.json"])


def test_a_folder_without_split_files_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"has no file .*=Make\.json'"):
        read_each([tmp_path])


def test_the_ten_have_ten_names():
    assert len({file_name(one) for one in ATTRIBUTES}) == 10
