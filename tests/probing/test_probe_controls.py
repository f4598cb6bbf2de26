from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flickrexif.probing import controls

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
