from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

from flickrexif.probing.linear import Scaling, fit

if TYPE_CHECKING:
    from flickrexif.probing import linear


def toy(rows: int, dim: int, classes: int, *, apart: float, seed: int = 0):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(rows) % classes
    means = torch.randn(classes, dim, generator=generator) * apart
    spread = torch.linspace(1.0, 0.05, dim)
    return torch.randn(rows, dim, generator=generator) * spread + means[labels], labels


def objective(heads: linear.Heads, features, labels, penalty: float, problem: int) -> float:
    weights = heads.weights[:, problem].double()
    logits = features.double() @ weights + heads.biases[problem].double()
    return float(cross_entropy(logits, labels) + penalty / 2 * weights.square().sum())


def reference_objective(features, labels, penalty: float, classes: int) -> float:
    features = features.double()
    weights = torch.zeros(features.shape[1], classes, dtype=torch.double, requires_grad=True)
    bias = torch.zeros(classes, dtype=torch.double, requires_grad=True)
    optimiser = torch.optim.LBFGS(
        [weights, bias], max_iter=2000, tolerance_grad=1e-10, line_search_fn="strong_wolfe"
    )

    def closure():
        optimiser.zero_grad()
        loss = cross_entropy(features @ weights + bias, labels)
        loss = loss + penalty / 2 * weights.square().sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    return float(closure().detach())


def test_separable_classes_are_learnt_without_error():
    features, labels = toy(300, 12, 5, apart=4.0)
    heads = fit(features, labels[None], torch.tensor([1e-4]), classes=5)
    assert bool((heads.predict(features)[:, 0] == labels).all())


@pytest.mark.parametrize("penalty", [1e-3, 1e-1, 3.0])
@pytest.mark.parametrize("classes", [2, 7])
def test_the_objective_agrees_with_plain_lbfgs(penalty: float, classes: int):
    features, labels = toy(400, 20, classes, apart=0.5)
    heads = fit(features, labels[None], torch.tensor([penalty]), classes=classes)
    ours = objective(heads, features, labels, penalty, 0)
    assert ours == pytest.approx(reference_objective(features, labels, penalty, classes), abs=2e-4)


def test_a_batch_solves_each_problem_as_if_alone():
    features, labels = toy(200, 10, 3, apart=0.5)
    other = labels.roll(1)
    targets, penalties = torch.stack([labels, labels, other]), torch.tensor([1e-3, 1.0, 1e-2])
    together = fit(features, targets, penalties, classes=3)
    for problem, penalty in enumerate(penalties.tolist()):
        alone = fit(features, targets[problem][None], torch.tensor([penalty]), classes=3)
        torch.testing.assert_close(
            together.weights[:, problem], alone.weights[:, 0], atol=2e-3, rtol=0
        )


def test_turns_give_what_one_batch_gives():
    features, labels = toy(100, 6, 3, apart=0.5)
    targets, penalties = labels.expand(5, -1), torch.tensor([1e-3, 1e-2, 0.1, 1.0, 10.0])
    at_once = fit(features, targets, penalties, classes=3)
    in_turns = fit(features, targets, penalties, classes=3, logits_at_once=100 * 3 * 2)
    torch.testing.assert_close(at_once.weights, in_turns.weights, atol=2e-3, rtol=0)


def test_equal_input_gives_equal_weights():
    features, labels = toy(150, 8, 4, apart=0.3)
    first, second = (
        fit(features, labels.expand(3, -1), torch.tensor([1e-4, 1e-2, 1.0]), classes=4)
        for _ in range(2)
    )
    assert torch.equal(first.weights, second.weights)
    assert torch.equal(first.biases, second.biases)


def test_a_stronger_penalty_gives_smaller_weights():
    features, labels = toy(150, 8, 4, apart=0.3)
    penalties = torch.tensor([1e-4, 1e-3, 1e-2, 1e-1, 1.0, 10.0])
    heads = fit(features, labels.expand(6, -1), penalties, classes=4)
    norms = heads.weights.square().sum((0, 2))
    assert bool((norms.diff() < 0).all())


def test_features_that_tell_nothing_give_the_frequencies_of_the_classes():
    labels = torch.tensor([0] * 60 + [1] * 30 + [2] * 10)
    heads = fit(torch.zeros(100, 4), labels[None], torch.tensor([0.1]), classes=3)
    shares = heads.logits(torch.zeros(1, 4)).softmax(2)[0, 0]
    torch.testing.assert_close(shares, torch.tensor([0.6, 0.3, 0.1]), atol=2e-3, rtol=0)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    rows=st.integers(6, 40),
    dim=st.integers(1, 50),
    classes=st.integers(2, 5),
    exponent=st.floats(-4, 1),
)
def test_the_gradient_vanishes_at_what_is_found(
    seed: int, rows: int, dim: int, classes: int, exponent: float
):
    features, labels = toy(rows, dim, classes, apart=0.5, seed=seed)
    features = Scaling.of(features)(features)
    penalty = 10**exponent
    heads = fit(features, labels[None], torch.tensor([penalty]), classes=classes)
    weights = heads.weights[:, 0].double().requires_grad_()
    bias = heads.biases[0].double().requires_grad_()
    loss = cross_entropy(features.double() @ weights + bias, labels)
    (loss + penalty / 2 * weights.square().sum()).backward()
    assert float(weights.grad.norm()) < 0.02
    assert float(bias.grad.norm()) < 0.02


def test_scaling_gives_mean_zero_and_deviation_one_and_leaves_constants_at_zero():
    features = torch.randn(50, 3) * torch.tensor([1.0, 100.0, 0.0]) + torch.tensor([0, 5, 7.3])
    scaled = Scaling.of(features)(features)
    torch.testing.assert_close(scaled.mean(0), torch.zeros(3), atol=1e-5, rtol=0)
    deviation = scaled.std(0, correction=0)
    torch.testing.assert_close(deviation, torch.tensor([1.0, 1.0, 0.0]), atol=1e-4, rtol=0)
