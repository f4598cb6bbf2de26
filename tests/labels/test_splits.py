"""Owner-disjoint, balanced, stable splits."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flickrexif.labels.assign import Shares, assign, place
from flickrexif.labels.attributes import attribute
from flickrexif.labels.label import label_photos
from flickrexif.labels.select import (
    Rules,
    Size,
    best_number,
    choose,
    crushing,
    most_per_class,
)
from flickrexif.labels.splits import balance, prove, with_places, with_splits

RULES = Rules("auto", min_photos=40, min_owners=8)
UNCAPPED = {"train": None, "validation": None, "test": None}


def photos_of(counts, classes="abcdef"):
    """Rows (photo_id, owner_id, label) from a matrix of counts, owners by classes."""
    rows = [
        (f"o{owner}", classes[column])
        for owner, of_owner in enumerate(counts)
        for column, count in enumerate(of_owner)
        for _ in range(count)
    ]
    frame = pl.DataFrame(rows, schema={"owner_id": pl.String, "label": pl.String}, orient="row")
    return frame.with_row_index("photo_id").cast({"photo_id": pl.Int64})


COUNTS = st.lists(st.lists(st.integers(0, 12), min_size=3, max_size=3), min_size=10, max_size=60)


@settings(max_examples=60, deadline=None)
@given(COUNTS, st.integers(0, 99))
def test_what_is_kept_is_sound_whatever_comes(counts, seed):
    rows = with_places(photos_of(counts), seed)
    choice = choose(rows, attribute("make"), Rules("auto", min_photos=20, min_owners=4))
    if len(choice.classes) < 2:
        return
    labels = balance(choice.rows, most_per_class(attribute("make")))
    assert prove(labels.with_columns(attribute=pl.lit("make"))) == []
    assert set(labels["label"]) == choice.classes
    assert set(labels["split"]) == {"train", "validation", "test"}
    assert set(choice.dropped) | choice.classes == set(rows["label"])


@settings(max_examples=40, deadline=None)
@given(COUNTS, st.integers(0, 99), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(counts, seed, chance):
    rows = photos_of(counts)
    order = list(range(rows.height))
    chance.shuffle(order)
    rules = Rules("auto", min_photos=20, min_owners=4)

    def labelled(frame):
        choice = choose(with_places(frame, seed), attribute("make"), rules)
        if len(choice.classes) < 2:
            return choice.rows
        return balance(choice.rows, UNCAPPED).select("photo_id", "label", "split")

    if rows.height:
        assert labelled(rows).equals(labelled(rows[order]))


def test_prove_finds_each_fault():
    sound = pl.DataFrame(
        {
            "attribute": ["make"] * 4,
            "photo_id": [1, 2, 3, 4],
            "owner_id": ["a", "a", "b", "b"],
            "label": ["x", "y", "x", "y"],
            "split": ["train", "train", "test", "test"],
        }
    )
    assert prove(sound) == []
    twice = sound.with_columns(photo_id=pl.Series([1, 2, 1, 4]))
    astride = sound.with_columns(owner_id=pl.Series(["a", "a", "a", "b"]))
    unequal = sound.with_columns(label=pl.Series(["x", "x", "x", "y"]))
    assert "photo 1 stands twice" in prove(twice)[0]
    assert "owner 'a' stands in two splits" in prove(astride)[0]
    assert "split 'train'" in prove(unequal)[0]


def test_places_are_uniform_and_belong_to_the_seed():
    places = [place(0, "owner", f"{number}@N00") for number in range(4000)]
    assert np.histogram(places, bins=4, range=(0, 1))[0] == pytest.approx([1000] * 4, abs=120)
    assert place(0, "owner", "a") != place(1, "owner", "a") != place(1, "photo", "a")


def test_nobody_moves_where_every_class_has_enough():
    shares = Shares.of_class(4000, {"train": None, "validation": 200, "test": 500})
    places = np.array([place(0, "owner", number) for number in range(4000)])
    splits = assign(np.full((4000, 2), 2), places, shares)
    assert ((splits == 2) == (places < shares.test)).all()
    assert ((splits == 1) == (places >= 1 - shares.validation)).all()
    assert shares.test == pytest.approx(1.5 * 500 / 4000)


def test_owners_are_moved_where_a_class_would_be_missing():
    counts = np.array([[5, 0]] * 20 + [[0, 5]] * 20)
    places = np.array([0.01] * 20 + [0.5] * 20)  # all of the first class would be in test
    shares = Shares.of_class(100, UNCAPPED)
    splits = assign(counts, places, shares)
    for column in range(2):
        photos = [counts[splits == split, column].sum() for split in range(3)]
        assert photos == pytest.approx([60, 15, 25], abs=10)


def test_photos_of_a_class_are_taken_from_many_owners():
    rows = with_places(photos_of([[30, 0], [2, 0], [2, 0], [0, 6]]), 0)
    rows = rows.with_columns(split=pl.lit("train"))
    taken = balance(rows, UNCAPPED).filter(pl.col("label") == "a")
    assert taken.height == 6
    assert taken["owner_id"].value_counts()["count"].to_list() == [2, 2, 2]


@pytest.mark.parametrize(
    ("photos", "number"),
    [([100, 90, 80, 10], 3), ([100, 50], 2), ([60, 40, 30], 3), ([9], 1), ([], 0), ([5, 5, 5], 3)],
)
def test_the_number_of_classes_that_keeps_most_photos(photos, number):
    assert best_number(photos, enough=1000) == number


def test_huge_classes_do_not_win_over_many_large_ones():
    assert best_number([9000, 9000, 500, 500, 500], enough=500) == 5
    assert best_number([9000, 9000, 500, 500, 500], enough=10_000) == 2


def parts_of(**photos):
    names = ("train", "validation", "test")
    return {
        label: {name: Size(count, 9) for name, count in zip(names, counts, strict=True)}
        for label, counts in photos.items()
    }


def test_a_class_that_would_crush_the_others_is_taken_away():
    make = attribute("make")
    parts = parts_of(a=(60, 15, 25), b=(60, 15, 25), c=(60, 15, 25), d=(12, 3, 6))
    assert crushing(parts, make) == ["d"]
    assert crushing(parts_of(a=(60, 15, 25), b=(50, 15, 25), c=(45, 15, 25)), make) == []
    assert crushing(parts_of(a=(60, 15, 25), b=(1, 1, 1)), make) == []


def test_a_class_of_few_heavy_owners_does_not_crush_the_others():
    lumps = [*([[0] * 6 + [24]] * 4), *([[0] * 6 + [1]] * 10)]
    rows = with_places(photos_of([[4] * 6 + [0]] * 30 + lumps, classes="abcdefg"), 0)
    choice = choose(rows, attribute("make"), RULES)
    assert choice.classes == set("abcdef")
    assert "fewer photos in all" in choice.dropped["g"].reason


def test_dropped_classes_say_why():
    rows = photos_of([[9, 8, 3, 0]] * 30 + [[0, 0, 0, 50]], classes="abcd")
    choice = choose(with_places(rows, 0), attribute("make"), RULES)
    assert choice.classes == {"a", "b"}
    assert choice.dropped["c"].reason == "balancing to it would leave fewer photos in all"
    assert choice.dropped["d"].reason == "fewer than 8 owners"
    assert (choice.dropped["d"].size.photos, choice.dropped["d"].size.owners) == (50, 1)


def test_a_simulated_corpus_gets_large_sound_splits(simulated):
    labels, summary = label_photos(simulated, RULES, 0)
    assert prove(labels) == []
    assert {"make", "is_smartphone", "exposure", "aperture", "iso", "focal_length", "flash"} <= set(
        summary.attributes
    )
    for one in summary.attributes.values():
        whole = sum(one.per_class.values())
        assert one.per_class["train"] >= 0.5 * whole
        assert one.per_class["test"] >= 0.15 * whole
    assert "year" in summary.left_out
    assert "1 class" in summary.left_out["year"]


def test_adding_photos_moves_few_between_splits(simulated):
    fewer = simulated.sample(fraction=0.97, seed=1).sort("photo_id")
    before, _ = label_photos(fewer, RULES, 0)
    after, _ = label_photos(simulated, RULES, 0)
    both = before.join(after, on=["attribute", "photo_id"], suffix="_after")
    moved = both.filter(pl.col("split") != pl.col("split_after")).height
    assert both.height > 0.8 * before.height
    assert moved < 0.1 * both.height


def test_seeds_differ(simulated):
    one, _ = label_photos(simulated, RULES, 0)
    two, _ = label_photos(simulated, RULES, 1)
    assert not one.equals(two)


def test_the_same_owner_is_placed_alike_for_every_attribute(simulated):
    placed = with_places(simulated, 0)
    assert (
        placed.group_by("owner_id").agg(pl.col("owner_place").n_unique())["owner_place"].to_list()
        == [1] * placed["owner_id"].n_unique()
    )


def test_every_photo_gets_a_split():
    rows = with_places(photos_of([[1, 2], [3, 0], [0, 4]]), 0)
    split = with_splits(rows, Shares.of_class(4, UNCAPPED))
    assert split["split"].null_count() == 0
    assert split["photo_id"].to_list() == rows["photo_id"].to_list()
