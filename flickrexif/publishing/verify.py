"""Is what was published what its manifest tells?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from flickrexif.errors import UsageError
from flickrexif.publishing.versions import require_version
from flickrexif.release.finding import Finding
from flickrexif.release.manifest import MANIFEST, read_manifest
from flickrexif.release.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flickrexif.progress import Progress
    from flickrexif.publishing.shelf import Shelf


class Verifier(Protocol):
    """What tells the breaches of a release: that of another kind has rules of its own."""

    def __call__(self, path: Path, *, progress: Progress | None = None) -> list[Finding]:
        """Every breach found in the release folder ``path``."""


def fetch_checked(
    shelf: Shelf, commit: str, check: Callable[[Path], list[Finding]]
) -> tuple[Path, list[Finding]]:
    """The folder of a commit, and what ``check`` finds in it.

    Where it finds something, or no release, what is spoilt on this side is fetched once more.
    """
    folder = shelf.fetch(commit)
    try:
        findings = check(folder)
    except (OSError, UsageError):
        if not shelf.renew(commit):
            raise
        return folder, check(folder)
    if findings and shelf.renew(commit):
        findings = check(folder)
    return folder, findings


def verify_fetched(
    shelf: Shelf,
    version: str | None,
    *,
    verifier: Verifier = verify,
    progress: Progress | None = None,
) -> list[Finding]:
    """The findings in ``version`` of ``shelf``, or in its ``main``; see `verify_published`."""
    refs = shelf.refs()
    commit = refs.head if version is None else require_version(shelf, refs, version)
    if commit is None:
        raise UsageError(f"nothing was published at {shelf.name!r} yet: see flickrexif publish")
    if not (shelf.fetch(commit) / MANIFEST).exists():
        if version is None:
            raise UsageError(f"main of {shelf.name!r} is no release: see flickrexif releases")
        return [Finding("tag", f"v{version}", "leads to no release: it was moved")]
    folder, findings = fetch_checked(
        shelf, commit, lambda place: verifier(place, progress=progress)
    )
    told = read_manifest(folder)["version"]
    if version is not None and told != version:
        findings.append(Finding("tag", f"v{version}", f"leads to version {told!r}: it was moved"))
    return sorted(findings)
