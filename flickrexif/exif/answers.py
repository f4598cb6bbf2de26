"""Flickr's getExif answers, in JSON or XML and of every vintage, as raw records.

An answer repeats a tag under maker notes, XMP and thumbnail groups with other values, and its
labels have changed and collide; so a tag is chosen by (tagspace, tag) and never by its label.
Until about 2010 the spaces were TIFF and EXIF, the tags numbers and the values unformatted
(``90/10``); since then the spaces are IFD0 and ExifIFD, and the values exiftool's print.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeAlias

from flickrexif.errors import UpstreamError
from flickrexif.exif import directories as tags
from flickrexif.exif.read import ISO_OVERFLOW
from flickrexif.exif.record import RawRecord
from flickrexif.exif.text import clean_text

Space: TypeAlias = Literal["main", "exif"]
Found: TypeAlias = dict[tuple[Space, int], str]

SPACES: Mapping[str, Space] = {"IFD0": "main", "TIFF": "main", "ExifIFD": "exif", "EXIF": "exif"}
TAGS: Mapping[str, int] = {
    "Make": tags.MAKE,
    "Model": tags.MODEL,
    "ExposureTime": tags.EXPOSURE_TIME,
    "FNumber": tags.F_NUMBER,
    "ISO": tags.ISO,
    "Flash": tags.FLASH,
    "FocalLength": tags.FOCAL_LENGTH,
    "DateTimeOriginal": tags.DATE_TIME_ORIGINAL,
    "FocalLengthIn35mmFormat": tags.FOCAL_LENGTH_35MM,
    "SensitivityType": tags.SENSITIVITY_TYPE,
    "StandardOutputSensitivity": tags.STANDARD_SENSITIVITY,
    "RecommendedExposureIndex": tags.EXPOSURE_INDEX,
    "ISOSpeed": tags.ISO_SPEED,
}
SENSITIVITY_TYPES: Mapping[str, int] = {
    "Standard Output Sensitivity": 1,
    "Recommended Exposure Index": 2,
    "ISO Speed": 3,
}
"""The prints of SensitivityType that name one kind only."""

RATIO = re.compile(r"([0-9]{1,18})/([0-9]{1,18})")
WHOLE_NUMBER = re.compile(r"([0-9]{1,9})(?:\.0+)?(?: mm)?(?:\D.*)?")


def parse_exif_answer(body: Mapping[str, Any]) -> RawRecord:
    """The record of a decoded JSON answer of ``flickr.photos.getExif``.

    An answer without tags gives an empty record. Raises `UpstreamError` for a failure answer.
    """
    if body.get("stat") == "fail":
        _refuse(body.get("code"), body.get("message"))
    photo = body.get("photo", body)
    entries = (entry for entry in photo.get("exif") or () if isinstance(entry, Mapping))
    found = _select(
        (_content(entry.get("tagspace")), _content(entry.get("tag")), _content(entry.get("raw")))
        for entry in entries
    )
    return _record(found, _content(photo.get("camera")))


def parse_exif_xml(body: bytes) -> RawRecord:
    """The record of an XML answer, with or without its ``<rsp>``; errors as in JSON.

    Raises `UpstreamError` also for bytes that are no XML.
    """
    try:
        root = ET.fromstring(body)  # noqa: S314 - expat itself bounds entity expansion
    except ET.ParseError as error:
        message = f"the getExif answer {body[:40]!r} is no XML ({error}); ask again"
        raise UpstreamError(message) from error
    failure = root.find("err")
    if failure is not None:
        _refuse(failure.get("code"), failure.get("msg"))
    photo = root if root.tag == "photo" else root.find("photo")
    if photo is None:
        return RawRecord(source="api")
    found = _select(
        (entry.get("tagspace", ""), entry.get("tag", ""), entry.findtext("raw") or "")
        for entry in photo.iter("exif")
    )
    return _record(found, photo.get("camera", ""))


def _refuse(code: object, message: object) -> None:
    told = f"getExif answered with failure {code!r} ({message!r}); there are no tags to read"
    raise UpstreamError(told)


def _content(value: Any) -> str:
    """A text of the answer, whether it stands bare, as a number or in ``_content``."""
    if isinstance(value, Mapping):
        value = value.get("_content")
    return "" if value is None or isinstance(value, bool | list) else str(value)


def _select(entries: Iterable[tuple[str, str, str]]) -> Found:
    """The first filled value of each tag that is read, in the spaces that count."""
    found: Found = {}
    for space_name, tag_name, raw in entries:
        space = SPACES.get(space_name)
        tag = int(tag_name) if tag_name.isdecimal() else TAGS.get(tag_name)
        value = clean_text(raw.replace("\\/", "/"))
        if space and tag and value:
            found.setdefault((space, tag), value)
    return found


def _record(found: Found, camera: str) -> RawRecord:
    settings: Space = "exif" if any(space == "exif" for space, _ in found) else "main"

    def value(tag: int) -> str | None:
        return found.get((settings, tag))

    exposure = value(tags.EXPOSURE_TIME)
    aperture_text, *aperture = _text_or_ratio(value(tags.F_NUMBER))
    focal_text, *focal_length = _text_or_ratio(value(tags.FOCAL_LENGTH))
    flash = value(tags.FLASH)
    flash_code = int(flash) if flash and flash.isdecimal() else None
    return RawRecord(
        source="api",
        make=found.get(("main", tags.MAKE)),
        model=found.get(("main", tags.MODEL)),
        camera=clean_text(camera),
        exposure_text=exposure,
        aperture_text=aperture_text,
        aperture_num=aperture[0],
        aperture_den=aperture[1],
        iso_text=_iso(value),
        focal_length_text=focal_text,
        focal_length_num=focal_length[0],
        focal_length_den=focal_length[1],
        focal_length_35mm=_whole(value(tags.FOCAL_LENGTH_35MM)) or None,
        flash_text=flash if flash_code is None else None,
        flash=flash_code,
        date_time_original=value(tags.DATE_TIME_ORIGINAL),
    )


def _text_or_ratio(value: str | None) -> tuple[str | None, int | None, int | None]:
    """(text, None, None), or (None, numerator, denominator) for the unformatted old form."""
    match = RATIO.fullmatch(value or "")
    if match is None:
        return value, None, None
    numerator, denominator = int(match[1]), int(match[2])
    exact = numerator > 0 and denominator > 0
    return (None, numerator, denominator) if exact else (None, None, None)


def _whole(value: str | None) -> int | None:
    match = WHOLE_NUMBER.fullmatch(value or "")
    return int(match[1]) if match else None


def _iso(value: Callable[[int], str | None]) -> str | None:
    iso = value(tags.ISO)
    if _whole(iso) != ISO_OVERFLOW:
        return iso
    kind = value(tags.SENSITIVITY_TYPE) or ""
    for tag in tags.sensitivities(SENSITIVITY_TYPES.get(kind, _whole(kind))):
        if other := value(tag):
            return other
    return iso
