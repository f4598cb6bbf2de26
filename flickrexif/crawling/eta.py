"""How much longer a crawl has to work: an estimate from a snapshot of what it has done so far.

Nothing here reads a file or a clock. Active seconds are those of `Stopwatch`, counts those of the
state's tallies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

RECENT_MONTHS = 1.0
"""A month this many months back counts half as much for the speed as the newest."""

OWNER_WEIGHT = 1.0
"""How many looked-at photos of an owner weigh as much as what is known of all owners.

Little, because owners differ: most carry EXIF in nearly all photos, archives of scans in none.
"""


@dataclass(frozen=True, slots=True)
class OwnerStanding:
    """The candidates of one owner in one month; ``bare`` were looked at and rejected."""

    accepted: int
    bare: int
    failed: int
    open: int


@dataclass(frozen=True, slots=True)
class Expected:
    """What is still to come in a month: photos to look at, and accepted ones among them."""

    looks: float
    accepted: float


def expect(
    owners: Iterable[OwnerStanding], *, per_owner: int, share: float, barren_after: int
) -> Expected:
    """What the open candidates of a listed month will come to, under the cap of each owner.

    ``share`` is the share of looked-at photos that were accepted so far. An owner of whom nothing
    was accepted yet either carries EXIF in every photo or in none, and is given up after
    ``barren_after`` bare ones; any other has each photo accepted by the owner's own share. Failed
    photos keep their places.
    """
    looks = accepted = 0.0
    for owner in owners:
        room = max(0, per_owner - owner.accepted - owner.failed)
        weight = OWNER_WEIGHT + owner.accepted + owner.bare
        own = (owner.accepted + OWNER_WEIGHT * share) / weight
        if owner.accepted:
            looked = min(owner.open, room / own)
            taken = looked * own
        else:
            taken = own * min(owner.open, room)
            given_up = min(owner.open, max(0, barren_after - owner.bare)) if room else 0
            looked = taken + (1 - own) * given_up
        looks += looked
        accepted += taken
    return Expected(looks, accepted)


@dataclass(frozen=True, slots=True)
class MonthWork:
    """One month of a plan: active seconds by phase, and how far its phases are.

    ``listed`` is the share of its listing that is done, None where nothing but the time it took so
    far can tell; ``looks_left`` is None until the month's candidates are known.
    """

    list_s: float = 0.0
    look_s: float = 0.0
    listed: float | None = None
    looked: int = 0
    looks_left: float | None = None


@dataclass(frozen=True, slots=True)
class Supply:
    """A budget: requests a second, those at hand at once, and what the crawl has used so far."""

    per_s: float
    tokens: float
    used_by_listing: int
    used_by_looking: int


@dataclass(frozen=True, slots=True)
class Left:
    """What a crawl has still to do; ``seconds`` are of work, without pauses."""

    seconds: float
    looks: float
    months_to_list: float
    """A month that is half listed is half a month."""


def estimate(months: Sequence[MonthWork], supplies: Iterable[Supply] = ()) -> Left | None:
    """What is left of a crawl over ``months``, in their order; None while too little is known.

    A month takes as long to list as others did, and holds as many photos to look at as they do on
    average; a look takes as long as looks did. Recent months count more for these speeds
    (`RECENT_MONTHS`). However fast the work went, it cannot end before the budgets have let all
    its requests through.
    """
    known = [month for month in months if month.looks_left is not None]
    if not known:
        return None
    list_s = _recent([(month.list_s, month.listed or 0.0) for month in known])
    look_s = _recent([(month.look_s, month.looked) for month in known])
    usual_looks = sum(month.looked + (month.looks_left or 0.0) for month in known) / len(known)
    to_list = sum(_unlisted(month, list_s) for month in months)
    looks = sum(_unlooked(month, usual_looks) for month in months)
    looked = sum(month.looked for month in months)
    if looks and not looked:
        return None
    seconds = to_list * list_s + looks * look_s
    for supply in supplies:
        needed = supply.used_by_listing * to_list / (len(months) - to_list)
        needed += supply.used_by_looking * looks / max(1, looked)
        seconds = max(seconds, (needed - supply.tokens) / supply.per_s)
    return Left(seconds, looks, to_list)


def _recent(done: Sequence[tuple[float, float]]) -> float:
    """Seconds for one, from (seconds, how many) of each month, the oldest first."""
    weights = [0.5 ** (age / RECENT_MONTHS) for age in reversed(range(len(done)))]
    seconds = sum(weight * spent for weight, (spent, _) in zip(weights, done, strict=True))
    number = sum(weight * count for weight, (_, count) in zip(weights, done, strict=True))
    return seconds / number if number else 0.0


def _unlisted(month: MonthWork, usual_s: float) -> float:
    if month.listed is not None:
        return 1.0 - month.listed
    return max(0.0, 1.0 - month.list_s / usual_s) if usual_s else 1.0


def _unlooked(month: MonthWork, usual: float) -> float:
    return usual if month.looks_left is None else month.looks_left
