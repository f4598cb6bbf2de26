"""What is found in split files, in corpora, and what is told of how they were made."""

from __future__ import annotations

import csv

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_splits import FIRST_ID, change, publish

from flickrexif.errors import UsageError
from flickrexif.labels import inspect_splits
from flickrexif.labels.attributes import attribute
from flickrexif.labels.bursts import LEAST_RUN, NEAR, ascending_runs, near_rates
from flickrexif.labels.published import Members, file_name


@pytest.fixture
def published(tmp_path):
    return publish(tmp_path / "published")


def of_make(published, **more):
    return inspect_splits([published.folder / file_name(attribute("make"))], **more)[0]


# The published ones


@pytest.fixture(scope="module")
def inspected(oracle):
    return {one.attribute: one for one in inspect_splits([oracle / "splits"])}


def test_the_published_model_file_leaks_45_photos(inspected):
    assert inspected["Model"].leaks == {
        "train-test": {"Canon EOS-1D X Mark II": 26, "Canon EOS-1D X": 8, "ILCE-7RM3": 2},
        "validation-test": {"Canon EOS-1D X Mark II": 6, "Canon EOS-1D X": 3},
    }
    assert [(one.flaw, one.count) for one in inspected["Model"].faults] == [
        ("photo-in-two-splits", 45)
    ]
    told = "\n".join(inspected["Model"].lines())
    assert "FOUND 36 photos in both train and test: 26 of 'Canon EOS-1D X Mark II', 8 of" in told
    assert "FOUND 9 photos in both validation and test: 6 of" in told


@pytest.mark.parametrize("name", ["Make", "Smartphone Model", "Flash"])
def test_the_other_published_files_leak_none(inspected, name):
    assert inspected[name].faults == ()
    assert inspected[name].leaks == {}
    assert "FOUND" not in "\n".join(inspected[name].lines())


def test_counts_limits_and_bursts_are_those_measured_before(oracle, inspected):
    path = oracle / "splits" / "attribute_summary.csv"
    with path.open(encoding="utf-8", newline="") as file:
        measured = {row["attribute"]: row for row in csv.DictReader(file)}
    for name, one in inspected.items():
        row = measured[name]
        assert len(one.classes) == int(row["classes"])
        for split, short in (("train", "train"), ("validation", "val"), ("test", "test")):
            assert one.photos[split] == int(row[short])
            assert one.per_class[split] == (int(row[f"{short}_per_class"]),) * 2
        limited = row["limiting_class"].startswith("with flash")
        assert one.limiting_class == ("with flash" if limited else None)
        for pair, column in (("test-train", "test_train"), ("validation-train", "val_train")):
            assert one.near_rates[pair] == pytest.approx(
                float(row[f"{column}_near1000_obs"]), abs=0.00006
            )
    assert inspected["Flash"].ascending_run == 4636


# Corruption


def test_sound_splits_have_no_faults_with_and_without_owners(published, tmp_path):
    table = published.table(tmp_path / "table.csv")
    assert of_make(published).without_owner is None
    one = of_make(published, table=table)
    assert (one.faults, one.leaks, one.without_owner) == ((), {}, 0)
    assert one.photos == {"train": 12, "validation": 4, "test": 8}
    assert one.per_class == {"train": (6, 6), "validation": (2, 2), "test": (4, 4)}
    assert one.classes == ("Canon", "NIKON")


def test_owners_astride_are_found_by_the_table(published, tmp_path):
    first = next(row for row in published.rows if row["owner"].startswith("train"))
    rows = [row | {"owner": "same@N00"} if row["Flickr ID"] < FIRST_ID + 10_000_000 else row
            for row in published.rows]  # fmt: skip
    assert first["owner"] != "same@N00"
    one = of_make(published, table=published.table(tmp_path / "table.jsonl", rows))
    assert [fault.flaw for fault in one.faults] == ["owner-in-two-splits"]
    assert "FOUND owner 'same@N00' stands in two splits" in "\n".join(one.lines())


def test_photos_without_an_owner_are_counted(published, tmp_path):
    one = of_make(published, table=published.table(tmp_path / "t.parquet", published.rows[:5]))
    assert one.without_owner == 24 - 5
    assert "owners: not told of 19 photos" in "\n".join(one.lines())


def test_ids_with_two_labels_and_unequal_counts_are_found(published):
    change(published.folder, "make", train_ids=lambda ids: [ids[0], ids[0], *ids[2:]],
           encoded_val_labels=[0, 0, 0, 1])  # fmt: skip
    one = of_make(published)
    assert {fault.flaw for fault in one.faults} == {"photo-in-two-classes", "unequal-classes"}
    assert one.per_class["validation"] == (1, 3)
    assert "1 to 3 validation" in "\n".join(one.lines())


def test_a_class_without_any_photo_is_told_as_zero(published):
    change(published.folder, "make", label_encoder_classes=["Canon", "NIKON", "Zeiss"])
    assert of_make(published).per_class["train"] == (0, 6)


@pytest.mark.parametrize("columns", [["Flickr ID"], ["owner"]])
def test_a_table_without_a_column_is_refused(published, tmp_path, columns):
    pl.DataFrame(published.rows).select(columns).write_csv(tmp_path / "t.csv")
    with pytest.raises(UsageError, match="has no column"):
        of_make(published, table=tmp_path / "t.csv")


# Bursts and runs, against a plain count


IDS = st.lists(st.tuples(st.integers(1, 20 * NEAR), st.integers(0, 1)), max_size=15)


def members(pairs):
    return Members(tuple(photo for photo, _ in pairs), tuple(code for _, code in pairs))


@given(IDS, IDS, IDS)
def test_near_rates_are_counted_right(train, validation, test):
    splits = {"train": members(train), "validation": members(validation), "test": members(test)}
    pairs = {"train": train, "validation": validation, "test": test}
    for name, rate in near_rates(splits).items():
        one, beside = name.split("-")
        asked = set(pairs[one])
        near = [
            any(
                code == other_code and abs(photo - other) <= NEAR
                for other, other_code in set(pairs[beside])
                if one != beside or other != photo
            )
            for photo, code in asked
        ]
        assert rate == (sum(near) / len(near) if near else 0.0)


def test_one_class_in_order_is_the_limiting_one():
    chance = np.random.default_rng(0)
    shuffled = [int(photo) for photo in chance.permutation(200)]
    ordered = [1000 + photo for photo in range(50)]
    pairs = [(photo, 0) for photo in shuffled] + [(photo, 1) for photo in ordered]
    order = chance.permutation(len(pairs))  # classes may stand mixed: only their own order counts
    by_class = {0: iter(shuffled), 1: iter(ordered)}
    mixed = [(next(by_class[pairs[at][1]]), pairs[at][1]) for at in order]
    assert ascending_runs(members(mixed), ("a", "b")) == {"b": 50}
    assert ascending_runs(members(pairs[:0]), ("a", "b")) == {}
    both = [(photo, photo % 2) for photo in range(4 * LEAST_RUN)]
    assert ascending_runs(members(both), ("a", "b")) == {"a": 2 * LEAST_RUN, "b": 2 * LEAST_RUN}
