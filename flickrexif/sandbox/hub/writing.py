"""What changes repositories: create, preupload, commit, tags and branches."""

from __future__ import annotations

import base64
import binascii
import json
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

from flickrexif.sandbox.hub import xet
from flickrexif.sandbox.hub.commits import Change
from flickrexif.sandbox.hub.messages import Answer, Refused, told
from flickrexif.sandbox.hub.visit import USER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flickrexif.sandbox.hub.repository import Repository
    from flickrexif.sandbox.hub.trees import Entry
    from flickrexif.sandbox.hub.visit import Visit

REGULAR_LIMIT = 10 << 20
"""Bytes from which a file must be a large one: the Hub's limit for files in git."""
_NO_CARD = "empty or missing yaml metadata in repo card"


def create_repo(visit: Visit) -> Answer:
    """Make a dataset repository; 409 with its address when it exists."""
    wanted = visit.received.json()
    name, url = _named(visit, wanted)
    private = wanted.get("visibility") == "private" or bool(wanted.get("private"))
    try:
        visit.store.create(name, private=private, by=USER)
    except Refused as refusal:
        if refusal.status != 409:
            raise
        raise Refused(409, refusal.message, more={"url": url}) from None
    return told({"url": url, "name": name, "id": name})


def delete_repo(visit: Visit) -> Answer:
    """Forget a dataset repository."""
    visit.store.delete(_named(visit, visit.received.json())[0])
    return told({})


def change_settings(visit: Visit) -> Answer:
    """Set whether a repository is private or gated."""
    if visit.received.file is None:
        raise Refused(400, "settings are PUT")
    wanted = json.loads(visit.received.file.read_bytes())
    settings = {key: wanted[key] for key in ("gated", "private") if key in wanted}
    if "visibility" in wanted:
        settings["private"] = wanted["visibility"] == "private"
    visit.repository.change_settings(**settings)
    return told({})


def validate_card(visit: Visit) -> Answer:
    """Look at a card's head, without reading its YAML: it must begin and end with ``---``."""
    lines = str(visit.received.json().get("content", "")).splitlines()
    if not lines or lines[0].rstrip() != "---":
        return told({"errors": [], "warnings": [{"message": _NO_CARD}]})
    if not any(line.rstrip() == "---" for line in lines[1:]):
        found = [{"message": "the metadata block is not closed by ---"}]
        raise Refused(400, "Invalid metadata", more={"errors": found, "warnings": []})
    return told({"errors": [], "warnings": []})


def preupload(visit: Visit) -> Answer:
    """Tell for each file whether it goes into git or is a large one, and what is there now.

    A file named ``.gitignore`` is not heeded.
    """
    _no_pull_request(visit)
    repository = visit.repository
    tree = repository.commit_at(visit.revision).tree
    attributes = tree.get(".gitattributes")
    patterns = _large_patterns(repository.blobs.read(attributes.sha256)) if attributes else []
    lines = []
    for file in visit.received.json().get("files", []):
        is_large = _is_large(file, patterns)
        mode = "lfs" if is_large else "regular"
        line: dict[str, Any] = {"path": file["path"], "uploadMode": mode, "shouldIgnore": False}
        here = tree.get(file["path"])
        if here is not None and here.is_lfs == is_large:
            line["oid"] = here.etag
        lines.append(line)
    return told({"files": lines, "commitOid": repository.resolve(visit.revision)})


def commit(visit: Visit) -> Answer:
    """Write one commit, told line by line."""
    _no_pull_request(visit)
    repository = visit.repository
    lines = list(_lines(visit.received.body))
    header: dict[str, Any] = next((value for key, value in lines if key == "header"), {})
    if not header.get("summary"):
        raise Refused(400, "a commit needs a summary")
    written = repository.write_change(
        _change(visit, repository, lines),
        branch=visit.revision,
        parent=header.get("parentCommit"),
        title=str(header["summary"]),
        description=str(header.get("description") or ""),
        by=USER,
    )
    url = f"{visit.premises.endpoint}/datasets/{repository.name}/commit/{written.oid}"
    return told({"success": True, "commitOid": written.oid, "commitUrl": url, "hookOutput": ""})


def add_tag(visit: Visit) -> Answer:
    """Name a revision; 409 when the name is taken."""
    visit.repository.add_tag(str(visit.received.json().get("tag", "")), visit.revision)
    return told({})


def remove_tag(visit: Visit) -> Answer:
    """Forget a tag."""
    visit.repository.remove_tag(visit.revision)
    return told({})


def add_branch(visit: Visit) -> Answer:
    """Begin a branch; 409 when it exists."""
    start = visit.received.json().get("startingPoint", "main") if visit.received.body else "main"
    visit.repository.add_branch(visit.revision, str(start))
    return told({})


def remove_branch(visit: Visit) -> Answer:
    """Forget a branch."""
    visit.repository.remove_branch(visit.revision)
    return told({})


def _named(visit: Visit, wanted: dict[str, Any]) -> tuple[str, str]:
    if wanted.get("type") != "dataset":
        raise Refused(400, "this Hub keeps datasets only: ask for the type 'dataset'")
    name = f"{wanted.get('organization') or USER}/{wanted.get('name')}"
    return name, f"{visit.premises.endpoint}/datasets/{name}"


def _no_pull_request(visit: Visit) -> None:
    if visit.flag("create_pr"):
        raise Refused(400, "this Hub takes commits to branches, not pull requests")


def _large_patterns(attributes: bytes) -> list[str]:
    lines = attributes.decode("utf-8", "replace").splitlines()
    return [line.split()[0] for line in lines if "filter=lfs" in line.split()]


def _is_large(file: dict[str, Any], patterns: list[str]) -> bool:
    name = str(file["path"]).rsplit("/", 1)[-1]
    if any(fnmatch(name, pattern) for pattern in patterns):
        return True
    sample = base64.b64decode(file.get("sample") or "")
    return b"\0" in sample or int(file["size"]) > REGULAR_LIMIT


def _lines(body: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    for line in body.splitlines():
        try:
            told_line = json.loads(line)
            yield told_line["key"], told_line["value"]
        except (ValueError, KeyError, TypeError):
            raise Refused(400, f"this line of a commit is none: {line[:80]!r}") from None


def _change(
    visit: Visit, repository: Repository, lines: list[tuple[str, dict[str, Any]]]
) -> Change:
    files: dict[str, Entry] = {}
    deleted: dict[str, list[str]] = {"deletedFile": [], "deletedFolder": []}
    for key, value in lines:
        if key == "file":
            files[value["path"]] = repository.regular(_content(value))
        elif key == "lfsFile":
            files[value["path"]] = _large(visit, repository, value)
        elif key in deleted:
            deleted[key].append(value["path"])
        elif key != "header":
            raise Refused(400, f"a commit has no line of the kind {key!r}")
    return Change(files, tuple(deleted["deletedFile"]), tuple(deleted["deletedFolder"]))


def _content(value: dict[str, Any]) -> bytes:
    try:
        content = base64.b64decode(value["content"], validate=True)
    except binascii.Error:
        raise Refused(400, f"the content of {value['path']!r} is no base64") from None
    if len(content) > REGULAR_LIMIT:
        raise Refused(400, f"{value['path']!r} is larger than 10 MiB: send it by LFS")
    return content


def _large(visit: Visit, repository: Repository, value: dict[str, Any]) -> Entry:
    """Return the entry of a large file; a copied one comes without its size."""
    sha256 = str(value["oid"])
    hash_ = xet.fetched(visit.store, sha256)
    if not visit.store.blobs.has(sha256):
        raise Refused(
            400,
            f"{value['path']!r} points to an LFS file that does not exist: upload {sha256} first",
        )
    entry = repository.large(sha256, hash_)
    if value.get("size", entry.size) != entry.size:
        raise Refused(400, f"{value['path']!r} has {entry.size} bytes, not {value['size']}")
    return entry
