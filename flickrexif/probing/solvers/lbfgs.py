"""Multinomial logistic regression: a whole L2 path as one batch of problems, by L-BFGS.

All problems share their features, so that a step of all of them costs two matrix products. Points
are held in the eigenbasis of the features' second moments, where Böhning's bound of the Hessian,
(1 - 1/C)/2 · eigenvalue + penalty, is diagonal ("Multinomial logistic regression algorithm", Annals
of the Institute of Statistical Mathematics 44(1), 1992): the metric in which L-BFGS runs. Nothing
is drawn at random: equal input gives equal weights.

The probe stops each penalty early, on a plateau of the validation split. After every step the rows
that its heads say right are counted; a penalty whose count has not risen above its highest for
`PATIENCE` steps, or that is solved, is left where it stands. Penalties are compared by the counts
where they stand, not by their highest: the best of many steps would be luck as well. Of penalties
with equal counts the strongest is chosen. Train and validation are then fitted together with that
penalty, in as many steps and in the metric of the train split, so that what is tested is of the
kind that was chosen. To let it converge would not be sound: a weak penalty may be good only because
it was stopped, and its optimum was never scored. The number of steps carries over as on a plateau a
step more or less matters little.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from flickrexif.probing.solvers.descent import Descent
from flickrexif.probing.solvers.heads import Fitted, Heads, standardised
from flickrexif.probing.solvers.objective import Problems, Spectrum
from flickrexif.probing.solvers.protocol import Choice, Labelled, chosen, final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PENALTIES = tuple(10.0 ** (half / 2) for half in range(-9, 3))
"""The L2 path, in units of the mean cross-entropy, over standardised features."""
STEPS = 100
PATIENCE = 8


@dataclass(frozen=True, slots=True)
class Lbfgs:
    """The solver ``lbfgs``: features standardised by the train split, the best of ``penalties``."""

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
        spectrum = Spectrum.of(train.features)
        path = sorted(self.penalties)
        penalties = train.features.new_tensor(path)
        right, steps = _plateaus(train, validation, penalties, classes, spectrum)
        best = chosen(right)
        features, targets = final(train, validation, permutations)
        heads = fit(
            features,
            targets,
            penalties[best].expand(len(targets)),
            classes=classes,
            steps=int(steps[best]),
            spectrum=spectrum,
        )
        accuracy = int(right[best]) / len(validation)
        choice = Choice(path[best], accuracy, steps=int(steps[best]))
        return Fitted(choice, scaling, heads)


def fit(
    features: Tensor,
    targets: Tensor,
    penalties: Tensor,
    *,
    classes: int,
    steps: int = STEPS,
    spectrum: Spectrum | None = None,
) -> Heads:
    """Minimise mean cross-entropy + penalty/2 · squared norm of the weights, for each problem.

    ``features`` is float32 N x D with mean 0 or near it, ``targets`` int64 P x N in 0 to classes-1,
    ``penalties`` float32 P and positive, all on one device. Biases are not penalised. A problem
    ends when it is solved, to the tolerance of `Descent`, and after ``steps`` at the latest.
    ``spectrum`` spares that of the features, and need not be exactly theirs.
    """
    spectrum = spectrum or Spectrum.of(features)
    problems = Problems.of(features, targets, penalties, classes, spectrum)
    descent = Descent(problems)
    found = descent.point.clone()
    for _ in range(steps):
        descent.step()
        found[:, descent.places] = descent.point
        descent.keep(~descent.still)
        if not len(descent.places):
            break
    return problems.heads(found)


def _plateaus(
    train: Labelled, validation: Labelled, penalties: Tensor, classes: int, spectrum: Spectrum
) -> tuple[Tensor, Tensor]:
    """How many validation rows each penalty says right where it stops, and after how many steps.

    Both int64, P. Each takes one step at least, and `STEPS` at most.
    """
    targets = train.labels.expand(len(penalties), -1)
    descent = Descent(Problems.of(train.features, targets, penalties, classes, spectrum))
    right = torch.zeros_like(penalties, dtype=torch.int64)
    highest, risen, steps = right - 1, right.clone(), right.clone()
    for step in range(1, STEPS + 1):
        descent.step()
        places, heads = descent.places, descent.problems.heads(descent.point)
        now = heads.right(validation.features, validation.labels)
        right[places], steps[places] = now, step
        risen[places] = torch.where(now > highest[places], step, risen[places])
        highest[places] = torch.maximum(now, highest[places])
        descent.keep(~descent.still & (step - risen[places] < PATIENCE))
        if not len(descent.places):
            break
    return right, steps
