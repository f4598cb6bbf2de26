"""A commit: one immutable tree, what it came from, and who wrote why."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flickrexif.sandbox.hub.messages import Refused
from flickrexif.sandbox.hub.trees import Entry, Tree

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_SUCH_FILE = "A file with this name doesn't exist"
"""huggingface_hub 2.4.0 looks for these words and then tells how folders are deleted."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One state of a repository. ``oid`` is decided by all the rest."""

    tree: Tree
    parent: str | None
    title: str
    description: str
    author: str
    written_at: datetime
    oid: str = ""

    def sealed(self) -> Commit:
        """Return the commit with its id, 40 hexadecimal digits."""
        plain = self.to_json().encode()
        return replace(self, oid=hashlib.sha1(plain, usedforsecurity=False).hexdigest())

    def to_json(self) -> str:
        """Return everything but the id, in one fixed spelling."""
        told = {
            "parent": self.parent,
            "title": self.title,
            "description": self.description,
            "author": self.author,
            "written_at": self.written_at.isoformat(),
            "tree": {path: asdict(self.tree[path]) for path in self.tree},
        }
        return json.dumps(told, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Commit:
        """Return what `to_json` wrote, with its id."""
        told = json.loads(text)
        told["written_at"] = datetime.fromisoformat(told["written_at"])
        told["tree"] = Tree({path: Entry(**entry) for path, entry in told["tree"].items()})
        return cls(**told).sealed()

    @property
    def date(self) -> str:
        """When it was written, as the Hub prints it."""
        return self.written_at.strftime("%Y-%m-%dT%H:%M:%S.000Z")

    def told(self) -> dict[str, Any]:
        """Return the commit as a list of commits tells it."""
        return {
            "id": self.oid,
            "title": self.title,
            "message": self.description,
            "authors": [{"user": self.author, "avatar": ""}],
            "date": self.date,
        }

    def told_shortly(self) -> dict[str, Any]:
        """Return the commit as a file tells the last one that changed it."""
        return {"id": self.oid, "title": self.title, "date": self.date}


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit does to a tree: deletions go first, then files are set."""

    files: Mapping[str, Entry] = field(default_factory=dict)
    deleted_files: tuple[str, ...] = ()
    deleted_folders: tuple[str, ...] = ()

    def applied_to(self, tree: Tree) -> Tree:
        """Return the changed tree.

        Raises `Refused`: 404 when a deleted file or folder is not there, 400 when a path is none or
        would be a file and a folder at once.
        """
        left = dict(tree)
        for path in self.deleted_files:
            if left.pop(path, None) is None:
                raise _missing(path)
        for folder in self.deleted_folders:
            inside = [path for path in left if path.startswith(folder.rstrip("/") + "/")]
            if not inside:
                raise _missing(folder)
            for path in inside:
                del left[path]
        for path in self.files:
            _check_path(path)
        changed = Tree(left | dict(self.files))
        for path in sorted(changed.folders.keys() & changed.keys()):
            raise Refused(400, f"{path!r} cannot be a file and a folder at once")
        return changed


def write(change: Change, onto: Commit | None, *, title: str, description: str, by: str) -> Commit:
    """Return the commit that follows ``onto`` (None: the first one), written now."""
    return Commit(
        tree=change.applied_to(onto.tree if onto else Tree({})),
        parent=onto.oid if onto else None,
        title=title,
        description=description,
        author=by,
        written_at=datetime.now(UTC),
    ).sealed()


def _missing(path: str) -> Refused:
    return Refused(404, f"{NO_SUCH_FILE}: {path}", code="EntryNotFound")


def _check_path(path: str) -> None:
    parts = path.split("/")
    if any(part in {"", ".", "..", ".git"} for part in parts) or "\0" in path:
        raise Refused(400, f"{path!r} is no path of a file in a repository")
