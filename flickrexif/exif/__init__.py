"""EXIF of a file or of Flickr's answer → one raw record → typed and printed columns.

Reading (`read_exif`, `parse_exif_answer`, `parse_exif_xml`) is light and imported here;
`flickrexif.exif.normalize` and `flickrexif.exif.cameras` bring polars and are imported by name.
"""

from __future__ import annotations

from flickrexif.exif.answers import parse_exif_answer, parse_exif_xml
from flickrexif.exif.containers import needs_more
from flickrexif.exif.read import read_exif
from flickrexif.exif.record import ExifSource, RawRecord

__all__ = [
    "ExifSource",
    "RawRecord",
    "needs_more",
    "parse_exif_answer",
    "parse_exif_xml",
    "read_exif",
]
