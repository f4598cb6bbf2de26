"""The difference between two releases of pairs, as a value: whole for programs, short for people.

Major: columns, subjects' names, kind or making of the photos are others than before. Minor: pairs
came. Patch: pairs left, or what is told of them was mended. See `flickrexif.release.versions`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from flickrexif.release.versions import next_version, required_bump

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from flickrexif.release.versions import Reason

MAJOR_WORDS = frozenset({"schema_version", "pixels", "mask", "crop"})
"""Words of a manifest without which its photos are made otherwise."""
MAJOR_COLUMNS = frozenset({"subject_idx"})
"""Columns by which users name the pairs."""
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class PairsDiff:
    """What differs from the release ``before`` to ``after`` (their versions); pairs by pair_id.

    A photo that was replaced makes another pair: it is told as one removed and one added.
    ``words`` has, by word of the manifest, its two values. ``images_changed`` is None where images
    were not compared.
    """

    before: str
    after: str
    pairs_added: Mapping[str, str] = field(default_factory=dict)
    """pair_id → its subject_idx."""
    pairs_removed: Mapping[str, str] = field(default_factory=dict)
    metadata_changed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Column → the pairs of both releases with another value in it."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Column → added, removed or changed."""
    words: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    images_changed: tuple[str, ...] | None = None
    """Pairs of both releases with other image bytes."""

    def __bool__(self) -> bool:
        """True when anything but the version differs."""
        return bool(self.reasons())

    def reasons(self) -> list[Reason]:
        """Each difference, and the step of the version that it asks for."""
        return list(self._reasons())

    def _reasons(self) -> Iterator[Reason]:
        for word in self.words:
            yield "major" if word in MAJOR_WORDS else "patch", f"{word} is another"
        for column, fate in self.columns.items():
            yield "major", f"column {column} {fate}"
        if self.images_changed:
            yield "major", f"{len(self.images_changed)} pairs with other image bytes"
        if self.pairs_added:
            yield "minor", f"{len(self.pairs_added)} pairs added"
        if self.pairs_removed:
            yield "patch", f"{len(self.pairs_removed)} pairs removed"
        for column, ids in self.metadata_changed.items():
            bump = "major" if column in MAJOR_COLUMNS else "patch"
            yield bump, f"{len(ids)} pairs with another {column}"  # type: ignore[misc]

    def as_json(self) -> dict[str, Any]:
        """The differences with all ids, and what version they ask for."""
        return {
            **asdict(self),
            "required_bump": required_bump(self),
            "because": [text for _, text in self.reasons()],
            "next_version": next_version(self.before, self),
        }

    def lines(self) -> Iterator[str]:
        """The differences for people: counts, and some of the pairs."""
        versions = f"{self.before} to {self.after}"
        if not self:
            yield f"{versions}: no difference"
            return
        bump = required_bump(self)
        yield f"{versions}: a {bump} step, to {next_version(self.before, self)} or higher"
        for word, (old, new) in self.words.items():
            yield f"  {word}: {old!r}, now {new!r}"
        for column, fate in self.columns.items():
            yield f"  column {column} {fate}"
        named = {"added": self.pairs_added, "removed": self.pairs_removed}
        for fate, pairs in named.items():
            if pairs:
                told = [f"{subject} ({pair_id})" for pair_id, subject in pairs.items()]
                yield f"  {len(pairs)} pairs {fate}: {_some(told)}"
        changed = {f"another {column}": ids for column, ids in self.metadata_changed.items()}
        for what, ids in (changed | {"other image bytes": self.images_changed or ()}).items():
            if ids:
                yield f"  {len(ids)} pairs with {what}: {_some(ids)}"

    def entries(self) -> Iterator[str]:
        """The differences for a changelog, by counts."""
        yield f"{len(self.pairs_added)} pairs added, {len(self.pairs_removed)} removed"
        for word, (old, new) in self.words.items():
            yield f"{word} is {new!r}, was {old!r}"
        for column, fate in self.columns.items():
            yield f"Column {column} {fate}"
        for column, ids in self.metadata_changed.items():
            yield f"{len(ids)} pairs with another {column}"


def _some(names: tuple[str, ...] | list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
