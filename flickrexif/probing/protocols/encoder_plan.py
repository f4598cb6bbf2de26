"""What every piece of work is asked in which one encoder sees images as they are."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING

from flickrexif.imaging.crop import Crop
from flickrexif.probing.embedding.plan import EmbedPlan
from flickrexif.probing.protocols.unreadable import MOST_UNREADABLE, require_share

if TYPE_CHECKING:
    from flickrexif.probing.devices import Device, Dtype
    from flickrexif.probing.encoders.protocol import Encoder


@dataclass(frozen=True, slots=True)
class EncoderPlan:
    """Which encoder sees which images, and where; `UsageError` for a value that does not fit."""

    encoder: str | Encoder = "residual"
    """The name of one, or one of your own."""
    _: KW_ONLY
    crop: int | None = None
    """Pixels a side; None is what the encoder takes, or 224."""
    most_unreadable: float = MOST_UNREADABLE
    """The share of images looked at, 0..1, above which unreadable ones stop the work."""
    seed: int = 0
    """Of whatever is drawn, and of splits that the set does not have."""
    device: Device = "auto"
    """Where the encoder embeds."""
    dtype: Dtype = "float32"
    """Of the encoder."""
    threads: int = 1
    """Of torch on the CPU."""
    batch: int = 64
    """Images embedded at once."""

    def __post_init__(self) -> None:
        require_share(self.most_unreadable)
        if self.crop is not None:
            Crop(self.crop)  # refuses what does not fit, as does the next
        _ = self.embedding

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
