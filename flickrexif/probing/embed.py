"""Photos to embeddings: every photo decoded once, for all encoders at once."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from flickrexif.atomic import atomic_path
from flickrexif.errors import UsageError
from flickrexif.imaging.decode import UnreadableImage
from flickrexif.progress import Progress, Silent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from flickrexif.probing.encoders import Encoder
    from flickrexif.probing.view import View

log = logging.getLogger("flickrexif")

VECTORS = "image_embeddings"
IDS = "Flickr ID"


@dataclass(frozen=True, slots=True)
class SkippedPhoto:
    """A photo that could not be embedded, and why."""

    photo_id: int
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Embeddings:
    """One encoder's embeddings: ``photo_ids`` ascending (N), ``vectors`` float32 N x D."""

    name: str
    provenance: Mapping[str, str]
    photo_ids: NDArray[np.int64]
    vectors: Tensor

    def of(self, photo_ids: NDArray[np.int64]) -> Tensor:
        """The vectors of these photos, in their order; `KeyError` for one that has none."""
        places = np.searchsorted(self.photo_ids, photo_ids).clip(max=len(self.photo_ids) - 1)
        missing = self.photo_ids[places] != photo_ids
        if missing.any():
            raise KeyError(int(photo_ids[missing][0]))
        return self.vectors[torch.from_numpy(places)]

    def write(self, target: Path, **about: str) -> None:
        """Write a safetensors file: vectors, ids, and provenance with ``about`` as metadata."""
        from safetensors.numpy import save_file

        target.parent.mkdir(parents=True, exist_ok=True)
        tensors = {VECTORS: self.vectors.numpy(), IDS: self.photo_ids}
        provenance = json.dumps(dict(self.provenance), sort_keys=True)
        about = {"encoder": self.name, "provenance": provenance, **about}
        with atomic_path(target) as partial:
            save_file(tensors, partial, metadata=about)


def embed(
    images: Iterable[tuple[int, bytes]],
    encoders: Sequence[Encoder],
    view: View,
    *,
    batch: int,
    progress: Progress | None = None,
) -> tuple[list[Embeddings], tuple[SkippedPhoto, ...]]:
    """Embed ``images`` (photo id, encoded bytes) by each of ``encoders``.

    A photo that cannot be read is skipped, with its reason. Raises `UsageError` when none is left.
    """
    progress = progress or Silent()
    skipped: list[SkippedPhoto] = []
    photo_ids: list[int] = []
    vectors: list[list[Tensor]] = [[] for _ in encoders]
    sound = _sound(images, view, skipped, progress)
    while group := list(islice(sound, batch)):
        those = [photo_id for photo_id, _ in group]
        pixels, seen = torch.stack([pixels for _, pixels in group]), view.visible(those)
        photo_ids += those
        with torch.inference_mode():
            for encoder, found in zip(encoders, vectors, strict=True):
                found.append(encoder(pixels, seen))
    if not photo_ids:
        raise UsageError("no photo of the release can be read; run `flickrexif verify` on it")
    ids = np.asarray(photo_ids, dtype=np.int64)
    order = np.argsort(ids)
    rows = torch.from_numpy(order)
    done = [
        Embeddings(encoder.name, encoder.provenance, ids[order], torch.cat(found)[rows].clone())
        for encoder, found in zip(encoders, vectors, strict=True)
    ]
    return done, tuple(sorted(skipped, key=lambda photo: photo.photo_id))


def _sound(
    images: Iterable[tuple[int, bytes]],
    view: View,
    skipped: list[SkippedPhoto],
    progress: Progress,
) -> Iterator[tuple[int, Tensor]]:
    for photo_id, image in images:
        progress.advance()
        try:
            yield photo_id, view.pixels(image)
        except UnreadableImage as error:
            log.warning("photo %d is skipped: %s", photo_id, error.reason)
            skipped.append(SkippedPhoto(photo_id, error.reason))
