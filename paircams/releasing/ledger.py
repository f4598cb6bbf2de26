"""``withdrawn.jsonl`` of a release of pairs: the pairs that were taken out after it was published.

One JSON object a line: pair_id, subject_idx, version (the first one without the pair), date
(YYYY-MM-DD, as the caller gave it) and reason, one of `flickrexif.release.ledger.REASONS`. Holders
of copies clean theirs by it. It names no person.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flickrexif.errors import UsageError
from flickrexif.release.ledger import LEDGER, read_lines, require_date, require_reason
from flickrexif.release.plan import require_version
from paircams.releasing.shape import read_pairs_manifest

if TYPE_CHECKING:
    from pathlib import Path

_PAIR_ID = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True, order=True)
class WithdrawnPair:
    """A pair, the first version without it, when and why it went."""

    pair_id: str
    subject_idx: str
    version: str
    date: str
    reason: str

    def __post_init__(self) -> None:
        if not isinstance(self.pair_id, str) or not _PAIR_ID.fullmatch(self.pair_id):
            raise UsageError(f"pair_id {self.pair_id!r} is no id of a pair")
        if not isinstance(self.subject_idx, str):
            raise UsageError(f"subject_idx {self.subject_idx!r} is no text")
        require_version(self.version)
        require_date(self.date)
        require_reason(self.reason)


def read_ledger(release: Path) -> list[WithdrawnPair]:
    """The withdrawals that the release tells, sorted; none where it has no ledger.

    Raises `UsageError` for a folder that is no release of pairs, and with the number of the first
    line that cannot be understood.
    """
    read_pairs_manifest(release, command="takedown")
    return sorted(read_lines(release / LEDGER, WithdrawnPair))
