"""What every solver takes and gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import torch
from torch import Tensor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from flickrexif.probing.controls import Labels
    from flickrexif.probing.solvers.heads import Fitted


Scale = Callable[[Tensor], Tensor]
"""What a solver does to features (float32, N x D) before its heads see them, row by row."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The point of a solver's path that the validation split chose."""

    penalty: float
    """L2, in units of the loss; the weight decay of ``sgd``."""
    validation_accuracy: float
    steps: int | None = None
    """Of L-BFGS."""
    learning_rate: float | None = None
    """Of SGD."""


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Rows with the class of each: ``features`` float32 N x D, ``labels`` int64 N, on one device.

    Make it by `Labelled.of`.
    """

    features: Tensor
    labels: Tensor

    @classmethod
    def of(cls, features: Tensor, labels: Labels) -> Labelled:
        """From features of any dtype, half precision too, which are cast to float32.

        Raises `ValueError` for a feature that is NaN or infinite, and for another number of labels.
        """
        if len(features) != len(labels):
            raise ValueError(f"{len(features)} rows of features and {len(labels)} labels")
        single = features.float()
        broken = int((~single.isfinite()).any(1).sum())
        if broken:
            raise ValueError(f"{broken} of {len(single)} rows hold NaN or infinite features")
        return cls(single, torch.from_numpy(labels).to(single.device))

    def __len__(self) -> int:
        return len(self.features)

    def scaled(self, scaling: Scale) -> Labelled:
        """The same rows with features as ``scaling`` gives them."""
        return Labelled(scaling(self.features), self.labels)


class Solver(Protocol):
    """Fits a path of heads, chooses one point of it, and fits that to all it was given."""

    def __call__(
        self,
        train: Labelled,
        validation: Labelled,
        *,
        classes: int,
        permutations: NDArray[np.int64] | None = None,
    ) -> Fitted:
        """Fit the path on ``train``, choose on ``validation``, and refit both at what was chosen.

        ``permutations`` is int64, P x (train + validation): labels of more heads, refitted beside
        the first at the same point. Everything is computed on the device of the features.
        """
        ...


def chosen(right: Tensor) -> int:
    """The place of the highest count, of equal ones the last."""
    return int((right == right.max()).nonzero().max())


def final(
    train: Labelled, validation: Labelled, permutations: NDArray[np.int64] | None
) -> tuple[Tensor, Tensor]:
    """The features of both (N x D), and the labels of every head to be refitted (P x N)."""
    features = torch.cat([train.features, validation.features])
    targets = torch.cat([train.labels, validation.labels])[None]
    if permutations is not None:
        more = torch.from_numpy(permutations).to(targets.device)
        targets = torch.cat([targets, more])
    return features, targets
