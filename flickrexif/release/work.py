"""The directory beside a release in which it grows: resumable, and renamed only when whole."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flickrexif.atomic import sync_directory, write_text
from flickrexif.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


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

        Raises `UsageError` when ``out`` exists, or when the interrupted build had other words.
        """
        work = cls(out)
        if out.exists():
            raise UsageError(
                f"{str(out)!r} exists and a release is never overwritten: "
                "build to another folder, or remove it first"
            )
        asked = json.dumps(words, sort_keys=True, indent=2) + "\n"
        marker = work.root / "build.json"
        if marker.exists():
            _refuse_other_words(work.root, marker.read_text(encoding="utf-8"), asked)
        elif work.root.exists():
            raise UsageError(
                f"{str(work.root)!r} is in the way and was not made by a build: "
                "move it, or build to another folder"
            )
        for folder in (work.release, work.images, work.rows):
            folder.mkdir(parents=True, exist_ok=True)
        write_text(marker, asked)
        return work

    def finish(self) -> None:
        """Take the commit markers away, rename the release to ``out``, drop the working files."""
        for report in self.release.rglob("*.report.json"):
            report.unlink()
        for folder in (self.release, *filter(type(self.out).is_dir, self.release.iterdir())):
            sync_directory(folder)
        self.release.rename(self.out)
        sync_directory(self.out.parent)
        shutil.rmtree(self.root)


def _refuse_other_words(root: Path, before: str, now: str) -> None:
    if before == now:
        return
    old, new = json.loads(before), json.loads(now)
    differing = ", ".join(sorted(word for word in new if old.get(word) != new[word]))
    raise UsageError(
        f"{str(root)!r} holds an unfinished build with another {differing or 'layout'}: "
        "repeat its words to resume it, or remove that folder to begin anew"
    )
