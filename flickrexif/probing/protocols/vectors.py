"""Embeddings as vectors of length 1, looked at block by block."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from flickrexif.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_VALUES_AT_ONCE = 1 << 24


def units(vectors: Tensor, device: torch.device | str | None = None) -> Tensor:
    """``vectors`` (N x D) as float64 on ``device``, each of length 1; those of zeros stay zeros."""
    exact = vectors.to(device).double()
    lengths = exact.norm(dim=1, keepdim=True)
    return exact / torch.where(lengths > 0, lengths, 1.0)


def blocks(count: int, size: int) -> Iterator[slice]:
    """Slices of at most ``size`` that together are 0 to ``count``."""
    return (slice(start, min(start + size, count)) for start in range(0, count, size))


def require_finite(vectors: Tensor, what: str) -> None:
    """`UsageError`, naming the row as one of ``what``, for a value that is no finite number."""
    for rows in blocks(len(vectors), max(1, _VALUES_AT_ONCE // max(1, vectors.shape[1]))):
        sound = torch.isfinite(vectors[rows]).all(dim=1)
        if not bool(sound.all()):
            row = rows.start + int((~sound).nonzero()[0, 0])
            raise UsageError(
                f"{what} {row} has a value that is no finite number: look at the image that it is "
                "of, and at what embedded it"
            )
