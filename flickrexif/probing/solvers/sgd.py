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
ALIGNED = 8
"""Columns: products of rows that begin anywhere are an eighth slower on a GPU."""


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
        training = _Training(features, targets, first_head(features, classes, random), points)
        epoch = _Epoch(training, self.batch)
        for share in shares(self.epochs):
            epoch(torch.randperm(len(features), generator=random, device="cpu"), share)
        return training.heads()


class _Training:
    """The heads of P points as one linear map, (P · C) x W, trained in place.

    Beside the D columns of the weights stand that of the biases, which a feature of 1 meets, and
    zeros up to W, a multiple of `ALIGNED`.
    """

    def __init__(
        self,
        features: Tensor,
        targets: Tensor,
        first: tuple[Tensor, Tensor],
        points: Sequence[Point],
    ) -> None:
        weights, biases = first
        self._shape = len(points), len(biases)
        count, self._dim = features.shape
        width = -(-(self._dim + 1) // ALIGNED) * ALIGNED
        self.features = features.new_zeros(count, width)
        self.features[:, : self._dim], self.features[:, self._dim] = features, 1.0
        self._goals = targets.T[..., None].expand(-1, len(points), 1)
        self._map = features.new_zeros(*self._shape, width)
        self._map[..., : self._dim], self._map[..., self._dim] = weights, biases
        self._map = self._map.flatten(0, 1)
        self._velocity = torch.zeros_like(self._map)
        rates = biases.new_tensor([point.learning_rate for point in points])
        decays = biases.new_tensor([point.weight_decay for point in points])
        self._rates, self._decays = (
            each.repeat_interleave(len(biases))[:, None] for each in (rates, decays)
        )
        self._rates_now = self._rates.clone()
        self._less = biases.new_full((), -1.0)

    def slow_down(self, share: float) -> None:
        """Take the next steps at ``share`` of the first learning rates."""
        torch.mul(self._rates, share, out=self._rates_now)

    def step(self, rows: Tensor) -> None:
        """One batch."""
        features, goals = self.features[rows], self._goals[rows]
        residual = linear(features, self._map).reshape(-1, *self._shape).softmax(2)
        residual.scatter_add_(2, goals, self._less.expand_as(goals))
        slope = residual.flatten(1).T  # B times that of the mean over the batch
        self._velocity.addmm_(slope, features, beta=MOMENTUM, alpha=1 / len(rows))
        self._velocity.addcmul_(self._decays, self._map)
        self._map.addcmul_(self._rates_now, self._velocity, value=-1)

    def heads(self) -> Heads:
        """The heads as they are now."""
        weights = self._map[:, : self._dim].T.reshape(-1, *self._shape)
        return Heads(weights, self._map[:, self._dim].reshape(self._shape))


class _Epoch:
    """All steps of an epoch in batches of ``batch`` rows.

    On CUDA they are recorded as one graph and launched at once: a step is ten kernels of some
    microseconds, less than it takes to launch them one by one. The first epoch runs unrecorded, as
    libraries must have been loaded before they are recorded.
    """

    def __init__(self, training: _Training, batch: int) -> None:
        self._training, self._batch = training, batch
        self._order = torch.arange(len(training.features), device=training.features.device)
        self._graph: torch.cuda.CUDAGraph | None = None
        self._ran = False

    def __call__(self, order: Tensor, share: float) -> None:
        """Take the rows in ``order`` (int64, N) at ``share`` of the first learning rates."""
        self._training.slow_down(share)
        self._order.copy_(order)
        if self._order.is_cuda and self._ran:
            self._graph = self._graph or self._recorded()
            self._graph.replay()
        else:
            self._steps()
        self._ran = True

    def _steps(self) -> None:
        for rows in torch.split(self._order, self._batch):
            self._training.step(rows)

    def _recorded(self) -> torch.cuda.CUDAGraph:
        """The kernels that the steps launch, which recording does not run."""
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, capture_error_mode="thread_local"):
            self._steps()
        return graph


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
