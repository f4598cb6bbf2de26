"""Embeddings of photos, in memory and as files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

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
                about = opened.metadata() or {}
                ids, vectors = opened.get_tensor(IDS), opened.get_tensor(VECTORS)
            return cls(about["encoder"], json.loads(about["provenance"]), ids.numpy(), vectors)
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            raise UsageError(
                f"{str(file)!r} holds no embeddings ({error}): make it by `flickrexif embed`"
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
