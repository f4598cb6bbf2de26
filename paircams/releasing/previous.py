"""The release before one that is being built: what it withdrew stays out, and versions are kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from flickrexif.errors import UsageError
from flickrexif.release.versions import refuse_earlier, refuse_small_step
from paircams.layout import SIDES
from paircams.releasing.diff import compare
from paircams.releasing.folder import PairsFolder
from paircams.releasing.ledger import WithdrawnPair, read_ledger

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from flickrexif.release.manifest import Manifest
    from paircams.releasing.difference import PairsDiff
    from paircams.releasing.rows import ChosenPair


@dataclass(frozen=True, slots=True)
class Previous:
    """A release of pairs and its ledger, as the build of the version after it needs them."""

    release: PairsFolder
    ledger: tuple[WithdrawnPair, ...]

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, version: str) -> Previous:
        """Read what is small; raises `UsageError` unless ``version`` comes after the release's."""
        release = PairsFolder.open(path, command="build")
        refuse_earlier(version, after=release.version)
        return cls(release, tuple(read_ledger(Path(path))))

    def still_there(self, pairs: Sequence[ChosenPair]) -> list[ChosenPair]:
        """The pairs but for those that the ledger names."""
        gone = {one.pair_id for one in self.ledger}
        return [pair for pair in pairs if pair.pair_id not in gone]

    def refuse_saved_anew(self, pairs: Iterable[ChosenPair]) -> None:
        """Raise `UsageError` for a pair of a subject in the ledger, which left with other photos.

        Ids follow from bytes: withdrawn photos that were saved anew make another id.
        """
        gone = {one.subject_idx: one for one in self.ledger}
        back = [name for pair in pairs if (name := pair.subject.subject_idx) in gone]
        if back:
            first = gone[back[0]]
            more = f" (and {len(back) - 1} more subjects)" if len(back) > 1 else ""
            raise UsageError(
                f"subject {first.subject_idx!r} was withdrawn in {first.version} and is here with "
                f"other photos{more}: give it another subject_idx if it is another pair, else "
                "leave it out (decide reject in `paircams review`)"
            )

    def refuse_small_step(self, manifest: Manifest, pairs: Sequence[ChosenPair]) -> None:
        """Raise `UsageError` when the version of ``manifest`` promises more than it keeps.

        That can be told before a photo is written: what is told of pairs may change in a patch.
        """
        coming = [(pair.pair_id, pair.subject.subject_idx) for pair in pairs]
        rows = pl.DataFrame(coming, schema=["pair_id", "subject_idx"], orient="row")
        each = rows.join(pl.DataFrame({"camera_class": list(SIDES)}), how="cross")
        refuse_small_step(str(manifest["version"]), self.difference(manifest, each))

    def difference(self, manifest: Manifest, rows: pl.DataFrame) -> PairsDiff:
        """What differs in the release of this manifest with these rows."""
        return compare(self.release.manifest, self.release.rows(), manifest, rows)
