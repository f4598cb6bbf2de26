"""The accounts of the sandbox and their habits: what they shoot with, how much, under what licence.

An owner has one to three cameras. Phones take a larger share of an owner's photos every year. Most
owners are quiet, a few are busy; one in some two hundred is an archive that floods single days with
scans.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flickrexif.sandbox import dice
from flickrexif.sandbox.cameras import Maker, cameras, makers
from flickrexif.sandbox.photos import Camera, SandboxOwner
from flickrexif.sandbox.words import WORDS

if TYPE_CHECKING:
    import random

LICENSES = {4: 30, 5: 17, 7: 2, 8: 3, 9: 9, 10: 4, 0: 15, 1: 6, 2: 5, 3: 4, 6: 5}
"""Licence id to share, in per cent. 11 to 16 begin on 18 June 2025."""
NO_KNOWN_COPYRIGHT = 7
SHARE_THAT_HIDES = 0.06
OWNERS_PER_ARCHIVE = 200
GOLDEN, SILVER = (math.sqrt(5) - 1) / 2, math.sqrt(2) - 1


@dataclass(frozen=True, slots=True)
class Habits:
    """An account and how it behaves."""

    owner: SandboxOwner
    weight: float
    """Relative number of photos."""
    license: int
    bodies: tuple[tuple[int, int], ...]
    """``(first year, camera number)`` of cameras that are not phones, oldest first; may be none."""
    phones: tuple[tuple[int, int], ...]
    phone_share: float
    """Share of phone photos in 2019, for those who have both."""
    burst: float
    """Photos per outing, on the average."""
    active: tuple[float, float]
    """The part of the catalogue's time in which the account is active, as two fractions."""
    aperture_stops: float
    """How far this owner stops down from wide open, on the average."""
    iso_floor: int
    """The ISO an owner leaves the camera at even in good light."""
    flash_share: float
    """How often the flash is used when it is dark."""
    embeds_gps: bool
    embeds_serial: bool
    signs: bool
    """Artist and copyright stand in the file."""

    def kit(self) -> tuple[Camera, ...]:
        """All cameras of this owner."""
        return tuple(cameras()[number] for _, number in self.bodies + self.phones)


def make_habits(seed: int, number: int, *, first_year: int, last_year: int) -> Habits:
    """Return the owner with this number; makers are spread evenly over the numbers."""
    chance = dice.source("owner", seed, number)
    floods = number % OWNERS_PER_ARCHIVE == OWNERS_PER_ARCHIVE // 10
    if floods:
        return _archive(_account(chance, number, hides=False, floods=True))
    owner = _account(chance, number, hides=chance.random() < SHARE_THAT_HIDES, floods=False)
    has_body, has_phone = _what_they_own(chance)
    bodies = _body_kit(chance, _spread(seed, number, GOLDEN), first_year, last_year)
    phones = _phone_kit(chance, _spread(seed, number, SILVER), first_year, last_year)
    if has_body and has_phone and len(bodies) + len(phones) > 3:
        bodies = bodies[:1]
    start = chance.choice((0.0, 0.0, chance.uniform(0.0, 0.6)))
    end = chance.choice((1.0, 1.0, chance.uniform(start + 0.3, 1.0)))
    return Habits(
        owner=owner,
        weight=chance.lognormvariate(0.0, 1.2),
        license=_license(chance),
        bodies=bodies if has_body else (),
        phones=phones if has_phone else (),
        phone_share=chance.uniform(0.1, 0.5),
        burst=1.0 + chance.expovariate(1 / 5),
        active=(start, end),
        aperture_stops=max(0.0, chance.gauss(1.6, 1.0)),
        iso_floor=chance.choices((0, 200, 400, 800), (70, 12, 12, 6))[0],
        flash_share=chance.betavariate(1.0, 1.4),
        embeds_gps=chance.random() < 0.25,
        embeds_serial=chance.random() < 0.4,
        signs=chance.random() < 0.2,
    )


def _archive(owner: SandboxOwner) -> Habits:
    return Habits(
        owner=owner,
        weight=0.0,
        license=NO_KNOWN_COPYRIGHT,
        bodies=(),
        phones=(),
        phone_share=0.0,
        burst=90.0,
        active=(0.0, 1.0),
        aperture_stops=0.0,
        iso_floor=0,
        flash_share=0.0,
        embeds_gps=False,
        embeds_serial=False,
        signs=False,
    )


def _account(chance: random.Random, number: int, *, hides: bool, floods: bool) -> SandboxOwner:
    name, place = chance.choice(WORDS["names"]), chance.choice(WORDS["places"])
    nsid = f"{chance.randrange(10_000_000, 200_000_000)}@N{chance.randrange(9):02d}"
    if floods:
        title, alias = f"{place.title()} County Archives", f"{place}archives{number}"
        return SandboxOwner(nsid, title, None, alias, hides, floods)
    own_alias = f"{name}_{place}{number}" if chance.random() < 0.6 else None
    real = f"{name.title()} {chance.choice(WORDS['surnames'])}" if chance.random() < 0.5 else None
    return SandboxOwner(nsid, f"{name} {place}", real, own_alias, hides, floods)


def _what_they_own(chance: random.Random) -> tuple[bool, bool]:
    return chance.choices(((True, False), (False, True), (True, True)), (38, 22, 40))[0]


def _license(chance: random.Random) -> int:
    return chance.choices(list(LICENSES), list(LICENSES.values()))[0]


def _spread(seed: int, number: int, step: float) -> float:
    """Return a number in [0, 1); over consecutive owners these fill the interval evenly."""
    return (dice.roll("spread", seed, step) + number * step) % 1.0


def _pick_maker(phones: bool, where: float) -> Maker:
    kind = [maker for maker in makers() if maker.makes_phones == phones]
    left = where * sum(maker.share for maker in kind)
    for maker in kind:
        left -= maker.share
        if left < 0:
            return maker
    return kind[-1]


def _body_kit(
    chance: random.Random, where: float, first: int, last: int
) -> tuple[tuple[int, int], ...]:
    maker = _pick_maker(False, where)
    body = _pick_camera(chance, maker, first)
    kit = [(0, body)]
    if last > first and chance.random() < 0.35:
        year = chance.randint(first + 1, last)
        newer = _pick_camera(chance, maker, year)
        if newer != body:
            kit.append((year, newer))
    return tuple(kit)


def _phone_kit(
    chance: random.Random, where: float, first: int, last: int
) -> tuple[tuple[int, int], ...]:
    maker = _pick_maker(True, where)
    kit = [(0, _pick_camera(chance, maker, first))]
    if last > first and chance.random() < 0.7:
        year = chance.randint(first + 1, last)
        newer = _pick_camera(chance, maker, year, only_newest=2)
        if newer != kit[0][1]:
            kit.append((year, newer))
    return tuple(kit)


def _pick_camera(chance: random.Random, maker: Maker, year: int, only_newest: int = 9) -> int:
    """Return the number of a camera that could be had in this year (else the oldest)."""
    sold = [camera for camera in maker.cameras if camera.released <= year] or [maker.cameras[0]]
    sold = sold[-only_newest:]
    camera = chance.choices(sold, [camera.popularity for camera in sold])[0]
    return cameras().index(camera)
