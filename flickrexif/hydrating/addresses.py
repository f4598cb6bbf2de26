"""Where a told image is fetched: at the image host of the Flickr that is asked, nowhere else.

Source: Flickr's page on photo image addresses, read 2026-08: ``/{server}/{id}_{secret}.jpg`` is the
500 px file, a suffix names another size; those up to 1024 px share one secret, larger ones and the
original have their own. Datasets also hold addresses of earlier hosts (``farm3.static.flickr.com``,
``farm9.staticflickr.com``, ``c1.staticflickr.com``), with the same paths.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flickrexif.flickr.connection import IMAGE_BASE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flickrexif.flickr.connection import Connection
    from flickrexif.hydrating.plan import HydrateSize
    from flickrexif.ids import PhotoId

SIZE_OF: Mapping[str, str] = {
    "o": "original",
    "k": "large-2048",
    "h": "large-1600",
    "b": "large",
    "c": "medium-800",
    "z": "medium-640",
    "": "medium",
    "n": "small-320",
}
"""Suffix → a size of `flickrexif.flickr.sizes`; other suffixes have none that bounds the file."""
SUFFIX_OF = {size: suffix for suffix, size in SIZE_OF.items()}
_OF_ONE_SECRET = frozenset(("s", "q", "t", "m", "n", "w", "", "z", "c", "b"))

_HOST = re.compile(r"(?:[a-z0-9-]+\.)?static(?:\.flickr|flickr)\.com", re.ASCII)
_FILE = re.compile(
    r"(?P<before>(?:/[^/]+)*?)/(?P<server>\d+)/(?P<photo>\d+)_(?P<secret>[0-9a-f]+)"
    r"(?:_(?P<suffix>(?!d\.)[a-z0-9]+))?(?:_d)?\.(?P<ending>jpe?g|png|gif)",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Address:
    """``url`` as `flickrexif.flickr.images.ImageHost` takes it, and the size of its file.

    ``is_derived``: it is of another size than the address that was told.
    """

    url: str
    size: str
    is_derived: bool = False


def address_of(
    photo_id: PhotoId, url: str | None, *, size: HydrateSize, connection: Connection
) -> Address | None:
    """Where the image of a photo is fetched; None when ``url`` does not tell it.

    So it is for an address of another host than that of ``connection`` or Flickr's, of another
    photo, or of no file, and for a size whose secret ``url`` does not have.
    """
    found = _FILE.fullmatch(_path(url or "", connection) or "")
    if found is None or int(found["photo"]) != photo_id:
        return None
    if found["before"] and connection.image_origin == IMAGE_BASE:  # Flickr has files at its root
        return None
    given = found["suffix"] or ""
    name = f"{found['server']}/{found['photo']}_{found['secret']}"
    place = f"{connection.image_origin}{found['before']}/{name}"
    suffix = given if size == "as-given" else SUFFIX_OF[size]
    if suffix == given:
        tail = f"_{given}" if given else ""
        return Address(f"{place}{tail}.{found['ending']}", SIZE_OF.get(given, "original"))
    if given not in _OF_ONE_SECRET:
        return None
    tail = f"_{suffix}" if suffix else ""
    return Address(f"{place}{tail}.jpg", SIZE_OF[suffix], is_derived=True)


def _path(url: str, connection: Connection) -> str | None:
    """The path of ``url`` at the image host; None for another host."""
    for base in (connection.image_base, connection.image_origin):
        if url.startswith(f"{base}/"):
            return url[len(base) :].partition("?")[0]
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    known = parts.scheme in ("http", "https") and _HOST.fullmatch(parts.netloc)
    return parts.path if known else None
