"""The directory beside a release in which it grows: resumable, and renamed only when whole."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flickrexif.atomic import sync_directory, write_text
from flickrexif.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

log = logging.getLogger("flickrexif")

WITHDRAWN = "withdrawn photos"
"""The word of a build that stands for the photos it must leave out: see `digest_of`."""


@dataclass(frozen=True, slots=True)
class WorkDirectory:
    """``<out>.partial`` with ``release/`` (what will be renamed to ``out``) and working files."""

    out: Path

    @property
    def root(self) -> Path:
        """The directory itself."""
        return self.out.with_name(f"{self.out.name}.partial")

    @property
    def release(self) -> Path:
        """The release folder as it grows."""
        return self.root / "release"

    @property
    def images(self) -> Path:
        """The images made so far, one Arrow file per corpus shard."""
        return self.root / "images"

    @property
    def rows(self) -> Path:
        """The rows of each config and split, without their images."""
        return self.root / "rows"

    @classmethod
    def open(cls, out: Path, words: Mapping[str, Any]) -> WorkDirectory:
        """Begin, or go on where an interrupted build with the same ``words`` stopped.

        What was made before other photos were `WITHDRAWN` is thrown away. Raises `UsageError` when
        ``out`` exists, or when the interrupted build had other words.
        """
        work = cls(out)
        work.refuse_what_is_there()
        asked = json.dumps(words, sort_keys=True, indent=2) + "\n"
        if work._marker.exists():
            before = json.loads(work._marker.read_text(encoding="utf-8"))
            work._keep_or_clear(before, json.loads(asked))
        work._lay_out(asked)
        return work

    @classmethod
    def begin(cls, out: Path) -> WorkDirectory:
        """Begin anew, whatever an interrupted build left; raises `UsageError` as `open` does."""
        work = cls(out)
        work.refuse_what_is_there()
        if work.root.exists():
            work._clear()
        work._lay_out("{}\n")
        return work

    def refuse_what_is_there(self) -> None:
        """Raise `UsageError` when ``out`` exists, or what no build made is in the way."""
        if self.out.exists():
            raise UsageError(
                f"{str(self.out)!r} exists and a release is never overwritten: "
                "build to another folder, or remove it first"
            )
        is_ours = self._marker.exists() or _is_barely_begun(self.root)
        if self.root.exists() and not is_ours:
            raise UsageError(
                f"{str(self.root)!r} is in the way and was not made by a build: "
                "move it, or build to another folder"
            )

    @property
    def _marker(self) -> Path:
        return self.root / "build.json"

    def _lay_out(self, words: str) -> None:
        # The words come first: a folder without them is somebody else's.
        self.root.mkdir(parents=True, exist_ok=True)
        write_text(self._marker, words)
        for folder in (self.release, self.images, self.rows):
            folder.mkdir(exist_ok=True)

    def _keep_or_clear(self, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
        differing = sorted(word for word in now if before.get(word) != now[word])
        if differing == [WITHDRAWN]:
            log.warning("photos left the corpus since %s was begun: it begins anew", self.root)
            for folder in filter(type(self.root).is_dir, (self.release, self.images, self.rows)):
                shutil.rmtree(folder)
        elif before != now:
            raise UsageError(
                f"{str(self.root)!r} holds an unfinished build with another "
                f"{', '.join(differing) or 'layout'}: "
                "repeat its words to resume it, or remove that folder to begin anew"
            )

    def finish(self) -> None:
        """Take the commit markers away, rename the release to ``out``, drop the working files.

        What killed processes left half-written goes too.
        """
        for file in (*self.release.rglob("*.report.json"), *self.release.rglob(".*.partial")):
            file.unlink()
        for folder in (self.release, *filter(type(self.out).is_dir, self.release.iterdir())):
            sync_directory(folder)
        self.release.rename(self.out)
        sync_directory(self.out.parent)
        self._clear()

    def _clear(self) -> None:
        """Remove the folder, its words last: killed before that, what is left is known as ours."""
        for path in list(self.root.iterdir()):
            if path.is_dir():
                shutil.rmtree(path)
            elif path != self._marker:
                path.unlink()
        self._marker.unlink(missing_ok=True)
        self.root.rmdir()


def _is_barely_begun(root: Path) -> bool:
    """True for what a process leaves that is killed while it writes the words (`atomic_path`)."""
    return root.is_dir() and all(one.match(".build.json.*.partial") for one in root.iterdir())


def digest_of(withdrawn: Mapping[int, str]) -> str:
    """A short word for a set of withdrawn photos, the same for the same ids."""
    ids = ",".join(map(str, sorted(withdrawn)))
    return hashlib.sha256(ids.encode()).hexdigest()
