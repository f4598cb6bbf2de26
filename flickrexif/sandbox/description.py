"""From a row of the listing to a photo with all its words and settings."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flickrexif.sandbox import dice
from flickrexif.sandbox.cameras import cameras
from flickrexif.sandbox.exposure import light_at, settle
from flickrexif.sandbox.listing import CAMERA, ORIGINS, SCAN, SCREENSHOT, VISIBILITIES, Listing
from flickrexif.sandbox.photos import Camera, SandboxPhoto, Settings
from flickrexif.sandbox.words import WORDS

if TYPE_CHECKING:
    import random

    from flickrexif.sandbox.owners import Habits

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - cameras know no zone
SERVER = "65535"
FRAME_WITHOUT_CAMERA = (1104, 736)
PHONE_SCREEN = (1120, 640)


def describe(seed: int, listing: Listing, place: int, who: Habits) -> SandboxPhoto:
    """Return the photo at ``place``; what it is depends on the seed and its id only."""
    photo_id = int(listing.ids[place])
    chance = dice.source("photo", seed, photo_id)
    origin = int(listing.origin[place])
    camera = cameras()[listing.camera[place]] if listing.camera[place] >= 0 else None
    captured = EPOCH + timedelta(seconds=int(listing.captured[place]))
    settings = _settings(chance, camera, who, captured)
    width, height, orientation = _frame(chance, camera, origin)
    tells = origin == CAMERA and camera is not None
    words = chance.sample(WORDS["subjects"], 4)
    return SandboxPhoto(
        id=photo_id,
        secret=_secret(seed, photo_id, "secret"),
        original_secret=_secret(seed, photo_id, "original"),
        server=SERVER,
        owner=who.owner,
        title=_title(chance, who, photo_id, words),
        description=_description(chance, words),
        license=int(listing.license[place]),
        taken=EPOCH + timedelta(seconds=int(listing.taken[place])),
        taken_unknown=bool(listing.unknown[place]),
        taken_granularity=int(listing.granularity[place]),
        uploaded=int(listing.uploaded[place]),
        captured=captured,
        width=width,
        height=height,
        orientation=orientation if tells else 1,
        origin=ORIGINS[origin],
        has_exif=tells,
        visible=VISIBILITIES[int(listing.visible[place])],
        safety_level=int(listing.safety[place]),
        camera=camera if tells else None,
        settings=settings if tells else None,
        developed_by=camera if origin not in (SCREENSHOT, SCAN) else None,
        developed_with=settings,
        gps=_gps(chance, who) if tells else None,
        serial=_serial(seed, who, camera) if tells else None,
        artist=(who.owner.realname or who.owner.username) if tells and who.signs else None,
        has_thumbnail=tells and chance.random() < 0.5,
        views=int(chance.lognormvariate(4.0, 1.5)),
        tags=tuple(words[: chance.randrange(4)]),
    )


def _settings(
    chance: random.Random, camera: Camera | None, who: Habits, captured: datetime
) -> Settings | None:
    light = light_at(chance, captured.hour + captured.minute / 60)
    return None if camera is None else settle(chance, camera, who, light)


def _frame(chance: random.Random, camera: Camera | None, origin: int) -> tuple[int, int, int]:
    """Return displayed width and height and the Exif Orientation that leads to them."""
    if origin == SCREENSHOT:
        return PHONE_SCREEN[1], PHONE_SCREEN[0], 1
    width, height = camera.frame if camera else FRAME_WITHOUT_CAMERA
    upright = chance.random() < (0.4 if camera and camera.is_phone else 0.22)
    turned = chance.choice((6, 6, 8))
    return (height, width, turned) if upright else (width, height, 1)


def _title(chance: random.Random, who: Habits, photo_id: int, words: list[str]) -> str:
    if who.owner.floods:
        return f"Plate {photo_id % 100_000:05d}, {chance.choice(WORDS['months'])} album"
    kind = chance.random()
    if kind < 0.35:
        return f"IMG_{photo_id % 10_000:04d}"
    if kind < 0.5:
        return f"DSC{photo_id % 100_000:05d}"
    return "" if kind < 0.55 else f"{words[0].title()} {words[1]}"


def _description(chance: random.Random, words: list[str]) -> str:
    place = chance.choice(WORDS["places"])
    return f"{words[2].title()} near {place}" if words[0] < "g" else ""


def _serial(seed: int, who: Habits, camera: Camera | None) -> str | None:
    """Return eight digits, the same for all photos of one body."""
    if camera is None or not who.embeds_serial:
        return None
    return f"{dice.roll('serial', seed, who.owner.nsid, camera.model):.8f}"[2:]


def _gps(chance: random.Random, who: Habits) -> tuple[float, float] | None:
    latitude, longitude = chance.uniform(-55, 68), chance.uniform(-180, 180)
    return (round(latitude, 5), round(longitude, 5)) if who.embeds_gps else None


def _secret(seed: int, photo_id: int, which: str) -> str:
    """Return ten hexadecimal digits."""
    return hashlib.blake2b(f"{seed}/{photo_id}/{which}".encode(), digest_size=5).hexdigest()
