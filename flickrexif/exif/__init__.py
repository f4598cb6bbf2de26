"""EXIF of a file or of Flickr's answer → one raw record → typed and printed columns.

Reading (`read_exif`, `parse_exif_answer`, `parse_exif_xml`) is light and imported here;
`flickrexif.exif.normalize` and `flickrexif.exif.cameras` bring polars and are imported by name.
"""

from __future__ import annotations

from flickrexif.exif.answers import parse_exif_answer, parse_exif_xml
from flickrexif.exif.files import inspect_exif_file
from flickrexif.exif.pieces import ByteRange, Part
from flickrexif.exif.read import Fault, Reading, inspect_exif, needs_more, read_exif
from flickrexif.exif.record import ExifSource, RawRecord

__all__ = [
    "ByteRange",
    "ExifSource",
    "Fault",
    "Part",
    "RawRecord",
    "Reading",
    "inspect_exif",
    "inspect_exif_file",
    "needs_more",
    "parse_exif_answer",
    "parse_exif_xml",
    "read_exif",
]
