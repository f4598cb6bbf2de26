"""Contents on their way out: ``resolve``, and the storage that it sends downloaders to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from flickrexif.sandbox.hub.messages import Answer, FilePart, Refused
from flickrexif.sandbox.hub.reading import entry_not_found
from flickrexif.sandbox.hub.tokens import Role

if TYPE_CHECKING:
    from pathlib import Path

    from flickrexif.sandbox.hub.trees import Entry
    from flickrexif.sandbox.hub.visit import Visit

BYTES = "application/octet-stream"
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def resolve(visit: Visit) -> Answer:
    """Send a small file, or send the caller on to where a large one is.

    The Hub's clients take the commit, the digest and the size from this answer's headers, and
    follow the redirect without their token, because it leads to another host.
    """
    repository = visit.repository
    commit = repository.commit_at(visit.revision)
    told = (("X-Repo-Commit", commit.oid),)
    if repository.settings["gated"] and visit.role is Role.STRANGER:
        message = f"Access to dataset {repository.name} is restricted."
        raise Refused(401, message, code="GatedRepo", headers=told)
    path = visit.words["path"]
    entry = commit.tree.get(path)
    if entry is None:
        raise entry_not_found(path, commit)
    if entry.is_lfs:
        return _sent_on(visit, entry, (*told, *_xet(visit, entry, commit.oid)))
    return _part(visit, visit.store.blobs.path(entry.sha256), entry.etag, told)


def stored(visit: Visit) -> Answer:
    """Send a large file, whole or in part, to whoever has its signed address."""
    visit.check_signature()
    sha256 = visit.words["sha256"]
    if not visit.store.blobs.has(sha256):
        raise Refused(404, "there is no such content")
    return _part(visit, visit.store.blobs.path(sha256), sha256, ())


def _sent_on(visit: Visit, entry: Entry, told: tuple[tuple[str, str], ...]) -> Answer:
    place = visit.signed(f"/cdn/{entry.sha256}", host=visit.premises.cdn)
    linked = (
        ("Location", place),
        ("ETag", f'"{entry.git_id}"'),
        ("X-Linked-Etag", f'"{entry.sha256}"'),
        ("X-Linked-Size", str(entry.size)),
        ("Accept-Ranges", "bytes"),
    )
    return Answer(302, f"Found. Redirecting to {place}".encode(), "text/plain", (*told, *linked))


def _xet(visit: Visit, entry: Entry, oid: str) -> tuple[tuple[str, str], ...]:
    if entry.xet is None:
        return ()
    route = f"/api/datasets/{quote(visit.repository.name)}/xet-read-token/{oid}"
    link = f'<{visit.premises.endpoint}{route}>; rel="xet-auth"'
    return (("X-Xet-Hash", entry.xet), ("Link", link))


def _part(visit: Visit, path: Path, etag: str, told: tuple[tuple[str, str], ...]) -> Answer:
    size = path.stat().st_size
    told = (*told, ("ETag", f'"{etag}"'), ("Accept-Ranges", "bytes"))
    wanted = _RANGE.fullmatch(visit.received.headers.get("range", ""))
    if wanted is None or not any(wanted.groups()):
        return Answer(200, FilePart(path, 0, size), BYTES, told)
    first, last = wanted.groups()
    start = int(first) if first else max(size - int(last), 0)
    stop = min(int(last) + 1, size) if first and last else size
    if start >= stop:
        headers = (("Content-Range", f"bytes */{size}"),)
        raise Refused(416, "Range Not Satisfiable", headers=headers)
    told = (*told, ("Content-Range", f"bytes {start}-{stop - 1}/{size}"))
    return Answer(206, FilePart(path, start, stop), BYTES, told)
