"""What every encoder is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from flickrexif.probing.preprocess import PreprocessSpec

Family = Literal["contrastive", "supervised", "self-supervised", "control", "filters", "other"]
"""How an encoder came to its weights. ``control``: untrained, or blind to traces; ``filters``: made
by hand; ``other``: this package cannot tell."""


class Encoder(Protocol):
    """Turns a batch of images into a batch of embeddings, deterministically."""

    @property
    def name(self) -> str:
        """The name by which the registry makes this encoder."""
        ...

    @property
    def family(self) -> Family:
        """How it came to its weights."""
        ...

    @property
    def dim(self) -> int:
        """The length D of an embedding."""
        ...

    @property
    def preprocess(self) -> PreprocessSpec:
        """The crop that it takes; it normalises the bytes itself."""
        ...

    @property
    def provenance(self) -> Mapping[str, str]:
        """Where its weights come from (source, sha256), how it sees a photo, dtype and versions."""
        ...

    def __call__(self, images: Tensor, visible: Tensor, *, fill: Tensor | None = None) -> Tensor:
        """Embed ``images`` (uint8, N x 3 x H x W) as far as they are ``visible``.

        ``visible`` is bool, H x W for all or N x H x W. What is hidden has no influence on what is
        returned: filters leave it out, a network sees ``fill`` there (uint8, of a shape that
        broadcasts to the images), or black. Returns float32, N x D, on the CPU.
        """
        ...
