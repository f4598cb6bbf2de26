"""One photo in a list: what is always told, and what each of the ``extras`` adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flickrexif.sandbox.answers.tree import Loose, Node
from flickrexif.sandbox.sizes import SIZES, offered

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from flickrexif.sandbox.answers.places import Places
    from flickrexif.sandbox.catalogue import SandboxPhoto

Row = dict[str, Node]


def search_row(
    photo: SandboxPhoto, extras: Collection[str], places: Places, *, withheld: bool = False
) -> Row:
    """Return one entry of a search answer; ``withheld`` hides where the original is."""
    row: Row = {
        "id": str(photo.id),
        "owner": photo.owner.nsid,
        "secret": photo.secret,
        "server": photo.server,
        "farm": farm(photo),
        "title": photo.title,
        "ispublic": int(photo.visible != "private"),
        "isfriend": 0,
        "isfamily": 0,
    }
    for name, told in _EXTRAS.items():
        if name in extras and not (withheld and name == "original_format"):
            row |= told(photo)
    row |= _files(photo, extras, places, withheld=withheld)
    if "url_o" in extras and not withheld:
        row["url_o"] = places.original(photo)
        row |= {"height_o": Loose(photo.height), "width_o": Loose(photo.width)}
    return row


def farm(photo: SandboxPhoto) -> int:
    """Return the farm that Flickr numbers from the server."""
    return int(photo.server) // 1000 + 1


def last_update(photo: SandboxPhoto) -> str:
    """Return when the photo's page last changed, as Unix seconds."""
    return str(photo.uploaded + photo.id % 7_776_000)


def _files(photo: SandboxPhoto, extras: Collection[str], places: Places, *, withheld: bool) -> Row:
    row: Row = {}
    if any(f"url_{size.letter}" in extras for size in SIZES):
        for size in offered(photo.width, photo.height, withheld=withheld):
            if f"url_{size.letter}" in extras:
                width, height = size.box(photo.width, photo.height)
                row[f"url_{size.letter}"] = places.file(photo, size)
                row[f"height_{size.letter}"] = Loose(height)
                row[f"width_{size.letter}"] = Loose(width)
    return row


def _nothing_of_place(_: SandboxPhoto) -> Row:
    return {"latitude": Loose(0), "longitude": Loose(0), "accuracy": Loose(0), "context": 0}


def _date_taken(photo: SandboxPhoto) -> Row:
    return {
        "datetaken": f"{photo.taken:%Y-%m-%d %H:%M:%S}",
        "datetakengranularity": Loose(photo.taken_granularity),
        "datetakenunknown": str(int(photo.taken_unknown)),
    }


_EXTRAS: Mapping[str, Callable[[SandboxPhoto], Row]] = {
    "description": lambda photo: {"description": {"_content": photo.description}},
    "license": lambda photo: {"license": Loose(photo.license)},
    "safety_level": lambda _: {"safety_level": Loose(0)},
    "date_upload": lambda photo: {"dateupload": str(photo.uploaded)},
    "date_taken": _date_taken,
    "owner_name": lambda photo: {"ownername": photo.owner.username},
    "realname": lambda photo: {"realname": photo.owner.realname or ""},
    "icon_server": lambda _: {"iconserver": "0", "iconfarm": 0},
    "original_format": lambda photo: {
        "originalsecret": photo.original_secret,
        "originalformat": photo.original_format,
    },
    "last_update": lambda photo: {"lastupdate": last_update(photo)},
    "count_views": lambda photo: {"count_views": Loose(photo.views)},
    "count_comments": lambda _: {"count_comments": Loose(0)},
    "count_faves": lambda _: {"count_faves": Loose(0)},
    "tags": lambda photo: {"tags": " ".join(photo.tags)},
    "machine_tags": lambda _: {"machine_tags": ""},
    "o_dims": lambda photo: {"o_width": Loose(photo.width), "o_height": Loose(photo.height)},
    "geo": _nothing_of_place,
    "views": lambda photo: {"views": Loose(photo.views)},
    "media": lambda photo: {"media": photo.media, "media_status": "ready"},
    "path_alias": lambda photo: {"pathalias": photo.owner.path_alias},
}
