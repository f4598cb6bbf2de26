"""What the checks need to know of one photo."""

from __future__ import annotations

import hashlib
import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import pillow_heif
from PIL import Image, UnidentifiedImageError

from flickrexif.exif.cameras import identify
from flickrexif.exif.read import needs_more, read_exif
from paircams.privacy import private_tags
from paircams.thumbnail import Thumbnail

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from io import BufferedReader
    from pathlib import Path

    from paircams.layout import PhotoFile

HEAD_BYTES = 64 * 1024
"""How much of a JPEG is read for its EXIF, unless that lies farther on."""

DECODERS = min(4, os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class Contents:
    """A photo that decodes to its last byte. Absent EXIF fields are None: unknown, not wrong."""

    sha256: str
    format: str
    """As Pillow names it; multi-picture JPEGs (MPO) count as JPEG."""
    thumbnail: Thumbnail
    encoder: str | None
    """A fingerprint of a JPEG's quantisation tables, equal for equal encoder settings."""
    has_exif: bool
    """True when any acquisition tag (make, exposure, ...) is there."""
    make: str | None
    model: str | None
    taken_at: datetime | None
    """By the camera's own clock, without zone."""
    private_tags: tuple[str, ...]

    @property
    def device(self) -> tuple[str, str] | None:
        """Maker and model, the same for all spellings of them; None when either is unknown."""
        camera = identify(self.make, self.model)
        maker = camera.make or self.make
        if maker is None or camera.model is None:
            return None
        return maker.casefold(), camera.model.casefold()


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why a photo has no contents: it is not there, or it cannot be decoded."""

    check: Literal["missing", "undecodable"]
    reason: str


@dataclass(frozen=True, slots=True)
class Photo:
    """A declared photo with what its file holds, or with what is wrong with the file."""

    file: PhotoFile
    contents: Contents | Flaw


def open_photos(files: Iterable[PhotoFile]) -> Iterator[Photo]:
    """Read and decode every photo, several at once, and yield them in the order of ``files``.

    A bad file never raises: its photo carries a `Flaw`. Pictures of more than twice
    `PIL.Image.MAX_IMAGE_PIXELS` (179 megapixels by default) are not decoded.
    """
    pillow_heif.register_heif_opener()
    with _quiet_pillow(), ThreadPoolExecutor(DECODERS) as pool:
        yield from pool.map(open_photo, files)


def open_photo(file: PhotoFile) -> Photo:
    """Read and decode one photo; see `open_photos`."""
    try:
        with _open_regular(file.path) as stream:
            contents = _read(stream)
    except FileNotFoundError:
        return Photo(file, Flaw("missing", "the file does not exist; add it or mend the path"))
    except Image.DecompressionBombError:
        limit = 2 * (Image.MAX_IMAGE_PIXELS or 0) // 1_000_000
        reason = f"the picture has more than {limit} megapixels; scale it down to be judged"
        return Photo(file, Flaw("undecodable", reason))
    except Exception as error:  # noqa: BLE001 - the boundary: a decoder may raise anything
        return Photo(file, Flaw("undecodable", _one_line(error)))
    return Photo(file, contents)


def _open_regular(path: Path) -> BufferedReader:
    if path.exists() and not path.is_file():  # opening a pipe would wait for its writer
        raise OSError("it is no regular file; name the photo itself")
    return path.open("rb")


def _read(stream: BufferedReader) -> Contents:
    sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    if stream.tell() == 0:
        raise OSError("the file is empty; copy it again from the camera")
    stream.seek(0)
    with Image.open(stream) as image:
        kind = "JPEG" if image.format == "MPO" else image.format or "unknown"
        tags, encoder, thumbnail = private_tags(image), _encoder(image), Thumbnail.of(image)
    record = read_exif(_head(stream) if kind == "JPEG" else _whole(stream))
    return Contents(
        sha256=sha256,
        format=kind,
        thumbnail=thumbnail,
        encoder=encoder,
        has_exif=not record.is_empty,
        make=record.make,
        model=record.model,
        taken_at=_clock(record.date_time_original),
        private_tags=tags,
    )


def _whole(stream: BufferedReader) -> bytes:
    stream.seek(0)
    return stream.read()


def _head(stream: BufferedReader) -> bytes:
    """The first bytes of a JPEG, to the end of its EXIF."""
    stream.seek(0)
    head = stream.read(HEAD_BYTES)
    while (reach := needs_more(head)) is not None and (more := stream.read(reach - len(head))):
        head += more
    return head


def _encoder(image: Image.Image) -> str | None:
    tables = getattr(image, "quantization", None)
    if not isinstance(tables, dict) or not tables:
        return None
    listed = ";".join(f"{key}:{','.join(map(str, tables[key]))}" for key in sorted(tables))
    return hashlib.sha256(listed.encode()).hexdigest()[:16]


def _clock(text: str | None) -> datetime | None:
    try:
        return datetime.strptime((text or "")[:19], "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - no zone
    except ValueError:
        return None


def _one_line(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "it is no picture in a known format; convert it to JPEG, PNG or HEIC"
    told = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(told.split()) or type(error).__name__


@contextmanager
def _quiet_pillow() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # odd EXIF and large pictures: the checks tell them
        yield
