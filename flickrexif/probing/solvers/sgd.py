"""The protocol of the published figures: SGD over a fixed set of points, all trained side by side.

Features are normalised to length 1 and not standardised; heads are linear with a bias;
cross-entropy is minimised by SGD with momentum 0.9 in batches of 1024 for 100 epochs. The learning
rate follows a half cosine that is updated after each epoch: epochs 0 and 1 run at the first rate,
the last of 100 at about a thousandth of it. A point is a learning rate and a weight decay; the one
with the best validation accuracy after the last epoch, of equals the first, is trained again on
train and validation together.

The protocol searches one point after the other. Here the points are the first of an unscrambled
Sobol sequence over the published log-uniform ranges, trained from the same first weights and in the
same order of rows, so that a step of all of them costs two matrix products. Weights and order are
drawn on the CPU: a seed means the same on any device.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import linear, normalize

from flickrexif.probing.solvers.heads import Fitted, Heads
from flickrexif.probing.solvers.protocol import Choice, Labelled, final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

TRIALS = 30
EPOCHS = 100
BATCH = 1024
MOMENTUM = 0.9
LEARNING_RATES = (1e-1, 1e2)
WEIGHT_DECAYS = (1e-12, 1e-4)


@dataclass(frozen=True, slots=True)
class Point:
    """One trial: ``weight_decay`` is added to the gradient, of weights and biases."""

    learning_rate: float
    weight_decay: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sgd:
    """The solver ``sgd``: the best of ``trials`` points."""

    trials: int = TRIALS
    epochs: int = EPOCHS
    batch: int = BATCH
    seed: int = 0
    """Of the first weights and the order of rows."""

    def __call__(
        self,
        train: Labelled,
        validation: Labelled,
        *,
        classes: int,
        permutations: NDArray[np.int64] | None = None,
    ) -> Fitted:
        """See `flickrexif.probing.solvers.protocol.Solver`."""
        train, validation = train.scaled(unit_length), validation.scaled(unit_length)
        points = sobol_points(self.trials)
        heads = self.train(train.features, train.labels[None], points, classes=classes)
        right = heads.right(validation.features, validation.labels)
        best = int((right == right.max()).nonzero().min())
        point, accuracy = points[best], int(right[best]) / len(validation)
        choice = Choice(point.weight_decay, accuracy, learning_rate=point.learning_rate)
        features, targets = final(train, validation, permutations)
        refitted = self.train(features, targets, [point] * len(targets), classes=classes)
        return Fitted(choice, unit_length, refitted)

    def train(
        self, features: Tensor, targets: Tensor, points: Sequence[Point], *, classes: int
    ) -> Heads:
        """A head for each of ``points``, trained side by side.

        ``features`` is floating N x D, ``targets`` int64 P x N, or 1 x N where they are alike.
        """
        random = torch.Generator("cpu").manual_seed(self.seed)
        training = _Training(first_head(features, classes, random), points)
        goals = targets.T[..., None].expand(-1, len(points), 1)
        for share in shares(self.epochs):
            order = torch.randperm(len(features), generator=random, device="cpu")
            for rows in torch.split(order.to(features.device), self.batch):
                training.step(features[rows], goals[rows], share)
        return training.heads()


class _Training:
    """The heads of P points as one linear map in torch's layout, (P · C) x D, trained in place."""

    def __init__(self, first: tuple[Tensor, Tensor], points: Sequence[Point]) -> None:
        weights, biases = first
        self._shape = len(points), len(biases)
        self._map = weights.repeat(len(points), 1), biases.repeat(len(points))
        self._velocity = tuple(torch.zeros_like(each) for each in self._map)
        rates = biases.new_tensor([point.learning_rate for point in points])
        decays = biases.new_tensor([point.weight_decay for point in points])
        self._rates, self._decays = (
            each.repeat_interleave(len(biases)) for each in (rates, decays)
        )

    def step(self, features: Tensor, goals: Tensor, share: float) -> None:
        """One batch at ``share`` of the first learning rates: ``goals`` is B x P x 1."""
        residual = linear(features, *self._map).reshape(-1, *self._shape).softmax(2)
        residual.scatter_add_(2, goals, residual.new_full((), -1.0).expand_as(goals))
        residual = residual.flatten(1).div_(len(features))
        slopes = residual.T @ features, residual.sum(0)
        for part, velocity, slope in zip(self._map, self._velocity, slopes, strict=True):
            rates, decays = (
                each.reshape(-1, *[1] * (part.dim() - 1)) for each in (self._rates, self._decays)
            )
            velocity.mul_(MOMENTUM).add_(slope).addcmul_(decays, part)
            part.addcmul_(rates, velocity, value=-share)

    def heads(self) -> Heads:
        """The heads as they are now."""
        weights, biases = self._map
        return Heads(weights.T.reshape(-1, *self._shape), biases.reshape(self._shape))


def unit_length(features: Tensor) -> Tensor:
    """``features`` with rows of length 1; a row of zeros stays."""
    return normalize(features)


def sobol_points(count: int) -> list[Point]:
    """The first ``count`` points of the fixed set, log-uniform in the published ranges."""
    engine = torch.quasirandom.SobolEngine(2)  # type: ignore[no-untyped-call]
    draws = engine.draw(count + 1, dtype=torch.double)[1:]  # the very first is a corner
    return [Point(_within(LEARNING_RATES, u), _within(WEIGHT_DECAYS, v)) for u, v in draws.tolist()]


def shares(epochs: int) -> Iterator[float]:
    """The learning rate of each epoch as a share of the first."""
    for epoch in range(epochs):
        yield 0.5 * (1 + math.cos(math.pi * max(0, epoch - 1) / epochs))


def first_head(features: Tensor, classes: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """The first weights (C x D) and biases (C) of every point, as `torch.nn.Linear` draws them."""
    dim = features.shape[1]
    bound = dim**-0.5
    weights, biases = (
        torch.empty(shape, device="cpu").uniform_(-bound, bound, generator=random)
        for shape in ((classes, dim), (classes,))
    )
    return weights.to(features), biases.to(features)


def _within(bounds: tuple[float, float], share: float) -> float:
    low, high = bounds
    return float(low * (high / low) ** share)
