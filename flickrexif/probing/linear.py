"""Multinomial logistic regression over frozen embeddings: many problems, one batch.

A problem is a set of targets and an L2 penalty; all problems share their features, so a whole
regularisation path, and the same path for permuted labels, costs one matrix product per step.
Features are rotated to the eigenbasis of their covariance, where Böhning's bound of the Hessian,
(1 - 1/C)/2 · eigenvalue + penalty, is diagonal ("Multinomial logistic regression algorithm",
Annals of the Institute of Statistical Mathematics 44(1), 1992). It is the metric in which L-BFGS
(Liu and Nocedal, Mathematical Programming 45, 1989) runs. The problem is convex and nothing is
drawn at random: equal input gives equal weights.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import torch
from torch import Tensor

HISTORY = 6
STEPS = 100
TOLERANCE = 1e-3
"""A problem is solved when its gradient, in the metric of the bound, fell to this share."""
LOGITS_AT_ONCE = 32_000_000
"""How many logits (rows x problems x classes) are held at once; more problems go in turns."""
SUFFICIENT = 1e-4
"""Armijo's constant: the share of the linear decrease that a step must keep."""
ROUNDING = 1e-6
"""The relative error of a loss summed in float32, by which a step is not judged."""


@dataclass(frozen=True, slots=True, eq=False)
class Scaling:
    """The shift and scale that bring features to mean 0 and standard deviation 1."""

    mean: Tensor
    scale: Tensor

    @classmethod
    def of(cls, features: Tensor) -> Scaling:
        """Learn it from N x D ``features``; a constant feature is shifted to 0 and stays 0."""
        deviation = features.std(0, correction=0)
        magnitude = features.abs().amax(0)
        constant = deviation <= 1e-6 * magnitude
        return cls(features.mean(0), torch.where(constant, torch.inf, deviation))

    def __call__(self, features: Tensor) -> Tensor:
        """Scaled ``features``."""
        return (features - self.mean) / self.scale


@dataclass(frozen=True, slots=True, eq=False)
class Heads:
    """Solved problems: ``weights`` is D x P x C, ``biases`` is P x C."""

    weights: Tensor
    biases: Tensor

    def logits(self, features: Tensor) -> Tensor:
        """N x P x C, of N x D ``features``."""
        dim, problems, classes = self.weights.shape
        flat = features @ self.weights.reshape(dim, problems * classes)
        return flat.reshape(len(features), problems, classes) + self.biases

    def predict(self, features: Tensor) -> Tensor:
        """The most likely class by each problem: int64, N x P."""
        return self.logits(features).argmax(2)


def fit(
    features: Tensor,
    targets: Tensor,
    penalties: Tensor,
    *,
    classes: int,
    logits_at_once: int = LOGITS_AT_ONCE,
) -> Heads:
    """Minimise mean cross-entropy + penalty/2 · squared norm of the weights, for each problem.

    ``features`` is float32 N x D, ``targets`` int64 P x N in 0 to classes-1, ``penalties``
    float32 P and positive. Biases are not penalised. Stops at `TOLERANCE` or after `STEPS` steps.
    """
    centre = features.mean(0)
    centred = features - centre
    eigenvalues, basis = torch.linalg.eigh((centred.T @ centred / len(features)).double())
    rotated = torch.cat([centred @ basis.float(), torch.ones(len(features), 1)], dim=1)
    powers = torch.cat([eigenvalues.clamp_min(0).float(), torch.ones(1)])
    together = max(1, logits_at_once // (len(features) * classes))
    solved = [
        _Batch.of(rotated, powers, some_targets, some_penalties, classes).solve()
        for some_targets, some_penalties in zip(
            torch.split(targets, together), torch.split(penalties, together), strict=True
        )
    ]
    found = torch.cat(solved, dim=1)
    weights = torch.einsum("de,epc->dpc", basis.float(), found[:-1])
    return Heads(weights, found[-1] - torch.einsum("d,dpc->pc", centre, weights))


@dataclass(frozen=True, slots=True, eq=False)
class _Batch:
    """Problems solved side by side. Points are (D+1) x P x C, the last row the bias."""

    features: Tensor
    goals: Tensor
    shrink: Tensor
    metric: Tensor
    classes: int

    @classmethod
    def of(
        cls, features: Tensor, powers: Tensor, targets: Tensor, penalties: Tensor, classes: int
    ) -> _Batch:
        shrink = penalties.expand(len(powers), -1).clone()
        shrink[-1] = 0
        metric = 0.5 * (1 - 1 / classes) * powers[:, None] + shrink
        goals = targets.T[..., None].contiguous()
        return cls(features, goals, shrink[..., None], metric[..., None], classes)

    def solve(self) -> Tensor:
        count, problems, _ = self.goals.shape
        point = torch.zeros(self.features.shape[1], problems, self.classes)
        logits = torch.zeros(count, problems, self.classes)
        loss, slope = self._loss(logits, point), self._gradient(logits, point)
        first = self._size(slope)
        memory: deque[tuple[Tensor, Tensor]] = deque(maxlen=HISTORY)
        going = torch.ones(problems, dtype=torch.bool)
        for _ in range(STEPS):
            going &= self._size(slope) > TOLERANCE * first
            direction = self._direction(slope, memory) * going[:, None]
            ahead = self._logits(direction)
            step, loss = self._step(point, logits, loss, direction, ahead, slope)
            going &= step > 0
            if not bool(going.any()):
                break
            move = direction * step[:, None]
            point = point + move
            logits = logits + ahead * step[:, None]
            turned = self._gradient(logits, point)
            memory.append((move, turned - slope))
            slope = turned
        return point

    def _logits(self, point: Tensor) -> Tensor:
        flat = self.features @ point.flatten(1)
        return flat.reshape(len(self.features), *point.shape[1:])

    def _loss(self, logits: Tensor, point: Tensor) -> Tensor:
        """P losses."""
        chosen = logits.gather(2, self.goals)[..., 0]
        entropy = (logits.logsumexp(2) - chosen).mean(0)
        return 0.5 * (self.shrink * point.square()).sum((0, 2)) + entropy

    def _gradient(self, logits: Tensor, point: Tensor) -> Tensor:
        residual = logits.softmax(2)
        residual.scatter_add_(2, self.goals, residual.new_full((), -1.0).expand(self.goals.shape))
        pull = (self.features.T @ residual.flatten(1)).reshape(point.shape) / len(logits)
        return pull + self.shrink * point

    def _size(self, slope: Tensor) -> Tensor:
        return (slope.square() / self.metric).sum((0, 2)).sqrt()

    def _direction(self, slope: Tensor, memory: deque[tuple[Tensor, Tensor]]) -> Tensor:
        """The two-loop recursion, for every problem with its own coefficients."""
        aim = slope
        past: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []
        for move, change in reversed(memory):
            curvature = _dot(move, change)
            inverse = torch.where(curvature > 0, 1 / curvature.clamp_min(1e-30), 0.0)
            share = inverse * _dot(move, aim)
            aim = aim - change * share[:, None]
            past.append((move, change, inverse, share))
        aim = aim / self.metric * self._stretch(memory)
        for move, change, inverse, share in reversed(past):
            aim = aim + move * (share - inverse * _dot(change, aim))[:, None]
        return -aim

    def _stretch(self, memory: deque[tuple[Tensor, Tensor]]) -> Tensor:
        """How much flatter than the bound the last step found its problem to be: P x 1."""
        if not memory:
            return torch.ones(self.goals.shape[1], 1)
        move, change = memory[-1]
        curvature, bound = _dot(move, change), _dot(change, change / self.metric)
        usable = (curvature > 0) & (bound > 0)
        return torch.where(usable, curvature / bound.clamp_min(1e-30), 1.0)[:, None]

    def _step(
        self,
        point: Tensor,
        logits: Tensor,
        loss: Tensor,
        direction: Tensor,
        ahead: Tensor,
        slope: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Halve each problem's step until its loss falls enough; 0 for one that cannot move."""
        descent = _dot(direction, slope)
        step = (descent < 0).float()
        allowed = loss + ROUNDING * loss.abs()
        for _ in range(12):
            reached = self._loss(logits + ahead * step[:, None], point + direction * step[:, None])
            short = reached > allowed + SUFFICIENT * step * descent
            if not bool(short.any()):
                break
            step = torch.where(short, step / 2, step)
        else:
            step = torch.where(short, 0.0, step)
        return step, torch.where(step > 0, reached, loss)


def _dot(left: Tensor, right: Tensor) -> Tensor:
    return (left * right).sum((0, 2))
