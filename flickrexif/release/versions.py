"""What a version number promises, and the number that a difference asks for.

Major: columns, kind or making of images, classes, labels or splits are others than before. Minor:
photos or rows came. Patch: photos or rows left, or metadata were mended. That photos may leave in a
patch departs from semver's letter on purpose: takedowns must be cheap, and what went is told by the
changelog and the manifest's digests. Numbers below 1.0.0 follow the same rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from flickrexif.errors import UsageError
from flickrexif.release.plan import require_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flickrexif.release.difference import AttributeDiff, ReleaseDiff

Bump = Literal["major", "minor", "patch"]
Reason = tuple[Bump, str]
"""A difference in a few words, with the step that it asks for."""

BUMPS: tuple[Bump, ...] = ("major", "minor", "patch")
MAJOR_WORDS = frozenset({"schema_version", "kind", "crop", "interpolation", "mask", "treatment"})
"""Words of a manifest without which its rows mean something else."""


class Difference(Protocol):
    """What differs between two releases, of whatever kind they are."""

    @property
    def before(self) -> str:
        """The version of the earlier one."""

    def reasons(self) -> list[Reason]:
        """Each difference, and the step that it asks for."""


def required_bump(difference: Difference) -> Bump | None:
    """The smallest step of the version that ``difference`` allows; None when nothing differs."""
    return min((bump for bump, _ in difference.reasons()), key=BUMPS.index, default=None)


def next_version(previous: str, difference: Difference) -> str:
    """The lowest version after ``previous`` for that difference; ``previous`` when there is none.

    Raises `UsageError` when ``previous`` is not X.Y.Z.
    """
    return bumped(previous, required_bump(difference))


def bumped(previous: str, bump: Bump | None) -> str:
    """The version one step after ``previous``; itself for None."""
    major, minor, patch = numbers(previous)
    match bump:
        case "major":
            return f"{major + 1}.0.0"
        case "minor":
            return f"{major}.{minor + 1}.0"
        case "patch":
            return f"{major}.{minor}.{patch + 1}"
    return previous


def numbers(version: str) -> tuple[int, int, int]:
    """The three numbers of a version; raises `UsageError` for other words."""
    require_version(version)
    major, minor, patch = map(int, version.split("."))
    return major, minor, patch


def refuse_earlier(version: str, *, after: str) -> None:
    """Raise `UsageError` when ``version`` does not come after the version ``after``."""
    if numbers(version) <= numbers(after):
        raise UsageError(f"version {version!r} does not come after {after!r}: give a higher one")


def refuse_small_step(version: str, difference: Difference) -> None:
    """Raise `UsageError` when ``version`` promises more than ``difference`` keeps.

    A larger step than needed is fine.
    """
    refuse_earlier(version, after=difference.before)
    needed = required_bump(difference)
    if needed is None or BUMPS.index(step(difference.before, version)) <= BUMPS.index(needed):
        return
    why = [text for bump, text in difference.reasons() if bump == needed]
    more = f" and {len(why) - 1} more" if len(why) > 1 else ""
    raise UsageError(
        f"version {version!r} is too small a step from {difference.before!r} ({why[0]}{more}): "
        f"that is a {needed} change, use {bumped(difference.before, needed)!r}"
    )


def step(before: str, after: str) -> Bump:
    """Which of the three numbers is the first that differs."""
    pairs = zip(BUMPS, numbers(before), numbers(after), strict=True)
    return next((bump for bump, old, new in pairs if old != new), "patch")


def reasons(difference: ReleaseDiff) -> list[Reason]:
    """Each difference between two releases of photos, with the step that it asks for."""
    return [
        *_of_descriptions(difference),
        *_of_photos(difference),
        *(
            (bump, f"{name}: {text}")
            for name, attribute in difference.attributes.items()
            for bump, text in _of_attribute(attribute)
        ),
    ]


def _of_descriptions(difference: ReleaseDiff) -> Iterator[Reason]:
    for word in difference.words:
        yield "major" if word in MAJOR_WORDS else "patch", f"{word} is another"
    for config, fates in difference.columns.items():
        for column, fate in fates.items():
            yield "major", f"column {config}.{column} {fate}"
    for name in difference.attributes_removed:
        yield "major", f"attribute {name} removed"
    for name in difference.attributes_added:
        yield "minor", f"attribute {name} added"


def _of_photos(difference: ReleaseDiff) -> Iterator[Reason]:
    if difference.images_changed is not None and len(difference.images_changed):
        yield "major", f"{len(difference.images_changed)} photos with other image bytes"
    if count := len(difference.photos_added):
        yield "minor", f"{count} photos added"
    if count := len(difference.photos_removed):
        yield "patch", f"{count} photos removed"
    for column, ids in difference.metadata_changed.items():
        yield "patch", f"{len(ids)} photos with another {column}"


def _of_attribute(attribute: AttributeDiff) -> Iterator[Reason]:
    if attribute.has_other_classes:
        yield "major", "other classes"
    if count := len(attribute.relabelled):
        yield "major", f"{count} photos relabelled"
    if count := len(attribute.resplit):
        yield "major", f"{count} photos re-split"
    if count := len(attribute.added):
        yield "minor", f"{count} rows added"
    if count := len(attribute.removed):
        yield "patch", f"{count} rows removed"
