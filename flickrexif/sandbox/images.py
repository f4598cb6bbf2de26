"""The image host: files by address, parts of originals, and what is left of deleted photos."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from flickrexif.sandbox.answers import secret_of
from flickrexif.sandbox.response import Response
from flickrexif.sandbox.sizes import BY_SUFFIX, Size, offered

if TYPE_CHECKING:
    from flickrexif.sandbox.catalogue import Catalogue, SandboxPhoto
    from flickrexif.sandbox.darkroom import Darkroom
    from flickrexif.sandbox.quirks import Quirks

PREFIX = "/i"
PLACEHOLDER_PATH = f"{PREFIX}/images/photo_unavailable.png"
_FILE = re.compile(PREFIX + r"/(\d+)/(\d{1,18})_([0-9a-f]+)(_[a-z0-9]+)?\.(jpg|png|gif)")
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_NOT_FOUND = Response(404)


def cause_of(path: str, range_header: str | None) -> str:
    """Return what a request is counted as: ``image:o``, ``image:o:range``, ``image:b``, ...

    The size without a suffix (500 px) is ``image:-``, anything else ``image:other``.
    """
    match = _FILE.fullmatch(path)
    if match is None:
        return "image:other"
    suffix = (match[4] or "_-").removeprefix("_")
    return f"image:{suffix}:range" if range_header else f"image:{suffix}"


@dataclass(frozen=True, slots=True)
class ImageHost:
    """Answers requests for files of a catalogue's photos."""

    catalogue: Catalogue
    darkroom: Darkroom
    quirks: Quirks
    seed: int

    def respond(self, path: str, range_header: str | None) -> Response:
        """Answer a request for the file at ``path``."""
        if path == PLACEHOLDER_PATH:
            return Response(200, _placeholder(), "image/png")
        match = _FILE.fullmatch(path)
        photo = self.catalogue.photo(int(match[2])) if match else None
        if match is None or photo is None:
            return _NOT_FOUND
        if photo.visible == "deleted":
            return _gone(photo)
        if photo.visible == "private" or match[1] != photo.server:
            return _NOT_FOUND
        if match[4] == "_o":
            return self._original(photo, match[3], match[5], range_header)
        return self._resized(photo, match[3], BY_SUFFIX.get(match[4] or ""), match[5])

    def _original(
        self, photo: SandboxPhoto, secret: str, ending: str, range_header: str | None
    ) -> Response:
        if (secret, ending) != (photo.original_secret, photo.original_format):
            return _NOT_FOUND
        file = self.darkroom.file(photo, None)
        lying = photo.orientation >= 5
        width, height = (photo.height, photo.width) if lying else (photo.width, photo.height)
        headers = _dimensions(width, height)
        if self.quirks.ignores_range_of(photo.id, self.seed):
            return Response(200, file, "image/jpeg", headers)
        return _part(file, range_header, (*headers, ("Accept-Ranges", "bytes")))

    def _resized(
        self, photo: SandboxPhoto, secret: str, size: Size | None, ending: str
    ) -> Response:
        if size is None or size not in offered(photo.width, photo.height):
            return _NOT_FOUND
        if (secret, ending) != (secret_of(photo, size), "jpg"):
            return _NOT_FOUND
        headers = _dimensions(*size.box(photo.width, photo.height))
        return Response(200, self.darkroom.file(photo, size), "image/jpeg", headers)


def moved_to_placeholder() -> Response:
    """Return the redirect that old deleted photos answer with."""
    return Response(302, headers=(("Location", PLACEHOLDER_PATH),))


def _gone(photo: SandboxPhoto) -> Response:
    if photo.id % 3 == 0:
        return moved_to_placeholder()
    return Response(404 if photo.id % 3 == 1 else 410)


def _dimensions(width: int, height: int) -> tuple[tuple[str, str], ...]:
    return (("imagewidth", str(width)), ("imageheight", str(height)))


def _part(file: bytes, range_header: str | None, headers: tuple[tuple[str, str], ...]) -> Response:
    match = _RANGE.fullmatch(range_header or "")
    if match is None or match.groups() == ("", ""):
        return Response(200, file, "image/jpeg", headers)
    if match[1]:
        start, stop = int(match[1]), min(int(match[2] or len(file)) + 1, len(file))
    else:
        start, stop = max(0, len(file) - int(match[2])), len(file)
    if start >= stop:
        unmet = (("Content-Range", f"bytes */{len(file)}"),)
        return Response(416, headers=unmet)
    told = ("Content-Range", f"bytes {start}-{stop - 1}/{len(file)}")
    return Response(206, file[start:stop], "image/jpeg", (*headers, told))


@cache
def _placeholder() -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.new("L", (240, 180), 238).save(file, "PNG")
    return file.getvalue()
