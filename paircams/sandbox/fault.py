"""What a fault of a set of pairs is, for the sandbox that plants it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from paircams.sandbox.plan import Row


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of fault. ``plant`` takes so many pairs as ``subjects`` and returns as many rows.

    With ``subjects`` 0 it is a fault of the whole set: ``plant`` takes a row, whatever else was
    planted in it, and returns one.
    """

    kind: str
    check: str
    """The id of the check that finds it."""
    sentence: str
    plant: Callable[..., tuple[Row, ...]]
    subjects: int = 1
    hides: frozenset[str] = frozenset()
    """Kinds that no check could find any more in a set with this one."""
