"""What a map of shifts is asked to be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from flickrexif.errors import UsageError
from flickrexif.probing.plan import ProbePlan

if TYPE_CHECKING:
    from flickrexif.probing.devices import Device, Dtype

ShiftMode = Literal["paste", "roll", "crop"]

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\Z")
NOISE = "noise"


@dataclass(frozen=True, slots=True)
class ShiftPlan:
    """The words of one map; equal words over an equal object give equal results.

    ``mode`` says what a shift is; the three are alike in the middle and differ at the borders.
    ``paste`` puts the object at every place where it lies whole inside the canvas, over a
    background that stays. ``roll`` moves the canvas, object and background, in a circle: what
    leaves on one side comes in on the other. ``crop`` moves the window over object and background,
    so that the object is cut off where it leaves: up to its middle, or, along a side that is larger
    than the canvas, as far as it fills the canvas. Raises `UsageError` for a value that does not
    fit.
    """

    canvas: int = 224
    """Pixels a side of what the encoder sees."""
    stride: int = 7
    """Pixels from one shift to the next, both ways; 1 is exhaustive.

    An encoder that samples every 8 or 16 px is nearly invariant to shifts by multiples of these: a
    stride prime to them, such as 7, shows what happens between.
    """
    radius: int = 8
    """Pixels, both ways, within which a shift is local."""
    mode: ShiftMode = "paste"
    background: str = "#808080"
    """A colour ``#rrggbb``, or ``noise``: uniform bytes."""
    seed: int = 0
    """Of the noise."""
    device: Device = "auto"
    """Where an encoder that is named embeds."""
    dtype: Dtype = "float32"
    """Of such an encoder."""
    threads: int = 1
    """Of torch."""
    batch: int = 64
    """Positions embedded at once: no more than these are held."""

    def __post_init__(self) -> None:
        if self.mode not in get_args(ShiftMode):
            known = ", ".join(get_args(ShiftMode))
            raise UsageError(f"unknown shift mode {self.mode!r}: use one of {known}")
        if self.background != NOISE and not _COLOUR.match(self.background):
            raise UsageError(
                f"background {self.background!r} is no colour: give one such as #808080, or noise"
            )
        for name in ("canvas", "stride"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)!r} px; give at least 1")
        if self.radius < self.stride:
            raise UsageError(
                f"no shift lies within radius {self.radius} px at stride {self.stride} px: "
                f"give a radius of {self.stride} or more, or a smaller stride"
            )
        ProbePlan(
            device=self.device, dtype=self.dtype, threads=self.threads, batch=self.batch
        )  # refuses what does not fit
