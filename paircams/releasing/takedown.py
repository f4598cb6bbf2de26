"""Takedowns in a release of pairs: the version after it, without some pairs, in its own folder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from flickrexif.errors import UsageError
from flickrexif.progress import Progress, Silent
from flickrexif.release.ledger import WITHDRAWN, require_date, require_reason
from flickrexif.release.manifest import describe_file, made_with
from flickrexif.release.rewrite import same_file
from flickrexif.release.schema import PAIRS
from flickrexif.release.versions import bumped, refuse_earlier
from flickrexif.release.work import WorkDirectory
from paircams.releasing.counted import count
from paircams.releasing.diff import compare
from paircams.releasing.files import write_without
from paircams.releasing.folder import PairsFolder
from paircams.releasing.ledger import WithdrawnPair, read_ledger
from paircams.releasing.words import write_words

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping

    from flickrexif.release.manifest import Manifest


@dataclass(frozen=True, slots=True)
class PairsTakedown:
    """What a takedown made of a release of pairs."""

    release: Path
    out: Path
    version: str
    withdrawn: Mapping[str, str]
    """pair_id → subject_idx of the pairs that left."""
    unknown: tuple[str, ...]
    """What was named and is not in the release."""
    files_rewritten: int
    files_kept: int

    def lines(self) -> Iterator[str]:
        """The outcome for people."""
        files = f"{self.files_rewritten} files rewritten, {self.files_kept} as they were"
        yield f"{self.out}: version {self.version}, {len(self.withdrawn)} pairs withdrawn, {files}"
        yield from (f"  subject {one}: pair {pair_id}" for pair_id, one in self.withdrawn.items())
        yield from (f"  not in {self.release}: {name}" for name in self.unknown)
        yield f"  still in {self.release}: delete it; build later versions with --previous"


def take_down(
    release: str | os.PathLike[str],
    *,
    pairs: Iterable[str] = (),
    owners: Iterable[str] = (),
    listed_in: str | os.PathLike[str] | None = None,
    date: str,
    reason: str = "asked for",
    version: str | None = None,
    out: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> PairsTakedown:
    """Make the version after ``release`` without these pairs, and all pairs of these owners.

    ``pairs``, and the lines of the file ``listed_in``, are each a pair_id or a subject_idx;
    ``owners`` are as the column has them. Both photos of a pair leave. Only files that held one of
    them are written anew; the others are the same files (hard links where the disk allows). Their
    ids, with ``date`` (YYYY-MM-DD) and ``reason`` (one of `flickrexif.release.ledger.REASONS`), go
    into ``withdrawn.jsonl``: a later build with ``previous`` leaves out the pairs of these ids, and
    refuses other photos of their subjects. ``release`` itself is not touched.

    ``version`` is the next patch by default, ``out`` a folder ``<name>-<version>`` beside the
    release. Raises `UsageError` when nothing is named, when the release has none of it or only it,
    for a version that is too low, and when ``out`` exists.
    """
    before = PairsFolder.open(release, command="takedown")
    require_date(date)
    require_reason(reason)
    version = version or bumped(before.version, "patch")
    refuse_earlier(version, after=before.version)
    target = _beside(before, version) if out is None else Path(out)
    WorkDirectory(target).refuse_what_is_there()
    rows = before.rows()
    gone, unknown = _named(before, rows, [*pairs, *_listed(listed_in)], tuple(owners))
    fresh = [WithdrawnPair(*one, version, date, reason) for one in gone.items()]
    ledger = sorted([*read_ledger(before.path), *fresh])
    work = WorkDirectory.begin(target)
    files, rewritten = _write_files(before, work, gone, rows, version, progress or Silent())
    left = rows.filter(~pl.col("pair_id").is_in(list(gone)))
    manifest = _manifest(before.manifest, left, version, len(gone)) | {"files": files}
    difference = replace(compare(before.manifest, rows, manifest, left), after=version)
    write_words(work.release, manifest, difference=difference, before=before.path, ledger=ledger)
    work.finish()
    kept = len(files) - rewritten
    return PairsTakedown(before.path, target, version, gone, unknown, rewritten, kept)


def _listed(listed_in: str | os.PathLike[str] | None) -> list[str]:
    """The words of a file, one a line; blank lines and ``#`` lines are passed."""
    if listed_in is None:
        return []
    try:
        lines = Path(listed_in).read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{str(listed_in)!r} cannot be read: name a text file") from error
    words = (line.strip() for line in lines)
    return [word for word in words if word and not word.startswith("#")]


def _named(
    before: PairsFolder, rows: pl.DataFrame, names: list[str], owners: tuple[str, ...]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """pair_id → subject_idx of what the words name, and the words that name nothing."""
    if not names and not owners:
        raise UsageError("nothing is named: give pairs or owners to take down")
    by_id, by_subject = pl.col("pair_id").is_in(names), pl.col("subject_idx").is_in(names)
    found = rows.filter(by_id | by_subject | pl.col("owner").is_in(list(owners)))
    if found.is_empty():
        raise UsageError(f"{str(before.path)!r} shows none of them: there is nothing to withdraw")
    if found["pair_id"].n_unique() == rows["pair_id"].n_unique():
        raise UsageError(
            f"nothing would be left of {str(before.path)!r}: withdraw the release as a whole"
        )
    known = {*found["pair_id"], *found["subject_idx"]}
    unknown = [name for name in names if name not in known]
    unknown += [owner for owner in owners if owner not in set(found["owner"])]
    gone = found.select("pair_id", "subject_idx").unique().sort("subject_idx")
    return dict(gone.iter_rows()), tuple(dict.fromkeys(unknown))


def _beside(before: PairsFolder, version: str) -> Path:
    return before.path.resolve().with_name(f"{before.manifest['name']}-{version}")


def _write_files(
    before: PairsFolder,
    work: WorkDirectory,
    gone: Mapping[str, str],
    rows: pl.DataFrame,
    version: str,
    progress: Progress,
) -> tuple[dict[str, object], int]:
    """Describe each parquet file of the new release, and tell how many were written anew."""
    touched = set(rows.filter(pl.col("pair_id").is_in(list(gone)))["file"])
    files: dict[str, object] = {}
    (work.release / PAIRS).mkdir()
    progress.start("files", len(before.files), "file")
    for name in before.files:
        source, target = before.path / name, work.release / name
        if name in touched:
            before.refuse_rotten(name)
            write_without(source, target, gone, version=version)
            files[name] = describe_file(target)
        else:
            same_file(source, target)
            files[name] = before.manifest["files"][name]
        progress.advance()
    progress.close()
    return files, len(touched)


def _manifest(before: Manifest, left: pl.DataFrame, version: str, gone: int) -> Manifest:
    """All of the manifest but its files: numbers of what is left, words as they were.

    ``made_with`` stays, which made the photos; ``rewritten_with`` tells who left rows out.
    """
    told = count(left)
    left_out = dict(before["left_out"])
    left_out[WITHDRAWN] = left_out.get(WITHDRAWN, 0) + gone
    return before | {
        "version": version,
        "previous": before["version"],
        "rewritten_with": made_with(),
        "validated": before["validated"] | {"findings": told.pop("findings")},
        "left_out": dict(sorted(left_out.items())),
        "withdrawn": before["withdrawn"] + gone,
        **told,
    }
