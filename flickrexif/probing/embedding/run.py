"""Photos through encoders into stores."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import torch

from flickrexif.imaging.reading import exact_reader, fast_reader
from flickrexif.probing.embedding.forward import Forward, device_named, full_precision
from flickrexif.probing.embedding.reading import ReadAhead, ReadPhoto
from flickrexif.probing.embedding.store import Kept, Shards
from flickrexif.probing.encoders import ModuleEncoder, encoder_named
from flickrexif.probing.threads import torch_threads

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from flickrexif.imaging.crop import Crop
    from flickrexif.imaging.reading import Reader
    from flickrexif.probing.embedding.photos import PhotoSource
    from flickrexif.probing.embedding.plan import EmbedPlan
    from flickrexif.probing.embedding.store import Store
    from flickrexif.probing.encoders import Encoder
    from flickrexif.probing.view import View
    from flickrexif.progress import Progress

log = logging.getLogger("flickrexif")


@dataclass(frozen=True, slots=True)
class Lane:
    """One encoder, the crop that it is shown, and where its embeddings go."""

    encoder: Encoder
    crop: Crop
    provenance: Mapping[str, str]
    """The encoder's, with the libraries that make the pixels."""
    store: Store
    found: int
    """How many photos an earlier run had embedded."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """What became of all photos under all encoders."""

    view: View
    lanes: tuple[Lane, ...]

    @property
    def skipped(self) -> dict[int, str]:
        """Photos that could not be read, by ascending id, with the reason."""
        found: dict[int, str] = {}
        for lane in self.lanes:
            found.update(lane.store.skipped)
        return dict(sorted(found.items()))


def embed(
    source: PhotoSource, plan: EmbedPlan, *, folder: Path | None, progress: Progress
) -> Embedded:
    """Embed each photo of ``source`` by each encoder of ``plan``; each is decoded once for all.

    With ``folder`` embeddings are written there shard by shard, and those found there, if made with
    equal words, are not made again. Raises `UsageError` for encoders that cannot be had or do not
    fit the photos, for files of other words, and when no photo can be read.
    """
    view = source.view(plan.mask, plan.crop)
    reader = exact_reader() if plan.exact else fast_reader()
    device = device_named(plan.device)
    with torch_threads(plan.threads), full_precision():
        encoders = [
            encoder_named(one, device=device, dtype=plan.dtype) if isinstance(one, str) else one
            for one in plan.encoders
        ]
        lanes = tuple(_lane(each, source, view, reader, plan, folder) for each in encoders)
        names = ", ".join(lane.encoder.name for lane in lanes)
        done = min(lane.found for lane in lanes)
        progress.start(f"embed by {names}", len(source), "photos", done=min(done, len(source)))
        started = time.perf_counter()
        fresh = _through(source, lanes, view, reader, plan, progress)
        progress.close()
        log.info("%d photos embedded in %.1f s", fresh, time.perf_counter() - started)
        for lane in lanes:
            if isinstance(lane.store, Shards):
                about = {**source.about, "crop": str(lane.crop.size)}
                lane.store.finish(source.columns, about)
    return Embedded(view, lanes)


def _lane(
    encoder: Encoder,
    source: PhotoSource,
    view: View,
    reader: Reader,
    plan: EmbedPlan,
    folder: Path | None,
) -> Lane:
    crop = view.crop_for(encoder)
    how = "as the release has it" if view.prepared else crop.interpolation
    seen = {"pixels": reader.provenance, "crop": f"{crop.size} px", "interpolation": how}
    provenance = {**encoder.provenance, **seen}
    if folder is None:
        return Lane(encoder, crop, provenance, Kept(encoder.name, provenance), 0)
    words = {word: told for word, told in provenance.items() if word != "weights"}
    words["mask"] = repr(sorted(view.mask.words().items())) if view.mask else "none"
    words["photos"] = source.digest
    store = Shards(folder, encoder.name, provenance, words, plan.shard)
    return Lane(encoder, crop, provenance, store, len(store))


def _through(
    source: PhotoSource,
    lanes: Sequence[Lane],
    view: View,
    reader: Reader,
    plan: EmbedPlan,
    progress: Progress,
) -> int:
    """Embed what is not there yet; how many photos that were."""
    crops = tuple(dict.fromkeys(lane.crop for lane in lanes))
    forwards = [Forward(lane.encoder, view.mask, plan.batch) for lane in lanes]
    ahead = ReadAhead(view, crops, reader, plan.threads, depth=plan.batch + plan.threads)
    missing = (photo for photo in source if any(photo.photo_id not in lane.store for lane in lanes))
    read, count = ahead(missing), 0
    try:
        while group := list(islice(read, plan.batch)):
            _tell_unreadable(group)
            for lane, forward in zip(lanes, forwards, strict=True):
                wanted = [photo for photo in group if photo.photo_id not in lane.store]
                _embed_batch(wanted, lane, forward, crops.index(lane.crop))
            count += len(group)
            progress.advance(len(group))
    finally:
        for lane in lanes:
            lane.store.flush()
    return count


def _embed_batch(photos: Sequence[ReadPhoto], lane: Lane, forward: Forward, crop: int) -> None:
    for photo in photos:
        if photo.reason:
            lane.store.skip(photo.photo_id, photo.reason)
    sound = [photo for photo in photos if not photo.reason]
    if sound:
        images = torch.from_numpy(np.stack([photo.crops[crop] for photo in sound]))
        if isinstance(lane.encoder, ModuleEncoder) and lane.encoder.device.type == "cuda":
            images = images.pin_memory()  # the GPU then fetches it while the CPU goes on
        vectors = forward(images, [photo.name for photo in sound])
        lane.store.add([photo.photo_id for photo in sound], vectors)


def _tell_unreadable(photos: Sequence[ReadPhoto]) -> None:
    for photo in photos:
        if photo.reason:
            log.warning("photo %r is skipped: %s", photo.name, photo.reason)
