"""One repository on disk: commits that never change, branches that move, tags that do not."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flickrexif.atomic import write_text
from flickrexif.sandbox.hub.blobs import Blobs, git_blob_id, lfs_pointer
from flickrexif.sandbox.hub.commits import Change, Commit, write
from flickrexif.sandbox.hub.messages import Refused
from flickrexif.sandbox.hub.trees import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MAIN = "main"
_OID = re.compile(r"[0-9a-f]{40}")
_NO_REF = re.compile(r"[\s~^:?*\[\\\x00-\x1f\x7f]|\.\.|//|@\{|^[-/.]|[/.]$|\.lock$|^$")


@dataclass(slots=True)
class Repository:
    """A dataset repository in a folder; all its methods may be called from many threads.

    ``name`` is ``org/name``. A method that is given a ``revision`` takes a branch, a tag or a
    commit's id of 40 digits, and raises `Refused` (404 RevisionNotFound) for any other word.
    """

    folder: Path
    name: str
    blobs: Blobs
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _known: dict[str, Commit] = field(default_factory=dict, repr=False)

    @property
    def branches(self) -> Mapping[str, str]:
        """Commit ids by branch."""
        return self._refs()["branches"]

    @property
    def tags(self) -> Mapping[str, str]:
        """Commit ids by tag."""
        return self._refs()["tags"]

    @property
    def settings(self) -> Mapping[str, object]:
        """What the repository was created or set with: ``private``, ``gated``."""
        told: dict[str, object] = json.loads((self.folder / "settings.json").read_text("utf-8"))
        return told

    def change_settings(self, **settings: object) -> None:
        """Set some of the settings."""
        with self._lock:
            known = self.settings if (self.folder / "settings.json").is_file() else {}
            write_text(self.folder / "settings.json", json.dumps({**known, **settings}))

    def resolve(self, revision: str) -> str:
        """Return the id of the commit that ``revision`` names."""
        refs = self._refs()
        short = revision.removeprefix("refs/heads/").removeprefix("refs/tags/")
        for names in (refs["branches"], refs["tags"]):
            if short in names:
                return names[short]
        if _OID.fullmatch(revision) and self._commit_path(revision).is_file():
            return revision
        raise Refused(404, f"Invalid rev id: {revision}", code="RevisionNotFound")

    def commit_at(self, revision: str = MAIN) -> Commit:
        """Return the commit that ``revision`` names."""
        oid = self.resolve(revision)
        if oid not in self._known:
            self._known[oid] = Commit.from_json(self._commit_path(oid).read_text("utf-8"))
        return self._known[oid]

    def history(self, revision: str = MAIN) -> Iterator[Commit]:
        """Yield the commits from ``revision`` back to the first."""
        oid: str | None = revision
        while oid is not None:
            commit = self.commit_at(oid)
            yield commit
            oid = commit.parent

    @property
    def commits(self) -> list[Commit]:
        """The commits of the main branch, newest first."""
        return list(self.history())

    def files(self, revision: str = MAIN) -> Mapping[str, Entry]:
        """Return the files of a revision by path."""
        return self.commit_at(revision).tree

    def read(self, path: str, revision: str = MAIN) -> bytes:
        """Return the content of a file; raises KeyError when the revision has none such."""
        return self.blobs.read(self.files(revision)[path].sha256)

    def write_change(
        self,
        change: Change,
        *,
        branch: str = MAIN,
        parent: str | None = None,
        title: str,
        description: str = "",
        by: str,
    ) -> Commit:
        """Append a commit to a branch.

        ``parent`` is the head that the writer saw. Raises `Refused`: 412 when the head is another
        one, 404 when there is no such branch (unless the repository is empty).
        """
        with self._lock:
            branches = dict(self.branches)
            if branches and branch not in branches:
                raise Refused(404, f"Invalid rev id: {branch}", code="RevisionNotFound")
            head = branches.get(branch)
            if parent is not None and parent != head:
                raise Refused(412, "A commit has happened since. Please refresh and try again.")
            onto = self.commit_at(head) if head else None
            commit = write(change, onto, title=title, description=description, by=by)
            self._keep(commit)
            self._write_refs("branches", branches | {branch: commit.oid})
        return commit

    def commit(
        self, contents: Mapping[str, bytes], *, title: str = "Changed by somebody else"
    ) -> Commit:
        """Write small files to the main branch as another user does, beside every client."""
        return self.write_change(
            Change({path: self.regular(content) for path, content in contents.items()}),
            title=title,
            by="somebody-else",
        )

    def regular(self, content: bytes) -> Entry:
        """Keep a small file's content; return its entry."""
        return Entry(self.blobs.put(content), len(content), git_blob_id(content), is_lfs=False)

    def large(self, sha256: str, xet: str | None = None) -> Entry:
        """Return the entry of a large file whose content is kept; raises FileNotFoundError."""
        size = self.blobs.size(sha256)
        return Entry(sha256, size, git_blob_id(lfs_pointer(sha256, size)), is_lfs=True, xet=xet)

    def add_tag(self, tag: str, revision: str) -> None:
        """Name a commit; raises `Refused` (409) when the tag is taken: it is never moved."""
        self._add("tags", tag, revision)

    def add_branch(self, branch: str, revision: str) -> None:
        """Begin a branch at a commit; raises `Refused` (409) when it exists."""
        self._add("branches", branch, revision)

    def remove_tag(self, tag: str) -> None:
        """Forget a tag; raises `Refused` (404) when there is none."""
        self._remove("tags", tag)

    def remove_branch(self, branch: str) -> None:
        """Forget a branch; raises `Refused`: 404 when there is none, 403 for the main one."""
        if branch == MAIN:
            raise Refused(403, "the main branch cannot be deleted")
        self._remove("branches", branch)

    def _add(self, kind: str, name: str, revision: str) -> None:
        if _NO_REF.search(name) or _OID.fullmatch(name):
            raise Refused(400, f"{name!r} cannot name a tag or a branch")
        with self._lock:
            known = self._refs()[kind]
            if name in known:
                raise Refused(409, f"Reference already exists: {name}")
            self._write_refs(kind, known | {name: self.resolve(revision)})

    def _remove(self, kind: str, name: str) -> None:
        with self._lock:
            known = self._refs()[kind]
            if known.pop(name, None) is None:
                raise Refused(404, f"Invalid rev id: {name}", code="RevisionNotFound")
            self._write_refs(kind, known)

    def _refs(self) -> dict[str, dict[str, str]]:
        path = self.folder / "refs.json"
        if not path.is_file():
            return {"branches": {}, "tags": {}}
        told: dict[str, dict[str, str]] = json.loads(path.read_text("utf-8"))
        return told

    def _write_refs(self, kind: str, names: dict[str, str]) -> None:
        write_text(self.folder / "refs.json", json.dumps(self._refs() | {kind: names}, indent=1))

    def _keep(self, commit: Commit) -> None:
        path = self._commit_path(commit.oid)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_text(path, commit.to_json())

    def _commit_path(self, oid: str) -> Path:
        return self.folder / "commits" / f"{oid}.json"
