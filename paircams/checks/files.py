"""Is every photo there, once, in its place, and whole?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from paircams.checks.check import Fault
from paircams.layout import SIDES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paircams.collection import Collection
    from paircams.limits import Limits


def bad_rows(collection: Collection, _: Limits) -> Iterator[Fault]:
    """Rows of the manifest that cannot be used."""
    return misplaced(collection, "row")


def outside(collection: Collection, _: Limits) -> Iterator[Fault]:
    """Paths of the manifest that lead out of its folder; they are not opened."""
    return misplaced(collection, "outside")


def columns(collection: Collection, _: Limits) -> Iterator[Fault]:
    """Columns of the manifest that mean nothing here, and were not read."""
    return misplaced(collection, "columns")


def unplaced(collection: Collection, _: Limits) -> Iterator[Fault]:
    """Photos in the folder that stand on no side."""
    return misplaced(collection, "unplaced")


def misplaced(collection: Collection, check: str) -> Iterator[Fault]:
    """What reading the declaration found for ``check``."""
    for fault in collection.declared.misplaced:
        if fault.check == check:
            yield Fault(fault.reason, fault.subject_idx or None, fault.side, fault.name)


def missing(collection: Collection, _: Limits) -> Iterator[Fault]:
    """Sides without a photo, and declared photos that do not exist."""
    outside = {(m.subject_idx, m.side) for m in collection.declared.misplaced}
    for subject in collection.declared.subjects:
        for side in SIDES:
            if not subject.on(side) and (subject.subject_idx, side) not in outside:
                reason = f"there is no photo on the {side} side; add it or leave the subject out"
                yield Fault(reason, subject.subject_idx, side)
    yield from _flawed(collection, "missing")


def surplus(collection: Collection, _: Limits) -> Iterator[Fault]:
    """Sides with more than one photo: one finding a side, with the names of all."""
    for subject in collection.declared.subjects:
        for side in SIDES:
            names = [file.name for file in subject.on(side)]
            if len(names) > 1:
                reason = f"{len(names)} photos on the {side} side, keep one of {', '.join(names)}"
                yield Fault(reason, subject.subject_idx, side, names[0], float(len(names)), 1.0)


def undecodable(collection: Collection, _: Limits) -> Iterator[Fault]:
    """Photos that are empty, cut short, broken, too large or no pictures."""
    return _flawed(collection, "undecodable")


def _flawed(collection: Collection, check: str) -> Iterator[Fault]:
    for file, flaw in collection.flawed:
        if flaw.check == check:
            yield Fault.of(file, flaw.reason)
