"""What a solver fits: linear heads over features, and the scaling that the features had."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from flickrexif.probing.solvers.protocol import Choice, Labelled, Scale

LOGITS_AT_ONCE = 1 << 24
"""How many logits (rows x problems x classes) a prediction holds at once."""


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


def standardised(train: Labelled, validation: Labelled) -> tuple[Scaling, Labelled, Labelled]:
    """The scaling of ``train``, and both splits as it gives them."""
    scaling = Scaling.of(train.features)
    return scaling, train.scaled(scaling), validation.scaled(scaling)


@dataclass(frozen=True, slots=True, eq=False)
class Heads:
    """Solved problems: ``weights`` is D x P x C, ``biases`` is P x C."""

    weights: Tensor
    biases: Tensor

    def logits(self, features: Tensor) -> Tensor:
        """N x P x C, of N x D ``features``."""
        flat = torch.addmm(self.biases.flatten(), features, self.weights.flatten(1))
        return flat.reshape(len(features), *self.biases.shape)

    def predict(self, features: Tensor) -> Tensor:
        """The most likely class by each problem, of equally likely ones the first: int64, N x P."""
        rows = max(1, LOGITS_AT_ONCE // self.biases.numel())
        return torch.cat([self.logits(some).argmax(2) for some in torch.split(features, rows)])

    def right(self, features: Tensor, labels: Tensor) -> Tensor:
        """How many of ``labels`` (int64, N) each problem finds: int64, P."""
        return (self.predict(features) == labels[:, None]).sum(0)


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """Heads over features as they come, and the choice by which they were fitted.

    The first head is that of the true labels, the others are those of permuted ones.
    """

    choice: Choice
    scaling: Scale
    heads: Heads

    def predict(self, features: Tensor) -> Tensor:
        """The most likely class by each head: int64, N x P; features of any floating dtype."""
        return self.heads.predict(self.scaling(features.float()))
