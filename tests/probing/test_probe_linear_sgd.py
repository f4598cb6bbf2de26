from __future__ import annotations

import pytest
import torch
from torch.nn.functional import cross_entropy, normalize

from flickrexif.probing.solvers import Labelled, Sgd
from flickrexif.probing.solvers.sgd import Point, first_head, shares, sobol_points

CLASSES = 4


def rows(count: int, seed: int = 0, dtype: torch.dtype = torch.float64):
    random = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % CLASSES
    means = torch.randn(CLASSES, 12, generator=random)
    features = torch.randn(count, 12, generator=random) + 0.4 * means[labels] + 1
    return normalize(features).to(dtype), labels


def plainly(features, labels, point: Point, solver: Sgd) -> torch.nn.Linear:
    """One trial as torch's own optimiser runs it."""
    torch.manual_seed(solver.seed)
    head = torch.nn.Linear(features.shape[1], CLASSES).to(features)
    random = torch.Generator().manual_seed(solver.seed)
    first_head(features, CLASSES, random)  # the order of rows is drawn after the weights
    optimiser = torch.optim.SGD(
        head.parameters(), point.learning_rate, momentum=0.9, weight_decay=point.weight_decay
    )
    for share in shares(solver.epochs):
        optimiser.param_groups[0]["lr"] = share * point.learning_rate
        for some in torch.randperm(len(labels), generator=random).split(solver.batch):
            optimiser.zero_grad()
            cross_entropy(head(features[some]), labels[some]).backward()
            optimiser.step()
    return head


def test_every_trial_equals_the_same_trial_run_alone_by_torch():
    features, labels = rows(70)
    solver = Sgd(trials=12, epochs=4, batch=32, seed=3)  # 70 rows: the last batch is of 6
    points = [*sobol_points(12), Point(0.5, 0.3)]
    heads = solver.train(features, labels[None], points, classes=CLASSES)
    for place, point in enumerate(points):
        alone = plainly(features, labels, point, solver)
        torch.testing.assert_close(
            heads.weights[:, place].T, alone.weight.detach(), atol=1e-6, rtol=1e-6
        )
        torch.testing.assert_close(heads.biases[place], alone.bias.detach(), atol=1e-6, rtol=1e-6)


def test_heads_of_other_labels_are_trained_as_if_alone():
    features, labels = rows(60)
    solver, point = Sgd(epochs=3, batch=16), Point(1.0, 1e-3)
    targets = torch.stack([labels, labels.roll(1)])
    together = solver.train(features, targets, [point] * 2, classes=CLASSES)
    alone = solver.train(features, targets[1:], [point], classes=CLASSES)
    torch.testing.assert_close(together.weights[:, 1], alone.weights[:, 0], atol=1e-10, rtol=1e-10)
    assert not torch.allclose(together.weights[:, 0], together.weights[:, 1])


def test_first_weights_are_those_of_torch():
    torch.manual_seed(5)
    linear = torch.nn.Linear(12, CLASSES)
    weights, biases = first_head(torch.zeros(1, 12), CLASSES, torch.Generator().manual_seed(5))
    torch.testing.assert_close(weights, linear.weight.detach())
    torch.testing.assert_close(biases, linear.bias.detach())


def test_the_rate_is_held_for_two_epochs_and_ends_at_a_thousandth():
    rates = list(shares(100))
    assert rates[:2] == [1.0, 1.0]
    assert rates[2] == pytest.approx(0.99975, abs=1e-5)
    assert rates[51] == pytest.approx(0.5)
    assert rates[-1] == pytest.approx(0.000987, abs=1e-6)
    assert rates == sorted(rates, reverse=True)


def test_points_are_a_fixed_set_within_the_published_ranges():
    points = sobol_points(30)
    assert points[:8] == sobol_points(8)
    assert len(set(points)) == 30
    assert all(1e-1 < p.learning_rate < 1e2 and 1e-12 < p.weight_decay < 1e-4 for p in points)
    assert (points[0].learning_rate, points[0].weight_decay) == pytest.approx((10**0.5, 1e-8))
    assert (points[1].learning_rate, points[1].weight_decay) == pytest.approx((10**1.25, 1e-10))
    slow = sum(p.learning_rate < 10**0.5 for p in points)
    light = sum(p.weight_decay < 1e-8 for p in points)
    assert 13 <= slow <= 16
    assert 13 <= light <= 16


def test_the_choice_is_the_best_after_the_last_epoch_and_is_trained_on_both_splits():
    train, validation = (rows(count, seed, torch.float32) for count, seed in ((120, 1), (40, 2)))
    seen, held = (Labelled.of(x, y.numpy()) for x, y in (train, validation))
    solver = Sgd(trials=6, epochs=5, batch=32)
    fitted = solver(seen, held, classes=CLASSES)
    points = sobol_points(6)
    right = [
        int((plainly(*train, point, solver)(held.features).argmax(1) == held.labels).sum())
        for point in points
    ]
    best = right.index(max(right))
    assert fitted.choice.learning_rate == points[best].learning_rate
    assert fitted.choice.penalty == points[best].weight_decay
    assert fitted.choice.validation_accuracy == max(right) / 40
    both = torch.cat([seen.features, held.features]), torch.cat([seen.labels, held.labels])
    alone = plainly(*both, points[best], solver)
    torch.testing.assert_close(
        fitted.heads.weights[:, 0].T, alone.weight.detach(), atol=1e-3, rtol=1e-3
    )


def test_features_are_brought_to_length_one():
    features, labels = rows(80, dtype=torch.float32)
    near, far = (
        Sgd(trials=2, epochs=2, batch=32)(
            Labelled.of(features * scale, labels.numpy()),
            Labelled.of(features, labels.numpy()),
            classes=CLASSES,
        )
        for scale in (1.0, 64.0)
    )
    torch.testing.assert_close(near.heads.weights, far.heads.weights, atol=1e-4, rtol=1e-3)
    told = far.heads.logits(far.scaling(features))
    torch.testing.assert_close(far.heads.logits(far.scaling(features * 5)), told)
