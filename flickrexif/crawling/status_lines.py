"""A crawl's status as lines for people."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from flickrexif.crawling.telling import (
    ABSENT,
    aligned,
    tell_bytes,
    tell_completeness,
    tell_counts,
    tell_duration,
    tell_share,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flickrexif.crawling.rates import BudgetLeft
    from flickrexif.crawling.status import CrawlStatus, MonthStatus

FOLDED = {"settled": 12, "waiting": 2}
"""More months than this in one state share a line."""

HEADER = (
    "month", "state", "listed", "accepted", "expected", "rejected", "failed", "share p", "complete",
)  # fmt: skip


def lines_of(status: CrawlStatus, *, all_months: bool) -> list[str]:
    """The table of months, the counts behind it, and what is still to come."""
    return [*_table(status, all_months=all_months), *_facts(status), _prospect(status)]


def _table(status: CrawlStatus, *, all_months: bool) -> list[str]:
    rows = []
    for months in _groups(status.months, all_months=all_months):
        first, last = months[0], months[-1]
        is_one = len(months) == 1
        name = first.month if is_one else f"{first.month}..{last.month}"
        state = first.state if is_one else f"{len(months)} {first.state}"
        complete = tell_completeness(first.completeness, is_sampled=status.is_sampled)
        rows.append((name, state, *_sums(months), complete if is_one else ""))
    total = ("all", "", *_sums(status.months, expected=status.expected), "")
    return aligned([HEADER, *rows, total], left=2)


def _groups(months: Sequence[MonthStatus], *, all_months: bool) -> Iterator[Sequence[MonthStatus]]:
    """Months that share a line, by the first of them."""
    folded = {
        state: [month for month in months if month.state == state]
        for state in ([] if all_months else FOLDED)
    }
    for month in months:
        alike = folded.get(month.state, [])
        if len(alike) <= FOLDED.get(month.state, 0):
            yield [month]
        elif month is alike[0]:
            yield alike


def _sums(months: Sequence[MonthStatus], *, expected: int | None = None) -> Iterator[str]:
    known = [month.expected for month in months if month.expected is not None]
    if expected is None and len(known) == len(months):
        expected = sum(known)
    accepted = sum(month.acceptance.accepted for month in months)
    looked_at = sum(month.acceptance.looked_at for month in months)
    yield f"{sum(month.listed for month in months):,}"
    yield f"{sum(month.accepted for month in months):,}"
    yield ABSENT if expected is None else f"{expected:,}"
    yield f"{sum(month.rejected for month in months):,}"
    yield f"{sum(month.failed for month in months):,}"
    yield tell_share(accepted / looked_at if looked_at else None)


def _facts(status: CrawlStatus) -> Iterator[str]:
    looked_at, share = status.acceptance.looked_at, status.acceptance.share
    if share is not None:
        yield f"share p of {looked_at:,} photos looked at that were accepted: {tell_share(share)}"
    for one in status.licenses:
        if one.acceptance.share is not None:
            accepted, looked_at = one.acceptance.accepted, one.acceptance.looked_at
            share = one.acceptance.share
            yield f"  {one.license}: {tell_share(share)} ({accepted:,} of {looked_at:,})"
    for what, counts in (("rejected", status.rejected), ("requests", status.requests)):
        if counts:
            yield f"{what}: {tell_counts(counts)}"
    if status.failed:
        yield f"photos failed for now: {status.failed:,}, which the next run tries again"
    if status.removed:
        yield f"photos removed later: {status.removed:,}"
    if status.image_shards:
        yield f"image shards: {status.image_shards:,}, {tell_bytes(status.image_bytes)}"
    yield from map(_budget, status.budgets)


def _budget(budget: BudgetLeft) -> str:
    now = f"{budget.per_hour * budget.slowdown:,.0f} an hour"
    slowed = f", slowed from {budget.per_hour:,.0f} by HTTP 429" if budget.slowdown < 1 else ""
    at_hand = max(0, int(budget.tokens))
    return f"budget of {budget.host}: {at_hand:,} requests at hand, {now}{slowed}"


def _prospect(status: CrawlStatus) -> str:
    """Whether a crawl runs, and how long it has still to work."""
    runs = "a crawl is running" if status.is_running else "no crawl is running"
    if all(month.state == "settled" for month in status.months):
        return f"{runs}: every month is settled"
    if status.seconds_left is None:
        return f"{runs}: too early to tell how long it will take"
    left = f"about {tell_duration(status.seconds_left)} of work left"
    if status.looks_left:
        left += f" with {status.looks_left:,} photos to look at"
    if status.ends_at is None:
        return f"{runs}: {left}"
    return f"{runs}: {left}, until {datetime.fromisoformat(status.ends_at):%a %Y-%m-%d %H:%M}"
