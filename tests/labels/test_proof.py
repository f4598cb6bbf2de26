"""Sound labels pass; every kind of corruption is found and named."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import get_args

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flickrexif.labels.proof import Flaw, prove

SCHEMA = {
    "attribute": pl.String,
    "photo_id": pl.Int64,
    "owner_id": pl.String,
    "label": pl.String,
    "split": pl.String,
}
SPLITS = ("train", "validation", "test")


@st.composite
def sound_tables(draw):
    """Rows as dicts: in a split each class as often as the others; every split has its owners."""
    rows = []
    for attribute in draw(st.lists(st.sampled_from(["make", "iso", "flash"]), unique=True)):
        classes = draw(st.lists(st.sampled_from("abcde"), min_size=2, unique=True))
        for split in SPLITS:
            for label in classes * draw(st.integers(1, 4)):
                owner = f"{split}{draw(st.integers(0, 3))}"
                rows.append(dict(zip(SCHEMA, (attribute, 0, owner, label, split), strict=True)))
    seen = Counter()
    for row in rows:  # a photo may stand in several attributes, where it has the same owner
        seen[row["attribute"], row["owner_id"]] += 1
        row["photo_id"] = hash_of(row["owner_id"]) + seen[row["attribute"], row["owner_id"]]
    return draw(st.permutations(rows))


def hash_of(owner):
    return 1000 * (1 + SPLITS.index(owner[:-1])) + 100 * int(owner[-1])


def frame(rows):
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


@settings(max_examples=40)  # a query or two for each rule and example
@given(sound_tables())
def test_sound_tables_pass(rows):
    assert prove(frame(rows)) == []
    assert prove(frame(rows).drop("owner_id")) == []


def other(values, value):
    return next(one for one in values if one != value)


def another_split(row, rows):
    return [row | {"split": other(SPLITS, row["split"])}]


def another_class(row, rows):
    return [row | {"label": other("abcde", row["label"])}]


PLANTED = {
    "photo-in-two-splits": another_split,
    "photo-in-two-classes": another_class,
    "photo-twice": lambda row, rows: [row],
    "photo-of-two-owners": lambda row, rows: [row | {"owner_id": "somebody"}],
    "owner-in-two-splits": lambda row, rows: [
        row | {"photo_id": 9999, "split": other(SPLITS, row["split"])}
    ],
    "unequal-classes": lambda row, rows: [row | {"photo_id": 9999}],
    "incomplete": lambda row, rows: [row | {"photo_id": 9999, "label": None}],
    "unknown-split": lambda row, rows: [row | {"photo_id": 9999, "split": "dev"}],
}


def test_every_flaw_is_planted():
    assert set(PLANTED) == set(get_args(Flaw))


@pytest.mark.parametrize("flaw", sorted(PLANTED))
@settings(max_examples=20)  # whatever stands around a flaw, one rule has to name it
@given(data=st.data())
def test_what_is_planted_is_found_and_named(flaw, data):
    rows = data.draw(sound_tables().filter(bool))
    row = data.draw(st.sampled_from(rows))
    faults = prove(frame([*rows, *PLANTED[flaw](row, rows)]))
    found = {fault.flaw: fault for fault in faults}
    assert flaw in found
    assert found[flaw].attribute == row["attribute"]
    assert str(found[flaw]).startswith(f"{row['attribute']}: ")
    assert {fault.attribute for fault in faults} == {row["attribute"]}
    named = {"photo-in-two-splits": row["photo_id"], "photo-twice": row["photo_id"]}
    if flaw in named:
        assert str(named[flaw]) in found[flaw].words
    if flaw == "owner-in-two-splits":
        assert repr(row["owner_id"]) in found[flaw].words


def test_a_class_missing_from_a_split_is_named():
    rows = [("make", n, None, "ab"[n % 2], "train") for n in range(4)]
    faults = prove(frame([*rows, ("make", 9, None, "a", "test")]))
    assert [str(fault) for fault in faults] == ["make: split 'test' has only 1 of 2 classes"]


def told_by_hand(rows):
    """The flaws of a table of one attribute, from the words of the rules alone."""
    splits, labels, owners, where = (defaultdict(set) for _ in range(4))
    for row in rows:
        photo = row["photo_id"]
        splits[photo].add(row["split"])
        labels[photo].add(row["label"])
        owners[photo].add(row["owner_id"])
        where[row["owner_id"]].add(row["split"])
    told = Counter((row["photo_id"], row["label"], row["split"]) for row in rows)
    classes = {row["label"] for row in rows}
    sizes = [
        {sum(row["split"] == split and row["label"] == label for row in rows) for label in classes}
        for split in SPLITS
    ]
    rules = {
        "photo-in-two-splits": any(len(one) > 1 for one in splits.values()),
        "photo-in-two-classes": any(len(one) > 1 for one in labels.values()),
        "photo-twice": any(count > 1 for count in told.values()),
        "photo-of-two-owners": any(len(one) > 1 for one in owners.values()),
        "owner-in-two-splits": any(len(one) > 1 for one in where.values()),
        "unequal-classes": any(len(counts) > 1 for counts in sizes),
    }
    return {flaw for flaw, holds in rules.items() if holds}


ANY_ROW = st.fixed_dictionaries(
    {
        "attribute": st.just("make"),
        "photo_id": st.integers(1, 6),
        "owner_id": st.sampled_from("xyz"),
        "label": st.sampled_from("ab"),
        "split": st.sampled_from(SPLITS),
    }
)


@settings(max_examples=200)
@given(st.lists(ANY_ROW, max_size=8))
def test_any_table_is_told_as_by_hand(rows):
    assert {fault.flaw for fault in prove(frame(rows))} == told_by_hand(rows)
