"""An untrained convolutional network: what an architecture finds without having learnt."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import conv2d, relu

from flickrexif.probing.preprocess import PreprocessSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flickrexif.probing.encoders.protocol import Family

WIDTHS = (3, 16, 32, 64)


@dataclass(frozen=True, slots=True)
class RandomConvEncoder:
    """Three 3 x 3 convolutions of stride 2 with He-normal weights; then mean and deviation.

    Hidden pixels are mid-grey, as zero after normalisation.
    """

    name: str = "random:conv"
    seed: int = 0

    @property
    def family(self) -> Family:
        """It has learnt nothing."""
        return "control"

    @property
    def preprocess(self) -> PreprocessSpec:
        """Any size, from -1 to 1."""
        return PreprocessSpec(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))

    @property
    def dim(self) -> int:
        """Mean and standard deviation of each last channel."""
        return 2 * WIDTHS[-1]

    @property
    def provenance(self) -> Mapping[str, str]:
        """The seed, and the hash of the weights it gives."""
        digest = hashlib.sha256()
        for weight in self._weights():
            digest.update(weight.numpy().tobytes())
        return {
            "weights": f"random, seed {self.seed}",
            "sha256": digest.hexdigest(),
            "dtype": "float32",
        }

    def __call__(self, images: Tensor, visible: Tensor, *, fill: Tensor | None = None) -> Tensor:
        """See `Encoder`."""
        seen = visible.expand(len(images), *visible.shape[-2:])[:, None]
        answers = (images.float() / 127.5 - 1) * seen
        for weight in self._weights():
            answers = relu(conv2d(answers, weight, stride=2, padding=1))
        return torch.cat([answers.mean((2, 3)), answers.std((2, 3), correction=0)], dim=1)

    def _weights(self) -> list[Tensor]:
        generator = torch.Generator().manual_seed(self.seed)
        pairs = pairwise(WIDTHS)
        return [
            torch.randn(wide, narrow, 3, 3, generator=generator) * (2 / (9 * narrow)) ** 0.5
            for narrow, wide in pairs
        ]
