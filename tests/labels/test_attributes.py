"""The table of ten against what was published."""

from __future__ import annotations

import csv
import json
from collections import Counter
from fractions import Fraction

import polars as pl
import pytest

from flickrexif.exif.cameras import identify
from flickrexif.labels import ATTRIBUTES
from flickrexif.labels.attributes import MAKERS_OF_BOTH, attribute, class_number


def test_ten_attributes_with_the_published_numbers_of_classes():
    assert [(one.name, len(one.paper_classes)) for one in ATTRIBUTES] == [
        ("make", 9),
        ("model", 88),
        ("smartphone_model", 12),
        ("is_smartphone", 2),
        ("exposure", 16),
        ("aperture", 17),
        ("iso", 16),
        ("focal_length", 13),
        ("flash", 2),
        ("year", 25),
    ]


def test_classes_and_counts_are_the_published_ones(oracle):
    published = {}
    with (oracle / "splits" / "per_class_counts.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            published.setdefault(row["attribute"], {})[row["label"]] = row
    assert set(published) == {one.published_name for one in ATTRIBUTES}
    for one in ATTRIBUTES:
        rows = published[one.published_name]
        assert set(one.paper_classes) == set(rows)
        for row in rows.values():
            each = (int(row["train"]), int(row["val"]), int(row["test"]))
            assert one.published_per_class == each


@pytest.mark.parametrize(
    "one", [one for one in ATTRIBUTES if one.ordinal], ids=lambda one: one.name
)
def test_ordinal_classes_ascend(one):
    numbers = [class_number(name) for name in one.paper_classes]
    assert numbers == sorted(set(numbers))
    assert one.ordered(set(one.paper_classes)) == one.paper_classes


def test_numbers():
    assert [class_number(text) for text in ("1/60", "0.3", "50.0 mm", "2020.0")] == [
        Fraction(1, 60),
        Fraction(3, 10),
        50,
        2020,
    ]


def test_nominal_classes_keep_the_published_order():
    flash = attribute("flash")
    assert flash.ordered({"with flash", "without flash"}) == ("without flash", "with flash")
    assert attribute("make").ordered({"Zeiss", "Canon", "Apple"}) == ("Apple", "Canon", "Zeiss")


def test_the_published_files_have_these_classes_in_this_order(oracle):
    files = sorted((oracle / "splits").glob("split_data_target_attribute=*.json"))
    assert len(files) == 4
    for path in files:
        told = json.loads(path.read_text(encoding="utf-8"))
        (one,) = [one for one in ATTRIBUTES if one.published_name == told["target_attribute"]]
        classes = told["label_encoder_classes"]
        assert list(one.paper_classes) == classes
        for split, most in zip(("train", "val", "test"), one.published_per_class, strict=True):
            codes = Counter(told[f"encoded_{split}_labels"])
            assert codes == dict.fromkeys(range(len(classes)), most)


def test_the_published_summary_has_these_numbers(oracle):
    with (oracle / "splits" / "attribute_summary.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["attribute"]: row for row in csv.DictReader(file)}
    assert set(rows) == {one.published_name for one in ATTRIBUTES}
    for one in ATTRIBUTES:
        row = rows[one.published_name]
        assert int(row["classes"]) == len(one.paper_classes)
        assert int(row["total_per_class"]) == sum(one.published_per_class)


def test_published_classes_are_what_the_preset_can_give():
    """Every published number is printed so, and every published string comes out unchanged."""
    for one in ATTRIBUTES:
        if one.ordinal and one.name != "year":
            photos = pl.DataFrame({one.source_column: one.paper_classes})
            assert photos.select(x=one.label("paper"))["x"].to_list() == list(one.paper_classes)
    make = attribute("make")
    photos = pl.DataFrame({"make": [*make.paper_classes, "NIKON CORPORATION"]})
    assert photos.select(x=make.label("paper"))["x"].to_list() == [*make.paper_classes, "NIKON"]


def test_makers_of_both_are_the_published_ones_and_no_others():
    makes = attribute("make").paper_classes
    left_out = {"SONY", "samsung", "EASTMAN KODAK COMPANY"}
    for make in makes:
        assert (identify(make, None).make in MAKERS_OF_BOTH) == (make in left_out)


PHOTOS = pl.DataFrame(
    {
        "make": ["NIKON CORPORATION", "samsung", "Apple", "Nobody", None],
        "make_canonical": ["Nikon", "Samsung", "Apple", None, None],
        "model": ["NIKON D90", "SM-G973F", "iPhone X", "X", None],
        "is_smartphone": [False, True, True, None, None],
        "flash": ["Off, Did not fire", "Auto, Fired", "On, Return detected", "Fired", None],
        "year": [2011, 2020, 2020, None, None],
    },
    schema_overrides={"year": pl.Int16},
)


@pytest.mark.parametrize(
    ("name", "preset", "labels"),
    [
        ("make", "auto", ["Nikon", "Samsung", "Apple", None, None]),
        ("make", "paper", ["NIKON", "samsung", "Apple", "Nobody", None]),
        ("model", "auto", ["NIKON D90", "SM-G973F", "iPhone X", None, None]),
        ("smartphone_model", "auto", [None, "SM-G973F", "iPhone X", None, None]),
        ("is_smartphone", "auto", ["False", "True", "True", None, None]),
        ("is_smartphone", "paper", ["False", None, "True", None, None]),
        ("flash", "auto", ["without flash", "with flash", "with flash", "with flash", None]),
        ("flash", "paper", ["without flash", "with flash", None, "with flash", None]),
        ("year", "auto", ["2011.0", "2020.0", "2020.0", None, None]),
    ],
)
def test_labels(name, preset, labels):
    assert PHOTOS.select(x=attribute(name).label(preset))["x"].to_list() == labels
