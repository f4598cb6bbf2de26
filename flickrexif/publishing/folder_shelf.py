"""A plain folder of published versions, for a disk, a share or a test.

::

    DIR/trees/<digest>/...   the files of a commit; equal ones are hard links
    DIR/main                 a link to the tree that is current
    DIR/v1.0.0               a link to the tree of a version: load_dataset opens it
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from flickrexif.atomic import sync_directory
from flickrexif.errors import AccessError, UpstreamError, UsageError
from flickrexif.publishing.shelf import MAIN, Refs
from flickrexif.release.manifest import MANIFEST
from flickrexif.release.source import sha256_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flickrexif.progress import Progress
    from flickrexif.publishing.shelf import Key

TREES = "trees"


class FolderShelf:
    """The `Shelf` in a folder; made with the first commit. One writer at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        if (path / MANIFEST).is_file():
            raise UsageError(
                f"{str(path)!r} is a release, not a folder that releases were published to: name "
                "such a folder or a new one; datasets.load_dataset opens the release itself"
            )
        if path.exists() and not (path / TREES).is_dir() and any(path.iterdir()):
            raise UsageError(
                f"{str(path)!r} holds other files: name a new folder, or one published to before"
            )

    @property
    def name(self) -> str:
        """See `Shelf`."""
        return str(self._path)

    def refs(self) -> Refs:
        """See `Shelf`."""
        links = self._path.iterdir() if self._path.is_dir() else ()
        named = {link.name: self._target(link.name) for link in links if link.name != MAIN}
        tags = {name: commit for name, commit in sorted(named.items()) if commit}
        return Refs(self._target(MAIN), tags)

    def files(self, commit: str) -> dict[str, Key]:
        """See `Shelf`."""
        tree = self._tree(commit)
        found = (path for path in sorted(tree.rglob("*")) if path.is_file())
        return {path.relative_to(tree).as_posix(): f"sha256:{sha256_of(path)}" for path in found}

    def read(self, commit: str, path: str) -> bytes | None:
        """See `Shelf`."""
        file = self._tree(commit) / path
        return file.read_bytes() if file.is_file() else None

    def commit(
        self,
        folder: Path,
        *,
        add: Sequence[str],
        remove: Sequence[str],
        parent: str | None,
        message: str,
        progress: Progress,
    ) -> str:
        """See `Shelf`."""
        del message
        if self._path.resolve().is_relative_to(folder.resolve()):
            raise UsageError(
                f"{self.name!r} lies in the release {str(folder)!r}: name a folder outside of it"
            )
        sources = self._sources(parent, remove) | {name: folder / name for name in add}
        progress.start("publish", len(sources), "files")
        return self._advance(sources, copied=frozenset(add), progress=progress)

    def restore(
        self, commit: str, *, add: Sequence[str], remove: Sequence[str], parent: str, message: str
    ) -> str:
        """See `Shelf`."""
        del message
        tree = self._tree(commit)
        sources = self._sources(parent, remove) | {name: tree / name for name in add}
        return self._advance(sources, copied=frozenset())

    def tag(self, name: str, commit: str, *, message: str) -> None:
        """See `Shelf`."""
        del message
        if self._target(name) is not None:
            raise UsageError(f"{name} stands in {self.name!r} already: a version is never moved")
        self._link(name, commit)

    def fetch(self, commit: str) -> Path:
        """See `Shelf`."""
        return self._tree(commit)

    def renew(self, commit: str) -> bool:
        """See `Shelf`: no file lies twice."""
        del commit
        return False

    def _sources(self, parent: str | None, remove: Sequence[str]) -> dict[str, Path]:
        """What stays of ``parent``, which must be where ``main`` is."""
        if self._target(MAIN) != parent:
            raise UpstreamError(
                f"{self.name!r} was published to meanwhile: nothing was changed, run again"
            )
        if parent is None:
            return {}
        tree = self._tree(parent)
        return {name: tree / name for name in self.files(parent) if name not in remove}

    def _advance(
        self,
        sources: Mapping[str, Path],
        *,
        copied: frozenset[str],
        progress: Progress | None = None,
    ) -> str:
        try:
            commit = self._write(sources, copied, progress)
            self._link(MAIN, commit)
        except PermissionError as error:
            raise AccessError(
                f"{error.filename!r} may not be written to: ask for rights, or name another folder"
            ) from error
        return commit

    def _write(
        self, sources: Mapping[str, Path], copied: frozenset[str], progress: Progress | None
    ) -> str:
        """The tree of these files, under the digest of their names and contents."""
        listed = "".join(f"{sha256_of(sources[name])}  {name}\n" for name in sorted(sources))
        commit = hashlib.sha256(listed.encode()).hexdigest()[:40]
        tree = self._path / TREES / commit
        if tree.exists():
            return commit
        partial = tree.with_name(f".{commit}.{os.getpid()}.partial")
        try:
            for name, source in sources.items():
                target = partial / name
                target.parent.mkdir(parents=True, exist_ok=True)
                _put(source, target, is_copied=name in copied)
                if progress is not None:
                    progress.advance()
            partial.rename(tree)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        sync_directory(tree.parent)
        return commit

    def _link(self, name: str, commit: str) -> None:
        partial = self._path / f".{name}.{os.getpid()}.partial"
        partial.unlink(missing_ok=True)
        partial.symlink_to(Path(TREES) / commit, target_is_directory=True)
        partial.replace(self._path / name)
        sync_directory(self._path)

    def _target(self, name: str) -> str | None:
        link = self._path / name
        return link.readlink().name if link.is_symlink() else None

    def _tree(self, commit: str) -> Path:
        tree = self._path / TREES / commit
        if not tree.is_dir():
            raise UsageError(f"{self.name!r} has no version at {commit!r}: see flickrexif releases")
        return tree


def _put(source: Path, target: Path, *, is_copied: bool) -> None:
    """A copy, or a second name for a file that never changes."""
    if not is_copied:
        try:
            os.link(source, target)
        except OSError:  # a disk without hard links
            is_copied = True
    if is_copied:
        shutil.copyfile(source, target)
        with target.open("rb+") as file:
            os.fsync(file.fileno())
