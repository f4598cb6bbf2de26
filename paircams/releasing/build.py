"""From a validated set of pairs to a release: a folder that load_dataset opens."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from flickrexif.errors import FlickrexifError
from flickrexif.progress import Progress, Silent
from flickrexif.release.ledger import WITHDRAWN
from flickrexif.release.manifest import describe_file
from flickrexif.release.schema import PAIRS
from flickrexif.release.work import WorkDirectory
from paircams.releasing.choose import choose, refuse_none
from paircams.releasing.files import write_pairs
from paircams.releasing.identify import identify
from paircams.releasing.manifest import describe, words
from paircams.releasing.previous import Previous
from paircams.releasing.rows import pair_rows
from paircams.releasing.schema import SPLIT, TOLD
from paircams.releasing.summary import BuildSummary
from paircams.releasing.words import write_words
from paircams.validating import validate

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    from paircams.releasing.plan import PairsPlan
    from paircams.releasing.rows import ChosenPair, Row


def build(
    path: str | os.PathLike[str],
    plan: PairsPlan,
    *,
    out: str | os.PathLike[str],
    previous: str | os.PathLike[str] | None = None,
    profile: str = "paper",
    classes: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> BuildSummary:
    """Validate the pairs at ``path`` and write the release ``out``.

    ``classes`` is a table of camera models, for sets that tell models instead of sides. Files are
    stripped of all metadata without loss, or masked. ``previous`` is the release before: pairs that
    it withdrew are left out, and the changelog tells what changed since. The release grows in
    ``<out>.partial`` and appears whole; stopped, it begins anew. Equal files, words and library
    versions give equal bytes.

    Raises `UsageError` for an ``out`` that exists, for a photo that cannot be stripped, for other
    photos of a subject that ``previous`` withdrew, and for a version that is too small a step from
    it; `FlickrexifError` for a set with errors unless the plan leaves pairs with errors out. All of
    that before anything is written; `FlickrexifError` too where the disk then takes no more.
    """
    WorkDirectory(Path(out)).refuse_what_is_there()
    before = None if previous is None else Previous.open(previous, version=plan.version)
    telling = progress or Silent()
    report = validate(path, profile=profile, classes=classes, progress=telling)
    chosen, left_out = choose(report, leave_out_failed=plan.leave_out_failed)
    pairs = identify(chosen, plan, telling)
    told = words(report, plan)
    if before is not None:
        pairs = before.still_there(pairs)
        before.refuse_saved_anew(pairs)
        left_out |= {WITHDRAWN: len(chosen) - len(pairs)} if len(pairs) < len(chosen) else {}
        refuse_none(pairs)
        before.refuse_small_step(told, pairs)
    with _told_where(Path(out)):
        work = WorkDirectory.begin(Path(out))
        rows = _write_files(work.release, pairs, plan, telling)
        manifest = describe(told, rows, left_out, before)
        manifest["files"] = {
            file.relative_to(work.release).as_posix(): describe_file(file)
            for file in sorted((work.release / PAIRS).iterdir())
        }
        write_words(
            work.release,
            manifest,
            difference=before.difference(manifest, rows) if before else None,
            before=before.release.path if before else None,
            ledger=before.ledger if before else (),
        )
        work.finish()
    return BuildSummary.of(Path(out), manifest)


@contextmanager
def _told_where(out: Path) -> Iterator[None]:
    """Turn what the disk refuses into one line with a remedy."""
    try:
        yield
    except OSError as error:
        raise FlickrexifError(
            f"{str(out)!r} cannot be written ({error.strerror or error}): make room, or name "
            "another folder, and build again"
        ) from error


def _write_files(
    release: Path, pairs: Sequence[ChosenPair], plan: PairsPlan, progress: Progress
) -> pl.DataFrame:
    """Write the parquet files; return their rows without the images."""
    about = {"name": plan.name, "version": plan.version, "kind": PAIRS} | plan.masking
    told: list[Row] = []
    progress.start("pairs", len(pairs), "pair")
    for target, part in _parts(release, pairs, plan.pairs_per_file):
        told += write_pairs(target, _each(part, plan, progress), about)
    progress.close()
    return pl.DataFrame(told, schema=TOLD)


def _parts(
    release: Path, pairs: Sequence[ChosenPair], size: int
) -> Iterator[tuple[Path, Sequence[ChosenPair]]]:
    count = -(-len(pairs) // size)
    (release / PAIRS).mkdir()
    for number in range(count):
        name = f"{SPLIT}-{number:05}-of-{count:05}.parquet"
        yield release / PAIRS / name, pairs[number * size : (number + 1) * size]


def _each(pairs: Sequence[ChosenPair], plan: PairsPlan, progress: Progress) -> Iterator[list[Row]]:
    for pair in pairs:
        yield list(pair_rows(pair, plan))
        progress.advance()
