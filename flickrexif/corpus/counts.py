"""Counts that a crawl keeps in its state, and questions that are answered by counting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flickrexif.corpus.compact import month_name, month_number
from flickrexif.corpus.database import Database
from flickrexif.corpus.rows import Captures, Tally

if TYPE_CHECKING:
    from collections.abc import Mapping

_STANDINGS_BY_OWNER = """
SELECT count(*) FILTER (WHERE outcome = 'accepted'),
    count(*) FILTER (WHERE outcome = 'rejected' AND reason = 'no_exif'),
    count(*) FILTER (WHERE outcome = 'failed'), count(*) FILTER (WHERE outcome IS NULL)
FROM candidates WHERE month = ? GROUP BY owner
"""
_TALLIES = """
SELECT month, license_id, nullif(outcome, ''), nullif(reason, ''), sum(count) FROM tallies
GROUP BY 1, 2, 3, 4 HAVING sum(count) > 0 ORDER BY 1, 2, 3, 4
"""


class Counts(Database):
    """The part of a `State` that counts; tallies cost what the months are, not the candidates."""

    def add_calls(self, counts: Mapping[str, int]) -> None:
        """Add to the counts of requests by cause."""
        self._sql.executemany(
            "INSERT INTO calls VALUES (?, ?) "
            "ON CONFLICT (cause) DO UPDATE SET count = count + excluded.count",
            counts.items(),
        )

    def calls(self) -> dict[str, int]:
        """Requests sent since the corpus began, by cause."""
        return dict(self._sql.execute("SELECT cause, count FROM calls ORDER BY cause"))

    def spend(self, month: str, phase: str, seconds: float) -> None:
        """Add to the active seconds that a phase of a month has taken."""
        self._sql.execute(
            "INSERT INTO spent VALUES (?, ?, ?) "
            "ON CONFLICT (month, phase) DO UPDATE SET seconds = seconds + excluded.seconds",
            (month, phase, seconds),
        )

    def spent(self) -> dict[tuple[str, str], float]:
        """Active seconds by month and phase."""
        found = self._sql.execute("SELECT month, phase, seconds FROM spent ORDER BY month, phase")
        return {(month, phase): seconds for month, phase, seconds in found}

    def tallies(self) -> list[Tally]:
        """Counts of candidates by month, licence, outcome and reason."""
        found = self._sql.execute(_TALLIES)
        return [Tally(month_name(month), *rest) for month, *rest in found]

    def window_tallies(self) -> dict[str, int]:
        """Finished windows by outcome, those of both passes."""
        return dict(self._sql.execute("SELECT outcome, count(*) FROM windows GROUP BY outcome"))

    def cut_windows(self) -> int:
        """How many windows hold more than Flickr tells and cannot be split, by either pass."""
        (count,) = self._sql.execute(
            "SELECT count(*) FROM (SELECT DISTINCT month, license_id, taken_from, taken_to "
            "FROM windows WHERE outcome = 'cut')"
        ).fetchone()
        return int(count)

    def captures(self, month: str) -> Captures:
        """How many candidates of a month its passes have seen."""
        first, second, both = self._sql.execute(
            "SELECT ifnull(sum(count) FILTER (WHERE seen & 1), 0), "
            "ifnull(sum(count) FILTER (WHERE seen & 2), 0), "
            "ifnull(sum(count) FILTER (WHERE seen = 3), 0) FROM tallies WHERE month = ?",
            (month_number(month),),
        ).fetchone()
        return Captures(month, first, second, both)

    def newest_upload(self, month: str) -> int | None:
        """When the newest of the month's candidates that the first pass saw was uploaded.

        Unix seconds, UTC; None when it saw none.
        """
        (newest,) = self._sql.execute(
            "SELECT max(uploaded_at) FROM candidates WHERE month = ? AND seen & 1",
            (month_number(month),),
        ).fetchone()
        return newest  # type: ignore[no-any-return]

    def standings_by_owner(self, month: str) -> list[tuple[int, int, int, int]]:
        """Of each owner of a month: photos accepted, rejected as bare, failed, undecided."""
        return self._sql.execute(_STANDINGS_BY_OWNER, (month_number(month),)).fetchall()

    def reminder(self, name: str) -> int | None:
        """The number kept under ``name``, with which a run tells the next where it stood."""
        row = self._sql.execute("SELECT value FROM reminders WHERE name = ?", (name,)).fetchone()
        return None if row is None else int(row[0])

    def remind(self, name: str, value: int) -> None:
        """Keep a number under ``name``."""
        self._sql.execute("INSERT OR REPLACE INTO reminders VALUES (?, ?)", (name, value))

    def forget(self, name: str) -> None:
        """Forget the number under ``name``."""
        self._sql.execute("DELETE FROM reminders WHERE name = ?", (name,))
