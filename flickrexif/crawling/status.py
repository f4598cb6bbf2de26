"""How a crawl stands at this moment, read beside it without changing anything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from flickrexif.corpus.layout import Corpus
from flickrexif.crawling.completeness import Completeness, completeness_of
from flickrexif.crawling.counts import Acceptance, Count, count_by, rejections
from flickrexif.crawling.outlook import MonthOutlook, MonthState, look_ahead
from flickrexif.crawling.rates import BudgetLeft, budgets_left, supplies
from flickrexif.crawling.status_lines import lines_of
from flickrexif.flickr.budgets import BudgetStore
from flickrexif.flickr.licenses import license_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from flickrexif.corpus.rows import Tally
    from flickrexif.corpus.state import State
    from flickrexif.flickr.connection import Connection


@dataclass(frozen=True, slots=True)
class MonthStatus:
    """One month of the plan; ``expected`` photos will be accepted, None while nothing tells."""

    month: str
    state: MonthState
    listed: int
    accepted: int
    expected: int | None
    rejected: int
    failed: int
    acceptance: Acceptance
    completeness: Completeness | None

    @classmethod
    def of(cls, month: MonthOutlook, completeness: Completeness | None) -> MonthStatus:
        """The status of a month."""
        count = month.count
        return cls(
            month=month.month,
            state=month.state,
            listed=count.listed,
            accepted=count.accepted,
            expected=None if month.expected is None else round(month.expected),
            rejected=count.rejected,
            failed=count.failed,
            acceptance=count.acceptance,
            completeness=completeness,
        )


@dataclass(frozen=True, slots=True)
class LicenseStatus:
    """The photos of one licence, named by its SPDX id."""

    license_id: int
    license: str
    listed: int
    acceptance: Acceptance


@dataclass(frozen=True, slots=True)
class CrawlStatus:
    """What a corpus holds at a moment, and what its crawl has still to do."""

    is_running: bool
    is_sampled: bool
    months: tuple[MonthStatus, ...]
    listed: int
    accepted: int
    expected: int | None
    failed: int
    removed: int
    rejected: dict[str, int]
    """By reason."""
    acceptance: Acceptance
    licenses: tuple[LicenseStatus, ...]
    requests: dict[str, int]
    """By cause."""
    budgets: tuple[BudgetLeft, ...]
    image_shards: int
    image_bytes: int
    looks_left: int | None
    """Photos still to be looked at; None, like the next, while too little is known."""
    seconds_left: float | None
    """Of work, without pauses."""
    ends_at: str | None
    """ISO 8601 in local time; None unless a crawl is running."""

    def lines(self, *, all_months: bool = False) -> list[str]:
        """The status for people; settled months share a line when there are many."""
        return lines_of(self, all_months=all_months)


def status(
    corpus: Path | str,
    *,
    connection: Connection | None = None,
    store: BudgetStore | None = None,
    now: datetime | None = None,
) -> CrawlStatus:
    """How the crawl of ``corpus`` stands, also while it runs; nothing is changed or made.

    ``connection`` is the one that the crawl has: its budgets are told as they stand in ``store``
    (this machine's). Without it, or with one to another Flickr, none are, and what is left is
    estimated from the speed so far alone (see `flickrexif.crawling.eta.estimate`). The end is told
    for a crawl that is running. Raises `UsageError` for what is no corpus.
    """
    found = Corpus.open(corpus)
    if connection is not None and connection.name != found.endpoint:
        connection = None
    with found.state(reading=True) as state:
        budgets = budgets_left(state, connection, store or BudgetStore()) if connection else ()
        return _status(found, state, budgets, now or datetime.now(UTC))


def _status(
    corpus: Corpus, state: State, budgets: tuple[BudgetLeft, ...], now: datetime
) -> CrawlStatus:
    tallies, calls, shards = state.tallies(), state.calls(), state.shards()
    outlook = look_ahead(corpus.plan, state, tallies, supplies(budgets, calls))
    left = outlook.left
    left_s = None if left is None else left.seconds
    is_running = corpus.is_locked
    ends_at = now + timedelta(seconds=left_s) if is_running and left_s is not None else None
    is_sampled = corpus.plan.per_month is not None
    return CrawlStatus(
        is_running=is_running,
        is_sampled=is_sampled,
        months=tuple(
            MonthStatus.of(month, _completeness(state, month, is_sampled=is_sampled))
            for month in outlook.months
        ),
        listed=outlook.total.listed,
        accepted=outlook.total.accepted,
        expected=None if outlook.expected is None else round(outlook.expected),
        failed=outlook.total.failed,
        removed=outlook.total.removed,
        rejected=rejections(tallies),
        acceptance=outlook.total.acceptance,
        licenses=tuple(_license(*counted) for counted in _by_license(tallies)),
        requests=calls,
        budgets=budgets,
        image_shards=len(shards),
        image_bytes=_bytes_in(corpus.images_folder),
        looks_left=None if left is None else round(left.looks),
        seconds_left=left_s,
        ends_at=None if ends_at is None else ends_at.astimezone().isoformat(timespec="seconds"),
    )


def _completeness(state: State, month: MonthOutlook, *, is_sampled: bool) -> Completeness | None:
    if is_sampled or month.state in ("listing", "waiting"):
        return None
    return completeness_of(state.captures(month.month))


def _by_license(tallies: Sequence[Tally]) -> list[tuple[int, Count]]:
    return sorted(count_by(lambda tally: tally.license_id, tallies).items())


def _license(license_id: int, count: Count) -> LicenseStatus:
    spdx = license_of(license_id).spdx
    return LicenseStatus(license_id, spdx, count.listed, count.acceptance)


def _bytes_in(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("*.parquet"))
