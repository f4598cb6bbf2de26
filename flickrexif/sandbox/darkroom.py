"""Makes the files of photos, in worker processes, and keeps the latest ones at hand."""

from __future__ import annotations

import io
import multiprocessing
import signal
import threading
from collections import OrderedDict
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Protocol

from flickrexif.engine.parent import end_with_parent

if TYPE_CHECKING:
    from flickrexif.sandbox.catalogue import SandboxPhoto
    from flickrexif.sandbox.sizes import Size


class Renderer(Protocol):
    """What makes JPEG files of a photo; it must be picklable, and the same call gives one file."""

    def original(self, photo: SandboxPhoto) -> bytes:
        """Return the file as the camera wrote it."""

    def resized(self, photo: SandboxPhoto, longest: int) -> bytes:
        """Return the service's own file, its longest edge ``longest`` pixels."""


class SceneRenderer:
    """The sandbox's simulated cameras."""

    def original(self, photo: SandboxPhoto) -> bytes:
        """Return the file as the camera wrote it, with its EXIF."""
        from flickrexif.sandbox import render

        return render.original(photo)

    def resized(self, photo: SandboxPhoto, longest: int) -> bytes:
        """Return the service's own file, its longest edge ``longest`` pixels, without EXIF."""
        from flickrexif.sandbox import render

        return render.resized(photo, longest)


class Darkroom:
    """Files of photos by size (None for the original); safe for many threads.

    With ``workers`` 0 the calling thread does the work. A photo always goes to the same worker, so
    that what the renderer keeps of it is found again. The latest ``keep`` files are remembered; a
    file wanted by several at once is made once.
    """

    def __init__(self, renderer: Renderer, *, workers: int, keep: int = 512) -> None:
        self._renderer = renderer
        self._pools: list[ProcessPoolExecutor | None] = [None] * workers
        self._keep = keep
        self._files: OrderedDict[tuple[int, str], Future[bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def file(self, photo: SandboxPhoto, size: Size | None) -> bytes:
        """Return the JPEG file of a photo in a size, made now if it is not at hand."""
        key = (photo.id, size.suffix if size else "o")
        with self._lock:
            wanted = self._files.get(key)
            mine = wanted is None
            if wanted is None:
                wanted = self._files[key] = Future()
            self._files.move_to_end(key)
            while len(self._files) > self._keep:
                self._files.popitem(last=False)
        if mine:
            self._make(key, wanted, photo, size)
        return wanted.result()

    def close(self) -> None:
        """End the workers."""
        with self._lock:
            pools, self._pools = self._pools, [None] * len(self._pools)
        for pool in pools:
            if pool is not None:
                pool.shutdown(cancel_futures=True)

    def _make(
        self,
        key: tuple[int, str],
        wanted: Future[bytes],
        photo: SandboxPhoto,
        size: Size | None,
    ) -> None:
        try:
            wanted.set_result(self._develop(photo, size))
        except BaseException as error:
            with self._lock:
                self._files.pop(key, None)
            wanted.set_exception(error)
            raise

    def _develop(self, photo: SandboxPhoto, size: Size | None) -> bytes:
        if not self._pools:
            return develop(self._renderer, photo, size)
        pool = self._pool(photo.id)
        try:
            return pool.submit(develop, self._renderer, photo, size).result()
        except BrokenProcessPool:
            pool = self._pool(photo.id, lost=pool)
            return pool.submit(develop, self._renderer, photo, size).result()

    def _pool(self, photo_id: int, lost: ProcessPoolExecutor | None = None) -> ProcessPoolExecutor:
        with self._lock:
            at = photo_id % len(self._pools)
            pool = self._pools[at]
            if pool is None or pool is lost:
                context = multiprocessing.get_context("spawn")
                pool = self._pools[at] = ProcessPoolExecutor(1, context, initializer=_enter)
        return pool


def develop(renderer: Renderer, photo: SandboxPhoto, size: Size | None) -> bytes:
    """Return the JPEG file of a photo in a size, None for the original."""
    if size is None:
        return renderer.original(photo)
    if size.square:
        return _square(renderer, photo, size.longest)
    return renderer.resized(photo, max(size.box(photo.width, photo.height)))


def _square(renderer: Renderer, photo: SandboxPhoto, edge: int) -> bytes:
    from PIL import Image, ImageOps

    short, long = sorted((photo.width, photo.height))
    whole = Image.open(io.BytesIO(renderer.resized(photo, -(-edge * long // short))))
    file = io.BytesIO()
    ImageOps.fit(whole, (edge, edge)).save(file, "JPEG", quality=87)
    return file.getvalue()


def _enter() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
