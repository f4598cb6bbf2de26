from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

from flickrexif.probing.solvers import Labelled, Lbfgs, Scaling
from flickrexif.probing.solvers.descent import downhill
from flickrexif.probing.solvers.lbfgs import PATIENCE, fit
from flickrexif.probing.solvers.objective import Problems, Spectrum, dot

if TYPE_CHECKING:
    from flickrexif.probing.solvers import Heads


def toy(rows: int, dim: int, classes: int, *, apart: float, seed: int = 0):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(rows) % classes
    means = torch.randn(classes, dim, generator=generator) * apart
    spread = torch.linspace(1.0, 0.05, dim)
    return torch.randn(rows, dim, generator=generator) * spread + means[labels], labels


def splits(rows: int, dim: int, classes: int, *, apart: float) -> tuple[Labelled, Labelled]:
    features, labels = toy(rows, dim, classes, apart=apart)
    cut = 2 * rows // 3
    return (
        Labelled.of(features[:cut], labels[:cut].numpy()),
        Labelled.of(features[cut:], labels[cut:].numpy()),
    )


def objective_of(heads: Heads, features, labels, penalty: float, problem: int) -> float:
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
    ours = objective_of(heads, features, labels, penalty, 0)
    assert ours == pytest.approx(reference_objective(features, labels, penalty, classes), abs=2e-4)


def test_losses_and_slopes_are_those_that_torch_derives():
    features, labels = toy(90, 7, 4, apart=0.5)
    targets, penalties = torch.stack([labels, labels.roll(1)]), torch.tensor([0.01, 0.5])
    problems = Problems.of(features, targets, penalties, 4, Spectrum.of(features))
    point = torch.randn(8, 2, 4, generator=torch.Generator().manual_seed(0)).requires_grad_()
    heads = problems.heads(point)
    logits = heads.logits(features)
    told = torch.stack(
        [
            cross_entropy(logits[:, p], targets[p])
            + penalties[p] / 2 * heads.weights[:, p].square().sum()
            for p in range(2)
        ]
    )
    (slope,) = torch.autograd.grad(told.sum(), point)
    loss, ours = problems.evaluate(point.detach())
    torch.testing.assert_close(loss, told.detach(), atol=1e-5, rtol=0)
    torch.testing.assert_close(ours, slope, atol=1e-5, rtol=0)


def test_a_slope_like_the_last_change_leads_back_along_the_last_move():
    random = torch.Generator().manual_seed(0)
    moves = torch.randn(4, 9, 2, 3, generator=random, dtype=torch.double)
    root = torch.randn(2, 27, 27, generator=random, dtype=torch.double)
    hessians = root @ root.mT + torch.eye(27)

    def change(move: torch.Tensor) -> torch.Tensor:
        flat = move.permute(1, 0, 2).reshape(2, 27, 1)
        return (hessians @ flat).reshape(2, 9, 3).permute(1, 0, 2)

    memory = [(move, change(move)) for move in moves]
    metric = 1 + torch.rand(9, 2, 1, generator=random, dtype=torch.double)
    torch.testing.assert_close(downhill(memory[-1][1], memory, metric), -moves[-1])
    torch.testing.assert_close(downhill(metric * moves[0], [], metric), -moves[0])
    one, other = torch.randn(2, 9, 2, 3, generator=random, dtype=torch.double)
    crossed = [dot(a, downhill(b, memory, metric)) for a, b in ((one, other), (other, one))]
    torch.testing.assert_close(*crossed)  # it is a symmetric matrix that multiplies the slope


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


def test_rows_in_turns_give_what_all_at_once_give():
    features, labels = toy(100, 6, 3, apart=0.5)
    targets, penalties = labels.expand(5, -1), torch.tensor([1e-3, 1e-2, 0.1, 1.0, 10.0])
    problems = Problems.of(features, targets, penalties, 3, Spectrum.of(features))
    point = torch.randn(7, 5, 3, generator=torch.Generator().manual_seed(0))
    at_once = problems.evaluate(point)
    in_turns = problems.evaluate(point, logits_at_once=5 * 3 * 7)
    for one, other in zip(at_once, in_turns, strict=True):
        torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-5)


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


def by_hand(train: Labelled, validation: Labelled, penalty: float, classes: int):
    """Counts of right validation rows after 1, 2, ... steps, each fitted anew, until it stops."""
    scaling = Scaling.of(train.features)
    seen, held = scaling(train.features), scaling(validation.features)
    goals, penalties = train.labels[None], torch.tensor([penalty])
    counts: list[int] = []
    before = torch.zeros(0)
    while not counts or len(counts) - 1 - counts.index(max(counts)) < PATIENCE:
        heads = fit(seen, goals, penalties, classes=classes, steps=len(counts) + 1)
        if torch.equal(heads.weights, before):
            break  # it was solved
        before = heads.weights
        counts.append(int(heads.right(held, validation.labels)))
    return counts


@pytest.mark.parametrize("rows", [210, 600])
def test_a_penalty_stops_on_a_plateau_and_its_refit_takes_as_many_steps(rows: int):
    train, validation = splits(rows, 30, 6, apart=0.25)
    fitted = Lbfgs((1e-4,))(train, validation, classes=6)
    counts = by_hand(train, validation, 1e-4, 6)
    assert len(counts) > PATIENCE
    assert counts[-1] < max(counts)
    assert (counts.count(max(counts)) > 1) == (rows == 210)  # to reach it again is no rise
    assert fitted.choice.steps == len(counts)
    assert fitted.choice.validation_accuracy == counts[-1] / len(validation)
    scaling = Scaling.of(train.features)
    both = scaling(torch.cat([train.features, validation.features]))
    labels = torch.cat([train.labels, validation.labels])
    again = fit(
        both,
        labels[None],
        torch.tensor([1e-4]),
        classes=6,
        steps=fitted.choice.steps,
        spectrum=Spectrum.of(scaling(train.features)),
    )
    torch.testing.assert_close(fitted.heads.weights, again.weights, atol=1e-5, rtol=0)


def test_the_choice_is_the_best_of_the_path_and_of_equals_the_strongest():
    train, validation = splits(600, 30, 6, apart=0.25)
    path = (1e-3, 1e-2, 1e-1, 1.0)
    alone = {p: Lbfgs((p,))(train, validation, classes=6).choice for p in path}
    best = max(choice.validation_accuracy for choice in alone.values())
    wanted = max(p for p, choice in alone.items() if choice.validation_accuracy == best)
    together = Lbfgs(path[::-1])(train, validation, classes=6).choice
    assert together == alone[wanted]
    easy, held = splits(60, 12, 3, apart=6.0)
    assert Lbfgs(path)(easy, held, classes=3).choice.penalty == 1.0
