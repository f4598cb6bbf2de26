"""Owners to splits: places, the fewest useful moves, and how few they are when a corpus grows."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flickrexif.labels.assign import ENOUGH, Holdings, Shares, assign, photo_places, place
from flickrexif.labels.attributes import attribute
from flickrexif.labels.select import most_per_class

UNCAPPED = {"train": None, "validation": None, "test": None}
COUNTS = st.integers(1, 5).flatmap(
    lambda classes: st.lists(
        st.lists(st.integers(0, 12), min_size=classes, max_size=classes).filter(any),
        min_size=3,
        max_size=40,
    )
)


def held(table):
    """The holdings of a full table, owners by classes; everybody has a photo."""
    owners, classes = np.nonzero(table)
    return Holdings(owners, classes, table[owners, classes])


def by_place(places, shares):
    splits = np.zeros(len(places), dtype=np.int64)
    splits[places >= 1 - shares.validation] = 1
    splits[places < shares.test] = 2
    return splits


def shortfall(table, splits, shares):
    wanted = ENOUGH * np.array([[take] for take in shares.takes.values()])
    counts = np.array([table[splits == split].sum(axis=0) for split in range(3)])
    return float((np.maximum(0.0, 1.0 - counts / wanted) ** 2).sum())


def moved_one_by_one(table, places, shares):
    """The rule of `assign`, written down without a thought for speed."""
    splits = by_place(places, shares)
    while True:
        now = shortfall(table, splits, shares)
        best = (0.0, 0, 0)
        for to in range(3):
            for owner in range(len(splits)):
                other = splits.copy()
                other[owner] = to
                gain = round(now - shortfall(table, other, shares), 12)
                each = gain / table[owner].sum() if gain >= 1e-9 else 0.0
                best = max(best, (each, to, owner), key=lambda move: round(move[0], 11))
        if not best[0]:
            break
        splits[best[2]] = best[1]
    return splits


@settings(max_examples=40)
@given(COUNTS, st.integers(0, 99))
def test_moves_are_those_of_the_plain_rule(counts, seed):
    table = np.array(counts)
    table = table[:, table.any(axis=0)]
    places = np.sort(np.random.default_rng(seed).random(len(table)))
    shares = Shares.of_class(int(table.sum(axis=0).min()), UNCAPPED)
    splits = assign(held(table), places, shares)
    plain = moved_one_by_one(table, places, shares)
    assert shortfall(table, splits, shares) == pytest.approx(shortfall(table, plain, shares))


@settings(max_examples=60)
@given(COUNTS, st.integers(0, 99))
def test_no_single_move_mends_anything_in_the_end(counts, seed):
    table = np.array(counts)
    table = table[:, table.any(axis=0)]
    places = np.sort(np.random.default_rng(seed).random(len(table)))
    shares = Shares.of_class(int(table.sum(axis=0).min()), UNCAPPED)
    splits = assign(held(table), places, shares)
    now = shortfall(table, splits, shares)
    assert now <= shortfall(table, by_place(places, shares), shares) + 1e-9
    for owner in range(len(table)):
        for to in range(3):
            other = splits.copy()
            other[owner] = to
            assert shortfall(table, other, shares) >= now - 1e-8


def test_nobody_moves_where_every_class_has_enough():
    shares = Shares.of_class(4000, {"train": None, "validation": 200, "test": 500})
    places = np.array([place(0, "owner", number) for number in range(4000)])
    splits = assign(held(np.full((4000, 2), 2)), places, shares)
    assert (splits == by_place(places, shares)).all()
    assert shares.test == pytest.approx(1.5 * 500 / 4000)


def test_owners_are_moved_where_a_class_would_be_missing():
    counts = np.array([[5, 0]] * 20 + [[0, 5]] * 20)
    places = np.array([0.01] * 20 + [0.5] * 20)  # all of the first class would be in test
    splits = assign(held(counts), places, Shares.of_class(100, UNCAPPED))
    for column in range(2):
        photos = [counts[splits == split, column].sum() for split in range(3)]
        assert photos == pytest.approx([60, 15, 25], abs=10)


def test_nobody_is_nobody():
    none = np.zeros(0, dtype=np.int64)
    assert not len(assign(Holdings(none, none, none), np.zeros(0), Shares.of_class(9, UNCAPPED)))


# Growth


@cache
def owners_of_cameras(seed, owners, classes):
    """Photos of owners with one to four cameras, some popular; few owners have many photos."""
    chance = np.random.default_rng(seed)
    popular = 1 / np.arange(1, classes + 1) ** 0.6
    table = np.zeros((owners, classes), dtype=np.int64)
    for row in table:
        cameras = chance.choice(
            classes, min(classes, chance.integers(1, 5)), replace=False, p=popular / popular.sum()
        )
        photos = min(500, 1 + int(chance.pareto(1.3) * 7))
        np.add.at(row, chance.choice(cameras, photos), 1)
    return table


def splits_of(table, places, most):
    order = np.argsort(places)
    shares = Shares.of_class(int(table.sum(axis=0).min()), most)
    splits = np.empty(len(places), dtype=np.int64)
    splits[order] = assign(held(table[order]), places[order], shares)
    return splits


@pytest.mark.parametrize(
    ("owners", "classes", "most", "at_most"),
    [
        (300, 8, UNCAPPED, 0.03),
        (2000, 40, UNCAPPED, 0.01),
        (4000, 200, most_per_class(attribute("model")), 0.01),
        (4000, 16, most_per_class(attribute("iso")), 0.03),
    ],
)
@pytest.mark.parametrize("by", ["photos", "owners"])
def test_few_photos_move_when_a_corpus_grows_by_a_tenth(owners, classes, most, at_most, by):
    """More photos by the same owners, or more owners; it prints what was measured."""
    shares = []
    for seed in range(3):
        before = owners_of_cameras(seed, owners, classes)
        chance = np.random.default_rng((seed, owners))
        places = chance.random(owners)
        if by == "photos":
            after, more = before + chance.binomial(before, 0.1), places
        else:
            new = before[chance.integers(0, owners, owners // 10)]
            after, more = np.vstack([before, new]), np.append(places, chance.random(len(new)))
        moved = splits_of(before, places, most) != splits_of(after, more, most)[:owners]
        shares.append(before[moved].sum() / before.sum())
    print(f"{owners} owners, {classes} classes, {by}: {np.mean(shares):.4f}")
    assert np.mean(shares) < at_most


# Places


def test_places_of_owners_are_uniform_and_belong_to_the_seed():
    places = [place(0, "owner", f"{number}@N00") for number in range(4000)]
    assert np.histogram(places, bins=4, range=(0, 1))[0] == pytest.approx([1000] * 4, abs=120)
    assert place(0, "owner", "a") != place(1, "owner", "a") != place(1, "photo", "a")


def test_places_of_photos_are_the_generator_s():
    """SplitMix64 seeded with 0 draws first e220a8397b1dcdaf (its reference code)."""
    first = 0xE220A8397B1DCDAF
    draws = photo_places(0, np.array([first], dtype=np.uint64).astype(np.int64))
    key_itself = photo_places(0, np.array([0]))
    mixed_zero = (first >> 11) / 2**53
    assert draws[0] == pytest.approx(mixed_zero, abs=0)  # the id cancels the key: 0 is mixed
    assert key_itself[0] != mixed_zero


@given(st.integers(-(2**70), 2**70), st.lists(st.integers(1, 2**63 - 1), unique=True, min_size=1))
def test_places_of_photos_go_by_seed_and_id_alone(seed, photo_ids):
    places = photo_places(seed, np.array(photo_ids))
    assert ((places >= 0) & (places < 1)).all()
    one_by_one = [photo_places(seed, np.array([photo_id]))[0] for photo_id in photo_ids]
    assert places.tolist() == one_by_one


def test_places_of_photos_are_uniform_and_differ_by_seed():
    ids = np.arange(50_000_000_000, 50_000_040_000)
    one, other = photo_places(0, ids), photo_places(1, ids)
    for places in (one, other):
        assert np.histogram(places, bins=10, range=(0, 1))[0] == pytest.approx([4000] * 10, abs=300)
        assert len(np.unique(places)) == len(ids)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.03
    assert abs(np.corrcoef(one[1:], one[:-1])[0, 1]) < 0.03
