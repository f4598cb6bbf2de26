"""The files of one commit, flat, and how the Hub lists them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flickrexif.sandbox.hub.blobs import lfs_pointer


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: its content's digest and size in bytes, and the id that git lists it under.

    ``xet`` is the Xet hash, where the content came that way.
    """

    sha256: str
    size: int
    git_id: str
    is_lfs: bool
    xet: str | None = None

    @property
    def etag(self) -> str:
        """What identifies the content to a downloader: SHA-256 of large files, else git's id."""
        return self.sha256 if self.is_lfs else self.git_id

    def lfs(self) -> dict[str, Any]:
        """Return what the Hub tells of a large file; its digest is added by the caller."""
        return {"size": self.size, "pointerSize": len(lfs_pointer(self.sha256, self.size))}


@dataclass(frozen=True)
class Tree(Mapping[str, Entry]):
    """Files by path, sorted."""

    files: Mapping[str, Entry]

    def __getitem__(self, path: str) -> Entry:
        return self.files[path]

    def __iter__(self) -> Any:
        return iter(sorted(self.files))

    def __len__(self) -> int:
        return len(self.files)

    @cached_property
    def folders(self) -> Mapping[str, str]:
        """Every folder with an id that changes when anything below it does."""
        below: dict[str, list[str]] = {}
        for path in self:
            parts = path.split("/")[:-1]
            for depth in range(1, len(parts) + 1):
                line = f"{path} {self.files[path].git_id}"
                below.setdefault("/".join(parts[:depth]), []).append(line)
        return {folder: _digest(lines) for folder, lines in sorted(below.items())}

    def listing(self, folder: str, *, recursive: bool) -> list[dict[str, Any]]:
        """Return the files and folders in ``folder`` ("" is the root) in order of their paths.

        Raises KeyError when there is no such folder.
        """
        if folder and folder not in self.folders:
            raise KeyError(folder)
        found = [self.told(path) for path in self] + [self.told(path) for path in self.folders]
        inside = [line for line in found if _is_inside(line["path"], folder, recursive)]
        return sorted(inside, key=lambda line: str(line["path"]))

    def told(self, path: str) -> dict[str, Any]:
        """Return one file or folder as the Hub tells it; raises KeyError when it is neither."""
        if path in self.folders:
            return {"type": "directory", "path": path, "size": 0, "oid": self.folders[path]}
        entry = self.files[path]
        line = {"type": "file", "path": path, "size": entry.size, "oid": entry.git_id}
        if entry.is_lfs:
            line["lfs"] = {"oid": entry.sha256, **entry.lfs()}
        if entry.xet is not None:
            line["xetHash"] = entry.xet
        return line

    def siblings(self, *, with_blobs: bool) -> list[dict[str, Any]]:
        """Return the files as a repository's own record tells them."""
        lines: list[dict[str, Any]] = []
        for path in self:
            line: dict[str, Any] = {"rfilename": path}
            entry = self.files[path]
            if with_blobs:
                line |= {"size": entry.size, "blobId": entry.git_id}
            if with_blobs and entry.is_lfs:
                line["lfs"] = {"sha256": entry.sha256, **entry.lfs()}
            lines.append(line)
        return lines


def _digest(lines: list[str]) -> str:
    return hashlib.sha1("\n".join(lines).encode(), usedforsecurity=False).hexdigest()


def _is_inside(path: str, folder: str, recursive: bool) -> bool:
    if folder and not path.startswith(f"{folder}/"):
        return False
    rest = path[len(folder) + 1 :] if folder else path
    return recursive or "/" not in rest
