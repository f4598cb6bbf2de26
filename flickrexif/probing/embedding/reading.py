"""Photos as crops, decoded ahead of the encoders in threads.

Decoders and resizers let go of Python's lock, so threads suffice and nothing is copied between
processes. The order of the photos is kept whatever the number of threads.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
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
    """Decodes ``depth`` photos further than what was taken from it, in ``threads`` threads."""

    view: View
    crops: Sequence[Crop]
    reader: Reader
    threads: int
    depth: int

    def __call__(self, photos: Iterable[Photo]) -> Iterator[ReadPhoto]:
        """Yield every photo, in order."""
        waiting: deque[Future[ReadPhoto]] = deque()
        pool = ThreadPoolExecutor(
            self.threads, "decode", initializer=torch.set_num_threads, initargs=(1,)
        )
        try:
            for photo in photos:
                waiting.append(pool.submit(self._read, photo))
                if len(waiting) > self.depth:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _read(self, photo: Photo) -> ReadPhoto:
        try:
            crops = self.view.pixels(photo.content, self.crops, self.reader)
        except UnreadableImage as error:
            return ReadPhoto(photo.photo_id, photo.name, (), error.reason)
        return ReadPhoto(photo.photo_id, photo.name, crops)
