"""Flickr's getExif answers, in JSON or XML and of every vintage, as raw records.

An answer repeats a tag under maker notes, XMP and thumbnail groups with other values, and its
labels have changed and collide; so a tag is chosen by (tagspace, tag) and never by its label.
Until about 2010 the spaces were TIFF and EXIF, the tags numbers and the values unformatted
(``90/10``); since then the spaces are IFD0 and ExifIFD, and the values exiftool's print.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, TypeAlias

from flickrexif.errors import UpstreamError
from flickrexif.exif import directories as tags
from flickrexif.exif.read import ISO_OVERFLOW, LARGEST
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

RATIO = re.compile(r"([0-9]{1,10})/([0-9]{1,10})")
WHOLE_NUMBER = re.compile(r"([0-9]{1,9})(?:\.0+)?(?: mm|[ ,].*)?", re.DOTALL)
TAG_NUMBER = re.compile(r"[0-9]{1,5}")
FLASH_CODE = re.compile(r"[0-9]{1,5}")
LONGEST_TEXT = 0xFFFF
"""The most bytes that a tag of an Exif segment can hold; a longer text is no tag's."""


def parse_exif_answer(body: Mapping[str, Any]) -> RawRecord:
    """The record of a decoded JSON answer of ``flickr.photos.getExif``.

    An answer without tags gives an empty record, and what makes no sense in it is passed over.
    Raises `UpstreamError` for a failure answer and for a body that is no JSON object.
    """
    if not isinstance(body, Mapping):
        raise UpstreamError(f"the getExif answer is a {type(body).__name__}, no object; ask again")
    if body.get("stat") == "fail":
        _refuse(body.get("code"), body.get("message"))
    photo = body.get("photo", body)
    if not isinstance(photo, Mapping):
        return RawRecord(source="api")
    return _record(_entries(photo.get("exif")), photo.get("camera"))


def parse_exif_xml(body: bytes) -> RawRecord:
    """The record of an XML answer, with or without its ``<rsp>``; errors as in JSON.

    Raises `UpstreamError` also for bytes that are no such XML. A document type, which Flickr does
    not send, is refused before its entities are read.
    """
    root = _parse_xml(body)
    failure = root.find("err")
    if failure is not None or root.get("stat") == "fail":
        known = {} if failure is None else failure.attrib
        _refuse(known.get("code"), known.get("msg"))
    photo = root if root.tag == "photo" else root.find("photo")
    if photo is None:
        return RawRecord(source="api")
    entries = ({**entry.attrib, "raw": entry.findtext("raw")} for entry in photo.iter("exif"))
    return _record(entries, photo.get("camera"))


class _PlainTree(ET.TreeBuilder):
    def doctype(self, name: str, *_: str | None) -> None:
        raise ValueError(f"it has a document type, {name[:40]!r}")


def _parse_xml(body: bytes) -> ET.Element:
    """The root; ``LookupError`` is Python's for an encoding that it does not know."""
    parser = ET.XMLParser(target=_PlainTree())  # noqa: S314 - refuses what could be expanded
    try:
        parser.feed(body)
        root: ET.Element = parser.close()
    except (ET.ParseError, LookupError, ValueError) as error:
        message = f"the getExif answer {body[:40]!r} is no XML ({error}); ask again"
        raise UpstreamError(message) from error
    if root.tag not in ("rsp", "photo"):
        raise UpstreamError(f"the getExif answer is <{root.tag[:40]}>, no <rsp>; ask again")
    return root


def _refuse(code: object, message: object) -> None:
    told = f"failure {_content(code)[:40]} ({_content(message)[:200]!r})"
    raise UpstreamError(f"getExif answered with {told}; there are no tags to read")


def _entries(exif: Any) -> Iterator[Mapping[str, Any]]:
    """The tags of a list, or of what a translation from XML makes of a single one."""
    entries = [exif] if isinstance(exif, Mapping) else exif
    if isinstance(entries, list | tuple):
        yield from (entry for entry in entries if isinstance(entry, Mapping))


def _content(value: Any) -> str:
    """A text of the answer, whether it stands bare, as a number or in ``_content``.

    Half a surrogate pair, which JSON may hold and no file or table can, becomes a question mark.
    """
    if isinstance(value, Mapping):
        value = value.get("_content")
    if isinstance(value, int) and (isinstance(value, bool) or abs(value) > LARGEST):
        return ""
    if not isinstance(value, str | int | float):
        return ""
    text = str(value)
    return text.encode(errors="replace").decode() if len(text) <= LONGEST_TEXT else ""


def _select(entries: Iterable[Mapping[str, Any]]) -> Found:
    """The first filled value of each tag that is read, in the spaces that count."""
    found: Found = {}
    for entry in entries:
        space_name, tag_name, raw = (_content(entry.get(key)) for key in ("tagspace", "tag", "raw"))
        space = SPACES.get(space_name)
        tag = int(tag_name) if TAG_NUMBER.fullmatch(tag_name) else TAGS.get(tag_name)
        value = clean_text(raw.replace("\\/", "/"))
        if space and tag and value:
            found.setdefault((space, tag), value)
    return found


def _record(entries: Iterable[Mapping[str, Any]], camera: object) -> RawRecord:
    found = _select(entries)
    in_exif = any(space == "exif" and tag in tags.SETTINGS for space, tag in found)
    settings: Space = "exif" if in_exif else "main"

    def value(tag: int) -> str | None:
        return found.get((settings, tag))

    exposure = value(tags.EXPOSURE_TIME)
    aperture_text, *aperture = _text_or_ratio(value(tags.F_NUMBER))
    focal_text, *focal_length = _text_or_ratio(value(tags.FOCAL_LENGTH))
    flash = value(tags.FLASH)
    flash_code = int(flash) if flash and FLASH_CODE.fullmatch(flash) else None
    return RawRecord(
        source="api",
        make=found.get(("main", tags.MAKE)),
        model=found.get(("main", tags.MODEL)),
        camera=clean_text(_content(camera)),
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
    exact = 0 < numerator <= LARGEST and 0 < denominator <= LARGEST
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
