"""What an embedding is asked to do."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from flickrexif.errors import UsageError
from flickrexif.probing.devices import Device, Dtype, told_devices

if TYPE_CHECKING:
    from flickrexif.imaging.mask import MaskSpec
    from flickrexif.probing.encoders.protocol import Encoder

SHARD = 4096


@dataclass(frozen=True, slots=True)
class EmbedPlan:
    """The words of one embedding; equal words over equal photos give equal embeddings.

    They do so on one kind of device, however many these are, with equal ``threads``. Raises
    `UsageError` for a value that does not fit.
    """

    encoders: tuple[str | Encoder, ...] = ("residual",)
    """Names, as `flickrexif.probing.encoders.encoder_named` takes them, or encoders of your own."""
    mask: MaskSpec | None = None
    """Hides pixels of whole images; None keeps what a release hides."""
    crop: int | None = None
    """Pixels a side, of encoders that take any; None is what a release tells, else 224."""
    device: Device = "auto"
    """Where encoders compute: on several devices a batch each. Own ones stay where they are; a
    module on a device of the same kind is copied to the others."""
    dtype: Dtype = "float32"
    """``float32`` without TF32, or ``bfloat16`` products of half the width and twice the speed."""
    exact: bool = False
    """Decode and resize by Pillow alone, as the reference; otherwise within a grey level of it."""
    threads: int = 1
    """Of torch on the CPU, for each device, and as many that decode ahead."""
    batch: int = 64
    """Photos embedded at once; where the memory does not hold them, fewer."""
    shard: int = SHARD
    """Photos after which a file is written, so that a killed run loses no more than so many."""

    def __post_init__(self) -> None:
        names = [name_of(encoder) for encoder in self.encoders]
        if not names or len(set(names)) < len(names):
            raise UsageError(f"encoders {tuple(names)!r}: name one or more, each once")
        told_devices(self.device)  # refuses what is none
        if self.dtype not in get_args(Dtype):
            known = ", ".join(get_args(Dtype))
            raise UsageError(f"unknown dtype {self.dtype!r}: use one of {known}")
        for name in ("threads", "batch", "shard"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)!r}; give at least 1")
        cores = os.cpu_count() or 1
        if self.threads > cores:
            raise UsageError(f"threads is {self.threads!r}; this machine has {cores} cores")


def name_of(encoder: str | Encoder) -> str:
    """The name of an encoder that is told by it, or that is one."""
    return encoder if isinstance(encoder, str) else encoder.name
