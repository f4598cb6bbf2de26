"""The metadata that an original carries: an Exif block, for some an XMP packet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import piexif

from flickrexif.sandbox.exif_print import degrees_minutes_hundredths

if TYPE_CHECKING:
    from flickrexif.sandbox.photos import Camera, SandboxPhoto, Settings

EXIF_TIME = "%Y:%m:%d %H:%M:%S"
SCANNER_SOFTWARE = "SilverFast 8.8"
SRGB = 1

XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/"
 tiff:Make="{make}" tiff:Model="{model}"/>
</rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""


def exif_block(photo: SandboxPhoto, thumbnail: bytes | None) -> bytes | None:
    """Return the Exif block with its ``Exif\\0\\0``, or None where the original has none."""
    if photo.camera is None or photo.settings is None:
        if photo.origin != "scan":
            return None
        return bytes(piexif.dump({"0th": {piexif.ImageIFD.Software: SCANNER_SOFTWARE.encode()}}))
    block: dict[str, Any] = {
        "0th": _image_tags(photo, photo.camera),
        "Exif": _exif_tags(photo, photo.settings),
    }
    if photo.gps is not None:
        block["GPS"] = _gps_tags(*photo.gps)
    if thumbnail is not None:
        block["1st"] = {piexif.ImageIFD.Compression: 6}
        block["thumbnail"] = thumbnail
    return bytes(piexif.dump(block))


def is_from_adobe(photo: SandboxPhoto) -> bool:
    """Tell whether an Adobe program wrote the file: those repeat Make and Model as XMP."""
    return photo.camera is not None and photo.camera.software.startswith("Adobe")


def xmp_packet(photo: SandboxPhoto) -> bytes | None:
    """Return the XMP packet, or None where the original has none."""
    if photo.camera is None or not is_from_adobe(photo):
        return None
    return XMP.format(make=photo.camera.make, model=photo.camera.model).encode()


def _image_tags(photo: SandboxPhoto, camera: Camera) -> dict[int, Any]:
    ifd = piexif.ImageIFD
    tags: dict[int, Any] = {
        ifd.Make: camera.make.encode(),
        ifd.Model: camera.model.encode(),
        ifd.Orientation: photo.orientation,
        ifd.XResolution: (72, 1),
        ifd.YResolution: (72, 1),
        ifd.ResolutionUnit: 2,
        ifd.DateTime: photo.captured.strftime(EXIF_TIME).encode(),
    }
    if camera.software:
        tags[ifd.Software] = camera.software.encode()
    if photo.artist is not None:
        tags[ifd.Artist] = photo.artist.encode()
        tags[ifd.Copyright] = f"(c) {photo.captured.year} {photo.artist}".encode()
    return tags


def _exif_tags(photo: SandboxPhoto, settings: Settings) -> dict[int, Any]:
    ifd = piexif.ExifIFD
    tags: dict[int, Any] = {
        ifd.ExposureTime: settings.exposure,
        ifd.FNumber: settings.f_number,
        ifd.ExposureProgram: settings.program,
        ifd.ISOSpeedRatings: settings.iso,
        ifd.ExifVersion: b"0231",
        ifd.MeteringMode: settings.metering,
        ifd.Flash: settings.flash,
        ifd.FocalLength: settings.focal_length,
        ifd.ColorSpace: SRGB,
    }
    if not photo.taken_unknown:
        tags[ifd.DateTimeOriginal] = photo.captured.strftime(EXIF_TIME).encode()
    if settings.focal_35mm is not None:
        tags[ifd.FocalLengthIn35mmFilm] = settings.focal_35mm
    if photo.serial is not None:
        tags[ifd.BodySerialNumber] = photo.serial.encode()
    return tags


def _gps_tags(latitude: float, longitude: float) -> dict[int, Any]:
    ifd = piexif.GPSIFD
    return {
        ifd.GPSVersionID: (2, 3, 0, 0),
        ifd.GPSLatitudeRef: b"N" if latitude >= 0 else b"S",
        ifd.GPSLatitude: _sexagesimal(latitude),
        ifd.GPSLongitudeRef: b"E" if longitude >= 0 else b"W",
        ifd.GPSLongitude: _sexagesimal(longitude),
    }


def _sexagesimal(angle: float) -> tuple[tuple[int, int], ...]:
    degrees, minutes, hundredths = degrees_minutes_hundredths(angle)
    return (degrees, 1), (minutes, 1), (hundredths, 100)
