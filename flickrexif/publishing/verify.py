"""Is what was published what its manifest tells?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flickrexif.errors import UsageError
from flickrexif.publishing.versions import require_version
from flickrexif.release.finding import Finding
from flickrexif.release.manifest import MANIFEST, read_manifest
from flickrexif.release.verify import verify

if TYPE_CHECKING:
    from flickrexif.progress import Progress
    from flickrexif.publishing.shelf import Shelf


def verify_fetched(
    shelf: Shelf, version: str | None, *, progress: Progress | None = None
) -> list[Finding]:
    """The findings in ``version`` of ``shelf``, or in its ``main``; see `verify_published`."""
    commit = shelf.head() if version is None else require_version(shelf, version)
    if commit is None:
        raise UsageError(f"nothing was published at {shelf.name!r} yet: see flickrexif publish")
    folder = shelf.fetch(commit)
    findings = verify(folder, progress=progress)
    told = read_manifest(folder)["version"] if (folder / MANIFEST).exists() else None
    if version is not None and told != version:
        findings.append(Finding("tag", f"v{version}", f"leads to version {told!r}: it was moved"))
    return sorted(findings)
