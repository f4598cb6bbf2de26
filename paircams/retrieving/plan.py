"""Which encoders are asked, and how."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from flickrexif.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from flickrexif.probing.devices import Device, Dtype


@dataclass(frozen=True, slots=True)
class RetrievePlan:
    """``crop`` is for encoders that take any; ``classes`` a table of models for sets without sides.

    Intervals are of ``resamples`` bootstrap draws over subjects, by ``seed``.
    """

    encoders: tuple[str, ...]
    crop: int | None = None
    device: Device = "auto"
    dtype: Dtype = "float32"
    threads: int = 1
    batch: int = 64
    resamples: int = 1000
    seed: int = 0
    classes: Path | None = None

    def __post_init__(self) -> None:
        if not self.encoders:
            raise UsageError("no encoder is named: name one, see `flickrexif encoders`")
        for word in ("threads", "batch", "resamples"):
            if getattr(self, word) < 1:
                raise UsageError(f"{word} {getattr(self, word)!r} is not a positive number")

    def words(self) -> dict[str, Any]:
        """What decides the figures, as plain values."""
        told = asdict(self)
        for word in ("encoders", "threads", "batch", "classes"):
            del told[word]
        return told
