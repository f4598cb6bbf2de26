"""Retrieval of pairs from arrays: for rooms that do not import torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from flickrexif.probing.placing import device_named
from flickrexif.probing.protocols.retrieval import PairRetrieval, retrieve_pairs
from flickrexif.probing.threads import torch_threads

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from flickrexif.probing.devices import Device


def retrieve_arrays(
    side_a: NDArray[np.float32],
    side_b: NDArray[np.float32],
    *,
    resamples: int = 1000,
    seed: int = 0,
    device: Device = "cpu",
    threads: int = 1,
) -> PairRetrieval:
    """See `flickrexif.probing.protocols.retrieval.retrieve_pairs`.

    Embeddings are S x D, row s is subject s.

    Raises as that does, and `UsageError` for a device that is not there.
    """
    found = device_named(device)
    with torch_threads(threads):
        return retrieve_pairs(
            torch.from_numpy(side_a),
            torch.from_numpy(side_b),
            resamples=resamples,
            seed=seed,
            device="cpu" if found == "mps" else found,  # MPS has no float64
        )
