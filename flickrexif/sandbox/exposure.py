"""What a camera is set to for a given light: the exposure triangle in third stops.

Light is an exposure value at ISO 100 (EV): ``2**EV = N**2 / t * 100 / ISO``, 15 in full sun, 5 in a
lit room. EV depends on the hour, never on what the picture shows, and what it shows never depends
on the settings. So the settings of one photo agree with one another, as they do in life: where ISO
is high the exposure is long and the lens is open. A probe for one of them may feed on the others;
that confound is real and wanted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flickrexif.sandbox.photos import Camera, Rational, Settings

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from flickrexif.sandbox.owners import Habits

SHUTTER_DENOMINATORS = (
    4, 5, 6, 8, 10, 13, 15, 20, 25, 30, 40, 50, 60, 80, 100, 125, 160, 200, 250, 320, 400, 500, 640,
    800, 1000, 1250, 1600, 2000, 2500, 3200, 4000,
)  # fmt: skip
SLOW_SHUTTER_TENTHS = (300, 150, 80, 60, 40, 30, 25, 20, 16, 13, 10, 8, 6, 5, 4, 3)
F_NUMBERS = (
    1.4, 1.6, 1.8, 2.0, 2.2, 2.5, 2.8, 3.2, 3.5, 4.0, 4.5, 5.0, 5.6, 6.3, 7.1, 8.0, 9.0, 10.0, 11.0,
    13.0, 14.0, 16.0, 18.0, 20.0, 22.0,
)  # fmt: skip
ISO_SPEEDS = (
    25, 32, 40, 50, 64, 80, 100, 125, 160, 200, 250, 320, 400, 500, 640, 800, 1000, 1250, 1600,
    2000, 2500, 3200, 4000, 5000, 6400, 8000, 10000, 12800,
)  # fmt: skip

FIRED, NOT_FIRED_OFF, NOT_FIRED_AUTO = 0x01, 0x10, 0x18
FIRED_FORCED, FIRED_AUTO, NO_FLASH = 0x09, 0x19, 0x00
FLASH_BELOW_EV = 7.0
PROGRAM_AE, APERTURE_PRIORITY, MANUAL = 2, 3, 1
MULTI_SEGMENT, CENTRE_WEIGHTED, SPOT = 5, 2, 3


@dataclass(frozen=True, slots=True)
class Light:
    """What falls on the scene."""

    ev: float
    indoors: bool


def light_at(chance: random.Random, hour: float) -> Light:
    """Return the light at this hour of the day: sun, cloud or shade, a room, or the night."""
    indoors = chance.random() < (0.3 if 7.0 <= hour <= 19.5 else 0.6)
    if indoors:
        return Light(chance.gauss(6.5, 1.3), indoors=True)
    if not 6.0 <= hour <= 20.5:
        return Light(chance.gauss(3.5, 1.5), indoors=False)
    noon = math.cos((hour - 13.0) / 7.5 * math.pi / 2)
    return Light(min(15.6, 7.5 + 5.5 * max(noon, 0.0) + chance.gauss(0.6, 1.5)), indoors=False)


def settle(chance: random.Random, camera: Camera, who: Habits, light: Light) -> Settings:
    """Return the settings of one photo."""
    focal = _focal_length(chance, camera)
    flash = _flash(chance, camera, who, light)
    ev = max(light.ev, 10.0 + chance.gauss(0, 1.0)) if flash & FIRED else light.ev
    ev += chance.gauss(0, 0.35)
    if camera.is_phone:
        return _by_phone(chance, camera, ev, flash)
    return _by_camera(chance, camera, who, ev=ev, focal=focal, flash=flash)


def _by_phone(chance: random.Random, camera: Camera, ev: float, flash: int) -> Settings:
    """Return a fixed lens's settings: ISO first rises, then the exposure gets longer."""
    f_number = camera.widest[0]
    if camera.narrowest > f_number and camera.brand == "Samsung" and ev > 9:
        f_number = camera.narrowest if camera.narrowest < 2.6 else f_number
    slowest = 1 / chance.choice((30, 40, 50, 60, 100, 120))
    wanted_iso = 100 * f_number**2 / (2**ev * slowest)
    iso = _snap(ISO_SPEEDS, min(max(wanted_iso, camera.base_iso), camera.max_iso))
    seconds = min(f_number**2 / (2**ev * iso / 100), 0.5)
    return Settings(
        exposure=_phone_time(chance, camera, seconds),
        f_number=_fraction(f_number, 100 if camera.brand == "Google" else 10),
        iso=int(iso),
        focal_length=_fraction(camera.focal_mm[0], 1000 if camera.brand == "Google" else 100),
        focal_35mm=round(camera.focal_mm[0] * camera.crop_factor),
        flash=flash,
        program=PROGRAM_AE,
        metering=chance.choice((MULTI_SEGMENT, SPOT)),
    )


def _phone_time(chance: random.Random, camera: Camera, seconds: float) -> Rational:
    """Return 1/n, mostly on the scale of other cameras; Google's phones write microseconds."""
    if camera.brand == "Google":
        return round(seconds * 1e6), 1_000_000
    denominator = max(2, round(1 / seconds))
    if chance.random() < 0.6:
        denominator = int(_snap(SHUTTER_DENOMINATORS, denominator))
    return 1, denominator


def _by_camera(
    chance: random.Random, camera: Camera, who: Habits, *, ev: float, focal: float, flash: int
) -> Settings:
    """Return aperture by taste, ISO as low as the hand allows, exposure from both."""
    f_number = _aperture(chance, camera, who, ev, focal)
    hand_held = 1 / max(60.0, focal * camera.crop_factor * chance.choice((1.0, 1.0, 2.0)))
    floor = max(camera.base_iso, who.iso_floor)
    wanted_iso = 100 * f_number**2 / (2**ev * hand_held)
    on_tripod = ev < 5 and chance.random() < 0.3 and not flash & FIRED
    iso = floor if on_tripod else min(max(wanted_iso, floor), camera.max_iso)
    iso = int(_snap(ISO_SPEEDS, iso))
    seconds = min(f_number**2 / (2**ev * iso / 100), 30.0)
    return Settings(
        exposure=_camera_time(camera, seconds),
        f_number=_fraction(f_number, 10),
        iso=iso,
        focal_length=_fraction(focal, 10),
        focal_35mm=round(focal * camera.crop_factor) if camera.writes_35mm else None,
        flash=flash,
        program=chance.choices((APERTURE_PRIORITY, PROGRAM_AE, MANUAL), (60, 30, 10))[0],
        metering=chance.choices((MULTI_SEGMENT, CENTRE_WEIGHTED, SPOT), (80, 12, 8))[0],
    )


def _aperture(chance: random.Random, camera: Camera, who: Habits, ev: float, focal: float) -> float:
    """Return a third-stop f-number between what the zoom allows here and its narrowest."""
    short, long = camera.focal_mm
    where = 0.0 if long == short else math.log(focal / short) / math.log(long / short)
    widest = camera.widest[0] + (camera.widest[1] - camera.widest[0]) * where
    stops = chance.gauss(who.aperture_stops, 0.9) + (ev - 9.0) * 0.22
    wanted = widest * math.exp2(max(0.0, stops) / 2)
    return _snap([n for n in F_NUMBERS if n >= widest * 0.97], min(wanted, camera.narrowest))


def _camera_time(camera: Camera, seconds: float) -> Rational:
    if seconds < 0.28:
        denominator = int(_snap(SHUTTER_DENOMINATORS, 1 / seconds))
        return (10, denominator * 10) if camera.exposure_tenths else (1, denominator)
    tenths = int(_snap(SLOW_SHUTTER_TENTHS, seconds * 10))
    return (tenths // 10, 1) if tenths % 10 == 0 else (tenths, 10)


def _focal_length(chance: random.Random, camera: Camera) -> float:
    """Return a focal length: zooms stand at either end half of the time."""
    short, long = camera.focal_mm
    end = chance.random()
    if end < 0.27 or short == long:
        return short
    if end < 0.5:
        return long
    between = short * math.pow(long / short, chance.random())
    return round(between) if short >= 10 else round(between, 1)


def _flash(chance: random.Random, camera: Camera, who: Habits, light: Light) -> int:
    dark = light.ev < FLASH_BELOW_EV
    if camera.kind == "mirrorless" and camera.crop_factor == 1.0:
        return NOT_FIRED_OFF
    if dark and chance.random() < who.flash_share:
        automatic = camera.is_phone or chance.random() < 0.4
        return FIRED_AUTO if automatic else FIRED_FORCED
    if not dark and chance.random() < 0.02:
        return FIRED_FORCED
    if camera.is_phone:
        return NOT_FIRED_AUTO if chance.random() < 0.5 else NOT_FIRED_OFF
    return NO_FLASH if camera.brand == "Canon" and chance.random() < 0.1 else NOT_FIRED_OFF


def _snap(scale: Sequence[float], value: float) -> float:
    """Return the step of a scale that is nearest by ratio."""
    return min(scale, key=lambda step: abs(math.log(step / value)))


def _fraction(value: float, denominator: int) -> Rational:
    return round(value * denominator), denominator
