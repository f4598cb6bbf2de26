"""What a degradation report is asked to tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flickrexif.errors import UsageError
from flickrexif.imaging import sensor
from flickrexif.imaging.crop import Crop
from flickrexif.probing.plan import ProbePlan

if TYPE_CHECKING:
    from flickrexif.imaging.sensor import Degradation
    from flickrexif.probing.devices import Device, Dtype
    from flickrexif.probing.encoders.protocol import Encoder


@dataclass(frozen=True, slots=True)
class DegradationPlan:
    """The words of one report; equal words over equal images give equal results.

    Raises `UsageError` for a value that does not fit.
    """

    sweep: str | tuple[Degradation, ...] = "defocus"
    """One of `flickrexif.imaging.SWEEPS`, or levels of one's own, mildest first."""
    encoder: str | Encoder = "residual"
    """Under the linear head, unless a classifier is given: the name of one, or one of your own."""
    classes: tuple[str, ...] | None = None
    """What the columns of a classifier stand for, in order; None is the classes of the set."""
    crop: int | None = None
    """Pixels a side that are degraded and classified; None is what the encoder takes, or 224."""
    shown: int = 5
    """How many of the worst and of the best classes, and of the confusions, are told and drawn."""
    most_unreadable: float = 0.1
    """The share of images, 0..1, above which unreadable ones stop the work."""
    resamples: int = 1000
    """How many bootstrap resamples of the test images an interval takes."""
    seed: int = 0
    """Of the sensor's noise, of splits that the set does not have, and of resamples."""
    device: Device = "auto"
    """Where the encoder embeds."""
    dtype: Dtype = "float32"
    """Of the encoder."""
    threads: int = 1
    """Of torch on the CPU."""
    batch: int = 64
    """Images classified at once."""

    def __post_init__(self) -> None:
        if not 0 <= self.most_unreadable <= 1:
            raise UsageError(
                f"most_unreadable {self.most_unreadable!r} is outside 0..1: give a share of images"
            )
        if self.shown < 1:
            raise UsageError(f"shown is {self.shown!r}; give at least 1 class")
        if self.classes is not None and len(set(self.classes)) < len(self.classes):
            raise UsageError("a class is named twice: name each column of the classifier once")
        if self.crop is not None:
            Crop(self.crop)  # refuses what does not fit, as do the next two
        _ = self.levels
        ProbePlan(
            resamples=self.resamples,
            device=self.device,
            dtype=self.dtype,
            threads=self.threads,
            batch=self.batch,
        )

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
