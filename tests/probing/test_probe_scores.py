from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flickrexif.probing import controls, scores

CLASSES = 5


@st.composite
def answers(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """What is said and what is true of 1 to 30 photos."""
    count = draw(st.integers(1, 30))
    each = st.lists(st.integers(0, CLASSES - 1), min_size=count, max_size=count)
    return np.array(draw(each), np.int64), np.array(draw(each), np.int64)


def matrix(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return scores.confusion_matrix(predicted, truth, classes=CLASSES)


def test_a_confusion_matrix_has_a_row_per_true_class():
    found = scores.confusion_matrix(np.array([0, 2, 2, 1]), np.array([0, 0, 2, 2]), classes=3)
    assert found.tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 1]]


def test_macro_f1_by_hand():
    # class 0: 1 right, 2 true, 1 said: 2/3; class 1: said once, never true: 0; class 2: 2/4
    found = scores.confusion_matrix(np.array([0, 2, 2, 1]), np.array([0, 0, 2, 2]), classes=4)
    assert scores.macro_f1(found) == pytest.approx((2 / 3 + 0 + 1 / 2) / 3)


def test_rank_correlations_by_hand():
    # ranks of truth 1 2 3 4, of what is said 1 3 2 4: rho = 1 - 6 · 2 / 60, one pair of 6 turned
    found = scores.confusion_matrix(np.array([0, 2, 1, 3]), np.array([0, 1, 2, 3]), classes=4)
    assert scores.spearman(found) == pytest.approx(0.8)
    assert scores.kendall(found) == pytest.approx((5 - 1) / 6)


def test_rank_correlations_with_ties_by_hand():
    # truth 0 0 1 1, said 0 1 1 1: ranks 1.5 1.5 3.5 3.5 and 1 3 3 3
    found = scores.confusion_matrix(np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1]), classes=2)
    assert scores.spearman(found) == pytest.approx(2 / (4 * 3) ** 0.5)
    # pairs apart in both: 2 in one order; apart in truth: 4; apart in what is said: 3
    assert scores.kendall(found) == pytest.approx(2 / (4 * 3) ** 0.5)


@pytest.mark.parametrize("said", [[0, 1, 2], [1, 1, 1]])
@pytest.mark.parametrize("true", [[2, 2, 2], [0, 0, 0]])
def test_rank_correlations_of_one_class_are_undefined(said: list[int], true: list[int]):
    found = matrix(np.array(said), np.array(true))
    assert scores.spearman(found) is None
    assert scores.kendall(found) is None


def pair_count(said: np.ndarray, true: np.ndarray) -> float | None:
    """Tau-b from all pairs, one by one."""
    left, right = np.sign(said[:, None] - said), np.sign(true[:, None] - true)
    spread = (left**2).sum() * (right**2).sum()
    return (left * right).sum() / spread**0.5 if spread else None


def midranks(values: np.ndarray) -> np.ndarray:
    return (values[:, None] > values).sum(1) + ((values[:, None] == values).sum(1) + 1) / 2


@settings(max_examples=100, deadline=None)
@given(answers())
def test_rank_correlations_are_those_of_the_photos_one_by_one(both):
    said, true = both
    found, wanted = scores.kendall(matrix(said, true)), pair_count(said, true)
    assert (found is None) == (wanted is None)
    if wanted is not None:
        assert found == pytest.approx(wanted, abs=1e-12)
        rho = np.corrcoef(midranks(said), midranks(true))[0, 1]
        assert scores.spearman(matrix(said, true)) == pytest.approx(rho, abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(answers())
def test_the_matrix_tells_all_that_the_answers_tell(both):
    said, true = both
    found = matrix(said, true)
    recalls = [found[c, c] / found[c].sum() for c in range(CLASSES) if found[c].sum()]
    assert np.mean(recalls) == pytest.approx(controls.balanced_accuracy(said, true))
    near = sum(found.diagonal(k).sum() for k in (-1, 0, 1)) / len(true)
    assert near == pytest.approx(controls.off_by_one_accuracy(said, true))
    assert 0 <= scores.macro_f1(found) <= 1
    assert (scores.macro_f1(found) == 1) == bool((said == true).all())


@settings(max_examples=50, deadline=None)
@given(answers())
def test_turning_the_order_of_classes_turns_no_rank_correlation(both):
    said, true = both
    one, both_turned = matrix(said, true), matrix(CLASSES - 1 - said, CLASSES - 1 - true)
    turned = matrix(CLASSES - 1 - said, true)
    for score in (scores.spearman, scores.kendall):
        if score(one) is not None:
            assert score(both_turned) == pytest.approx(score(one), abs=1e-12)
            assert score(turned) == pytest.approx(-score(one), abs=1e-12)
