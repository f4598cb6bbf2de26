"""What is told of a classifier at each level of a sweep: of all images, by class, by confusion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from flickrexif.probing.resampling import Estimate


@dataclass(frozen=True, slots=True)
class LevelRow:
    """One level's figures over all test images; shares are 0 to 1, with 95 % intervals.

    ``fall`` is the original's accuracy minus this one, of the same images, so that its interval is
    that of a paired comparison. ``drop`` is the mean fall of the probability of the class that was
    said of the original, ``changed`` the share of images of which another class is said.
    """

    level: str
    accuracy: Estimate
    fall: Estimate
    drop: Estimate
    balanced_accuracy: float
    changed: float


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class at one level; ``z`` is how much more its images lose than those of all classes.

    See `flickrexif.probing.protocols.confusion.class_z_scores`. ``scatter`` is the standard
    deviation that ``z`` would have were the class's images drawn from all at random: a ``z`` within
    two of it says little of the class.
    """

    level: str
    class_name: str
    images: int
    accuracy: float
    drop: float
    z: float
    scatter: float


@dataclass(frozen=True, slots=True)
class ClassStanding:
    """One class over the whole sweep: ``z`` is its mean over the degraded levels.

    ``accuracy`` is that of the originals, ``least`` the lowest of all levels.
    """

    class_name: str
    images: int
    z: float
    scatter: float
    accuracy: float
    least: float


@dataclass(frozen=True, slots=True)
class ConfusionRow:
    """Of how many images a wrong class is said at a level whose originals were said right."""

    level: str
    class_name: str
    said: str
    images: int


@dataclass(frozen=True, slots=True)
class ConfusionCurve:
    """A class, the one that is newly said instead most often, and how well they stay apart.

    ``images`` counts new confusions of the two over all levels. ``auc`` has a value for each level,
    the original first: the chance that the probability of ``said`` is higher for an image of
    ``said`` than for one of ``class_name``; 0.5 is confused. NaN where ``said`` has no image.
    """

    class_name: str
    said: str
    images: int
    auc: tuple[float, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """What was said of each of N test images at each of L levels, the original first."""

    levels: tuple[str, ...]
    classes: tuple[str, ...]
    names: tuple[str, ...]
    labels: NDArray[np.int64]
    owners: NDArray[np.str_]
    """Those of the images; the image's own name where the set names none."""
    probabilities: tuple[NDArray[np.float32], ...]
    """L times N x classes."""

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The most probable class: L x N."""
        return np.stack([level.argmax(axis=1) for level in self.probabilities])
