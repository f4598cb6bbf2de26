"""From the probabilities at each level of a sweep to the rows of a degradation report."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from flickrexif.probing import controls
from flickrexif.probing.protocols.confusion import (
    class_z_scores,
    confidence_drops,
    confusion_curve,
    new_confusions,
)
from flickrexif.probing.protocols.degradation_rows import (
    ClassRow,
    ClassStanding,
    ConfusionCurve,
    ConfusionRow,
    LevelRow,
    Outcomes,
)
from flickrexif.probing.resampling import estimates

if TYPE_CHECKING:
    from collections.abc import Sequence


def level_rows(outcomes: Outcomes, *, resamples: int, seed: int) -> tuple[LevelRow, ...]:
    """The figures of each level; intervals are over owners, or images where owners differ."""
    truth, predicted = outcomes.labels, outcomes.predicted
    correct = (predicted == truth).astype(np.float64)
    rows = []
    for place, level in enumerate(outcomes.levels):
        drops = confidence_drops(outcomes.probabilities[0], outcomes.probabilities[place])
        accuracy, fall, drop = estimates(
            np.stack([correct[place], correct[0] - correct[place], drops], axis=1),
            resamples=resamples,
            random=controls.stream(seed, "degradation bootstrap", level),
            groups=outcomes.owners,
        )
        rows.append(
            LevelRow(
                level=level,
                accuracy=accuracy,
                fall=fall,
                drop=drop,
                balanced_accuracy=controls.balanced_accuracy(predicted[place], truth),
                changed=float((predicted[place] != predicted[0]).mean()),
            )
        )
    return tuple(rows)


def class_rows(outcomes: Outcomes) -> tuple[ClassRow, ...]:
    """Every class that has images, at each degraded level."""
    truth, classes, predicted = outcomes.labels, outcomes.classes, outcomes.predicted
    images = np.bincount(truth, minlength=len(classes))
    rows = []
    for place, level in enumerate(outcomes.levels[1:], start=1):
        drops = confidence_drops(outcomes.probabilities[0], outcomes.probabilities[place])
        scores = class_z_scores(drops, truth, classes=len(classes))
        for number in np.flatnonzero(images).tolist():
            own = truth == number
            rows.append(
                ClassRow(
                    level=level,
                    class_name=classes[number],
                    images=int(images[number]),
                    accuracy=float((predicted[place][own] == number).mean()),
                    drop=float(drops[own].mean()),
                    z=float(scores[number]),
                    scatter=scatter(int(images[number]), len(truth)),
                )
            )
    return tuple(rows)


def standings(outcomes: Outcomes, rows: Sequence[ClassRow]) -> tuple[ClassStanding, ...]:
    """Each class of ``rows`` over the sweep, the one that is hurt most first."""
    by_class: dict[str, list[ClassRow]] = {}
    for row in rows:
        by_class.setdefault(row.class_name, []).append(row)
    first, found = outcomes.predicted[0], []
    for name, those in by_class.items():
        number = outcomes.classes.index(name)
        accuracy = float((first[outcomes.labels == number] == number).mean())
        found.append(
            ClassStanding(
                class_name=name,
                images=those[0].images,
                z=float(np.mean([row.z for row in those])),
                scatter=those[0].scatter,
                accuracy=accuracy,
                least=min(accuracy, *(row.accuracy for row in those)),
            )
        )
    return tuple(sorted(found, key=lambda standing: (-standing.z, standing.class_name)))


def confusion_rows(outcomes: Outcomes) -> tuple[ConfusionRow, ...]:
    """The new confusions of each degraded level, the commonest first."""
    original, names = outcomes.probabilities[0], outcomes.classes
    return tuple(
        ConfusionRow(level, names[found.original_class], names[found.new_class], found.photos)
        for level, degraded in zip(outcomes.levels[1:], outcomes.probabilities[1:], strict=True)
        for found in new_confusions(original, degraded, outcomes.labels)
    )


def confusion_curves(
    outcomes: Outcomes, rows: Sequence[ConfusionRow]
) -> tuple[ConfusionCurve, ...]:
    """Of each class that is newly confused its commonest confusion, and the AUC over the sweep."""
    counts: Counter[tuple[str, str]] = Counter()
    for row in rows:
        counts[row.class_name, row.said] += row.images
    commonest: dict[str, tuple[str, int]] = {}
    for (was, said), images in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        commonest.setdefault(was, (said, images))
    return tuple(
        ConfusionCurve(
            was,
            said,
            images,
            tuple(
                confusion_curve(
                    outcomes.probabilities,
                    outcomes.labels,
                    original_class=outcomes.classes.index(was),
                    new_class=outcomes.classes.index(said),
                )
            ),
        )
        for was, (said, images) in commonest.items()
    )


def scatter(images: int, of: int) -> float:
    """The standard deviation of the mean z-score of ``images`` drawn from ``of`` without return.

    ``sqrt((of - images) / (of - 1) / images)``, as the scores of all have deviation 1 (Cochran,
    "Sampling Techniques", 1977, theorem 2.2). 0 when they are all.
    """
    return math.sqrt((of - images) / (of - 1) / images) if of > 1 else 0.0
