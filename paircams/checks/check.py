"""How a check is declared, and what it tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from paircams.report import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from paircams.collection import Collection
    from paircams.layout import PhotoFile
    from paircams.limits import Limits


@dataclass(frozen=True, slots=True)
class Fault:
    """What a check found once, and where: nowhere in particular when it is about the whole set."""

    message: str
    subject_idx: str | None = None
    side: str | None = None
    file: str | None = None
    value: float | None = None
    limit: float | None = None

    @classmethod
    def of(
        cls,
        file: PhotoFile,
        message: str,
        *,
        value: float | None = None,
        limit: float | None = None,
    ) -> Self:
        """A fault of one photo."""
        return cls(message, file.subject_idx, file.side, file.name, value, limit)


@dataclass(frozen=True, slots=True)
class Check:
    """One row of the table of checks: ``sentence`` says what holds for a sound set."""

    id: str
    severity: Severity
    sentence: str
    search: Callable[[Collection, Limits], Iterable[Fault]]

    def findings(self, collection: Collection, limits: Limits) -> Iterator[Finding]:
        """What this check finds in ``collection``, in its order."""
        for fault in self.search(collection, limits):
            yield Finding(
                self.id,
                self.severity,
                fault.message,
                fault.subject_idx,
                fault.side,
                fault.file,
                fault.value,
                fault.limit,
            )
