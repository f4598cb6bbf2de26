from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flickrexif.probing import controls
from flickrexif.probing.protocols.processing_label import accuracy_estimate
from flickrexif.probing.resampling import crossed_estimate, drawn, estimates

labels_of = st.lists(st.integers(0, 4), min_size=1, max_size=40).map(
    lambda values: np.asarray(values, dtype=np.int64)
)


def test_the_majority_is_that_of_the_train_split():
    assert controls.majority_accuracy(np.array([0, 1, 1]), np.array([0, 0, 0, 1])) == 0.25


def test_equally_frequent_classes_share_the_majority():
    assert controls.majority_accuracy(np.array([0, 1]), np.array([0, 0, 0, 1])) == 0.5


def test_balanced_accuracy_weighs_classes_alike():
    predicted, truth = np.array([0, 0, 0, 0]), np.array([0, 0, 0, 1])
    assert controls.balanced_accuracy(predicted, truth) == 0.5


def test_off_by_one_takes_neighbours():
    predicted, truth = np.array([0, 1, 2, 4]), np.array([0, 2, 4, 4])
    assert controls.off_by_one_accuracy(predicted, truth) == 0.75


@settings(max_examples=50, deadline=None)
@given(truth=labels_of)
def test_off_by_one_chance_is_the_mean_over_all_that_could_be_said(truth):
    every = [np.full_like(truth, said) for said in range(5)]
    expected = np.mean([controls.off_by_one_accuracy(said, truth) for said in every])
    assert controls.off_by_one_chance(truth, 5) == pytest.approx(expected)


@settings(max_examples=50, deadline=None)
@given(labels=labels_of, seed=st.integers(0, 99))
def test_permutations_keep_the_labels(labels, seed: int):
    for row in controls.permuted(labels, 3, controls.stream(seed, "x")):
        assert sorted(row) == sorted(labels)


def test_streams_depend_on_seed_and_names_alone():
    first, again, other = (
        controls.stream(*words).random() for words in ((0, "a"),) * 2 + ((0, "b"),)
    )
    assert first == again != other


def test_the_interval_holds_the_accuracy_and_widens_with_fewer_owners():
    random = np.random.default_rng(0)
    correct = random.random(1000) < 0.3
    widths = []
    for owners in (500, 10):
        names = np.array([f"owner-{i % owners}" for i in range(1000)])
        same = np.repeat(correct[:owners], 1000 // owners) if owners == 10 else correct
        names = np.sort(names) if owners == 10 else names
        low, high = controls.owner_interval(
            same, names, resamples=1000, random=np.random.default_rng(1)
        )
        assert low <= same.mean() <= high
        widths.append(high - low)
    assert widths[1] > 3 * widths[0]


def test_photos_of_one_owner_have_an_interval_with_width():
    random = np.random.default_rng(1)
    correct, owners = np.arange(40) % 2 == 0, np.repeat("one", 40)
    low, high = controls.owner_interval(correct, owners, resamples=500, random=random)
    assert low < 0.45 < 0.55 < high
    values = correct[:, None].astype(np.float64)
    (found,) = estimates(values, resamples=500, random=random, groups=owners)
    crossed = crossed_estimate(values, resamples=500, random=random, groups=owners)
    for each in (found, crossed):
        assert each.low < 0.45 < 0.55 < each.high


@pytest.mark.parametrize(("photos", "owners"), [(2, 2), (30, 5), (30, 1)])
@pytest.mark.parametrize("right", [True, False])
def test_that_all_photos_are_right_is_as_sure_as_they_are_many(
    photos: int, owners: int, right: bool
):
    """Of n alike, the exact bound is where they are so by chance in 2.5 of 100 cases."""
    random = np.random.default_rng(0)
    correct = np.repeat(right, photos)
    names = np.array([str(place % owners) for place in range(photos)])
    units = photos if owners == 1 else owners
    found = controls.owner_interval(correct, names, resamples=100, random=random)
    draws = np.stack([correct] * 3, axis=1)
    crossed = accuracy_estimate(draws, names, resamples=100, random=random)
    assert found == (crossed.low, crossed.high)
    low, high = found if right else (1 - found[1], 1 - found[0])
    assert high == 1
    assert low**units == pytest.approx(0.025)


def test_what_is_drawn_again_is_told_by_how_many_owners_there_are():
    told = [drawn(owners=owners, images=9) for owners in (1, 2, 8, 9)]
    assert told == ["images", "owners", "owners", "images"]


def test_an_interval_covers_the_truth_about_as_often_as_it_says():
    random = np.random.default_rng(2)
    covered = 0
    for _ in range(200):
        skill = random.beta(6, 14, size=60)
        correct = random.random((60, 5)) < skill[:, None]
        owners = np.repeat(np.arange(60).astype(np.str_), 5)
        low, high = controls.owner_interval(correct.ravel(), owners, resamples=300, random=random)
        covered += low <= 0.3 <= high
    assert 0.88 <= covered / 200 <= 0.99
