"""The texts of a release, written once its parquet files stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flickrexif.atomic import write_text
from flickrexif.release.card import write_card
from flickrexif.release.changelog import CHANGELOG, render_changelog
from flickrexif.release.ledger import LEDGER, ledger_text
from flickrexif.release.manifest import MANIFEST, describe_file, to_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from flickrexif.release.difference import ReleaseDiff
    from flickrexif.release.ledger import Withdrawal
    from flickrexif.release.manifest import Manifest


def write_words(
    release: Path,
    manifest: Manifest,
    *,
    difference: ReleaseDiff | None = None,
    before: Path | None = None,
    ledger: Sequence[Withdrawal] = (),
) -> None:
    """Write ledger (where it has lines), changelog, card and manifest, which digests the others.

    ``manifest`` has the parquet files already and is given the rest. ``difference`` is that to the
    release in the folder ``before``.
    """
    names = [CHANGELOG]
    if ledger:
        write_text(release / LEDGER, ledger_text(ledger))
        names.append(LEDGER)
    write_text(
        release / CHANGELOG,
        render_changelog(
            manifest,
            difference,
            before,
            withdrawn=sum(one.version == manifest["version"] for one in ledger),
        ),
    )
    names += write_card(release, manifest)
    words = {name: describe_file(release / name) for name in names}
    manifest["files"] = words | manifest["files"]
    write_text(release / MANIFEST, to_text(manifest))
