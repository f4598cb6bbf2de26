"""Contents by their SHA-256, one file each."""

from __future__ import annotations

import hashlib
import os
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flickrexif.atomic import atomic_path

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Blobs:
    """A folder of contents that never change."""

    folder: Path
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def path(self, sha256: str) -> Path:
        """Where the content of this digest is, or would be."""
        return self.folder / sha256[:2] / sha256

    def has(self, sha256: str) -> bool:
        """True when the content is here."""
        return self.path(sha256).is_file()

    def size(self, sha256: str) -> int:
        """Return how many bytes the content has; raises FileNotFoundError."""
        return self.path(sha256).stat().st_size

    def read(self, sha256: str) -> bytes:
        """Return the content; raises FileNotFoundError."""
        return self.path(sha256).read_bytes()

    def put(self, content: bytes) -> str:
        """Keep ``content``; return its digest."""
        sha256 = hashlib.sha256(content).hexdigest()
        target = self._place(sha256)
        with self._lock:
            if not target.is_file():
                with atomic_path(target) as partial:
                    partial.write_bytes(content)
        return sha256

    def adopt(self, file: Path, sha256: str) -> None:
        """Take ``file`` over, which must be on the same disk.

        Raises ValueError, and leaves the file alone, when its digest is another one.
        """
        with file.open("rb+") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
            os.fsync(content.fileno())
        if found != sha256:
            raise ValueError(f"the content has the SHA-256 {found}, not {sha256}")
        file.replace(self._place(sha256))

    def _place(self, sha256: str) -> Path:
        target = self.path(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        return target


def git_blob_id(content: bytes) -> str:
    """Return the SHA-1 that git gives a file of this content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def lfs_pointer(sha256: str, size: int) -> bytes:
    """Return the text that git keeps in place of a large file.

    The form is that of https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md.
    """
    return (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n"
    ).encode()
