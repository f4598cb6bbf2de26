"""The difference between two releases, as a value: whole for programs, short for people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from flickrexif.release.versions import next_version, reasons, required_bump

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flickrexif.release.versions import Reason

_SHOWN = 5


@dataclass(frozen=True, slots=True, eq=False)
class AttributeDiff:
    """What became of an attribute that both releases have; photos by id, sorted."""

    added: pl.Series
    removed: pl.Series
    relabelled: pl.Series
    """Photos whose class has another name."""
    resplit: pl.Series
    """Photos that are in another split than before."""
    classes_added: tuple[str, ...] = ()
    classes_removed: tuple[str, ...] = ()
    recoded: tuple[str, ...] = ()
    """Classes that stay under another number than before."""

    @property
    def has_other_classes(self) -> bool:
        """True when the list of classes is not the same, in the same order."""
        return bool(self.classes_added or self.classes_removed or self.recoded)

    def __bool__(self) -> bool:
        return self.has_other_classes or any(len(ids) for ids in self._by_fate().values())

    def _by_fate(self) -> dict[str, pl.Series]:
        return {
            "rows added": self.added,
            "rows removed": self.removed,
            "relabelled": self.relabelled,
            "re-split": self.resplit,
        }

    def lines(self) -> list[str]:
        """The differences for people, ids capped."""
        told = [
            f"{len(ids)} {fate}: {_some(ids)}" for fate, ids in self._by_fate().items() if len(ids)
        ]
        classes = {
            "classes added": self.classes_added,
            "classes removed": self.classes_removed,
            "classes under another number": self.recoded,
        }
        return told + [f"{fate}: {_listed(names)}" for fate, names in classes.items() if names]


@dataclass(frozen=True, slots=True, eq=False)
class ReleaseDiff:
    """What differs from the release ``before`` to ``after`` (their versions); photos by id.

    ``metadata_changed`` has, by column of the photos table, the photos that stay with another value
    in it. ``columns`` has, by config, the columns that were added, removed or changed. ``words``
    has, by word of the manifest, its two values. ``images_changed`` is None where images were not
    compared.
    """

    before: str
    after: str
    photos_added: pl.Series
    photos_removed: pl.Series
    metadata_changed: Mapping[str, pl.Series] = field(default_factory=dict)
    attributes: Mapping[str, AttributeDiff] = field(default_factory=dict)
    attributes_added: Mapping[str, int] = field(default_factory=dict)
    """Attribute → its rows."""
    attributes_removed: Mapping[str, int] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    words: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    images_changed: pl.Series | None = None

    def __bool__(self) -> bool:
        """True when anything but the version differs."""
        return bool(
            len(self.photos_added)
            or len(self.photos_removed)
            or self.metadata_changed
            or any(self.attributes.values())
            or self.attributes_added
            or self.attributes_removed
            or self.columns
            or self.words
            or (self.images_changed is not None and len(self.images_changed))
        )

    def reasons(self) -> list[Reason]:
        """Each difference, and the step of the version that it asks for."""
        return reasons(self)

    def as_json(self) -> dict[str, Any]:
        """The differences with all ids, and what version they ask for."""
        return {
            **{name: _plain(getattr(self, name)) for name in self.__dataclass_fields__},
            "required_bump": required_bump(self),
            "because": [text for _, text in self.reasons()],
            "next_version": next_version(self.before, self),
        }

    def lines(self) -> list[str]:
        """The differences for people: counts, and some of the ids."""
        versions = f"{self.before} to {self.after}"
        if not self:
            return [f"{versions}: no difference"]
        bump = required_bump(self)
        lines = [f"{versions}: a {bump} step, to {next_version(self.before, self)} or higher"]
        lines += [f"  {word}: {old!r}, now {new!r}" for word, (old, new) in self.words.items()]
        for config, fates in self.columns.items():
            lines += [f"  column {config}.{column} {fate}" for column, fate in fates.items()]
        ids = {"photos added": self.photos_added, "photos removed": self.photos_removed}
        ids |= {f"photos with another {name}": ids for name, ids in self.metadata_changed.items()}
        if self.images_changed is not None:
            ids["photos with other image bytes"] = self.images_changed
        lines += [f"  {len(of)} {fate}: {_some(of)}" for fate, of in ids.items() if len(of)]
        lines += [
            f"  attribute {name} added: {n} rows" for name, n in self.attributes_added.items()
        ]
        lines += [
            f"  attribute {name} removed: {n} rows" for name, n in self.attributes_removed.items()
        ]
        for name, attribute in self.attributes.items():
            lines += [f"  {name}: {line}" for line in attribute.lines()]
        return lines


def _some(ids: pl.Series) -> str:
    return _listed(ids.head(_SHOWN).to_list(), len(ids))


def _listed(values: Any, count: int | None = None) -> str:
    count = len(values) if count is None else count
    more = f" and {count - _SHOWN} more" if count > _SHOWN else ""
    return ", ".join(map(str, values[:_SHOWN])) + more


def _plain(value: Any) -> Any:
    match value:
        case pl.Series():
            return value.to_list()
        case AttributeDiff():
            return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
        case dict():
            return {name: _plain(one) for name, one in value.items()}
    return value
