"""What is published: list it, go back to a version, and take a version out of use."""

from __future__ import annotations

import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flickrexif.errors import FlickrexifError, UsageError
from flickrexif.progress import Silent
from flickrexif.publishing.ledger import LEDGER, ledger_text, withdrawn_versions
from flickrexif.release.manifest import MANIFEST

if TYPE_CHECKING:
    from flickrexif.publishing.shelf import Refs, Shelf


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """One version: its commit, and what its manifest tells (None where that cannot be read)."""

    version: str
    commit: str
    is_current: bool
    kind: str | None
    photos: int | None
    withdrawn: str | None
    """Why nobody should use it."""

    def line(self) -> str:
        """The version for people."""
        told = [f"v{self.version}", self.commit[:12], self.kind or "-"]
        told.append("-" if self.photos is None else f"{self.photos} photos")
        told += ["current"] if self.is_current else []
        told += [f"withdrawn: {self.withdrawn}"] if self.withdrawn is not None else []
        return "  ".join(told)


@dataclass(frozen=True, slots=True)
class Moved:
    """Where ``main`` is now."""

    shelf: str
    version: str
    commit: str
    changed: int
    """Files that differ from what was there before."""

    def lines(self) -> list[str]:
        """The outcome for people."""
        if not self.changed:
            return [f"{self.shelf}: main is as v{self.version} already"]
        return [
            f"{self.shelf}: main is as v{self.version} again, at {self.commit}; "
            f"{self.changed} files changed, no tag was moved"
        ]


@dataclass(frozen=True, slots=True)
class WithdrawnVersion(PublishedVersion):
    """A version that was withdrawn just now."""

    shelf: str
    earlier: str | None
    """The reason that it was withdrawn for before, when that was another one."""

    def lines(self) -> list[str]:
        """The outcome for people."""
        told = [self.line()]
        if self.earlier is not None:
            told.append(f"  it was withdrawn before, which is no longer told: {self.earlier}")
        if self.is_current:
            told.append(f"  main of {self.shelf} still shows it: see flickrexif rollback")
        return told


def releases(shelf: Shelf) -> list[PublishedVersion]:
    """Every published version, oldest first."""
    refs = shelf.refs()
    withdrawn = withdrawn_versions(shelf, refs.head)
    current = None if refs.head is None else _manifest_of(shelf, refs.head).get("version")
    found = []
    for version, commit in refs.versions.items():
        manifest = _manifest_of(shelf, commit)
        photos = manifest.get("photos", {})
        found.append(
            PublishedVersion(
                version=version,
                commit=commit,
                is_current=version == current,
                kind=manifest.get("kind"),
                photos=photos.get("rows") if isinstance(photos, dict) else None,
                withdrawn=withdrawn.get(version),
            )
        )
    return found


def rollback(shelf: Shelf, version: str, *, allow_withdrawn: bool = False) -> Moved:
    """Make ``main`` what ``version`` is, by one commit; tags and data stay where they are.

    Raises `UsageError` for a version that was never published, or was withdrawn unless
    ``allow_withdrawn``, and `FlickrexifError` for a tag that leads to another one.
    """
    refs = shelf.refs()
    commit, head = require_version(shelf, refs, version), refs.head
    assert head is not None  # noqa: S101 - where a version is, there is a main
    require_unmoved(shelf, version, commit)
    wanted, there = shelf.files(commit), shelf.files(head)
    if LEDGER in there and not allow_withdrawn:
        _refuse_withdrawn(shelf, head, version)
    add = sorted(name for name, key in wanted.items() if there.get(name) != key and name != LEDGER)
    remove = sorted(set(there).difference(wanted, {LEDGER}))
    if add or remove:
        message = f"Roll back to v{version}"
        head = shelf.restore(commit, add=add, remove=remove, parent=head, message=message)
    return Moved(shelf.name, version, head, len(add) + len(remove))


def withdraw(shelf: Shelf, version: str, *, reason: str) -> WithdrawnVersion:
    """Say in ``withdrawn.json`` that nobody should use ``version`` any more, and why.

    Its tag and its bytes stay reachable, in ``main`` too where that is as it; `load` refuses it.
    Another reason takes the place of the earlier one. Raises `UsageError` for a version that was
    never published, and for an empty ``reason``.
    """
    reason = " ".join(reason.split())
    if not reason:
        raise UsageError("a version is withdrawn for a reason: give one, it is published")
    refs = shelf.refs()
    commit, head = require_version(shelf, refs, version), refs.head
    assert head is not None  # noqa: S101 - where a version is, there is a main
    withdrawn = withdrawn_versions(shelf, head)
    earlier = withdrawn.get(version)
    if earlier != reason:
        with tempfile.TemporaryDirectory() as place:
            (Path(place) / LEDGER).write_text(
                ledger_text(withdrawn | {version: reason}), encoding="utf-8"
            )
            shelf.commit(
                Path(place),
                add=[LEDGER],
                remove=[],
                parent=head,
                message=f"Withdraw v{version}",
                progress=Silent(),
            )
    now = next(one for one in releases(shelf) if one.commit == commit and one.version == version)
    earlier = None if earlier == reason else earlier
    return WithdrawnVersion(**asdict(now), shelf=shelf.name, earlier=earlier)


def require_version(shelf: Shelf, refs: Refs, version: str) -> str:
    """The commit of ``version``; `UsageError`, naming those there are, when there is none."""
    versions = refs.versions
    if version not in versions:
        known = ", ".join(versions) or "none yet"
        raise UsageError(f"{shelf.name!r} has no version {version!r}: it has {known}")
    return versions[version]


def require_unmoved(shelf: Shelf, version: str, commit: str) -> None:
    """Raise `FlickrexifError` when the commit that the tag leads to is not ``version``."""
    told = _manifest_of(shelf, commit).get("version")
    if told != version:
        where = "no release" if told is None else f"version {told!r}"
        raise FlickrexifError(
            f"tag v{version} of {shelf.name!r} leads to {where}: it was moved; "
            "load by commit, or ask its maintainers"
        )


def _refuse_withdrawn(shelf: Shelf, head: str, version: str) -> None:
    reason = withdrawn_versions(shelf, head).get(version)
    if reason is not None:
        raise UsageError(
            f"v{version} of {shelf.name!r} was withdrawn ({reason}): roll back to another version, "
            "or say --allow-withdrawn (allow_withdrawn=True)"
        )


def _manifest_of(shelf: Shelf, commit: str) -> dict[str, Any]:
    content = shelf.read(commit, MANIFEST)
    try:
        told = json.loads(content or b"{}")
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
