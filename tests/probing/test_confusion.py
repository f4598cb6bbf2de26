"""Which classes a degradation hurts: planted ones are found, and the pooled z-score is not 0."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from flickrexif.probing.protocols.confusion import (
    Confusion,
    auc,
    class_z_scores,
    confidence_drops,
    confusion_auc,
    confusion_curve,
    new_confusions,
)

CLASSES, PER_CLASS = 30, 10
LABELS = np.repeat(np.arange(CLASSES), PER_CLASS)
scores = arrays(np.float64, st.integers(1, 12), elements=st.integers(0, 6).map(float))


def probabilities(seed: int, labels: np.ndarray = LABELS, sure: float = 3.0) -> np.ndarray:
    raw = np.random.default_rng(seed).normal(0, 0.5, (len(labels), CLASSES))
    raw[np.arange(len(labels)), labels] += sure
    power = np.exp(raw)
    return power / power.sum(axis=1, keepdims=True)


def test_a_drop_is_that_of_the_class_said_of_the_original():
    original = np.array([[0.7, 0.3], [0.4, 0.6]])
    degraded = np.array([[0.2, 0.8], [0.5, 0.5]])
    assert confidence_drops(original, degraded) == pytest.approx([0.5, 0.1])
    with pytest.raises(ValueError, match="equal shapes"):
        confidence_drops(original, degraded[:1])


def test_the_planted_class_stands_out_and_no_other():
    drops = np.random.default_rng(1).normal(0.2, 0.1, len(LABELS))
    drops[LABELS == 17] += 0.4
    z = class_z_scores(drops, LABELS, classes=CLASSES)
    assert z.argmax() == 17
    assert z[17] > 2
    assert np.abs(np.delete(z, 17)).max() < 1
    assert z.mean() == pytest.approx(0, abs=1e-12)


def test_scores_are_pooled():
    drops = np.array([0.0, 0.2, 0.6, 0.8])
    z = class_z_scores(drops, np.array([0, 0, 1, 1]), classes=2)
    pooled = (0.1 - 0.4) / np.sqrt(0.1)
    assert z == pytest.approx([pooled, -pooled])


def test_a_class_without_photos_has_no_score():
    z = class_z_scores(np.array([0.1, 0.3]), np.array([0, 2]), classes=4)
    assert np.isnan(z).tolist() == [False, True, False, True]
    assert np.isnan(class_z_scores(np.zeros(0), np.zeros(0, int), classes=2)).all()


def test_equal_drops_hurt_no_class_more():
    z = class_z_scores(np.full(7, 0.1), np.array([0, 0, 1, 1, 1, 2, 2]), classes=3)
    assert z.tolist() == [0, 0, 0]


def test_new_confusions_count_what_was_right_and_is_not():
    said = np.eye(3)
    labels = np.array([0, 0, 0, 1, 2, 2])
    original = said[[0, 0, 1, 1, 2, 2]]
    degraded = said[[2, 2, 2, 1, 0, 2]]
    found = new_confusions(original, degraded, labels)
    assert found == [Confusion(0, 2, 2), Confusion(2, 0, 1)]


@given(scores, scores)
def test_auc_is_the_share_of_pairs_in_order(positive, negative):
    pairs = np.sign(positive[:, None] - negative[None, :])
    assert auc(positive, negative) == pytest.approx((pairs.mean() + 1) / 2)
    assert auc(positive, negative) + auc(negative, positive) == pytest.approx(1)


def test_auc_of_nothing_is_unknown():
    assert math.isnan(auc(np.zeros(0), np.ones(2)))
    assert math.isnan(auc(np.ones(2), np.zeros(0)))


def test_confusion_looks_at_two_classes_and_the_new_ones_probability():
    labels = np.array([0, 0, 1, 1, 2])
    p = np.array([[0.5, 0.1], [0.5, 0.6], [0.5, 0.4], [0.5, 0.9], [0.5, 0.95]])
    # 0.4 > 0.1, 0.9 > 0.1, 0.9 > 0.6 of four pairs
    assert confusion_auc(p, labels, original_class=0, new_class=1) == pytest.approx(0.75)
    assert confusion_auc(p, labels, original_class=1, new_class=0) == pytest.approx(0.5)


def test_confusion_grows_along_a_sweep():
    labels = np.repeat(np.arange(CLASSES), 40)
    levels = [probabilities(3, labels, sure) for sure in (4.0, 1.0, 0.0)]
    curve = confusion_curve(levels, labels, original_class=2, new_class=5)
    assert curve[0] > 0.999
    assert curve == sorted(curve, reverse=True)
    assert curve[-1] == pytest.approx(0.5, abs=0.15)
