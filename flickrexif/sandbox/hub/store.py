"""Everything that a Hub keeps in its folder.

::

    blobs/AB/AB...          contents by SHA-256
    repos/ORG/NAME/         settings.json, refs.json, commits/OID.json
    xet/                    what Xet clients wrote
    incoming/               uploads under way; emptied at every start
    requests.jsonl          one line per request, without tokens
"""

from __future__ import annotations

import re
import shutil
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flickrexif.sandbox.hub.blobs import Blobs
from flickrexif.sandbox.hub.commits import Change
from flickrexif.sandbox.hub.messages import Refused
from flickrexif.sandbox.hub.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

_NAME = re.compile(r"(?!.*(--|\.\.))[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?")
_LARGE = (
    "7z arrow avro bin bz2 gz h5 npy npz parquet pt rar safetensors tar tgz zip zst"
    " flac mp3 ogg wav bmp gif png tiff jpg jpeg webp mp4 webm"
)
GITATTRIBUTES = "".join(
    f"*.{ending} filter=lfs diff=lfs merge=lfs -text\n" for ending in _LARGE.split()
)
"""What the Hub puts into every new dataset repository, cut to the endings that are met here."""


@dataclass(slots=True)
class Store:
    """Repositories by name, in a folder that outlives the server."""

    folder: Path
    blobs: Blobs = field(init=False)
    _repositories: dict[str, Repository] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        """Find the contents of all repositories."""
        self.blobs = Blobs(self.folder / "blobs")

    def prepare(self) -> None:
        """Make the folders, and sweep away uploads that never ended."""
        shutil.rmtree(self.incoming, ignore_errors=True)
        for folder in (self.incoming, self.xet, self.blobs.folder, self.folder / "repos"):
            folder.mkdir(parents=True, exist_ok=True)

    @property
    def incoming(self) -> Path:
        """Where uploads wait until they are whole."""
        return self.folder / "incoming"

    @property
    def xet(self) -> Path:
        """Where Xet clients write and read."""
        return self.folder / "xet"

    def names(self) -> list[str]:
        """Return the repositories' names, sorted."""
        found = (self.folder / "repos").glob("*/*/refs.json")
        return sorted("/".join(path.parts[-3:-1]) for path in found)

    def repository(self, name: str) -> Repository:
        """Return the repository ``org/name``; raises `Refused` (404 RepoNotFound)."""
        with self._lock:
            if name not in self._repositories:
                if not is_name(name) or not (self._place(name) / "refs.json").is_file():
                    raise not_found()
                self._repositories[name] = Repository(self._place(name), name, self.blobs)
            return self._repositories[name]

    def create(self, name: str, *, private: bool, by: str) -> Repository:
        """Make a repository with the Hub's own first commit.

        Raises `Refused`: 409 when it exists, 400 when the name is none.
        """
        if not is_name(name):
            raise Refused(400, f"{name!r} cannot name a repository")
        with self._lock:
            if name in self.names():
                raise Refused(409, f"You already created this dataset repo: {name}")
            place = self._place(name)
            place.mkdir(parents=True, exist_ok=True)
            made = Repository(place, name, self.blobs)
            made.change_settings(private=private, gated=False)
            attributes = made.regular(GITATTRIBUTES.encode())
            made.write_change(Change({".gitattributes": attributes}), title="initial commit", by=by)
            self._repositories[name] = made
        return made

    def delete(self, name: str) -> None:
        """Forget a repository; the contents stay. Raises `Refused` (404 RepoNotFound)."""
        with self._lock:
            shutil.rmtree(self.repository(name).folder)
            del self._repositories[name]

    def _place(self, name: str) -> Path:
        return self.folder / "repos" / name


def is_name(name: str) -> bool:
    """Tell whether a repository may be named so: ``org/name``."""
    parts = name.split("/")
    return len(parts) == 2 and all(_NAME.fullmatch(part) for part in parts)


def not_found() -> Refused:
    """Return the answer for a repository that is not there, or that the caller may not see."""
    return Refused(404, "Repository not found", code="RepoNotFound")
