"""A release folder becomes a version: verified, one commit, fetched again and compared, one tag."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flickrexif.errors import FlickrexifError, UsageError
from flickrexif.progress import Silent
from flickrexif.publishing.ledger import LEDGER
from flickrexif.publishing.shelf import is_later, is_like, tag_of
from flickrexif.publishing.verify import fetch_checked
from flickrexif.release.card import CARD
from flickrexif.release.checks.files import check_files
from flickrexif.release.finding import Finding
from flickrexif.release.ledger import LEDGER as ROW_LEDGER
from flickrexif.release.manifest import MANIFEST, read_manifest
from flickrexif.release.verify import verify

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from flickrexif.progress import Progress
    from flickrexif.publishing.shelf import Key, Refs, Shelf
    from flickrexif.publishing.verify import Verifier
    from flickrexif.release.manifest import Manifest


@dataclass(frozen=True, slots=True)
class PublishSummary:
    """What publishing came to, or would come to: ``commit`` is None for a dry run."""

    shelf: str
    version: str
    commit: str | None
    add: tuple[str, ...]
    remove: tuple[str, ...]
    kept: int
    """Files that lie there already, with the same bytes."""
    add_bytes: int
    was_there: bool = False
    """The version was published before, in these very bytes."""

    def lines(self) -> list[str]:
        """The summary for people."""
        tag, size = tag_of(self.version), f"{self.add_bytes / 1e6:.1f} MB"
        if self.was_there:
            return [f"{self.shelf}: {tag} is published already, at {self.commit}"]
        if self.commit is not None:
            return [
                f"{self.shelf}: {tag} published at {self.commit}",
                f"  {len(self.add)} files sent ({size}), {self.kept} were there, "
                f"{len(self.remove)} removed; fetched again and equal",
            ]
        return [
            f"{self.shelf}: {tag} would send {len(self.add)} files ({size}), keep {self.kept} "
            f"and remove {len(self.remove)}",
            *(f"  + {name}" for name in self.add),
            *(f"  - {name}" for name in self.remove),
        ]


def publish(
    release: Path | str,
    shelf: Shelf,
    *,
    dry_run: bool = False,
    verifier: Verifier = verify,
    progress: Progress | None = None,
) -> PublishSummary:
    """Publish the release folder as the version that its manifest tells, tagged ``vX.Y.Z``.

    ``main`` moves by one commit, never half-way; files that lie there already are not sent again.
    Stopped or cut off, the same call goes on. What is sent was verified, by ``verifier``; only what
    was fetched again by its commit, and is equal, counts as published. Raises `UsageError` for a
    version that stands with other bytes, does not come after the newest one, or lacks what that one
    withdrew, and `FlickrexifError` for a release with findings.
    """
    folder, progress = Path(release), progress or Silent()
    manifest = read_manifest(folder)
    _insist_on_sound(folder, verifier(folder, progress=progress))
    refs = shelf.refs()
    head = refs.head
    version, tag = str(manifest["version"]), tag_of(str(manifest["version"]))
    names = [MANIFEST, *manifest["files"]]
    if tag in refs.tags:
        return _standing(folder, shelf, manifest, refs.tags[tag], names)
    _insist_on_later(shelf, version, refs.versions)
    there = {} if head is None else shelf.files(head)
    _insist_on_own(shelf, there)
    _insist_on_withdrawn(folder, shelf, refs, there)
    add = tuple(sorted(name for name in names if not _lies(folder / name, there.get(name))))
    remove = tuple(sorted(set(there).difference(names, {LEDGER})))
    size = sum((folder / name).stat().st_size for name in add)
    kept = len(names) - len(add)
    if dry_run:
        return PublishSummary(shelf.name, version, None, add, remove, kept, size)
    message = f"{manifest['name']} {version}"
    commit = head
    if head is None or add or remove:  # else an earlier call was cut off before its tag
        commit = shelf.commit(
            folder, add=add, remove=remove, parent=head, message=message, progress=progress
        )
        progress.close()
    assert commit is not None  # noqa: S101 - a commit was made where there was no head
    _insist_on_same(shelf, commit, folder)
    shelf.tag(tag, commit, message=message)
    return PublishSummary(shelf.name, version, commit, add, remove, kept, size)


def _standing(
    folder: Path, shelf: Shelf, manifest: Manifest, commit: str, names: Sequence[str]
) -> PublishSummary:
    """The version is there: in the same bytes that is what was asked for."""
    version, there = str(manifest["version"]), shelf.files(commit)
    if not all(_lies(folder / name, there.get(name)) for name in names):
        raise UsageError(
            f"{tag_of(version)} stands in {shelf.name!r} with other bytes, and a version is never "
            "moved: build the next one"
        )
    return PublishSummary(shelf.name, version, commit, (), (), len(names), 0, was_there=True)


def _lies(file: Path, key: Key | None) -> bool:
    return key is not None and is_like(file, key)


def _insist_on_own(shelf: Shelf, there: Iterable[str]) -> None:
    """What would be removed must be a release; a card alone is what a new repo may have."""
    others = set(there).difference({CARD})
    if others and MANIFEST not in others:
        raise UsageError(
            f"{shelf.name!r} holds other files, such as {min(others)!r}, which publishing would "
            "remove: use a new repo"
        )


def _insist_on_later(shelf: Shelf, version: str, published: Iterable[str]) -> None:
    newest = next(reversed(list(published)), None)
    if newest is not None and not is_later(version, newest):
        raise UsageError(
            f"version {version!r} does not come after {newest!r} of {shelf.name!r}: "
            "build with a higher one"
        )


def _insist_on_withdrawn(folder: Path, shelf: Shelf, refs: Refs, there: Mapping[str, Key]) -> None:
    """The rows that the newest version withdrew are withdrawn in this release too."""
    newest = next(reversed(refs.versions), None)
    if newest is None or (refs.versions[newest] == refs.head and ROW_LEDGER not in there):
        return
    own = folder / ROW_LEDGER
    told = shelf.read(refs.versions[newest], ROW_LEDGER) or b""
    withdrawn = set(told.splitlines())
    lost = withdrawn.difference(own.read_bytes().splitlines() if own.is_file() else ())
    if lost:
        raise UsageError(
            f"{str(own)!r} lacks {len(lost)} of the {len(withdrawn)} lines of version {newest!r} "
            f"of {shelf.name!r}, and what was withdrawn would come back: build with --previous "
            f"version {newest!r}"
        )


def _insist_on_sound(folder: Path, findings: Sequence[Finding]) -> None:
    if findings:
        first = findings[0]
        raise FlickrexifError(
            f"{str(folder)!r} has {len(findings)} findings ({first.file}: {first.rule}: "
            f"{first.message}): mend them and verify again; nothing was sent"
        )


def _insist_on_same(shelf: Shelf, commit: str, folder: Path) -> None:
    """Fetch a commit again: each file must be, byte for byte, that of the release that was sent."""
    sent = (folder / MANIFEST).read_bytes()

    def breaches(fetched: Path) -> list[Finding]:
        if (fetched / MANIFEST).read_bytes() != sent:
            return [Finding("manifest", MANIFEST, "is another one")]
        return list(check_files(fetched, read_manifest(fetched)))

    _, findings = fetch_checked(shelf, commit, breaches)
    if findings:
        first = findings[0]
        raise FlickrexifError(
            f"{shelf.name!r} gave back other files than were sent ({first.file}: {first.rule}: "
            f"{first.message}): nothing was tagged, run again"
        )
