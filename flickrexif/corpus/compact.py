"""Addresses and moments as the state keeps them: without what all photos have in common."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flickrexif.flickr.connection import IMAGE_BASE

if TYPE_CHECKING:
    from flickrexif.ids import PhotoId

_FILE = re.compile(re.escape(IMAGE_BASE) + r"/([0-9]+)/([0-9]+)_([0-9a-f]+(?:_[a-z0-9]+)?)\.jpg")
_WHOLE = "="
"""What is kept whole begins with it; nothing that is shortened does."""

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the camera's clock, without a zone
_SECOND = timedelta(seconds=1)


def short_file(url: str, photo_id: PhotoId) -> str:
    """The address of a photo's file without image host, id and ``.jpg``, when it has them."""
    found = _FILE.fullmatch(url)
    if found is None or found[2] != str(photo_id):
        return f"{_WHOLE}{url}"
    return f"{found[1]}/{found[3]}"


def whole_file(short: str, photo_id: PhotoId) -> str:
    """The inverse of `short_file`."""
    if short.startswith(_WHOLE):
        return short.removeprefix(_WHOLE)
    server, _, rest = short.partition("/")
    return f"{IMAGE_BASE}/{server}/{photo_id}_{rest}.jpg"


def short_page(url: str, photo_id: PhotoId) -> str:
    """The address of a photo's page with a star for the id: one for all photos of an owner."""
    before, own_id, after = url.rpartition(str(photo_id))
    return f"{before}*{after}" if own_id and "*" not in url else f"{_WHOLE}{url}"


def whole_page(short: str, photo_id: PhotoId) -> str:
    """The inverse of `short_page`."""
    if short.startswith(_WHOLE):
        return short.removeprefix(_WHOLE)
    return short.replace("*", str(photo_id))


def seconds_of(moment: str) -> int:
    """``YYYY-MM-DD HH:MM:SS`` as seconds since 1970, by the same clock."""
    return (datetime.fromisoformat(moment) - _EPOCH) // _SECOND


def moment_of(seconds: int) -> str:
    """The inverse of `seconds_of`."""
    return str(_EPOCH + seconds * _SECOND)


def month_number(month: str) -> int:
    """``YYYY-MM`` as the number YYYYMM."""
    year, _, number = month.partition("-")
    return int(year) * 100 + int(number)


def month_name(number: int) -> str:
    """The inverse of `month_number`."""
    return f"{number // 100:04}-{number % 100:02}"
