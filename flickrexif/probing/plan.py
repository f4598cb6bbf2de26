"""What a probe is asked to do."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from flickrexif.errors import UsageError

if TYPE_CHECKING:
    from flickrexif.imaging.mask import MaskSpec

Solver = Literal["lbfgs"]

PENALTIES = tuple(10.0 ** (half / 2) for half in range(-9, 3))
"""The L2 path, in units of the mean cross-entropy, over standardised features."""


@dataclass(frozen=True, slots=True)
class ProbePlan:
    """The words of one probe; equal words over an equal release give equal results.

    ``threads`` is the number of torch threads; results are promised equal for equal ``threads``.
    Raises `UsageError` for a value that does not fit.
    """

    encoders: tuple[str, ...] = ("residual",)
    """Names as `encoder_names` lists them; each photo is decoded once for all."""
    attributes: tuple[str, ...] | None = None
    """The attributes to probe; None is all that the release has."""
    mask: MaskSpec | None = None
    """Hides pixels of a release of whole images; None keeps what the release hides."""
    solver: Solver = "lbfgs"
    penalties: tuple[float, ...] = PENALTIES
    shuffles: int = 5
    """How many label permutations the shuffled control averages."""
    resamples: int = 1000
    """How many bootstrap resamples of the test owners an interval takes."""
    seed: int = 0
    threads: int = 1
    batch: int = 64
    """Photos embedded at once."""

    def __post_init__(self) -> None:
        if not self.encoders or len(set(self.encoders)) < len(self.encoders):
            raise UsageError(f"encoders {self.encoders!r}: name one or more, each once")
        if self.solver != "lbfgs":
            raise UsageError(f"unknown solver {self.solver!r}; use 'lbfgs'")
        if not self.penalties or min(self.penalties) <= 0:
            raise UsageError(f"penalties {self.penalties!r} must be positive; give at least one")
        for name, least in (("shuffles", 1), ("resamples", 100), ("threads", 1), ("batch", 1)):
            if getattr(self, name) < least:
                raise UsageError(f"{name} is {getattr(self, name)!r}; give at least {least}")
        cores = os.cpu_count() or 1
        if self.threads > cores:
            raise UsageError(f"threads is {self.threads!r}; this machine has {cores} cores")
