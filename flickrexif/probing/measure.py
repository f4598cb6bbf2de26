"""One attribute's accuracy on the test split, with its controls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from flickrexif.errors import UsageError
from flickrexif.probing import controls, scores
from flickrexif.probing.placing import devices_named
from flickrexif.probing.release_data import SPLITS
from flickrexif.probing.reporting.predictions import Predictions
from flickrexif.probing.result import AttributeResult
from flickrexif.probing.solvers import Labelled, Scaling, solver_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from flickrexif.probing.embeddings import Embeddings
    from flickrexif.probing.plan import ProbePlan
    from flickrexif.probing.references import References
    from flickrexif.probing.release_data import AttributeData


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """The three splits' features, float32 N x D, as the encoder gave them."""

    train: Tensor
    validation: Tensor
    test: Tensor

    @classmethod
    def of(
        cls,
        attribute: AttributeData,
        embeddings: Embeddings,
        *,
        device: torch.device | str | None = None,
    ) -> Features:
        """Look the splits' photos up in ``embeddings``, of any dtype, and bring them to ``device``.

        Raises `UsageError` for an embedding that is no finite number.
        """
        splits = (attribute.train, attribute.validation, attribute.test)
        found = []
        for split in splits:
            vectors = embeddings.of(split.photo_ids).to(device=device, dtype=torch.float32)
            broken = (~vectors.isfinite()).any(1).nonzero().flatten()
            if len(broken):
                raise UsageError(
                    f"encoder {embeddings.name!r} gives {len(broken)} of {len(vectors)} photos of "
                    f"{attribute.name!r} NaN or infinite embeddings (the first is photo "
                    f"{split.photo_ids[int(broken[0])]}): embed again in float32"
                )
            found.append(vectors)
        return cls(*found)

    def standardised(self) -> Features:
        """With the train split's mean 0 and deviation 1."""
        scaling = Scaling.of(self.train)
        return Features(scaling(self.train), scaling(self.validation), scaling(self.test))


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What one probe said: the chosen point and its validation accuracy, and on the test split.

    ``predicted`` (N) is by the true labels, ``shuffled`` (P x N) by permuted ones.
    """

    penalty: float
    validation_accuracy: float
    predicted: NDArray[np.int64]
    shuffled: NDArray[np.int64]
    steps: int | None = None
    learning_rate: float | None = None


def measure(
    attribute: AttributeData,
    embeddings: Embeddings,
    plan: ProbePlan,
    *,
    references: References,
    keep: Callable[[Predictions], object] | None = None,
) -> AttributeResult:
    """Probe ``attribute`` and hold the accuracy against its controls.

    ``keep`` is called with what was said of each test photo. Raises `UsageError` for an attribute
    that cannot be learnt and for embeddings that are no finite numbers.
    """
    features = Features.of(attribute, embeddings, device=fitting_device(plan))
    outcome = solve(attribute, features, plan, shuffles=plan.shuffles)
    classes, ordinal = len(attribute.classes), attribute.ordinal
    truth, owners = attribute.test.labels, attribute.test.owner_ids
    correct = outcome.predicted == truth
    if keep is not None:
        keep(Predictions.of(embeddings.name, attribute, outcome.predicted))
    random = controls.stream(plan.seed, "bootstrap", attribute.name)
    low, high = controls.owner_interval(correct, owners, resamples=plan.resamples, random=random)
    shuffled = (outcome.shuffled == truth).mean(axis=1)
    confusion = scores.confusion_matrix(outcome.predicted, truth, classes=classes)
    return AttributeResult(
        encoder=embeddings.name,
        attribute=attribute.name,
        classes=classes,
        train=len(attribute.train),
        validation=len(attribute.validation),
        test=len(attribute.test),
        test_owners=len(np.unique(owners)),
        accuracy=float(correct.mean()),
        low=low,
        high=high,
        balanced_accuracy=controls.balanced_accuracy(outcome.predicted, truth),
        macro_f1=scores.macro_f1(confusion),
        off_by_one=controls.off_by_one_accuracy(outcome.predicted, truth) if ordinal else None,
        off_by_one_chance=controls.off_by_one_chance(truth, classes) if ordinal else None,
        spearman=scores.spearman(confusion) if ordinal else None,
        kendall=scores.kendall(confusion) if ordinal else None,
        confusion=tuple(map(tuple, confusion.tolist())),
        chance=1 / classes,
        majority=controls.majority_accuracy(attribute.train.labels, truth),
        shuffled=float(shuffled.mean()),
        shuffled_error=controls.standard_error(shuffled),
        size=references.size,
        colour=references.colour,
        nuisance=references.nuisance,
        nuisance_columns=references.nuisance_columns,
        penalty=outcome.penalty,
        steps=outcome.steps,
        learning_rate=outcome.learning_rate,
        validation_accuracy=outcome.validation_accuracy,
    )


def solve(
    attribute: AttributeData, features: Features, plan: ProbePlan, *, shuffles: int
) -> Outcome:
    """Choose on the validation split, then fit train and validation together.

    The path, the choice and the refit are those of the plan's solver; see
    `flickrexif.probing.solvers`. The test split is looked at once, by the final fit. The shuffled
    control fits labels permuted within train and within validation, at the same point, in the same
    batch. Raises `UsageError` for an attribute that cannot be learnt.
    """
    _require_sound(attribute)
    train, validation = attribute.train.labels, attribute.validation.labels
    random = controls.stream(plan.seed, "shuffled", attribute.name)
    permutations = [controls.permuted(part, shuffles, random) for part in (train, validation)]
    fitted = solver_of(plan)(
        Labelled.of(features.train, train),
        Labelled.of(features.validation, validation),
        classes=len(attribute.classes),
        permutations=np.concatenate(permutations, axis=1),
    )
    said = fitted.predict(features.test).cpu().numpy().T
    return Outcome(
        penalty=fitted.choice.penalty,
        validation_accuracy=fitted.choice.validation_accuracy,
        predicted=said[0],
        shuffled=said[1:],
        steps=fitted.choice.steps,
        learning_rate=fitted.choice.learning_rate,
    )


def fitting_device(plan: ProbePlan) -> str:
    """The first device of the plan, where it computes in float64, else ``cpu``."""
    device = devices_named(plan.device)[0]
    return "cpu" if device == "mps" else device


def _require_sound(attribute: AttributeData) -> None:
    attribute.require_learnable()
    classes = len(attribute.classes)
    for name in SPLITS:
        labels = getattr(attribute, name).labels
        if labels.min() < 0 or labels.max() >= classes:
            raise UsageError(
                f"attribute {attribute.name!r} has {name} labels outside its {classes} classes "
                f"({labels.min()} to {labels.max()}): rebuild the release"
            )
