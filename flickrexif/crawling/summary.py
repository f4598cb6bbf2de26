"""What a crawl came to, counted from the corpus's state over all its runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flickrexif.crawling.completeness import Completeness, completeness_of
from flickrexif.crawling.counts import NO_CANDIDATES, Count, count_by, rejections
from flickrexif.crawling.telling import aligned, tell_completeness, tell_counts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flickrexif.corpus.plan import CrawlPlan
    from flickrexif.corpus.state import State

HEADER = ("month", "listed", "accepted", "rejected", "failed", "unneeded", "complete")

_UPKEEP = ("recheck", "info")
"""Causes of API calls that no crawl makes."""


@dataclass(frozen=True, slots=True)
class MonthCount:
    """One month's candidates; ``unneeded`` ones were never looked at, their caps being met.

    ``completeness`` is None for a month that was sampled, or listed by one pass.
    """

    month: str
    listed: int
    accepted: int
    rejected: int
    failed: int
    removed: int
    unneeded: int
    completeness: Completeness | None

    @classmethod
    def of(cls, month: str, count: Count, completeness: Completeness | None) -> MonthCount:
        """The counts of a month."""
        return cls(
            month=month,
            listed=count.listed,
            accepted=count.accepted,
            rejected=count.rejected,
            failed=count.failed,
            removed=count.removed,
            unneeded=count.undecided,
            completeness=completeness,
        )


@dataclass(frozen=True, slots=True)
class RunCount:
    """What one run added to a corpus."""

    accepted: int
    api_calls: int
    image_requests: int

    def line(self) -> str:
        """The counts for people."""
        return (
            f"this run: {self.accepted:+,} accepted, {self.api_calls:+,} API calls, "
            f"{self.image_requests:+,} image requests"
        )


@dataclass(frozen=True, slots=True)
class CrawlSummary:
    """Counts of a corpus; requests are those sent, repeated ones included."""

    months: tuple[MonthCount, ...]
    is_sampled: bool
    """Each month is a fair sample, as ``per_month`` asks: how complete it is means nothing."""
    listed: int
    accepted: int
    failed: int
    removed: int
    """By a recheck or a takedown, after they were accepted."""
    rejected: dict[str, int]
    """By reason."""
    windows: dict[str, int]
    """Searches of an interval by outcome, those of both passes."""
    cut_windows: int
    """Intervals that hold more than Flickr tells and are too short to be split."""
    api_calls: dict[str, int]
    image_requests: dict[str, int]
    retries: dict[str, int]
    """Requests that had to be repeated, by failure."""
    duplicates: int
    """Accepted photos whose image an accepted photo of another owner has too, byte by byte."""
    run: RunCount = field(compare=False)
    """What the run that returned this has added."""

    @property
    def calls_per_accepted(self) -> float | None:
        """API calls per accepted photo; None without any."""
        return sum(self.api_calls.values()) / self.accepted if self.accepted else None

    def lines(self) -> list[str]:
        """The summary for people."""
        return [*self._table(), *self._facts(), self.run.line()]

    def _table(self) -> list[str]:
        rows = [self._cells(month) for month in self.months]
        return aligned([HEADER, *rows]) if rows else []

    def _cells(self, month: MonthCount) -> tuple[str, ...]:
        counts = (month.listed, month.accepted, month.rejected, month.failed, month.unneeded)
        complete = tell_completeness(month.completeness, is_sampled=self.is_sampled)
        return (month.month, *(f"{count:,}" for count in counts), complete)

    def _facts(self) -> Iterator[str]:
        yield (
            f"accepted {self.accepted:,} photos of {self.listed:,} listed, "
            f"{self.failed:,} failed for now"
        )
        if self.removed:
            yield f"photos removed later: {self.removed:,}"
        if self.duplicates:
            yield f"photos whose image another owner has too: {self.duplicates:,}"
        if self.rejected:
            yield f"rejected: {tell_counts(self.rejected)}"
        if self.cut_windows:
            yield (
                f"windows that hold more than Flickr tells: {self.cut_windows:,} "
                "(the rest of their photos stays unknown)"
            )
        for what, counts in (
            ("searched windows", self.windows),
            ("repeated after", self.retries),
        ):
            if counts:
                yield f"{what}: {tell_counts(counts)}"
        yield _per_accepted("API calls", self.api_calls, self.accepted, digits=3)
        yield _per_accepted("image requests", self.image_requests, self.accepted, digits=2)


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a corpus held before a run."""

    accepted: int
    api_calls: int
    image_requests: int

    @classmethod
    def of(cls, state: State) -> Baseline:
        """What it holds now."""
        calls = state.calls()
        return cls(
            accepted=Count.of(state.tallies()).accepted,
            api_calls=sum(_api_calls(calls).values()),
            image_requests=sum(_under("image ", calls).values()),
        )


NOTHING = Baseline(0, 0, 0)


def summarize(state: State, plan: CrawlPlan, *, before: Baseline = NOTHING) -> CrawlSummary:
    """The summary of all runs so far; ``before`` is what the last run found."""
    tallies, calls, now = state.tallies(), state.calls(), Baseline.of(state)
    total, is_sampled = Count.of(tallies), plan.per_month is not None
    by_month = count_by(lambda tally: tally.month, tallies)
    months = [str(month) for month in plan.each_month]
    return CrawlSummary(
        months=tuple(
            MonthCount.of(
                month,
                by_month.get(month, NO_CANDIDATES),
                None if is_sampled else completeness_of(state.captures(month)),
            )
            for month in months
        ),
        is_sampled=is_sampled,
        listed=total.listed,
        accepted=total.accepted,
        failed=total.failed,
        removed=total.removed,
        rejected=rejections(tallies),
        windows=state.window_tallies(),
        cut_windows=state.cut_windows(),
        api_calls=_api_calls(calls),
        image_requests=_under("image ", calls),
        retries=_under("retry ", calls),
        duplicates=state.duplicates(),
        run=RunCount(
            now.accepted - before.accepted,
            now.api_calls - before.api_calls,
            now.image_requests - before.image_requests,
        ),
    )


def _per_accepted(what: str, counts: Mapping[str, int], accepted: int, *, digits: int) -> str:
    """``API calls per accepted photo: 0.214 (search 0.085, exif 0.129)``; else bare counts."""
    if not accepted or not counts:
        return f"{what}: {tell_counts(counts) or 'none'}"
    each = [f"{cause} {count / accepted:.{digits}f}" for cause, count in counts.items()]
    total = f"{sum(counts.values()) / accepted:.{digits}f}"
    return f"{what} per accepted photo: {total}" + (f" ({', '.join(each)})" if each[1:] else "")


def _api_calls(calls: Mapping[str, int]) -> dict[str, int]:
    found = _under("api ", calls)
    return {cause: count for cause, count in found.items() if cause not in _UPKEEP}


def _under(prefix: str, calls: Mapping[str, int]) -> dict[str, int]:
    """The causes that begin with ``prefix``, without it, the commonest first."""
    found = [
        (cause.removeprefix(prefix), n) for cause, n in calls.items() if cause.startswith(prefix)
    ]
    return dict(sorted(found, key=lambda cause: (-cause[1], cause[0])))
