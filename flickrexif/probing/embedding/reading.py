"""Photos as crops, decoded ahead of the encoders in threads.

Decoders and resizers let go of Python's lock, so threads suffice and nothing is copied between
processes. The order of the photos is kept whatever the number of threads.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import torch

from flickrexif.imaging.decode import UnreadableImage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from flickrexif.imaging.crop import Crop
    from flickrexif.imaging.mask import PhotoName
    from flickrexif.imaging.reading import Pixels, Reader
    from flickrexif.probing.embedding.photos import Photo
    from flickrexif.probing.view import View


AT_ONCE = 4
"""Photos that a thread takes: to wake one for each photo costs more than it seems."""


@dataclass(frozen=True, slots=True, eq=False)
class ReadPhoto:
    """A photo's crops (uint8, 3 x size x size each, in the order asked for), or why there are none.

    ``reason`` is empty for a photo that could be read.
    """

    photo_id: int
    name: PhotoName
    crops: tuple[Pixels, ...]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReadAhead:
    """Decodes some ``depth`` photos further than what was taken from it, in ``threads`` threads."""

    view: View
    crops: Sequence[Crop]
    reader: Reader
    threads: int
    depth: int

    def __call__(self, photos: Iterable[Photo]) -> Iterator[ReadPhoto]:
        """Yield every photo, in order."""
        waiting: deque[Future[list[ReadPhoto]]] = deque()
        pool = ThreadPoolExecutor(
            self.threads, "decode", initializer=torch.set_num_threads, initargs=(1,)
        )
        left = iter(photos)
        try:
            while some := list(islice(left, AT_ONCE)):
                waiting.append(pool.submit(self._read, some))
                if len(waiting) * AT_ONCE > self.depth:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _read(self, photos: Sequence[Photo]) -> list[ReadPhoto]:
        return [self._read_one(photo) for photo in photos]

    def _read_one(self, photo: Photo) -> ReadPhoto:
        try:
            crops = self.view.pixels(photo.content, self.crops, self.reader)
        except UnreadableImage as error:
            return ReadPhoto(photo.photo_id, photo.name, (), error.reason)
        return ReadPhoto(photo.photo_id, photo.name, crops)
