"""What ``flickr.photos.getExif`` tells of a photo: the tags of the original, printed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flickrexif.sandbox.exif_block import EXIF_TIME, SCANNER_SOFTWARE, is_from_adobe
from flickrexif.sandbox.exif_print import (
    FLASH_WORDS,
    METERING_WORDS,
    ORIENTATION_WORDS,
    PROGRAM_WORDS,
    print_degrees,
    print_exposure,
    print_exposure_clean,
    print_f_number,
    print_focal_length,
    print_focal_length_clean,
)

if TYPE_CHECKING:
    from flickrexif.sandbox.photos import Camera, SandboxPhoto, Settings

TagRow = tuple[str, int, str, str, str, str | None]
"""``(tagspace, tagspaceid, tag, label, raw, clean)``."""


def exif_tags(photo: SandboxPhoto) -> list[TagRow]:
    """Return the rows in the order of the answer; none for exports and screenshots."""
    if photo.camera is None or photo.settings is None:
        if photo.origin != "scan":
            return []
        return [_row("IFD0", "Software", "Software", SCANNER_SOFTWARE)]
    rows = _image_rows(photo, photo.camera) + _exif_rows(photo, photo.settings)
    if photo.gps is not None:
        rows += _gps_rows(*photo.gps)
    if is_from_adobe(photo):
        rows.append(_row("XMP-tiff", "Make", "Make", photo.camera.make))
        rows.append(_row("XMP-tiff", "Model", "Model", photo.camera.model))
    return rows


def camera_name(photo: SandboxPhoto) -> str:
    """Return the answer's own name of the camera, empty where the file tells none."""
    return "" if photo.camera is None else photo.camera.display_name


def _row(space: str, tag: str, label: str, raw: str, clean: str | None = None) -> TagRow:
    return space, 0, tag, label, raw, clean


def _image_rows(photo: SandboxPhoto, camera: Camera) -> list[TagRow]:
    space = "IFD0"
    rows = [
        _row(space, "Make", "Make", camera.make),
        _row(space, "Model", "Model", camera.model),
        _row(space, "Orientation", "Orientation", ORIENTATION_WORDS[photo.orientation]),
        _row(space, "XResolution", "X-Resolution", "72", "72 dpi"),
        _row(space, "YResolution", "Y-Resolution", "72", "72 dpi"),
        _row(space, "ResolutionUnit", "Resolution Unit", "inches"),
    ]
    if camera.software:
        rows.append(_row(space, "Software", "Software", camera.software))
    stamp = photo.captured.strftime(EXIF_TIME)
    rows.append(_row(space, "ModifyDate", "Date and Time (Modified)", stamp))
    if photo.artist is not None:
        rows.append(_row(space, "Artist", "Artist", photo.artist))
        notice = f"(c) {photo.captured.year} {photo.artist}"
        rows.append(_row(space, "Copyright", "Copyright", notice))
    return rows


def _exif_rows(photo: SandboxPhoto, settings: Settings) -> list[TagRow]:
    space = "ExifIFD"
    f_number, focal = print_f_number(settings.f_number), settings.focal_length
    exposure, exposure_clean = settings.exposure, print_exposure_clean(settings.exposure)
    rows = [
        _row(space, "ExposureTime", "Exposure", print_exposure(exposure), exposure_clean),
        _row(space, "FNumber", "Aperture", f_number, f"f/{f_number}"),
        _row(space, "ExposureProgram", "Exposure Program", PROGRAM_WORDS[settings.program]),
        _row(space, "ISO", "ISO Speed", str(settings.iso)),
        _row(space, "ExifVersion", "Exif Version", "0231"),
    ]
    if not photo.taken_unknown:
        stamp = photo.captured.strftime(EXIF_TIME)
        rows.append(_row(space, "DateTimeOriginal", "Date and Time (Original)", stamp))
    rows += [
        _row(space, "MeteringMode", "Metering Mode", METERING_WORDS[settings.metering]),
        _row(space, "Flash", "Flash", FLASH_WORDS[settings.flash]),
        _row(
            space,
            "FocalLength",
            "Focal Length",
            print_focal_length(focal),
            print_focal_length_clean(focal),
        ),
        _row(space, "ColorSpace", "Color Space", "sRGB"),
    ]
    if settings.focal_35mm is not None:
        equivalent = f"{settings.focal_35mm} mm"
        rows.append(
            _row(space, "FocalLengthIn35mmFormat", "Focal Length (35mm format)", equivalent)
        )
    if photo.serial is not None:
        rows.append(_row(space, "SerialNumber", "Serial Number", photo.serial))
    return rows


def _gps_rows(latitude: float, longitude: float) -> list[TagRow]:
    space = "GPS"
    north, east = latitude >= 0, longitude >= 0
    return [
        _row(space, "GPSVersionID", "GPS Version ID", "2.3.0.0"),
        _row(space, "GPSLatitudeRef", "GPS Latitude Ref", "North" if north else "South"),
        _row(space, "GPSLatitude", "GPS Latitude", print_degrees(latitude)),
        _row(space, "GPSLongitudeRef", "GPS Longitude Ref", "East" if east else "West"),
        _row(space, "GPSLongitude", "GPS Longitude", print_degrees(longitude)),
    ]
