"""The table of ten against what was published."""

from __future__ import annotations

import csv
from fractions import Fraction

import polars as pl
import pytest

from flickrexif.labels import ATTRIBUTES
from flickrexif.labels.attributes import attribute, class_number


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


PHOTOS = pl.DataFrame(
    {
        "make": ["NIKON CORPORATION", "samsung", "Nobody", None],
        "make_canonical": ["Nikon", "Samsung", None, None],
        "model": ["NIKON D90", "SM-G973F", "X", None],
        "is_smartphone": [False, True, None, None],
        "flash": ["Off, Did not fire", "Auto, Fired", "Fired", None],
        "year": [2011, 2020, None, None],
    },
    schema_overrides={"year": pl.Int16},
)


@pytest.mark.parametrize(
    ("name", "preset", "labels"),
    [
        ("make", "auto", ["Nikon", "Samsung", None, None]),
        ("make", "paper", ["NIKON", "samsung", "Nobody", None]),
        ("model", "auto", ["NIKON D90", "SM-G973F", None, None]),
        ("smartphone_model", "auto", [None, "SM-G973F", None, None]),
        ("is_smartphone", "auto", ["False", "True", None, None]),
        ("flash", "auto", ["without flash", "with flash", "with flash", None]),
        ("year", "auto", ["2011.0", "2020.0", None, None]),
    ],
)
def test_labels(name, preset, labels):
    assert PHOTOS.select(x=attribute(name).label(preset))["x"].to_list() == labels
