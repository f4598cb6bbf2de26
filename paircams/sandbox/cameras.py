"""Who went out with which two cameras on which day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from flickrexif.sandbox import dice
from flickrexif.sandbox.cameras import cameras

if TYPE_CHECKING:
    from flickrexif.sandbox.photos import Camera

PHONES = ("iPhone 11", "iPhone 13 Pro", "SM-G973F", "SM-G991B", "Pixel 4", "Pixel 6")
CAMERAS = ("DSC-RX100M3", "NIKON D3300", "Canon PowerShot G7 X Mark II", "TG-5", "ILCE-6000")
"""Models of `flickrexif.sandbox` whose zooms reach a phone's field of view and whose Software tag
names the camera's own firmware."""

PAIRS_PER_OUTING = 8
FIRST_DAY = datetime(2024, 5, 1, 10, 0, 0)  # noqa: DTZ001 - cameras know no zone


@dataclass(frozen=True, slots=True)
class Outing:
    """A day with one smartphone and one digital camera."""

    phone: Camera
    camera: Camera
    starts: datetime
    """By the phone's clock."""
    clock_s: int
    """By how much the camera's clock is ahead of the phone's: a wrong zone, and drift."""


def outing_of(seed: int, number: int) -> Outing:
    """Return the outing on which pair ``number`` (from 0) is taken: some 8 pairs share one."""
    day = number // PAIRS_PER_OUTING
    chance = dice.source("outing", seed, day)
    return Outing(
        phone=camera_named(chance.choice(PHONES)),
        camera=camera_named(chance.choice(CAMERAS)),
        starts=FIRST_DAY + timedelta(days=day, minutes=chance.randrange(240)),
        clock_s=chance.choice((-3600, 0, 3600, 7200)) + chance.randint(-200, 200),
    )


@cache
def camera_named(model: str) -> Camera:
    """Return the simulated camera whose Exif Model is ``model``."""
    return next(camera for camera in cameras() if camera.model == model)
