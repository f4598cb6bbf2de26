"""A sound set of pairs, before any fault: who photographs what, with what, when and from where."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from flickrexif.sandbox import dice
from flickrexif.sandbox.exposure import NOT_FIRED_OFF, Light, settle
from flickrexif.sandbox.owners import make_habits
from paircams.sandbox.cameras import PAIRS_PER_OUTING, Outing, outing_of
from paircams.sandbox.shot import Shot
from paircams.sandbox.view import View, nearby

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from flickrexif.sandbox.photos import Camera, Settings

WANTED_35MM = 28.0
"""Zooms are set as near to a phone's field of view as their scale allows."""
UPRIGHT_SHARE = 0.25
DAYLIGHT_EV = (9.5, 14.0)
METERINGS = 4
"""A simulated meter errs by a third of a stop or more; the best of so many readings is taken."""


@dataclass(frozen=True, slots=True)
class Spoilt:
    """A photo whose file somebody or something changed after it was written."""

    shot: Shot
    how: Callable[[bytes], bytes]


Photo = Shot | Spoilt


@dataclass(frozen=True, slots=True)
class Row:
    """The photos of one subject; ``third`` is a second one on the camera's side."""

    subject_idx: str
    smartphone: Photo | None
    camera: Photo | None
    third: Photo | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """One subject as both cameras took it, and what a fault needs to take it anew."""

    subject_idx: str
    number: int
    outing: Outing
    phone: Shot
    camera: Shot


def plan_pair(seed: int, number: int, longest: int) -> Pair:
    """Return pair ``number`` (from 0) of the set of ``seed``; no pixel is drawn."""
    chance = dice.source("pair", seed, number)
    outing = outing_of(seed, number)
    short = longest * 3 // 4
    upright = chance.random() < UPRIGHT_SHARE
    frame = (short, longest) if upright else (longest, short)
    ev = chance.uniform(*DAYLIGHT_EV)
    taken = outing.starts + timedelta(
        minutes=4 * (number % PAIRS_PER_OUTING), seconds=chance.randrange(60)
    )
    after_s = chance.randint(20, 80)
    phone = Shot(
        subject_seed=chance.getrandbits(40),
        camera=outing.phone,
        settings=settings_for(outing.phone, ev, seed, number),
        view=View(),
        taken=taken,
        frame=frame,
        noise_seed=chance.getrandbits(40),
        orientation=6 if upright else 1,
    )
    camera = replace(
        phone,
        camera=outing.camera,
        settings=settings_for(outing.camera, ev, seed, number),
        view=nearby(chance),
        taken=by_camera_clock(outing, taken + timedelta(seconds=after_s)),
        noise_seed=chance.getrandbits(40),
    )
    return Pair(f"{number + 1:03}", number, outing, phone, camera)


def by_camera_clock(outing: Outing, when: datetime) -> datetime:
    """Return what the digital camera's clock shows at a time of the phone's clock."""
    return when + timedelta(seconds=outing.clock_s)


def settings_for(camera: Camera, ev: float, *words: object) -> Settings:
    """Return the settings of a photo by daylight at the usual field of view, without flash."""
    chance = dice.source("settings", camera.model, *words)
    who = make_habits(0, 1, first_year=2019, last_year=2024)
    tries = [settle(chance, camera, who, Light(ev, indoors=False)) for _ in range(METERINGS)]
    settings = min(tries, key=lambda tried: abs(light_of(tried) - ev))
    shortest, longest = camera.focal_mm
    focal_mm = min(max(WANTED_35MM / camera.crop_factor, shortest), longest)
    focal_35mm = round(focal_mm * camera.crop_factor)
    return replace(
        settings,
        flash=NOT_FIRED_OFF,
        focal_length=(round(focal_mm * 100), 100),
        focal_35mm=None if settings.focal_35mm is None else focal_35mm,
    )


def light_of(settings: Settings) -> float:
    """Return the light that settings suit: EV at ISO 100, ``log2(N**2 / t * 100 / ISO)``."""
    return math.log2(settings.aperture**2 / settings.exposure_s * 100 / settings.iso)
