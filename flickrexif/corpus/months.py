"""Months of the camera's clock, and the words that name a range of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from flickrexif.errors import UsageError

_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_REMEDY = "write YYYY-MM or YYYY-MM..YYYY-MM, for example 2020-01..2023-12"


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month; ``str`` gives ``YYYY-MM``."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"

    @property
    def first(self) -> datetime:
        """Its first second."""
        return datetime(self.year, self.number, 1)  # noqa: DTZ001 - the camera's clock

    @property
    def last(self) -> datetime:
        """Its last second."""
        return self.next().first - timedelta(seconds=1)

    def next(self) -> Month:
        """The month after."""
        return Month(self.year + self.number // 12, self.number % 12 + 1)

    @classmethod
    def of(cls, moment: date) -> Month:
        """The month in which a day or moment lies."""
        return cls(moment.year, moment.month)


def parse_months(words: str, *, today: date) -> tuple[Month, ...]:
    """The months that ``2020-01`` or ``2020-01..2023-12`` names, ascending, both ends included.

    Raises `UsageError` for other words, for a reversed range, and for a month after ``today``'s.
    """
    ends = [_parse_month(part, words) for part in words.split("..")]
    if len(ends) > 2:
        raise UsageError(f"months {words!r} is no range: {_REMEDY}")
    first, last = ends[0], ends[-1]
    if last < first:
        raise UsageError(f"months {words!r} runs backwards: write {last}..{first}")
    if last > Month.of(today):
        raise UsageError(f"months {words!r} lies in the future: end with {Month.of(today)}")
    months = [first]
    while months[-1] < last:
        months.append(months[-1].next())
    return tuple(months)


def _parse_month(part: str, words: str) -> Month:
    match = _MONTH.fullmatch(part.strip())
    if match is None:
        raise UsageError(f"months {words!r} cannot be read: {_REMEDY}")
    year, number = int(match[1]), int(match[2])
    if not (1 <= number <= 12 and 1826 <= year < 9999):
        raise UsageError(f"months {words!r} names no month {part.strip()!r}: {_REMEDY}")
    return Month(year, number)
