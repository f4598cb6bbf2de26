"""One attribute's accuracy on the test split, with its controls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from flickrexif.probing import controls
from flickrexif.probing.linear import Scaling, fit
from flickrexif.probing.result import AttributeResult

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from flickrexif.probing.embed import Embeddings
    from flickrexif.probing.plan import ProbePlan
    from flickrexif.probing.release_data import AttributeData


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """The three splits' features, standardised by the train split's mean and deviation."""

    train: Tensor
    validation: Tensor
    test: Tensor

    @classmethod
    def of(cls, attribute: AttributeData, embeddings: Embeddings) -> Features:
        """Look the splits' photos up in ``embeddings``."""
        splits = (attribute.train, attribute.validation, attribute.test)
        train, validation, test = (embeddings.of(split.photo_ids) for split in splits)
        scaling = Scaling.of(train)
        return cls(scaling(train), scaling(validation), scaling(test))


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What one probe said: the chosen penalty and its validation accuracy, and on the test split.

    ``predicted`` (N) is by the true labels, ``shuffled`` (P x N) by permuted ones.
    """

    penalty: float
    validation_accuracy: float
    predicted: NDArray[np.int64]
    shuffled: NDArray[np.int64]


def measure(
    attribute: AttributeData,
    embeddings: Embeddings,
    plan: ProbePlan,
    *,
    references: Mapping[str, float | None],
) -> AttributeResult:
    """Probe ``attribute`` and hold the accuracy against its controls.

    ``references`` are accuracies of what sees no camera trace (``size``, ``colour``), as
    `reference_accuracy` gives them; they are the same for every encoder.
    """
    outcome = solve(attribute, Features.of(attribute, embeddings), plan, shuffles=plan.shuffles)
    classes, ordinal = len(attribute.classes), attribute.ordinal
    truth, owners = attribute.test.labels, attribute.test.owner_ids
    correct = outcome.predicted == truth
    random = controls.stream(plan.seed, "bootstrap", attribute.name)
    low, high = controls.owner_interval(correct, owners, resamples=plan.resamples, random=random)
    shuffled = (outcome.shuffled == truth).mean(axis=1)
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
        off_by_one=controls.off_by_one_accuracy(outcome.predicted, truth) if ordinal else None,
        off_by_one_chance=controls.off_by_one_chance(truth, classes) if ordinal else None,
        chance=1 / classes,
        majority=controls.majority_accuracy(attribute.train.labels, truth),
        shuffled=float(shuffled.mean()),
        shuffled_error=controls.standard_error(shuffled),
        size=references.get("size"),
        colour=references.get("colour"),
        penalty=outcome.penalty,
        validation_accuracy=outcome.validation_accuracy,
    )


def solve(
    attribute: AttributeData, features: Features, plan: ProbePlan, *, shuffles: int
) -> Outcome:
    """Choose the penalty on the validation split, then fit train and validation together.

    The penalty is that with the best validation accuracy, of equals the strongest. The test split
    is looked at once, by the final fit. The shuffled control fits labels permuted within train and
    within validation, with the same penalty, in the same batch.
    """
    classes = len(attribute.classes)
    train, validation = attribute.train.labels, attribute.validation.labels
    penalties = torch.tensor(sorted(plan.penalties), dtype=torch.float32)
    targets = torch.from_numpy(train).expand(len(penalties), -1)
    path = fit(features.train, targets, penalties, classes=classes)
    found = path.predict(features.validation) == torch.from_numpy(validation)[:, None]
    accuracies = found.double().mean(0)
    best = int((accuracies == accuracies.max()).nonzero().max())

    random = controls.stream(plan.seed, "shuffled", attribute.name)
    permutations = [controls.permuted(part, shuffles, random) for part in (train, validation)]
    both = np.concatenate([train, validation])[None]
    final_targets = torch.from_numpy(np.concatenate([both, np.concatenate(permutations, axis=1)]))
    final = fit(
        torch.cat([features.train, features.validation]),
        final_targets,
        penalties[best].expand(len(final_targets)),
        classes=classes,
    )
    said = final.predict(features.test).numpy().T
    return Outcome(float(penalties[best]), float(accuracies[best]), said[0], said[1:])


def reference_accuracy(
    attribute: AttributeData, embeddings: Embeddings, plan: ProbePlan
) -> float | None:
    """Test accuracy of a probe of ``embeddings``; None when too few photos have one."""
    known = attribute.among(embeddings.photo_ids)
    if not known.is_learnable:
        return None
    outcome = solve(known, Features.of(known, embeddings), plan, shuffles=0)
    return float((outcome.predicted == known.test.labels).mean())
