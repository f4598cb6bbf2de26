"""Takedowns in a release: the version after it, without some photos, in a folder of its own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from flickrexif.errors import UsageError
from flickrexif.progress import Silent
from flickrexif.release.contents import ReleaseFolder
from flickrexif.release.ledger import Withdrawal, read_ledger
from flickrexif.release.manifest import MANIFEST, describe_file, files_of
from flickrexif.release.remainder import Remainder
from flickrexif.release.rewrite import fewer_rows, photo_rows, same_file
from flickrexif.release.schema import PHOTOS_CONFIG, TREATED, Config
from flickrexif.release.source import sha256_of
from flickrexif.release.versions import next_version, refuse_small_step
from flickrexif.release.words import write_words
from flickrexif.release.work import WorkDirectory, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from flickrexif.progress import Progress
    from flickrexif.release.difference import AttributeDiff, ReleaseDiff


@dataclass(frozen=True, slots=True)
class ReleaseTakedown:
    """What a takedown made of a release."""

    release: Path
    out: Path
    version: str
    photos: int
    """Photos withdrawn."""
    rows: Mapping[str, int]
    """Attribute → rows of these photos that left."""
    further: Mapping[str, int]
    """Attribute → rows of other photos that left, so that classes are equal in number."""
    classes_removed: Mapping[str, tuple[str, ...]]
    attributes_removed: Mapping[str, str]
    """Attribute → why it could not stay."""
    unknown: tuple[str, ...]
    """Photos and owners that were named and of which the release shows nothing."""
    files_rewritten: int
    files_kept: int

    def lines(self) -> list[str]:
        """The outcome for people."""
        files = f"{self.files_rewritten} files rewritten, {self.files_kept} as they were"
        lines = [f"{self.out}: version {self.version}, {self.photos} photos withdrawn, {files}"]
        for name, rows in self.rows.items():
            more = self.further.get(name, 0)
            lines.append(f"  {name}: {rows} rows left, and {more} more to keep classes equal")
        lines += [
            f"  {name}: classes removed: {', '.join(names)}"
            for name, names in self.classes_removed.items()
        ]
        lines += [f"  {name} removed: {why}" for name, why in self.attributes_removed.items()]
        lines += [f"  not in {self.release}: {name}" for name in self.unknown]
        lines.append(f"  still in {self.release}: delete it; take them down in its corpus too")
        return lines


def take_down_release(
    release: Path | str,
    *,
    photos: Iterable[int | str] = (),
    owners: Iterable[str] = (),
    listed_in: Path | str | None = None,
    date: str,
    reason: str = "asked for",
    version: str | None = None,
    out: Path | str | None = None,
    progress: Progress | None = None,
) -> ReleaseTakedown:
    """Make the version after ``release`` without these photos, and all photos of these owners.

    ``photos`` are ids or addresses of photo pages, ``owners`` are NSIDs; the file ``listed_in`` has
    any of them, one a line. Only files that held one of their rows, or a row that must leave so
    that classes stay equal in number, are written anew; the others are the same files (hard links
    where the disk allows). Their ids, with ``date`` (YYYY-MM-DD) and ``reason`` (one of
    `flickrexif.release.ledger.REASONS`), go into ``withdrawn.jsonl``; no later build with
    ``previous`` shows them again. ``release`` itself is not touched.

    ``version`` is the next patch by default, or the next major one in the rare case that a class
    or an attribute is lost. ``out`` is a folder ``<name>-<version>`` beside the release by default.

    Raises `UsageError` for words that name no photo or owner, when the release shows none of them
    or only them, for a treated set, a version that is too low, and when ``out`` exists.
    """
    before = ReleaseFolder.open(release)
    if before.manifest["kind"] == TREATED:
        raise UsageError(
            f"{str(release)!r} is a treated set: take the photos down where its images came from, "
            "and treat them again"
        )
    gone, unknown = _named(before, photos, owners, listed_in)
    left = Remainder.of(before, gone)
    difference = left.difference()
    version = version or next_version(before.version, difference)
    refuse_small_step(version, difference)
    target = _beside(before, version) if out is None else Path(out)
    fresh = [Withdrawal(photo_id, version, date, reason) for photo_id in gone]
    ledger = sorted([*read_ledger(before.path), *fresh])
    words = {
        "takedown in": sha256_of(before.path / MANIFEST),
        "photos": digest_of(dict.fromkeys(gone, reason)),
        "version": version,
        "date": date,
        "reason": reason,
    }
    work = WorkDirectory.open(target, words)
    writing = _Writing(left, work.release, version, progress or Silent())
    manifest = left.manifest(version=version) | {"files": writing.run()}
    write_words(
        work.release,
        manifest,
        difference=replace(difference, after=version),
        before=before.path,
        ledger=ledger,
    )
    work.finish()
    return _told(left, difference, target, version, unknown, writing.rewritten)


def _named(
    before: ReleaseFolder,
    photos: Iterable[int | str],
    owners: Iterable[str],
    listed_in: Path | str | None,
) -> tuple[frozenset[int], tuple[str, ...]]:
    """The photos that the words name, and the words that name none of the release."""
    from flickrexif.upkeep.subjects import all_subjects

    subjects = all_subjects(photos, owners, listed_in)
    shown = before.photos("photo_id", "owner_id")
    names = {"photo": shown["photo_id"].cast(pl.String), "owner": shown["owner_id"]}
    is_gone = pl.repeat(False, shown.height, dtype=pl.Boolean, eager=True)
    for kind, column in names.items():
        is_gone |= column.is_in([one.name for one in subjects if one.kind == kind])
    known = {kind: set(column.filter(is_gone)) for kind, column in names.items()}
    unknown = tuple(one.name for one in subjects if one.name not in known[one.kind])
    if not is_gone.any():
        raise UsageError(f"{str(before.path)!r} shows none of them: there is nothing to withdraw")
    return frozenset(shown["photo_id"].filter(is_gone)), unknown


def _beside(before: ReleaseFolder, version: str) -> Path:
    if before.path.is_symlink():
        raise UsageError(
            f"{str(before.path)!r} is a link, as the versions in a published folder are: "
            "say where the new version shall lie by --out (out=...)"
        )
    return before.path.resolve().with_name(f"{before.manifest['name']}-{version}")


@dataclass(slots=True)
class _Writing:
    """Writes the parquet files of what is left, those that change anew."""

    left: Remainder
    folder: Path
    version: str
    progress: Progress
    rewritten: int = 0

    def run(self) -> dict[str, dict[str, object]]:
        """File → its rows, bytes and digest, by name."""
        configs = [PHOTOS_CONFIG, *self.left.attributes]
        told = self.left.before.manifest
        names = {
            name: config
            for config in configs
            for of_split in files_of(config, told).values()
            for name in of_split
        }
        self.progress.start("files", len(names), "files")
        files = {}
        for name, config in names.items():
            (self.folder / config).mkdir(exist_ok=True)
            is_new = self._photos(name) if config == PHOTOS_CONFIG else self._rows(name, config)
            self.rewritten += is_new
            files[name] = describe_file(self.folder / name) if is_new else told["files"][name]
            self.progress.advance()
        self.progress.close()
        return dict(sorted(files.items()))

    def _photos(self, name: str) -> bool:
        """Write a file of the photos table; True when it is another than before."""
        before = self.left.before
        config = Config(PHOTOS_CONFIG, before.manifest["configs"][PHOTOS_CONFIG])
        rows = self.left.photos.filter(pl.col("file") == name).drop("file")
        source, target = before.path / name, self.folder / name
        if rows.equals(pl.read_parquet(source, columns=rows.columns, glob=False)):
            same_file(source, target)
            return False
        self._insist(name)
        photo_rows(source, target, config, rows, version=self.version)
        return True

    def _rows(self, name: str, attribute: str) -> bool:
        """Write a file of an attribute; True when it is another than before."""
        before, left = self.left.before, self.left.attributes[attribute]
        rows = left.rows.filter(pl.col("file") == name)
        source, target = before.path / name, self.folder / name
        has_same_classes = len(left.classes) == len(
            before.manifest["attributes"][attribute]["classes"]
        )
        if has_same_classes and rows.height == before.manifest["files"][name]["rows"]:
            same_file(source, target)
            return False
        self._insist(name)
        labels = dict(rows.select("photo_id", "label").iter_rows())
        fewer_rows(source, target, self.left.config(attribute), labels, version=self.version)
        return True

    def _insist(self, name: str) -> None:
        """What rotted must not get a digest that fits."""
        before = self.left.before
        if sha256_of(before.path / name) != before.manifest["files"][name]["sha256"]:
            raise UsageError(
                f"{str(before.path / name)!r} is damaged (another sha256 than in the manifest): "
                "fetch the release again"
            )


def _told(
    left: Remainder,
    difference: ReleaseDiff,
    out: Path,
    version: str,
    unknown: tuple[str, ...],
    rewritten: int,
) -> ReleaseTakedown:
    further = {name: one.further for name, one in left.attributes.items() if one.further}
    lost: dict[str, AttributeDiff] = dict(difference.attributes)
    files = sum(
        len(names)
        for config in (PHOTOS_CONFIG, *left.attributes)
        for names in files_of(config, left.before.manifest).values()
    )
    return ReleaseTakedown(
        release=left.before.path,
        out=out,
        version=version,
        photos=len(left.gone),
        rows={name: len(one.removed) - further.get(name, 0) for name, one in lost.items()},
        further=further,
        classes_removed={
            name: one.classes_removed for name, one in lost.items() if one.classes_removed
        },
        attributes_removed=left.removed,
        unknown=unknown,
        files_rewritten=rewritten,
        files_kept=files - rewritten,
    )
