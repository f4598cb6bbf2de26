"""Answers about one photo: its EXIF, its page, its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flickrexif.sandbox.answers.rows import farm, last_update
from flickrexif.sandbox.answers.tree import Loose, Node, Tree
from flickrexif.sandbox.sizes import Size, offered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flickrexif.sandbox.answers.places import Places
    from flickrexif.sandbox.catalogue import SandboxPhoto

ExifRow = tuple[str, int, str, str, str, str | None]
"""tagspace, tagspaceid, tag, label, raw, clean."""

_SENT_AS_NUMBERS = frozenset({"FNumber", "ISO", "XResolution", "YResolution"})


def exif_tree(photo: SandboxPhoto, tags: Sequence[ExifRow], *, numbers: bool = False) -> Tree:
    """Return the answer of flickr.photos.getExif.

    With ``numbers``, the JSON shows some raw values as numbers, as a few recorded answers do, where
    the number is printed alike.
    """
    return {
        "photo": {
            "id": str(photo.id),
            "secret": photo.secret,
            "server": photo.server,
            "farm": farm(photo),
            "camera": photo.camera.display_name if photo.camera else "",
            "exif": [_exif(row, numbers) for row in tags],
        }
    }


def _exif(row: ExifRow, numbers: bool) -> Tree:
    tagspace, tagspaceid, tag, label, raw, clean = row
    shown: Node = _number(raw) if numbers and tag in _SENT_AS_NUMBERS else raw
    told: dict[str, Node] = {
        "tagspace": tagspace,
        "tagspaceid": tagspaceid,
        "tag": tag,
        "label": label,
        "raw": {"_content": shown},
    }
    if clean is not None:
        told["clean"] = {"_content": clean}
    return told


def _number(raw: str) -> str | int | float:
    for kind in (int, float):
        try:
            number = kind(raw)
        except ValueError:
            continue
        if str(number) == raw:
            return number
    return raw


def info_tree(photo: SandboxPhoto, places: Places, *, withheld: bool = False) -> Tree:
    """Return the answer of flickr.photos.getInfo as a stranger sees it."""
    original: Tree = {
        "originalsecret": photo.original_secret,
        "originalformat": photo.original_format,
    }
    return {
        "photo": {
            "id": str(photo.id),
            "secret": photo.secret,
            "server": photo.server,
            "farm": farm(photo),
            "dateuploaded": str(photo.uploaded),
            "isfavorite": 0,
            "license": Loose(photo.license),
            "safety_level": Loose(photo.safety_level),
            "rotation": 0,
            **({} if withheld else original),
            "owner": _owner(photo),
            "title": {"_content": photo.title},
            "description": {"_content": photo.description},
            "visibility": {"ispublic": 1, "isfriend": 0, "isfamily": 0},
            "dates": _dates(photo),
            "views": str(photo.views),
            "editability": {"cancomment": 0, "canaddmeta": 0},
            "publiceditability": {"cancomment": 1, "canaddmeta": 0},
            "usage": {
                "candownload": int(not withheld),
                "canblog": 0,
                "canprint": 0,
                "canshare": 1,
            },
            "comments": {"_content": Loose(0)},
            "notes": {"note": []},
            "people": {"haspeople": 0},
            "tags": {"tag": [_tag(photo, n, tag) for n, tag in enumerate(photo.tags)]},
            "urls": {"url": [{"type": "photopage", "_content": places.page(photo)}]},
            "media": photo.media,
        }
    }


def _owner(photo: SandboxPhoto) -> Tree:
    return {
        "nsid": photo.owner.nsid,
        "username": photo.owner.username,
        "realname": photo.owner.realname or "",
        "location": "",
        "iconserver": "0",
        "iconfarm": 0,
        "path_alias": photo.owner.path_alias,
    }


def _dates(photo: SandboxPhoto) -> Tree:
    return {
        "posted": str(photo.uploaded),
        "taken": f"{photo.taken:%Y-%m-%d %H:%M:%S}",
        "takengranularity": Loose(photo.taken_granularity),
        "takenunknown": int(photo.taken_unknown),
        "lastupdate": last_update(photo),
    }


def _tag(photo: SandboxPhoto, number: int, tag: str) -> Tree:
    return {
        "id": f"{photo.id % 10_000_000}-{photo.id}-{number}",
        "author": photo.owner.nsid,
        "authorname": photo.owner.username,
        "raw": tag,
        "machine_tag": 0,
        "_content": tag,
    }


def sizes_tree(photo: SandboxPhoto, places: Places, *, withheld: bool = False) -> Tree:
    """Return the answer of flickr.photos.getSizes; a ``withheld`` original is not listed."""
    seen = offered(photo.width, photo.height, withheld=withheld)
    rows = [_size(photo, size, places) for size in seen]
    if not withheld:
        rows.append(
            {
                "label": "Original",
                "width": Loose(photo.width),
                "height": Loose(photo.height),
                "source": places.original(photo),
                "url": f"{places.page(photo)}sizes/o/",
                "media": photo.media,
            }
        )
    told: Tree = {
        "canblog": 0,
        "canprint": 0,
        "candownload": int(not withheld),
        "size": rows,
    }
    return {"sizes": told}


def _size(photo: SandboxPhoto, size: Size, places: Places) -> Tree:
    width, height = size.box(photo.width, photo.height)
    return {
        "label": size.label,
        "width": Loose(width),
        "height": Loose(height),
        "source": places.file(photo, size),
        "url": f"{places.page(photo)}sizes/{size.page}/",
        "media": photo.media,
    }
