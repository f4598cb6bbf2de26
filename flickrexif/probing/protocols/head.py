"""A linear classifier over an encoder's embeddings that tells how probable each class is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from flickrexif.probing.solvers import Heads, Scaling
from flickrexif.probing.solvers.lbfgs import PENALTIES, fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from flickrexif.probing.controls import Labels


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """Multinomial logistic regression, fitted; see `fit_head`."""

    scaling: Scaling
    solved: Heads
    penalty: float

    def probabilities(self, features: Tensor) -> NDArray[np.float32]:
        """Softmax of the logits of ``features`` (float32, N x D): N x classes."""
        logits = self.solved.logits(self.scaling(features))[:, 0]
        found: NDArray[np.float32] = logits.double().softmax(1).float().numpy()
        return found


def fit_head(
    train: tuple[Tensor, Labels],
    validation: tuple[Tensor, Labels],
    *,
    classes: int,
    penalties: Sequence[float] = PENALTIES,
) -> Head:
    """Choose the penalty on ``validation``, then fit both together, each to its optimum.

    Each is (features, float32 N x D; labels, N in 0 to classes-1). Features are standardised by
    those of ``train``. Of penalties with equal validation accuracy the strongest is taken. A probe
    stops its fits early, for the best accuracy; here the optimum of a convex problem is wanted, so
    that a probability, and a head that is fitted again to nearly equal features, hang on no step.
    """
    (seen, labels), (held, held_labels) = train, validation
    scaling = Scaling.of(seen)
    seen, held = scaling(seen), scaling(held)
    path = torch.tensor(sorted(penalties), dtype=torch.float32)
    best = 0
    if len(path) > 1:
        targets = torch.from_numpy(labels).expand(len(path), -1)
        said = fit(seen, targets, path, classes=classes).predict(held)
        right = (said == torch.from_numpy(held_labels)[:, None]).sum(0)
        best = int((right == right.max()).nonzero().max())
    both = torch.from_numpy(np.concatenate([labels, held_labels]))[None]
    solved = fit(torch.cat([seen, held]), both, path[best : best + 1], classes=classes)
    return Head(scaling, solved, float(path[best]))
