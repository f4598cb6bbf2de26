"""Photos through encoders into stores."""

from __future__ import annotations

import logging
import time
from contextlib import nullcontext
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from flickrexif.imaging.reading import exact_reader, fast_reader
from flickrexif.probing.embedding.batch import Batching
from flickrexif.probing.embedding.forward import Forward, full_precision
from flickrexif.probing.embedding.plan import name_of
from flickrexif.probing.embedding.reading import ReadAhead
from flickrexif.probing.embedding.store import Kept, Shards, require_files_of_their_own
from flickrexif.probing.embedding.workers import Workers
from flickrexif.probing.encoders import ModuleEncoder
from flickrexif.probing.placing import devices_named, placed
from flickrexif.probing.threads import torch_threads

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from torch import Tensor

    from flickrexif.imaging.crop import Crop
    from flickrexif.imaging.mask import MaskSpec
    from flickrexif.imaging.reading import Reader
    from flickrexif.probing.embedding.batch import Batch
    from flickrexif.probing.embedding.photos import Photo, PhotoSource
    from flickrexif.probing.embedding.plan import EmbedPlan
    from flickrexif.probing.embedding.reading import ReadPhoto
    from flickrexif.probing.embedding.store import Store
    from flickrexif.probing.encoders import Encoder
    from flickrexif.probing.placing import Placed
    from flickrexif.probing.view import View
    from flickrexif.progress import Progress

log = logging.getLogger("flickrexif")


@dataclass(frozen=True, slots=True)
class Lane:
    """One encoder, the crop that it is shown, and where its embeddings go."""

    placed: Placed
    crop: Crop
    provenance: Mapping[str, str]
    """The encoder's, with the libraries that make the pixels."""
    store: Store
    found: int
    """How many photos an earlier run had embedded."""

    @property
    def encoder(self) -> Encoder:
        """On the first device."""
        return self.placed.first


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
    if folder is not None:
        require_files_of_their_own(folder, [name_of(encoder) for encoder in plan.encoders])
    work = _Work.of(source, plan)
    devices = devices_named(plan.device)
    with torch_threads(plan.threads), full_precision():
        lanes = tuple(
            work.lane(placed(one, devices, dtype=plan.dtype), folder) for one in plan.encoders
        )
        names = ", ".join(lane.encoder.name for lane in lanes)
        done = min(len(lane.store) for lane in lanes)
        progress.start(f"embed by {names}", len(source), "photos", done=min(done, len(source)))
        started = time.perf_counter()
        fresh = work.through(lanes, progress)
        progress.close()
        log.info("%d photos embedded in %.1f s", fresh, time.perf_counter() - started)
        for lane in lanes:
            if isinstance(lane.store, Shards):
                about = {**source.about, "crop": str(lane.crop.size)}
                lane.store.finish(source.columns, about)
    return Embedded(work.view, lanes)


@dataclass(frozen=True, slots=True)
class _Work:
    """Which photos are embedded, and how they are read and seen."""

    source: PhotoSource
    plan: EmbedPlan
    view: View
    reader: Reader

    @classmethod
    def of(cls, source: PhotoSource, plan: EmbedPlan) -> _Work:
        view = source.view(plan.mask, plan.crop)
        return cls(source, plan, view, exact_reader() if plan.exact else fast_reader())

    def lane(self, placed: Placed, folder: Path | None) -> Lane:
        """That of one encoder, into ``folder`` or into memory."""
        encoder, view = placed.first, self.view
        crop = view.crop_for(encoder)
        how = "as the release has it" if view.prepared else crop.interpolation
        seen = {"pixels": self.reader.provenance, "crop": f"{crop.size} px", "interpolation": how}
        provenance = {**encoder.provenance, **seen}
        if folder is None:
            return Lane(placed, crop, provenance, Kept(encoder.name, provenance), 0)
        words = {word: told for word, told in provenance.items() if word != "weights"}
        words["mask"] = _told(view.mask)
        words["photos"] = self.source.digest
        store = Shards(folder, encoder.name, provenance, words, self.plan.shard)
        return Lane(placed, crop, provenance, store, store.photos)

    def through(self, lanes: Sequence[Lane], progress: Progress) -> int:
        """Embed what is not there yet; how many photos that were, but for unreadable ones."""
        plan, count = self.plan, 0
        workers = Workers(self._forwards(lanes), plan.threads)
        crops = tuple(dict.fromkeys(lane.crop for lane in lanes))
        depth = plan.batch * len(workers.devices) + plan.threads
        ahead = ReadAhead(self.view, crops, self.reader, plan.threads, depth=depth)
        batching = Batching(lanes, crops, plan.batch, pinned=any(map(_is_on_cuda, lanes)))
        try:
            for batch, vectors in workers(batching(ahead(self._missing(lanes)))):
                _tell_unreadable(batch.photos)
                for place, lane in enumerate(lanes):
                    _keep(batch, lane, vectors.get(place), place)
                count += sum(not photo.reason for photo in batch.photos)
                progress.advance(len(batch.photos))
        finally:
            for lane in lanes:
                lane.store.flush()
        return count

    def _missing(self, lanes: Sequence[Lane]) -> Iterator[Photo]:
        for photo in self.source:
            if any(photo.photo_id not in lane.store for lane in lanes):
                yield photo

    def _forwards(self, lanes: Sequence[Lane]) -> list[tuple[Forward, ...]]:
        """For each device, what computes each lane there."""
        mask, most = self.view.mask, self.plan.batch
        by_lane = []
        for lane in lanes:
            turn = nullcontext() if lane.placed.at_once else Lock()
            by_lane.append([Forward(one, mask, most, turn) for one in lane.placed.encoders])
        return list(zip(*by_lane, strict=True))


def _told(mask: MaskSpec | None) -> str:
    """A mask on one line, as files tell it."""
    if mask is None:
        return "none"
    return ", ".join(f"{word} {value}" for word, value in sorted(mask.words().items()))


def _is_on_cuda(lane: Lane) -> bool:
    return isinstance(lane.encoder, ModuleEncoder) and lane.encoder.device.type == "cuda"


def _keep(batch: Batch, lane: Lane, vectors: Tensor | None, place: int) -> None:
    for photo in batch.photos:
        if photo.reason and photo.photo_id not in lane.store:
            lane.store.skip(photo.photo_id, photo.reason)
    if vectors is not None:
        lane.store.add(batch.shown[place].photo_ids, vectors)


def _tell_unreadable(photos: Sequence[ReadPhoto]) -> None:
    for photo in photos:
        if photo.reason:
            log.warning("photo %r is skipped: %s", photo.name, photo.reason)
