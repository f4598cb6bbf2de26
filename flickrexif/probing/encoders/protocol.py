"""What every encoder is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor


class Encoder(Protocol):
    """Turns a batch of images into a batch of embeddings, deterministically."""

    @property
    def name(self) -> str:
        """The name by which the registry makes this encoder."""
        ...

    @property
    def dim(self) -> int:
        """The length D of an embedding."""
        ...

    @property
    def provenance(self) -> Mapping[str, str]:
        """Where its weights come from (source, hash), crop in pixels and dtype."""
        ...

    def __call__(self, images: Tensor, visible: Tensor) -> Tensor:
        """Embed ``images`` (uint8, N x 3 x H x W) as far as they are ``visible``.

        ``visible`` is bool, H x W for all or N x H x W. Returns float32, N x D. Hidden pixels have
        no influence on what is returned.
        """
        ...
