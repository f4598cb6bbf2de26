"""Where published versions of a dataset lie: a repo on a Hub or a plain folder, spoken to alike."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple, Protocol

from flickrexif.release.source import sha256_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from flickrexif.progress import Progress

MAIN = "main"

Key = str
"""What tells a file's content: ``sha256:``, or ``git:``, its blob hash, of small files on a Hub."""


class Refs(NamedTuple):
    """Where the names of a shelf lead to, all seen at once."""

    head: str | None
    """The commit of ``main``; None where nothing was ever published."""
    tags: dict[str, str]
    """Tag → commit."""

    @property
    def versions(self) -> dict[str, str]:
        """Version → commit, in the order of versions; tags of another form are nobody's."""
        found = {tag[1:]: commit for tag, commit in self.tags.items() if _numbers(tag) is not None}
        return dict(sorted(found.items(), key=lambda pair: _numbers(f"v{pair[0]}") or ()))


class Shelf(Protocol):
    """A dataset's versions. A commit is a whole tree of files; a tag names one for ever.

    Every method raises `AccessError` where a token is missing or refused, and `UpstreamError` where
    the place does not answer or has moved on.
    """

    @property
    def name(self) -> str:
        """How users call it."""
        ...

    def refs(self) -> Refs:
        """Where ``main`` and the tags lead."""
        ...

    def files(self, commit: str) -> dict[str, Key]:
        """Every file of a commit, by its path."""
        ...

    def read(self, commit: str, path: str) -> bytes | None:
        """A small file of a commit; None where there is none."""
        ...

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
        """Move ``main`` by one commit that adds these files of ``folder`` and removes others.

        Raises `UpstreamError` when ``main`` is no longer at ``parent``; nothing has changed then.
        """
        ...

    def restore(
        self, commit: str, *, add: Sequence[str], remove: Sequence[str], parent: str, message: str
    ) -> str:
        """Move ``main`` by one commit that takes these files over from ``commit``."""
        ...

    def tag(self, name: str, commit: str, *, message: str) -> None:
        """Name a commit; a tag that stands is never moved."""
        ...

    def fetch(self, commit: str) -> Path:
        """A folder with the files of a commit, downloaded if need be. Not to be written to."""
        ...

    def renew(self, commit: str) -> bool:
        """Download anew those files of a fetched commit that are spoilt here; False for none."""
        ...


def is_like(file: Path, key: Key) -> bool:
    """True when a local file has the content that ``key`` tells."""
    kind, _, digest = key.partition(":")
    return digest == (sha256_of(file) if kind == "sha256" else git_blob_hash(file))


def git_blob_hash(file: Path) -> str:
    """The name git gives to a file's content: SHA-1 over ``blob <size>\\0`` and the bytes."""
    content = file.read_bytes()
    framed = b"blob %d\0" % len(content) + content
    return hashlib.sha1(framed, usedforsecurity=False).hexdigest()


def tag_of(version: str) -> str:
    """The tag of a version: ``v1.0.0``."""
    return f"v{version}"


def is_later(version: str, than: str) -> bool:
    """True when ``version`` comes after ``than``."""
    return (_numbers(f"v{version}") or ()) > (_numbers(f"v{than}") or ())


def _numbers(tag: str) -> tuple[int, ...] | None:
    parts = tag[1:].split(".")
    is_version = tag.startswith("v") and len(parts) == 3 and all(map(str.isdecimal, parts))
    return tuple(map(int, parts)) if is_version else None
