"""``withdrawn.jsonl``: the photos that were taken out of a release after it was published.

One JSON object a line: photo_id, version (the first one without it), date (YYYY-MM-DD, as the
caller gave it) and reason, one of `REASONS`. Holders of copies clean theirs by it. It names no
person: an owner who wants out is there as the ids of their photos.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from flickrexif.errors import UsageError
from flickrexif.release.plan import require_version

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from _typeshed import DataclassInstance

Line = TypeVar("Line", bound="DataclassInstance")

LEDGER = "withdrawn.jsonl"
REASONS = ("asked for", "licence", "legal", "unsafe", "no longer public", "mistake")
"""Classes, not texts: a text could tell who asked."""
WITHDRAWN = "withdrawn from an earlier version"
"""Why a photo on the ledger is left out of a later build."""


@dataclass(frozen=True, slots=True, order=True)
class Withdrawal:
    """A photo, the first version without it, when and why it went."""

    photo_id: int
    version: str
    date: str
    reason: str

    def __post_init__(self) -> None:
        if type(self.photo_id) is not int or self.photo_id < 1:
            raise UsageError(f"photo_id {self.photo_id!r} is no photo id")
        require_version(self.version)
        require_date(self.date)
        require_reason(self.reason)


def require_date(day: str) -> None:
    """Raise `UsageError` unless ``day`` is a day as YYYY-MM-DD."""
    try:
        told = date.fromisoformat(day).isoformat()
    except (TypeError, ValueError):
        told = None
    if told != day:
        raise UsageError(f"date {day!r} is no day: give one such as 2026-08-31")


def require_reason(reason: str) -> None:
    """Raise `UsageError` unless ``reason`` is one of `REASONS`."""
    if reason not in REASONS:
        raise UsageError(
            f"reason {reason!r} cannot be published: use one of {', '.join(map(repr, REASONS))}"
        )


def read_ledger(release: Path) -> list[Withdrawal]:
    """The withdrawals that the release tells, sorted; none where it has no ledger.

    Raises `UsageError` with the number of the first line that cannot be understood.
    """
    return sorted(read_lines(release / LEDGER, Withdrawal))


def read_lines(path: Path, kind: type[Line]) -> list[Line]:
    """The lines of a ledger of any ``kind``, a dataclass that refuses wrong words by `UsageError`.

    None where there is no file. Raises as `read_ledger` does.
    """
    if not path.is_file():
        return []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{str(path)!r} cannot be read: fetch the release again") from error
    return [_parse(line, kind, f"{str(path)!r}, line {n}") for n, line in enumerate(lines, start=1)]


def ledger_text(withdrawals: Iterable[Any]) -> str:
    """The lines of a ledger, dataclasses that can be ordered, as they stand in the file."""
    return "".join(json.dumps(asdict(one)) + "\n" for one in sorted(withdrawals))


def _parse(line: str, kind: type[Line], where: str) -> Line:
    try:
        told = json.loads(line)
        known = {field.name for field in fields(kind)}
        if not isinstance(told, dict) or set(told) != known:
            raise UsageError(f"it is no object of {', '.join(sorted(known))}")
        return kind(**told)
    except (TypeError, ValueError, UsageError) as error:
        raise UsageError(f"{where}: {error}") from None
