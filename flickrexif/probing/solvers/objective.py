"""The losses of many multinomial logistic regressions over the same features, and their slopes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from flickrexif.probing.solvers.heads import Heads

LOGITS_AT_ONCE = {"cpu": 1 << 20, "cuda": 1 << 26}
"""How many logits (rows x problems x classes) are held at once: as many as a CPU's cache holds."""


@dataclass(frozen=True, slots=True, eq=False)
class Spectrum:
    """Eigenvalues (D, ascending) and eigenvectors (D x D, columns) of features' second moments."""

    powers: Tensor
    basis: Tensor

    @classmethod
    def of(cls, features: Tensor) -> Spectrum:
        """Of float32 N x D ``features``, which should have mean 0: the bias is kept apart."""
        moments = (features.T @ features / len(features)).double()
        powers, basis = torch.linalg.eigh(moments)
        return cls(powers.clamp_min(0).float(), basis.float())


@dataclass(frozen=True, slots=True, eq=False)
class Problems:
    """Mean cross-entropy + penalty/2 · squared norm of the weights, for P targets and penalties.

    Points are (D+1) x P x C: the weights in the eigenbasis of the features, then the biases, which
    are not penalised. ``metric`` is Böhning's bound of the Hessian, which is diagonal there.
    """

    features: Tensor
    goals: Tensor
    shrink: Tensor
    metric: Tensor
    spectrum: Spectrum
    classes: int

    @classmethod
    def of(
        cls, features: Tensor, targets: Tensor, penalties: Tensor, classes: int, spectrum: Spectrum
    ) -> Problems:
        """Of float32 N x D ``features``, int64 P x N ``targets`` and P ``penalties``."""
        dim, count = features.shape[1], len(penalties)
        shrink = penalties.expand(dim, count)[..., None]
        bound = 0.5 * (1 - 1 / classes)
        metric = bound * spectrum.powers[:, None, None] + shrink
        shrink = torch.cat([shrink, shrink.new_zeros(1, count, 1)])
        metric = torch.cat([metric, metric.new_full((1, count, 1), bound)])
        return cls(features, targets.T[..., None], shrink, metric, spectrum, classes)

    def some(self, which: Tensor) -> Problems:
        """The problems at ``which``."""
        goals, shrink, metric = (
            kept.index_select(1, which) for kept in (self.goals, self.shrink, self.metric)
        )
        return Problems(self.features, goals, shrink, metric, self.spectrum, self.classes)

    def start(self) -> Tensor:
        """The point where every class is equally likely."""
        return self.features.new_zeros(*self.metric.shape[:2], self.classes)

    def heads(self, point: Tensor) -> Heads:
        """``point`` as weights of the features."""
        weights = self.spectrum.basis @ point[:-1].flatten(1)
        return Heads(weights.reshape(point[:-1].shape), point[-1])

    def evaluate(
        self, point: Tensor, *, logits_at_once: int | None = None
    ) -> tuple[Tensor, Tensor]:
        """The P losses at ``point``, and their slopes in its shape."""
        heads, count = self.heads(point), len(self.features)
        weights, biases = heads.weights.flatten(1), heads.biases.flatten()
        entropy = point.new_zeros(len(heads.biases), dtype=torch.double)
        pull, push = torch.zeros_like(weights.T), torch.zeros_like(biases)
        logits_at_once = logits_at_once or LOGITS_AT_ONCE.get(point.device.type, 1 << 24)
        rows = max(1, logits_at_once // len(biases))
        for some, goals in zip(
            torch.split(self.features, rows), torch.split(self.goals, rows), strict=True
        ):
            said = torch.addmm(biases, some, weights).reshape(len(some), *point.shape[1:])
            said = said.log_softmax(2)
            entropy -= said.gather(2, goals).sum((0, 2))
            residual = said.exp_().scatter_add_(2, goals, said.new_full((), -1.0).expand_as(goals))
            pull.addmm_(residual.flatten(1).T, some)
            push += residual.flatten(1).sum(0)
        slope = torch.cat([self.spectrum.basis.T @ pull.T, push[None]]).reshape(point.shape) / count
        loss = (entropy / count).to(point.dtype) + 0.5 * dot(self.shrink * point, point)
        return loss, slope + self.shrink * point


def dot(left: Tensor, right: Tensor) -> Tensor:
    """The P inner products of points."""
    return (left * right).sum((0, 2))
