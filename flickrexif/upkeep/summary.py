"""What a recheck and a takedown came to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flickrexif.corpus.rows import Removal
    from flickrexif.upkeep.judge import Finding


@dataclass(slots=True)
class RecheckCount:
    """Counts as a recheck goes on."""

    checked: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    relicensed: int = 0
    failed: int = 0

    def add(self, findings: Iterable[Finding]) -> None:
        """Count what was found."""
        for finding in findings:
            self.checked += 1
            self.relicensed += finding.is_relicensed
            if finding.loss is not None:
                self.dropped[finding.loss] += 1


@dataclass(frozen=True, slots=True)
class RecheckSummary:
    """What one recheck found; photos that ``failed`` stay, and are asked for by the next one."""

    checked: int
    dropped: Mapping[str, int]
    """By reason."""
    relicensed: int
    """Photos that stay, under another licence that the corpus wants."""
    failed: int
    calls: Mapping[str, int]
    """API calls by cause, repeated ones included."""
    images_deleted: int
    """Photos whose bytes were deleted, those that an earlier run had left included."""

    @classmethod
    def of(
        cls, count: RecheckCount, *, calls: Mapping[str, int], images_deleted: int
    ) -> RecheckSummary:
        """The summary of a recheck that has come to its end."""
        return cls(
            checked=count.checked,
            dropped=dict(sorted(count.dropped.items())),
            relicensed=count.relicensed,
            failed=count.failed,
            calls=calls,
            images_deleted=images_deleted,
        )

    @property
    def calls_per_photo(self) -> float | None:
        """API calls per photo checked; None without any."""
        return sum(self.calls.values()) / self.checked if self.checked else None

    def lines(self) -> list[str]:
        """The summary for people."""
        if not self.checked and not self.failed:
            return ["no photo was due: all were checked lately"]
        reasons = _told(self.dropped)
        dropped = sum(self.dropped.values())
        lines = [
            f"{self.checked:,} photos checked, {dropped:,} dropped{reasons and f': {reasons}'}",
            f"{self.relicensed:,} stay under another licence, {self.failed:,} failed for now",
        ]
        if self.images_deleted:
            lines.append(f"the images of {self.images_deleted:,} photos were deleted")
        if self.calls_per_photo is not None:
            each = f"{self.calls_per_photo:.3f} per photo checked"
            lines.append(f"API calls: {_told(self.calls)}; {each}")
        if dropped or self.relicensed:
            lines.append("run flickrexif label again before the next build")
        return lines


@dataclass(frozen=True, slots=True)
class TakedownSummary:
    """What a takedown recorded (or, when undone, struck off) and what it took out of a corpus."""

    recorded: tuple[str, ...]
    """Photo ids and NSIDs that the list did not name before."""
    known: tuple[str, ...]
    """Those that it named already."""
    dropped: int
    """Photos that left the corpus."""
    images_deleted: int

    def lines(self) -> list[str]:
        """The summary for people."""
        lines = [
            f"{len(self.recorded):,} recorded, {len(self.known):,} were on the list already",
            f"{self.dropped:,} photos left the corpus, "
            f"the images of {self.images_deleted:,} were deleted",
        ]
        if self.dropped:
            lines.append("run flickrexif label again before the next build")
        return lines


@dataclass(frozen=True, slots=True)
class UndoSummary:
    """What was struck off the list of takedowns; photos do not come back by that."""

    struck: tuple[str, ...]
    unknown: tuple[str, ...]
    """Those that the list did not name."""

    def lines(self) -> list[str]:
        """The summary for people."""
        lines = [f"{len(self.struck):,} struck off, {len(self.unknown):,} were not on the list"]
        if self.struck:
            lines.append(
                "photos that had left the corpus do not come back: their images are deleted, and "
                "only a crawl into another folder fetches them again"
            )
        return lines


def takedown_lines(removals: Iterable[Removal]) -> list[str]:
    """The list of takedowns for people, one a line."""
    lines = [
        f"{datetime.fromtimestamp(removal.at, UTC):%Y-%m-%d}  {removal.kind} {removal.subject}: "
        f"{removal.reason}"
        for removal in removals
    ]
    return lines or ["nothing was taken down"]


def _told(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())
