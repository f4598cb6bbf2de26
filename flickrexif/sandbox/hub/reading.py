"""What is asked about repositories: their record, refs, files and history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from flickrexif.sandbox.hub.messages import Answer, Refused, told
from flickrexif.sandbox.hub.tokens import Role
from flickrexif.sandbox.hub.visit import USER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flickrexif.sandbox.hub.commits import Commit
    from flickrexif.sandbox.hub.repository import Repository
    from flickrexif.sandbox.hub.visit import Visit


def who_am_i(visit: Visit) -> Answer:
    """Tell whose token it is; 401 without one."""
    if visit.role is Role.STRANGER:
        raise Refused(401, "Invalid username or password.")
    token = {"displayName": USER, "role": visit.role.value}
    return told(
        {
            "type": "user",
            "name": USER,
            "fullname": USER,
            "orgs": [],
            "auth": {"type": "access_token", "accessToken": token},
        }
    )


def info(visit: Visit) -> Answer:
    """Tell a repository's record at a revision."""
    repository = visit.repository
    commit = repository.commit_at(visit.revision)
    siblings = commit.tree.siblings(with_blobs=visit.flag("blobs"))
    *_, first = repository.history(commit.oid)
    return told(
        {
            "id": repository.name,
            "author": repository.name.split("/")[0],
            "sha": commit.oid,
            "createdAt": first.date,
            "lastModified": commit.date,
            "disabled": False,
            "downloads": 0,
            "likes": 0,
            "tags": [],
            "siblings": siblings,
            **repository.settings,
        }
    )


def may_read(visit: Visit) -> Answer:
    """Answer whether the caller may read the repository, or write with ``/write`` at the end."""
    if visit.words.get("write"):
        visit.may_write()
    return told({"id": visit.repository.name})


def refs(visit: Visit) -> Answer:
    """Tell all branches and tags; pull requests and conversions there are none."""
    repository = visit.repository
    found = {
        "branches": _refs(repository.branches.items(), "heads"),
        "tags": _refs(repository.tags.items(), "tags"),
        "converts": [],
    }
    if visit.flag("include_prs"):
        found["pullRequests"] = []
    return told(found)


def commits(visit: Visit) -> Answer:
    """List the commits of a revision, newest first."""
    return visit.page([commit.told() for commit in visit.repository.history(visit.revision)])


def tree(visit: Visit) -> Answer:
    """List the files and folders of a revision or of one folder in it."""
    repository, folder = visit.repository, visit.words.get("path", "").strip("/")
    commit = repository.commit_at(visit.revision)
    try:
        lines = commit.tree.listing(folder, recursive=visit.flag("recursive"))
    except KeyError:
        raise entry_not_found(folder, commit) from None
    return visit.page(_expanded(lines, repository, commit) if visit.flag("expand") else lines)


def paths_info(visit: Visit) -> Answer:
    """Tell of some files and folders; those that are missing are left out.

    The paths come as a form (huggingface_hub 2.4.0, ``get_paths_info``).
    """
    form = parse_qs(visit.received.body.decode("utf-8", "replace"))
    repository = visit.repository
    commit = repository.commit_at(visit.revision)
    known = [path for path in form.get("paths", []) if path in {*commit.tree, *commit.tree.folders}]
    lines = [commit.tree.told(path) for path in known]
    expands = form.get("expand", [""])[0].lower() in {"1", "true"}
    return told(_expanded(lines, repository, commit) if expands else lines)


def entry_not_found(path: str, commit: Commit) -> Refused:
    """Return the answer for a path that the commit does not have."""
    return Refused(
        404,
        f"Entry not found: {path}",
        code="EntryNotFound",
        headers=(("X-Repo-Commit", commit.oid),),
    )


def _refs(names: Any, kind: str) -> list[dict[str, str]]:
    return [
        {"name": name, "ref": f"refs/{kind}/{name}", "targetCommit": oid}
        for name, oid in sorted(names)
    ]


def _expanded(
    lines: list[dict[str, Any]], repository: Repository, commit: Commit
) -> list[dict[str, Any]]:
    wanted = {line["path"] for line in lines}
    last = dict(_last_changes(wanted, repository, commit))
    return [{**line, "lastCommit": last[line["path"]].told_shortly()} for line in lines]


def _last_changes(
    wanted: set[str], repository: Repository, commit: Commit
) -> Iterator[tuple[str, Commit]]:
    """Yield each path with the last commit that changed it, walking back once."""
    left = set(wanted)
    for candidate in repository.history(commit.oid):
        before = repository.commit_at(candidate.parent) if candidate.parent else None
        changed = {path for path in left if before is None or _differs(path, candidate, before)}
        yield from ((path, candidate) for path in changed)
        left -= changed
        if not left:
            return


def _differs(path: str, commit: Commit, before: Commit) -> bool:
    if path in commit.tree.folders:
        return commit.tree.folders[path] != before.tree.folders.get(path)
    return commit.tree[path] != before.tree.get(path)
