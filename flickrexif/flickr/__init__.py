"""Everything that knows Flickr's wire: connection, licences, web service, image host."""

from flickrexif.flickr.connection import Connection
from flickrexif.flickr.licenses import (
    LICENSES,
    PERMISSIVE,
    License,
    license_of,
    parse_licenses,
)
from flickrexif.flickr.redaction import RedactKey, redact

__all__ = [
    "LICENSES",
    "PERMISSIVE",
    "Connection",
    "License",
    "RedactKey",
    "license_of",
    "parse_licenses",
    "redact",
]
