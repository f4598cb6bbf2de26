"""Crops to embeddings and classes, as arrays: for rooms that do not import torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from flickrexif.probing.embedding.forward import Forward, full_precision
from flickrexif.probing.encoders import encoder_named
from flickrexif.probing.placing import device_named
from flickrexif.probing.protocols.head import fit_head
from flickrexif.probing.protocols.set_crops import batch_of, crop_of, groups_of
from flickrexif.probing.solvers.lbfgs import PENALTIES
from flickrexif.probing.threads import torch_threads

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from flickrexif.imaging.crop import Crop
    from flickrexif.imaging.mask import MaskSpec
    from flickrexif.imaging.reading import Pixels
    from flickrexif.probing.controls import Labels
    from flickrexif.probing.devices import Device, Dtype
    from flickrexif.probing.encoders import Encoder

    Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Embedder:
    """An encoder that sees crops, ``batch`` at once, with ``threads`` of torch."""

    encoder: Encoder
    threads: int = 1
    batch: int = 64
    mask: MaskSpec | None = None
    """What hides pixels of every crop; None shows them whole."""

    @classmethod
    def of(
        cls,
        encoder: str | Encoder,
        *,
        device: Device = "auto",
        dtype: Dtype = "float32",
        threads: int = 1,
        batch: int = 64,
        mask: MaskSpec | None = None,
    ) -> Embedder:
        """By name, on a device of this machine, or as it is; `UsageError` where it is not there."""
        if isinstance(encoder, str):
            encoder = encoder_named(encoder, device=device_named(device), dtype=dtype)
        return cls(encoder, threads, batch, mask)

    @property
    def name(self) -> str:
        """The encoder's."""
        return self.encoder.name

    @property
    def dim(self) -> int:
        """The length of an embedding."""
        return self.encoder.dim

    @property
    def provenance(self) -> Mapping[str, str]:
        """Where the encoder's weights come from."""
        return self.encoder.provenance

    def crop(self, size: int | None = None) -> Crop:
        """What the encoder takes, or a crop of ``size`` pixels where that is asked for."""
        return crop_of(self.encoder, size)

    def takes(self, crop: Crop) -> bool:
        """Whether the encoder sees photos by this crop."""
        return self.encoder.preprocess.crop_or(crop.size) == crop

    def __call__(self, crops: Iterable[tuple[str, Pixels]]) -> Vectors:
        """Embeddings (float32, N x D) of named crops (uint8, H x W x 3), in their order.

        Raises `UsageError`, naming the crop, for an embedding that is no finite number.
        """
        forward = Forward(self.encoder, self.mask, self.batch)
        found = [np.empty((0, self.dim), dtype=np.float32)]
        with torch_threads(self.threads), full_precision(), torch.inference_mode():
            for group in groups_of(crops, self.batch):
                images = batch_of([pixels for _, pixels in group])
                found.append(forward(images, [name for name, _ in group]).numpy())
        return np.concatenate(found)

    def classes_said(
        self,
        train: tuple[Vectors, Labels],
        validation: tuple[Vectors, Labels],
        tested: Vectors,
        *,
        classes: int,
        penalty: float | None = None,
    ) -> tuple[Labels, float]:
        """What a linear head fitted to ``train`` and ``validation`` says of ``tested`` (N classes).

        The penalty is given back; it is chosen where none is given. See
        `flickrexif.probing.protocols.head.fit_head`.
        """
        with torch_threads(self.threads), torch.inference_mode():
            (seen, labels), (held, held_labels) = train, validation
            head = fit_head(
                (torch.from_numpy(seen), labels),
                (torch.from_numpy(held), held_labels),
                classes=classes,
                penalties=PENALTIES if penalty is None else (penalty,),
            )
            said: Labels = head.probabilities(torch.from_numpy(tested)).argmax(axis=1)
        return said, head.penalty
