"""What a file's EXIF or a getExif answer says, before any of it is interpreted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

ExifSource = Literal["api", "file"]


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One photo's acquisition tags (IFD0 and ExifIFD only), as the source gave them.

    A file gives rationals (``*_num``/``*_den``) and codes; Flickr's getExif gives the same tags as
    text in exiftool's print form (``*_text``). What a source does not say is ``None``. Make, model
    and texts are trimmed (cut at the first NUL, then stripped; blank is ``None``), nothing else is
    changed: `flickrexif.exif.normalize` turns records into typed and printed columns.

    Neither GPS, serial numbers nor owner fields have a place here.
    """

    source: ExifSource
    make: str | None = None
    model: str | None = None
    camera: str | None = None
    """Flickr's own name of the camera (api only)."""
    exposure_text: str | None = None
    exposure_num: int | None = None
    exposure_den: int | None = None
    aperture_text: str | None = None
    aperture_num: int | None = None
    aperture_den: int | None = None
    iso_text: str | None = None
    iso: int | None = None
    focal_length_text: str | None = None
    focal_length_num: int | None = None
    focal_length_den: int | None = None
    focal_length_35mm: int | None = None
    """35 mm equivalent in mm; 0 (unknown, by the Exif standard) is ``None``."""
    flash_text: str | None = None
    flash: int | None = None
    """The Exif Flash code (tag 0x9209), a bit field."""
    date_time_original: str | None = None

    @property
    def is_empty(self) -> bool:
        """True when the source holds none of the acquisition tags."""
        return self == RawRecord(self.source)

    def to_json(self) -> str:
        """The record as a JSON object without its empty fields."""
        told = ((name, getattr(self, name)) for name in self.__slots__)
        fields = {name: value for name, value in told if value is not None}
        return json.dumps(fields, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> RawRecord:
        """The inverse of `to_json`."""
        fields: dict[str, Any] = json.loads(text)
        return cls(**fields)
