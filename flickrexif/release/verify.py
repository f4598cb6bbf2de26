"""Is a release whole, legal and free of leaks? Every breach is a finding, none an exception."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flickrexif.errors import UsageError
from flickrexif.progress import Silent
from flickrexif.release.card import CARD
from flickrexif.release.checks.files import check_files
from flickrexif.release.checks.pixels import check_images
from flickrexif.release.checks.rows import check_rows, check_treated_rows
from flickrexif.release.checks.schema import (
    check_card,
    check_changelog,
    check_features,
)
from flickrexif.release.checks.shape import check_shape
from flickrexif.release.checks.withdrawn import check_withdrawn
from flickrexif.release.finding import Finding
from flickrexif.release.manifest import MANIFEST, read_manifest, refuse_pairs
from flickrexif.release.schema import TREATED

if TYPE_CHECKING:
    from flickrexif.progress import Progress


def verify(path: Path | str, *, progress: Progress | None = None) -> list[Finding]:
    """Every breach found in the release folder ``path``, sorted; an empty list is a clean bill.

    Rules on files (present, whole, none foreign), on descriptions (parquet metadata, card and
    manifest agree), on rows (labels in range, splits disjoint in photos and owners, classes equal,
    photos credited and their licences fit, none of them withdrawn) and on images (decode, size, no
    metadata, masked). Of a treated set the images may be anybody's: credits and equal classes are
    not asked for.
    Raises `UsageError` when ``path`` is no release at all.
    """
    path = Path(path)
    if not path.is_dir() or not any((path / name).exists() for name in (MANIFEST, CARD)):
        raise UsageError(
            f"{str(path)!r} is no release (no {MANIFEST}); make one with `flickrexif build`"
        )
    try:
        manifest = read_manifest(path)
    except UsageError as error:
        return [Finding("manifest-missing", MANIFEST, str(error))]
    refuse_pairs(manifest, path)
    findings = list(check_shape(manifest))
    if findings:
        return sorted(findings)
    progress = progress or Silent()
    is_treated = manifest["kind"] == TREATED
    checks = (
        check_files(path, manifest),
        check_features(path, manifest),
        check_card(path, manifest),
        () if is_treated else check_changelog(path, manifest),
        (check_treated_rows if is_treated else check_rows)(path, manifest),
        check_withdrawn(path, manifest),
        check_images(path, manifest),
    )
    progress.start("verify", len(checks), "groups of rules")
    for check in checks:
        findings.extend(check)
        progress.advance()
    progress.close()
    return sorted(set(findings))
