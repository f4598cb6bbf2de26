"""What a degradation report is asked to tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flickrexif.errors import UsageError
from flickrexif.imaging import sensor
from flickrexif.probing.plan import ProbePlan
from flickrexif.probing.protocols.encoder_plan import EncoderPlan

if TYPE_CHECKING:
    from flickrexif.imaging.sensor import Degradation


@dataclass(frozen=True, slots=True)
class DegradationPlan(EncoderPlan):
    """The words of one report; equal words over equal images give equal results.

    Those of `EncoderPlan`, whose encoder is under the linear head unless a classifier is given and
    whose ``seed`` is of the sensor's noise and of resamples too, and these. Raises `UsageError` for
    a value that does not fit.
    """

    sweep: str | tuple[Degradation, ...] = "defocus"
    """One of `flickrexif.imaging.SWEEPS`, or levels of one's own, mildest first."""
    classes: tuple[str, ...] | None = None
    """What the columns of a classifier stand for, in order; None is the classes of the set."""
    shown: int = 5
    """How many of the worst and of the best classes, and of the confusions, are told and drawn."""
    resamples: int = 1000
    """How many bootstrap resamples of the test images an interval takes."""

    def __post_init__(self) -> None:
        EncoderPlan.__post_init__(self)
        if self.shown < 1:
            raise UsageError(f"shown is {self.shown!r}; give at least 1 class")
        if self.classes is not None and len(set(self.classes)) < len(self.classes):
            raise UsageError("a class is named twice: name each column of the classifier once")
        ProbePlan(resamples=self.resamples)  # refuses what does not fit, as does the next
        _ = self.levels

    @property
    def name(self) -> str:
        """Of the sweep; ``own`` for levels of one's own."""
        return self.sweep if isinstance(self.sweep, str) else "own"

    @property
    def levels(self) -> tuple[Degradation, ...]:
        """The untouched original first, then each level."""
        if isinstance(self.sweep, str):
            return tuple(sensor.sweep(self.sweep, seed=self.seed))
        degraded = [level for level in self.sweep if not level.is_identity]
        names = [level.name for level in degraded]
        if not degraded or len({"original", *names}) <= len(names):
            raise UsageError(
                f"a sweep needs levels that change the image, each with a name of its own beside "
                f"'original': these are called {', '.join(names) or 'nothing'}"
            )
        return (sensor.Degradation(seed=self.seed), *degraded)
