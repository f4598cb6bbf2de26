"""Least squares of one-hot labels with an L2 penalty: a whole path by one eigendecomposition.

Hoerl and Kennard, "Ridge regression", Technometrics 12(1), 1970. A smoke test that costs next to
nothing: its scores are no probabilities, and it is good where classes are Gaussian.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from flickrexif.probing.solvers.heads import Fitted, Heads, standardised
from flickrexif.probing.solvers.objective import Spectrum
from flickrexif.probing.solvers.protocol import Choice, Labelled, chosen, final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PENALTIES = tuple(10.0 ** (quarter / 4) for quarter in range(-16, 13))
"""The path, in units of the mean squared error, over standardised features."""


@dataclass(frozen=True, slots=True)
class Ridge:
    """The solver ``ridge``: features standardised by the train split, the best of ``penalties``."""

    penalties: tuple[float, ...] = PENALTIES

    def __call__(
        self,
        train: Labelled,
        validation: Labelled,
        *,
        classes: int,
        permutations: NDArray[np.int64] | None = None,
    ) -> Fitted:
        """See `flickrexif.probing.solvers.protocol.Solver`."""
        scaling, train, validation = standardised(train, validation)
        path = sorted(self.penalties)
        heads = fit(train.features, train.labels[None], path, classes=classes)
        right = heads.right(validation.features, validation.labels)
        best = chosen(right)
        features, targets = final(train, validation, permutations)
        refitted = fit(features, targets, path[best : best + 1], classes=classes)
        choice = Choice(path[best], int(right[best]) / len(validation))
        return Fitted(choice, scaling, refitted)


def fit(features: Tensor, targets: Tensor, penalties: list[float], *, classes: int) -> Heads:
    """Minimise mean squared error / 2 + penalty/2 · squared norm of the weights.

    ``features`` is float32 N x D, ``targets`` int64 1 x N for a path of ``penalties``, or P x N for
    one penalty. Biases are not penalised.
    """
    centre = features.mean(0)
    centred = features - centre
    spectrum = Spectrum.of(centred)
    hot = one_hot(targets, classes).to(features.dtype).movedim(0, 1)
    frequencies = hot.mean(0)
    pull = centred.T @ hot.flatten(1) / len(features)
    shrunk = spectrum.powers[:, None] + features.new_tensor(penalties)
    pull = (spectrum.basis.T @ pull).reshape(len(centre), *frequencies.shape)
    weights = torch.einsum("de,epc->dpc", spectrum.basis, pull / shrunk[..., None])
    biases = frequencies - torch.einsum("d,dpc->pc", centre, weights)
    return Heads(weights, biases)
