"""How a corpus's candidates stand, counted from the tallies of its state."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from flickrexif.corpus.rows import Tally

Key = TypeVar("Key")

_BY_EXIF = frozenset({"no_exif", "gone"})


def was_looked_at(reason: str) -> bool:
    """True for a rejection that took a request: by the photo's EXIF or its image."""
    return reason in _BY_EXIF or reason.startswith("image_")


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The acceptance share p: the share of the photos looked at that were accepted.

    p = accepted / (accepted + rejected by EXIF or image). On neither side stand photos that the
    list alone rules out, that a cap shuts out, whose owner hides EXIF or was given up, that failed
    for now, or that were removed later. None when no photo was looked at.
    """

    accepted: int
    looked_at: int
    share: float | None

    @classmethod
    def of(cls, accepted: int, looked_at: int) -> Self:
        """The share of these counts."""
        return cls(accepted, looked_at, accepted / looked_at if looked_at else None)


@dataclass(frozen=True, slots=True)
class Count:
    """Candidates by what became of them; ``undecided`` ones are over a cap or not yet looked at."""

    listed: int
    accepted: int
    rejected: int
    failed: int
    removed: int
    undecided: int
    acceptance: Acceptance

    @classmethod
    def of(cls, tallies: Iterable[Tally]) -> Self:
        """The sum of these tallies."""
        outcomes: Counter[str | None] = Counter()
        looked_at = 0
        for tally in tallies:
            outcomes[tally.outcome] += tally.count
            if tally.outcome == "rejected" and was_looked_at(tally.reason or ""):
                looked_at += tally.count
        accepted = outcomes["accepted"]
        return cls(
            listed=outcomes.total(),
            accepted=accepted,
            rejected=outcomes["rejected"],
            failed=outcomes["failed"],
            removed=outcomes["removed"],
            undecided=outcomes[None],
            acceptance=Acceptance.of(accepted, accepted + looked_at),
        )


NO_CANDIDATES = Count.of(())


def count_by(key: Callable[[Tally], Key], tallies: Iterable[Tally]) -> dict[Key, Count]:
    """The counts of the tallies that share a key, in the order of their first ones."""
    groups: dict[Key, list[Tally]] = {}
    for tally in tallies:
        groups.setdefault(key(tally), []).append(tally)
    return {key: Count.of(group) for key, group in groups.items()}


def rejections(tallies: Iterable[Tally]) -> dict[str, int]:
    """Rejected candidates by reason, the commonest first."""
    reasons: Counter[str] = Counter()
    for tally in tallies:
        if tally.outcome == "rejected":
            reasons[str(tally.reason)] += tally.count
    return dict(sorted(reasons.items(), key=lambda reason: (-reason[1], reason[0])))
