"""Where each month of a crawl stands and what it will come to, read from the corpus's state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from flickrexif.crawling.counts import NO_CANDIDATES, Count, count_by
from flickrexif.crawling.eta import (
    Expected,
    Left,
    MonthWork,
    OwnerStanding,
    Supply,
    estimate,
    expect,
)
from flickrexif.crawling.select import BARREN_AFTER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from flickrexif.corpus.plan import CrawlPlan
    from flickrexif.corpus.rows import Tally
    from flickrexif.corpus.state import State

MonthState = Literal["settled", "failed", "looking", "listing", "waiting"]
"""``failed``: done but for photos that failed, which the next run tries again. ``waiting``: not
begun."""


@dataclass(frozen=True, slots=True)
class MonthOutlook:
    """One month of the plan; ``expected`` accepted photos in the end, None while unknown."""

    month: str
    state: MonthState
    count: Count
    expected: float | None
    work: MonthWork


@dataclass(frozen=True, slots=True)
class Outlook:
    """A crawl's months in their order, and what is left of it (None while unknown)."""

    months: tuple[MonthOutlook, ...]
    total: Count
    left: Left | None

    @property
    def expected(self) -> float | None:
        """How many photos will be accepted: unknown months come to as many as the known ones do."""
        known = [month.expected for month in self.months if month.expected is not None]
        return sum(known) / len(known) * len(self.months) if known else None


def look_ahead(
    plan: CrawlPlan, state: State, tallies: Sequence[Tally], supplies: Iterable[Supply] = ()
) -> Outlook:
    """The outlook of a crawl for ``plan`` whose candidates stand as ``tallies`` say.

    Costs no more for a corpus of millions than for a small one, but for a pass over the candidates
    of the months that are begun and not settled.
    """
    survey = _Survey(plan, state, tallies)
    months = tuple(survey.month(str(month)) for month in plan.each_month)
    left = estimate([month.work for month in months], supplies)
    return Outlook(months, survey.total, left)


def used(calls: Mapping[str, int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Requests by phase (listing, looking) that a crawl has sent to the API, to the image host."""
    images = sum(count for cause, count in calls.items() if cause.startswith("image "))
    return (calls.get("api search", 0), calls.get("api exif", 0)), (0, images)


class _Survey:
    def __init__(self, plan: CrawlPlan, state: State, tallies: Sequence[Tally]) -> None:
        self._plan, self._state = plan, state
        self._counts = count_by(lambda tally: tally.month, tallies)
        self.total = Count.of(tallies)
        self._spent = state.spent()
        self._settled = state.settled_months()
        self._newest = max((month for month, _ in self._spent), default="")

    def month(self, month: str) -> MonthOutlook:
        count, stands = self._counts.get(month, NO_CANDIDATES), self._stands(month)
        if stands in ("settled", "failed"):
            listed, to_come = 1.0, Expected(0.0, 0.0)
        elif stands != "looking":
            listed, to_come = None, None
        elif self._plan.per_month is not None:
            listed, to_come = self._sampled(count, self._plan.per_month)
        else:
            listed, to_come = 1.0, self._expect(month)
        work = MonthWork(
            list_s=self._spent.get((month, "list"), 0.0),
            look_s=self._spent.get((month, "look"), 0.0),
            listed=listed,
            looked=count.acceptance.looked_at,
            looks_left=None if to_come is None else to_come.looks,
        )
        expected = None if to_come is None else count.accepted + to_come.accepted
        return MonthOutlook(month, stands, count, expected, work)

    def _stands(self, month: str) -> MonthState:
        if month in self._settled:
            return "settled"
        if (month, "look") in self._spent:
            is_left = month < self._newest and self._counts.get(month, NO_CANDIDATES).failed
            return "failed" if is_left else "looking"
        return "listing" if (month, "list") in self._spent else "waiting"

    def _sampled(self, count: Count, per_month: int) -> tuple[float | None, Expected | None]:
        """A month that is sampled is as far as its accepted photos are."""
        share = count.acceptance.share
        if not share:
            return None, None
        missing = max(0, per_month - count.accepted - count.failed)
        return 1.0 - missing / per_month, Expected(missing / share, missing)

    def _expect(self, month: str) -> Expected:
        share = (
            self._counts.get(month, NO_CANDIDATES).acceptance.share or self.total.acceptance.share
        )
        return expect(
            (OwnerStanding(*counts) for counts in self._state.standings_by_owner(month)),
            per_owner=self._plan.per_user_month,
            share=1.0 if share is None else share,
            barren_after=BARREN_AFTER,
        )
