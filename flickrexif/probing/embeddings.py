"""Embeddings of photos, in memory and as files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from flickrexif.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

VECTORS = "image_embeddings"
IDS = "Flickr ID"
"""What the published scripts call the two tensors of a file."""


@dataclass(frozen=True, slots=True, eq=False)
class Embeddings:
    """One encoder's embeddings: ``photo_ids`` ascending (N), ``vectors`` float32 N x D."""

    name: str
    provenance: Mapping[str, str]
    photo_ids: NDArray[np.int64]
    vectors: Tensor

    @classmethod
    def read(cls, file: Path) -> Embeddings:
        """Those of a safetensors file that `flickrexif.probing.embed_images` wrote.

        Raises `UsageError` for any other file.
        """
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(file, "pt") as opened:
                ids = ids_of(opened)
                about, vectors = opened.metadata(), opened.get_tensor(VECTORS)
            return cls(about["encoder"], json.loads(about["provenance"]), ids.numpy(), vectors)
        except (OSError, SafetensorError, KeyError, ValueError, TypeError) as error:
            raise UsageError(
                f"{str(file)!r} holds no embeddings ({flaw_told_by(error)}): make it by "
                "`flickrexif embed`"
            ) from error

    def of(self, photo_ids: NDArray[np.int64]) -> Tensor:
        """The vectors of these photos, in their order; `KeyError` for one that has none."""
        places = np.searchsorted(self.photo_ids, photo_ids).clip(max=len(self.photo_ids) - 1)
        missing = self.photo_ids[places] != photo_ids
        if missing.any():
            raise KeyError(int(photo_ids[missing][0]))
        return self.vectors[torch.from_numpy(places)]

    def among(self, photo_ids: NDArray[np.int64]) -> Embeddings:
        """Those of the photos that are in ``photo_ids``."""
        kept = np.isin(self.photo_ids, photo_ids)
        if kept.all():
            return self
        chosen = self.vectors[torch.from_numpy(kept)]
        return Embeddings(self.name, self.provenance, self.photo_ids[kept], chosen)


def ids_of(opened: Any) -> Any:
    """The photo ids (int64, N) of an opened safetensors file, which has N embeddings beside them.

    Raises `ValueError` for a file whose tensors are of other shapes or types, and `KeyError` or
    `SafetensorError` for one that lacks them.
    """
    vectors, ids = opened.get_slice(VECTORS), opened.get_slice(IDS)
    kinds, shapes = (vectors.get_dtype(), ids.get_dtype()), (vectors.get_shape(), ids.get_shape())
    if kinds != ("F32", "I64") or len(shapes[0]) != 2 or shapes[1] != shapes[0][:1]:
        raise ValueError(
            f"{VECTORS} is {kinds[0]} {shapes[0]} and {IDS!r} {kinds[1]} {shapes[1]}, not float32 "
            "N x D and int64 N"
        )
    return opened.get_tensor(IDS)


def flaw_told_by(error: Exception) -> str:
    """What is wrong with a file, in words, where Python tells a key alone."""
    return f"it has no {error.args[0]!r}" if isinstance(error, KeyError) else str(error)
