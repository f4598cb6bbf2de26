"""One thing that a check found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""From the worst on."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with one photo, one pair, or (no subject, no file) the whole set."""

    rule: str
    """P001 to P014: the family of the check."""
    check: str
    severity: Severity
    message: str
    """A plain sentence that ends with what to do."""
    subject_idx: str | None = None
    side: str | None = None
    """smartphone or camera; None for what concerns the pair or the set."""
    file: str | None = None
    value: float | None = None
    """What was measured, where the check measures; in the unit of ``limit``."""
    limit: float | None = None
    evidence: Mapping[str, str | float] = field(default_factory=dict)
    """Further figures and names by word, such as the ``partner`` of a swapped photo."""


@dataclass(frozen=True, slots=True)
class DeclaredCheck:
    """What a report tells of a check that ran: ``sentence`` says what holds for a sound set."""

    rule: str
    id: str
    severity: Severity
    sentence: str
