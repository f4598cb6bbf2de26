"""What a golden set is asked to hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flickrexif.errors import UsageError
from flickrexif.golden.distortions import DISTORTIONS, distortions_named
from flickrexif.imaging.crop import Crop
from flickrexif.probing.embedding.plan import EmbedPlan

if TYPE_CHECKING:
    from flickrexif.golden.distortions import Distortion
    from flickrexif.probing.devices import Device, Dtype
    from flickrexif.probing.encoders.protocol import Encoder


@dataclass(frozen=True, slots=True)
class GoldenPlan:
    """The words of one golden set; equal words over equal images freeze equal pixels.

    Raises `UsageError` for a value that does not fit.
    """

    encoder: str | Encoder = "residual"
    """The name of one, or one of your own."""
    distortions: tuple[str, ...] = DISTORTIONS
    """See `flickrexif.golden.distortions`; the original is always among them."""
    images: int = 100
    """How many are tested, in every distortion; of a labelled set equally many of each class."""
    fitted: int = 200
    """How many others, as they are, the linear probe of a labelled set is fitted to."""
    crop: int | None = None
    """Pixels a side; None is what the encoder takes, or 224."""
    seed: int = 0
    """Of the choice, of splits that the set does not have, and of what distortions draw."""
    most_unreadable: float = 0.1
    """The share of images looked at, 0..1, above which unreadable ones stop the work."""
    device: Device = "auto"
    """Where the encoder embeds."""
    dtype: Dtype = "float32"
    """Of the encoder."""
    threads: int = 1
    """Of torch on the CPU."""
    batch: int = 64
    """Images embedded at once, now and at each check."""

    def __post_init__(self) -> None:
        if not 0 <= self.most_unreadable <= 1:
            raise UsageError(
                f"most_unreadable {self.most_unreadable!r} is outside 0..1: give a share of images"
            )
        for name in ("images", "fitted"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)!r}; give at least 1")
        if self.crop is not None:
            Crop(self.crop)  # refuses what does not fit, as does the next
        _ = self.made, self.embedding

    @property
    def made(self) -> tuple[Distortion, ...]:
        """The distortions, the original first."""
        return distortions_named(self.distortions, seed=self.seed)

    @property
    def embedding(self) -> EmbedPlan:
        """The plan of the embeddings."""
        return EmbedPlan(
            encoders=(self.encoder,),
            device=self.device,
            dtype=self.dtype,
            threads=self.threads,
            batch=self.batch,
        )

    def words(self) -> dict[str, Any]:
        """What decides frozen pixels and embeddings, as plain values."""
        names = ("images", "fitted", "seed", "dtype", "batch")
        return {name: getattr(self, name) for name in names} | {
            "distortions": [each.name for each in self.made]
        }
