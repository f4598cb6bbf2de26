"""What a crawl came to, counted from the corpus's state over all its runs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flickrexif.corpus.state import State


@dataclass(frozen=True, slots=True)
class MonthCount:
    """One month's candidates; ``unneeded`` ones were never looked at, their caps being met."""

    month: str
    listed: int
    accepted: int
    rejected: int
    failed: int
    unneeded: int


@dataclass(frozen=True, slots=True)
class CrawlSummary:
    """Counts of a corpus; requests are those sent, repeated ones included."""

    months: tuple[MonthCount, ...]
    accepted: int
    failed: int
    rejected: dict[str, int]
    """By reason."""
    windows: dict[str, int]
    """Searched intervals by outcome; ``cut`` ones hold more than Flickr would tell."""
    api_calls: dict[str, int]
    image_requests: dict[str, int]
    retries: dict[str, int]
    """Requests that had to be repeated, by failure."""

    @property
    def calls_per_accepted(self) -> float | None:
        """API calls per accepted photo; None without any."""
        return sum(self.api_calls.values()) / self.accepted if self.accepted else None

    def lines(self) -> list[str]:
        """The summary for people."""
        lines = [
            f"{month.month}: {month.listed} listed, {month.accepted} accepted, "
            f"{month.rejected} rejected, {month.failed} failed, {month.unneeded} over a cap"
            for month in self.months
        ]
        lines.append(f"accepted {self.accepted} photos, {self.failed} failed for now")
        for what, counts in (
            ("rejected", self.rejected),
            ("searched windows", self.windows),
            ("API calls", self.api_calls),
            ("image requests", self.image_requests),
            ("repeated after", self.retries),
        ):
            if counts:
                told = ", ".join(f"{cause} {count}" for cause, count in counts.items())
                lines.append(f"{what}: {told}")
        if self.calls_per_accepted is not None:
            lines.append(f"API calls per accepted photo: {self.calls_per_accepted:.3f}")
        return lines


def summarize(state: State) -> CrawlSummary:
    """The summary of all runs so far."""
    months: dict[str, Counter[str]] = {}
    rejected: Counter[str] = Counter()
    for month, outcome, reason, count, _ in state.tallies():
        months.setdefault(month, Counter())[outcome or "unneeded"] += count
        if outcome == "rejected":
            rejected[str(reason)] += count
    counts = tuple(_month_count(month, counted) for month, counted in sorted(months.items()))
    calls = state.calls()
    return CrawlSummary(
        months=counts,
        accepted=sum(month.accepted for month in counts),
        failed=sum(month.failed for month in counts),
        rejected=dict(rejected.most_common()),
        windows=state.window_tallies(),
        api_calls=_under("api ", calls),
        image_requests=_under("image ", calls),
        retries=_under("retry ", calls),
    )


def _month_count(month: str, counted: Counter[str]) -> MonthCount:
    return MonthCount(
        month=month,
        listed=counted.total(),
        accepted=counted["accepted"],
        rejected=counted["rejected"],
        failed=counted["failed"],
        unneeded=counted["unneeded"],
    )


def _under(prefix: str, calls: dict[str, int]) -> dict[str, int]:
    return {
        cause.removeprefix(prefix): count
        for cause, count in calls.items()
        if cause.startswith(prefix)
    }
