"""The catalogue's columns: for every photo what a search filters and sorts by, as numpy arrays.

Everything else about a photo is drawn when the photo is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from flickrexif.sandbox.owners import LICENSES, Habits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flickrexif.sandbox.photos import Origin, Visibility

Array = NDArray[Any]
DAY_S = 86_400
SHARE_OF_ARCHIVE = 0.015
SHARE_WITHOUT_EXIF = 0.052
SHARES_OF_VISIBILITY = (0.98, 0.015, 0.005)
SHARE_OF_OTHER_LICENSE = 0.12
FOUR_POINT_ZERO_FROM = int(datetime(2025, 6, 18, tzinfo=UTC).timestamp())
TO_FOUR_POINT_ZERO = {4: 11, 5: 12, 6: 13, 2: 14, 1: 15, 3: 16}

CAMERA, EXPORT, SCREENSHOT, SCAN = range(4)
ORIGINS: tuple[Origin, ...] = ("camera", "export", "screenshot", "scan")
VISIBILITIES: tuple[Visibility, ...] = ("public", "deleted", "private")

ID_AT, ID_FROM = 49_000_000_000, int(datetime(2019, 11, 1, tzinfo=UTC).timestamp())
ZONES_H = (-8, -7, -6, -5, -5, -5, 0, 0, 0, 1, 1, 1, 2, 9)
IDS_PER_S = 32
"""About a thousand million ids a year, as Flickr's ids grew in these years."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Columns of equal length, ordered by photo id and so by upload."""

    ids: Array
    uploaded: Array
    """Unix seconds, UTC."""
    captured: Array
    """Seconds since 1970 on the camera's clock, which has no zone."""
    taken: Array
    """Likewise, but what the service says; differs from ``captured`` where that is unknown."""
    unknown: Array
    granularity: Array
    owner: Array
    license: Array
    origin: Array
    camera: Array
    """The number of the camera that took it, also where the file no longer tells."""
    visible: Array
    safety: Array
    """0 safe, 1 moderate, 2 restricted."""

    def __len__(self) -> int:
        return len(self.ids)


def make_listing(
    habits: Sequence[Habits], *, seed: int, photos: int, first_s: int, last_s: int
) -> Listing:
    """Return the columns of ``photos`` photos, captured in ``[first_s, last_s)``."""
    counts = _counts(habits, seed, photos)
    chance = np.random.default_rng([seed, 77])
    parts = [
        _of_owner(number, who, int(count), np.random.default_rng([seed, number]), first_s, last_s)
        for number, (who, count) in enumerate(zip(habits, counts, strict=True))
        if count
    ]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.argsort(columns["uploaded"], kind="stable")
    columns = {name: column[order] for name, column in columns.items()}
    columns["ids"] = _ids(columns["uploaded"], chance)
    columns["license"] = _license_of_day(columns["license"], columns["uploaded"])
    _forget_dates(columns, chance, first_s, last_s)
    columns["visible"] = chance.choice(3, photos, p=SHARES_OF_VISIBILITY).astype(np.int8)
    columns["safety"] = np.zeros(photos, np.int8)
    return Listing(**{field.name: columns[field.name] for field in fields(Listing)})


def _counts(habits: Sequence[Habits], seed: int, photos: int) -> Array:
    """Return how many photos each owner has; they add up to ``photos``."""
    archives = np.array([who.owner.floods for who in habits])
    counts = np.where(archives, int(photos * SHARE_OF_ARCHIVE), 0)
    weights = np.array([who.weight for who in habits])
    rest = photos - int(counts.sum())
    drawn = np.random.default_rng([seed, 78]).multinomial(rest, weights / weights.sum())
    return np.asarray(counts + drawn)


def _of_owner(
    number: int, who: Habits, count: int, chance: np.random.Generator, first_s: int, last_s: int
) -> dict[str, Array]:
    outing, captured = _outings(who, count, chance, first_s, last_s)
    uploaded = _uploads(who, outing, captured, chance)
    origin = _origins(who, count, chance)
    other = chance.choice(list(LICENSES), count, p=np.array(list(LICENSES.values())) / 100)
    licenses = np.where(chance.random(count) < SHARE_OF_OTHER_LICENSE, other, who.license)
    return {
        "captured": captured,
        "uploaded": uploaded,
        "owner": np.full(count, number, np.int32),
        "license": (np.full(count, who.license) if who.owner.floods else licenses).astype(np.int8),
        "origin": origin,
        "camera": _cameras_used(who, captured, chance),
    }


def _outings(
    who: Habits, count: int, chance: np.random.Generator, first_s: int, last_s: int
) -> tuple[Array, Array]:
    """Return for each photo the number of its outing and the second it was captured."""
    outings = max(1, round(count / who.burst))
    outing = np.sort(chance.integers(0, outings, count))
    span = last_s - first_s
    active = [first_s + int(span * part) for part in who.active]
    first_day = active[0] // DAY_S
    day = chance.integers(first_day, max(active[1] // DAY_S, first_day + 1), outings)
    day = np.where(chance.random(outings) < 0.4, day - (day - 2) % 7, day)
    day = np.maximum(day, first_s // DAY_S)
    start = day * DAY_S + (np.clip(chance.normal(14.0, 3.6, outings), 5.5, 23.0) * 3600).astype(int)
    walked = np.cumsum(chance.exponential(90.0, count))
    since = np.floor(walked - walked[np.searchsorted(outing, np.arange(outings), "left")[outing]])
    captured = start[outing] + np.minimum(since.astype(np.int64), 5 * 3600)
    return outing, np.clip(captured, first_s, last_s - 1)


def _uploads(who: Habits, outing: Array, captured: Array, chance: np.random.Generator) -> Array:
    """Return upload times, minutes to weeks after the capture; outings are uploaded in one go."""
    outings = int(outing[-1]) + 1
    delay = np.exp(chance.normal(np.log(8 * 3600), 2.0, outings)).clip(180, 45 * DAY_S)
    last = np.zeros(outings, np.int64)
    np.maximum.at(last, outing, captured)
    zone = int(chance.choice(ZONES_H)) * 3600
    return np.asarray(last[outing] + delay.astype(np.int64)[outing] + 3 * _rank(outing) - zone)


def _rank(outing: Array) -> Array:
    """Return each photo's place in its (sorted) outing."""
    places = np.arange(len(outing))
    return np.asarray(places - np.searchsorted(outing, outing, "left"))


def _origins(who: Habits, count: int, chance: np.random.Generator) -> Array:
    if who.owner.floods:
        return np.full(count, SCAN, np.int8)
    kinds = chance.choice([EXPORT, SCREENSHOT, SCAN], count, p=(0.5, 0.25, 0.25))
    bare = chance.random(count) < SHARE_WITHOUT_EXIF
    return np.where(bare, kinds, CAMERA).astype(np.int8)


def _cameras_used(who: Habits, captured: Array, chance: np.random.Generator) -> Array:
    """Return camera numbers: the kit of the photo's year, phones likelier with the years."""
    if who.owner.floods:
        return np.full(len(captured), -1, np.int16)
    year = captured.astype("datetime64[s]").astype("datetime64[Y]").astype(int) + 1970
    body, phone = _of_year(who.bodies, year), _of_year(who.phones, year)
    share = np.clip(who.phone_share + 0.07 * (year - 2019), 0.05, 0.9)
    by_phone = (body < 0) | ((phone >= 0) & (chance.random(len(year)) < share))
    return np.where(by_phone, phone, body).astype(np.int16)


def _of_year(kit: tuple[tuple[int, int], ...], year: Array) -> Array:
    if not kit:
        return np.full(len(year), -1)
    since = np.array([first for first, _ in kit])
    numbers = np.array([number for _, number in kit])
    return np.asarray(numbers[np.searchsorted(since, year, "right") - 1])


def _ids(uploaded: Array, chance: np.random.Generator) -> Array:
    """Return strictly increasing ids that follow the upload time."""
    ids = ID_AT + (uploaded - ID_FROM) * IDS_PER_S + chance.integers(0, IDS_PER_S, len(uploaded))
    places = np.arange(len(ids))
    return np.asarray(np.maximum.accumulate(ids - places) + places)


def _license_of_day(licenses: Array, uploaded: Array) -> Array:
    late = uploaded >= FOUR_POINT_ZERO_FROM
    table = np.arange(17, dtype=np.int8)
    for old, new in TO_FOUR_POINT_ZERO.items():
        table[old] = new
    return np.where(late, table[licenses], licenses).astype(np.int8)


def _forget_dates(
    columns: dict[str, Array], chance: np.random.Generator, first_s: int, last_s: int
) -> None:
    """Add ``taken``, ``unknown`` and ``granularity``.

    An unknown date is mostly the upload moment in Pacific time, else arbitrary. Scans often carry
    only a month or a year.
    """
    count = len(columns["captured"])
    taken, origin = columns["captured"].copy(), columns["origin"]
    share = np.choose(origin, (0.025, 0.45, 0.3, 0.6))
    unknown = chance.random(count) < share
    pacific = columns["uploaded"] - chance.choice((7, 8), count) * 3600
    arbitrary = chance.integers(first_s, last_s, count)
    guess = np.where(chance.random(count) < 0.65, pacific, arbitrary)
    taken = np.where(unknown & (guess < last_s), guess, taken)
    vague = ~unknown & (origin == SCAN) & (chance.random(count) < 0.55)
    by_year = vague & (chance.random(count) < 0.4)
    moment = taken.astype("datetime64[s]")
    to_month = moment.astype("datetime64[M]").astype("datetime64[s]").astype(np.int64)
    to_year = moment.astype("datetime64[Y]").astype("datetime64[s]").astype(np.int64)
    columns["taken"] = np.where(by_year, to_year, np.where(vague, to_month, taken))
    columns["unknown"] = unknown
    columns["granularity"] = np.where(by_year, 6, np.where(vague, 4, 0)).astype(np.int8)
