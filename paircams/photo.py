"""What the checks need to know of one photo."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image, UnidentifiedImageError

from flickrexif.exif.cameras import identify
from flickrexif.exif.read import read_exif
from paircams.grey import grey_image, grey_pixels, opened_photo, register_heif
from paircams.matching.cascade import TINY_SIDE, Look
from paircams.matching.features import ORB_LEAST, ORB_SIDE, orb
from paircams.photo_bytes import Read, read_photo
from paircams.privacy import private_tags
from paircams.provenance import Provenance, provenance
from paircams.thumbnail import Thumbnail

if TYPE_CHECKING:
    from flickrexif.exif.record import RawRecord
    from paircams.layout import PhotoFile

_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif")


@dataclass(frozen=True, slots=True)
class Contents:
    """A photo that decodes to its last byte. Absent EXIF fields are None: unknown, not wrong."""

    sha256: str
    format: str
    """As Pillow names it; multi-picture JPEGs (MPO) count as JPEG."""
    thumbnail: Thumbnail
    provenance: Provenance
    exif: RawRecord
    taken_at: datetime | None
    """By the camera's own clock, without zone."""
    private_tags: tuple[str, ...]
    look: Look | None = None
    """What matching needs; None where no check asks for it."""

    @property
    def device(self) -> tuple[str, str] | None:
        """Maker and model, the same for all spellings of them; None when either is unknown."""
        camera = identify(self.exif.make, self.exif.model)
        maker = camera.make or self.exif.make
        if maker is None or camera.model is None:
            return None
        return maker.casefold(), camera.model.casefold()

    @property
    def device_name(self) -> str:
        """Maker and model for people to read."""
        camera = identify(self.exif.make, self.exif.model)
        return " ".join(filter(None, (camera.make or self.exif.make, camera.model)))

    @property
    def is_phone(self) -> bool | None:
        """Whether a smartphone took it; None when the EXIF does not settle that."""
        return identify(self.exif.make, self.exif.model).is_smartphone


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


def examine(file: PhotoFile, content: Read, *, matching: bool = True) -> Photo:
    """Decode one photo, and find its features if it is for ``matching``.

    A bad photo never raises: it carries a `Flaw`. Pictures of more than twice
    `PIL.Image.MAX_IMAGE_PIXELS` (179 megapixels by default) are not decoded.
    """
    try:
        if isinstance(content, OSError):
            raise content
        return Photo(file, _contents(file, content, matching=matching))
    except FileNotFoundError:
        return Photo(file, Flaw("missing", "the file does not exist; add it or mend the path"))
    except Image.DecompressionBombError:
        limit = 2 * (Image.MAX_IMAGE_PIXELS or 0) // 1_000_000
        reason = f"the picture has more than {limit} megapixels; scale it down to be judged"
        return Photo(file, Flaw("undecodable", reason))
    except UnidentifiedImageError:
        return Photo(file, Flaw("undecodable", _unidentified(content)))
    except Exception as error:  # noqa: BLE001 - the boundary: a decoder may raise anything
        return Photo(file, Flaw("undecodable", _one_line(error)))


def _contents(file: PhotoFile, content: bytes, *, matching: bool) -> Contents:
    if not content:
        raise OSError("the file is empty; copy it again from the camera")
    with opened_photo(content) as image:
        kind = "JPEG" if image.format == "MPO" else image.format or "unknown"
        tags, made = private_tags(image), provenance(image, content)
        width, height = image.size  # as stored: a draft changes it
        grey = grey_image(image, ORB_SIDE)
    if matching and min(grey.size) < ORB_LEAST:
        raise ValueError(f"too small to be matched ({width} x {height} px); take a larger copy")
    record = read_exif(content)
    return Contents(
        sha256=hashlib.sha256(content).hexdigest(),
        format=kind,
        thumbnail=Thumbnail.of(grey),
        provenance=made,
        exif=record,
        taken_at=_clock(record.date_time_original),
        private_tags=tags,
        look=_look(file, grey) if matching else None,
    )


def _look(file: PhotoFile, grey: Image.Image) -> Look:
    tiny = grey.copy()
    tiny.thumbnail((TINY_SIDE, TINY_SIDE), Image.Resampling.BOX)
    return Look(
        features=orb(np.array(grey)),
        tiny=np.array(tiny),
        grey=lambda longest: grey_pixels(read_photo(file), longest),
    )


def _clock(text: str | None) -> datetime | None:
    try:
        return datetime.strptime((text or "")[:19], "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - no zone
    except ValueError:
        return None


def _unidentified(content: Read) -> str:
    is_heic = isinstance(content, bytes) and content[4:8] == b"ftyp" and content[8:12] in _HEIC
    if is_heic and not register_heif():
        return "HEIC needs a decoder that is not installed; pip install pillow-heif"
    if is_heic:
        return "its kind of HEIC cannot be decoded here; convert it to JPEG"
    return "it is no picture in a known format; convert it to JPEG, PNG or HEIC"


def _one_line(error: Exception) -> str:
    told = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    line = " ".join(told.split()) or type(error).__name__
    return f"{line}; copy it again from the camera" if "truncated" in line else line
