"""The texts of a release of pairs, written once its parquet files stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flickrexif.atomic import write_text
from flickrexif.release.card import CARD
from flickrexif.release.changelog import CHANGELOG, with_entry
from flickrexif.release.ledger import LEDGER, ledger_text
from flickrexif.release.manifest import MANIFEST, describe_file, to_text
from paircams.releasing.card import render_card

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from flickrexif.release.manifest import Manifest
    from paircams.releasing.difference import PairsDiff
    from paircams.releasing.ledger import WithdrawnPair


def write_words(
    release: Path,
    manifest: Manifest,
    *,
    difference: PairsDiff | None = None,
    before: Path | None = None,
    ledger: Sequence[WithdrawnPair] = (),
) -> None:
    """Write ledger (where it has lines), changelog, card and manifest, which digests the others.

    ``manifest`` has the parquet files already and is given the rest. ``difference`` is that to the
    release in the folder ``before``.
    """
    names = [CHANGELOG, CARD]
    if ledger:
        write_text(release / LEDGER, ledger_text(ledger))
        names.append(LEDGER)
    fresh = sum(one.version == manifest["version"] for one in ledger)
    told = _entries(manifest, difference, fresh)
    write_text(release / CHANGELOG, with_entry(manifest["version"], told, before))
    write_text(release / CARD, render_card(manifest))
    words = {name: describe_file(release / name) for name in names}
    manifest["files"] = dict(sorted((manifest["files"] | words).items()))
    write_text(release / MANIFEST, to_text(manifest))


def _entries(manifest: Manifest, difference: PairsDiff | None, fresh: int) -> Iterator[str]:
    """What the changelog tells of a version; ``fresh`` pairs are withdrawn by it."""
    if difference is None:
        yield f"First release: {manifest['photos']['pairs']} pairs"
    else:
        yield from difference.entries()
    if fresh:
        yield f"{fresh} pairs withdrawn: their ids are in {LEDGER}"
