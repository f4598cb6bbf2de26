"""Batches of photos through the encoders of one device or several at once, in their order.

Each device has a thread and an encoder of its own for every lane, and takes the next batch as soon
as it is free; torch lets go of Python's lock while it computes. Threads, where
`flickrexif.engine` runs a stage in processes shard by shard: all devices and encoders are to share
one decoding of each photo, which in processes would be done, or be copied, for each.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from torch import Tensor

    from flickrexif.probing.embedding.batch import Batch
    from flickrexif.probing.embedding.forward import Forward


Vectors = dict[int, "Tensor"]
"""By the lane's place, its embeddings, float32, N x D, on the CPU."""


@dataclass(frozen=True, slots=True, eq=False)
class Workers:
    """A thread for each of ``devices``, which are told by their encoder of every lane."""

    devices: Sequence[Sequence[Forward]]
    threads: int
    """Of torch on the CPU, for each."""

    def __call__(self, batches: Iterable[Batch]) -> Iterator[tuple[Batch, Vectors]]:
        """Yield each batch with its embeddings, in order, while the next ones are computed.

        No more batches are taken than there are devices, and one that waits. What embedding a batch
        raises is raised here, after all batches before it were yielded.
        """
        free: SimpleQueue[Sequence[Forward]] = SimpleQueue()
        for device in self.devices:
            free.put(device)
        waiting: deque[tuple[Batch, Future[Vectors]]] = deque()
        pool = ThreadPoolExecutor(
            len(self.devices), "embed", initializer=torch.set_num_threads, initargs=(self.threads,)
        )
        try:
            for batch in batches:
                waiting.append((batch, pool.submit(_embedded, batch, free)))
                if len(waiting) > len(self.devices):
                    done, vectors = waiting.popleft()
                    yield done, vectors.result()
            while waiting:
                done, vectors = waiting.popleft()
                yield done, vectors.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _embedded(batch: Batch, free: SimpleQueue[Sequence[Forward]]) -> Vectors:
    """``batch`` on the device that is free."""
    forwards = free.get()
    try:
        return {
            lane: forwards[lane](shown.images, shown.names) for lane, shown in batch.shown.items()
        }
    finally:
        free.put(forwards)
