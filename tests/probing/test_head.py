"""The linear head of a degradation report and of a golden set."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from flickrexif.probing.protocols.head import Head, fit_head

CLASSES, DIM = 3, 12


def rows(seed: int, count: int, *, signal: float) -> tuple[torch.Tensor, np.ndarray]:
    """Noise whose first columns lean to the class."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % CLASSES
    features = random.normal(0, 1, (count, DIM))
    features[np.arange(count), labels] += signal
    return torch.from_numpy(features.astype(np.float32)), labels


def test_probabilities_are_the_softmax_of_the_logits():
    train, validation = rows(0, 60, signal=1), rows(1, 30, signal=1)
    head = fit_head(train, validation, classes=CLASSES)
    found = head.probabilities(train[0])
    assert found.sum(axis=1) == pytest.approx(np.ones(60), abs=1e-6)
    logits = head.solved.logits(head.scaling(train[0]))[:, 0]
    assert found == pytest.approx(torch.softmax(logits, 1).numpy(), abs=1e-6)
    assert (found.argmax(axis=1) == train[1]).mean() > 0.6


def test_the_penalty_is_what_validation_says_and_scales_are_those_of_train():
    """The strongest always says the commonest class of train, which is right where all have it."""
    train, validation = rows(0, 60, signal=2), rows(1, 30, signal=2)
    mostly = np.flatnonzero((train[1] == 0) | (np.arange(60) < 12))
    train = train[0][mostly], train[1][mostly]
    assert fit_head(train, validation, classes=CLASSES, penalties=(1e-4, 1e4)).penalty < 1
    same = (validation[0], np.zeros(30, dtype=np.int64))
    head = fit_head(train, same, classes=CLASSES, penalties=(1e-4, 1e4))
    assert head.penalty == 1e4
    assert torch.equal(head.scaling.mean, train[0].mean(0))


def test_both_splits_are_fitted_at_one_given_penalty():
    train, validation = rows(0, 30, signal=1), rows(1, 90, signal=3)
    both = fit_head(train, validation, classes=CLASSES, penalties=(0.01,))
    alone = fit_head(train, rows(2, 3, signal=0), classes=CLASSES, penalties=(0.01,))
    assert both.penalty == pytest.approx(0.01)
    tested, labels = rows(3, 300, signal=3)
    right = [(h.probabilities(tested).argmax(axis=1) == labels).mean() for h in (both, alone)]
    assert right[0] > right[1]


def test_the_optimum_hangs_on_no_rounding():
    """Features that differ in their last bits give probabilities that hardly differ."""
    train, validation = rows(0, 60, signal=1), rows(1, 30, signal=1)
    moved = (train[0] * (1 + 1e-6), train[1])
    heads: list[Head] = [
        fit_head(each, validation, classes=CLASSES, penalties=(0.01,)) for each in (train, moved)
    ]
    one, other = (head.probabilities(validation[0]) for head in heads)
    assert np.abs(one - other).max() < 1e-3
