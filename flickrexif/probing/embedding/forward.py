"""One encoder over batches, on its device: fewer images at once when the memory does not hold."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from flickrexif.errors import UsageError
from flickrexif.probing.encoders import ModuleEncoder, embed_masked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flickrexif.imaging.mask import MaskSpec, PhotoName
    from flickrexif.probing.encoders.protocol import Encoder

log = logging.getLogger("flickrexif")


@dataclass(slots=True)
class Forward:
    """``encoder`` under ``mask``, ``most`` images at once; ``most`` is halved as memory demands."""

    encoder: Encoder
    mask: MaskSpec | None
    most: int
    turn: AbstractContextManager[object] = field(default_factory=nullcontext)
    """Held while the encoder computes: a lock, where it must not be asked by two at once."""

    def __call__(self, images: Tensor, names: Sequence[PhotoName]) -> Tensor:
        """Embed ``images`` (uint8, N x 3 x H x W): float32, N x D, on the CPU.

        Raises `UsageError` when not even one image fits into memory, and for an embedding that is
        no finite number, with the photo's name.
        """
        found: list[Tensor] = []
        start = 0
        while start < len(images):
            those = slice(start, start + self.most)
            try:
                part = self._part(images[those], names[those])
            except RuntimeError as error:
                self._halve(len(names[those]), error)
                continue
            self._require_finite(part, names[those])
            found.append(part)
            start += self.most
        return torch.cat(found)

    def _part(self, images: Tensor, names: Sequence[PhotoName]) -> Tensor:
        with self.turn:
            if isinstance(self.encoder, ModuleEncoder):
                # before the mask: the CPU fills no pixels, and what is pinned is what is sent
                images = images.to(self.encoder.device, non_blocking=True)
            return embed_masked(self.encoder, images, self.mask, names)

    def _halve(self, tried: int, error: RuntimeError) -> None:
        if not _is_out_of_memory(error):
            raise error
        if tried == 1:
            raise UsageError(
                f"one image is too much for the memory of the device under encoder "
                f"{self.encoder.name!r}: take --dtype bfloat16 or --device cpu"
            ) from error
        self.most = tried // 2
        told = "out of memory under %s with %d images at once; going on with %d"
        log.warning(told, self.encoder.name, tried, self.most)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _require_finite(self, vectors: Tensor, names: Sequence[PhotoName]) -> None:
        finite = torch.isfinite(vectors).all(dim=1)
        if not bool(finite.all()):
            name = names[int((~finite).nonzero()[0])]
            raise UsageError(
                f"encoder {self.encoder.name!r} gives no finite numbers for photo {name!r}: "
                "take --dtype float32, or leave the encoder or the photo out"
            )


@contextmanager
def full_precision() -> Iterator[None]:
    """Let float32 be float32 on NVIDIA GPUs.

    There torch convolves in TF32 (10 bits) of itself, and its transformer layers take a fast path
    whose GELU is the approximation by tanh.
    """
    matmul, cudnn, layers = torch.backends.cuda.matmul, torch.backends.cudnn, torch.backends.mha
    before = matmul.allow_tf32, cudnn.allow_tf32, layers.get_fastpath_enabled()
    matmul.allow_tf32 = cudnn.allow_tf32 = False
    layers.set_fastpath_enabled(False)
    try:
        yield
    finally:
        matmul.allow_tf32, cudnn.allow_tf32, fast = before
        layers.set_fastpath_enabled(fast)


def _is_out_of_memory(error: RuntimeError) -> bool:
    """CUDA has a class for it; MPS says "MPS backend out of memory"."""
    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in str(error)
