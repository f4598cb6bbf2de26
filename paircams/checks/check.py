"""How a check is declared, and what it tells."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from paircams.finding import DeclaredCheck, Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

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
    evidence: Mapping[str, str | float] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        file: PhotoFile,
        message: str,
        *,
        value: float | None = None,
        limit: float | None = None,
        evidence: Mapping[str, str | float] | None = None,
    ) -> Self:
        """A fault of one photo."""
        return cls(
            message, file.subject_idx, file.side, file.name, value, limit, dict(evidence or {})
        )


@dataclass(frozen=True, slots=True)
class Check:
    """One row of the table of checks: ``sentence`` says what holds for a sound set."""

    rule: str
    id: str
    severity: Severity
    sentence: str
    search: Callable[[Collection, Limits], Iterable[Fault]]
    needs_matching: bool = False
    """Whether it looks at `Collection.verdicts`, or at the photos' features."""
    needs_history: bool = False
    """Whether it looks for earlier compressions."""

    @property
    def declared(self) -> DeclaredCheck:
        """What a report tells of this check."""
        return DeclaredCheck(self.rule, self.id, self.severity, self.sentence)

    def findings(self, collection: Collection, limits: Limits) -> Iterator[Finding]:
        """What this check finds in ``collection``, in its order."""
        for fault in self.search(collection, limits):
            yield Finding(
                rule=self.rule,
                check=self.id,
                severity=self.severity,
                message=fault.message,
                subject_idx=fault.subject_idx,
                side=fault.side,
                file=fault.file,
                value=fault.value,
                limit=fault.limit,
                evidence=fault.evidence,
            )
