"""Which address leads where. The name of a route is the kind that its requests are counted by."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote

from flickrexif.sandbox.hub import files, lfs, reading, writing, xet
from flickrexif.sandbox.hub.messages import Answer, Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from flickrexif.sandbox.hub.visit import Visit

OTHER = "other"
"""The kind of requests that no route takes."""
_WORDS = {
    "{repo}": r"(?P<repo>[^/]+/[^/]+?)",
    "{rev}": r"(?P<rev>[^/]+)",
    "{path}": r"(?P<path>.+)",
    "{sha256}": r"(?P<sha256>[0-9a-f]{64})",
    "{part}": r"(?P<part>[0-9]+)",
}


@dataclass(frozen=True, slots=True)
class Route:
    """One kind of request. ``needs`` is what its sender must be allowed; a signature is another."""

    kind: str
    verb: str
    pattern: re.Pattern[str]
    handler: Callable[[Visit], Answer]
    needs: Literal["read", "write", "signature"]


def match(verb: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """Return the route of a request with the words of its path, decoded."""
    for route in ROUTES:
        found = route.pattern.fullmatch(path) if route.verb == verb else None
        if found:
            words = {name: unquote(word) for name, word in found.groupdict("").items()}
            return route, {name: word for name, word in words.items() if word}
    return None


def lost(path: str) -> Refused:
    """Return the answer for an address that leads nowhere."""
    of_repository = path.startswith(
        ("/api/datasets/", "/api/models/", "/api/spaces/", "/datasets/")
    )
    message = "Repository not found" if of_repository else "Sorry, we can't find the page."
    return Refused(404, message, code="RepoNotFound" if of_repository else None)


def _route(
    kind: str,
    verb: str,
    path: str,
    handler: Callable[[Visit], Answer],
    needs: Literal["read", "write", "signature"] = "read",
) -> Route:
    for word, pattern in _WORDS.items():
        path = path.replace(word, pattern)
    return Route(kind, verb, re.compile(path), handler, needs)


_API = "/api/datasets/{repo}"
_LFS = r"/datasets/{repo}\.git/info/lfs"
_FILE = "/datasets/{repo}/resolve/{rev}/{path}"
ROUTES = (
    _route("whoami", "GET", "/api/whoami-v2", reading.who_am_i),
    _route("create-repo", "POST", "/api/repos/create", writing.create_repo, "write"),
    _route("delete-repo", "DELETE", "/api/repos/delete", writing.delete_repo, "write"),
    _route("validate-yaml", "POST", "/api/validate-yaml", writing.validate_card),
    _route("info", "GET", f"{_API}(/revision/{{rev}})?", reading.info),
    _route("auth-check", "GET", f"{_API}/auth-check(?P<write>/write)?", reading.may_read),
    _route("refs", "GET", f"{_API}/refs", reading.refs),
    _route("commits", "GET", f"{_API}/commits/{{rev}}", reading.commits),
    _route("tree", "GET", f"{_API}/tree/{{rev}}(/{{path}})?", reading.tree),
    _route("paths-info", "POST", f"{_API}/paths-info/{{rev}}", reading.paths_info),
    _route("settings", "PUT", f"{_API}/settings", writing.change_settings, "write"),
    _route("preupload", "POST", f"{_API}/preupload/{{rev}}", writing.preupload, "write"),
    _route("commit", "POST", f"{_API}/commit/{{rev}}", writing.commit, "write"),
    _route("tag", "POST", f"{_API}/tag/{{rev}}", writing.add_tag, "write"),
    _route("untag", "DELETE", f"{_API}/tag/{{rev}}", writing.remove_tag, "write"),
    _route("branch", "POST", f"{_API}/branch/{{rev}}", writing.add_branch, "write"),
    _route("unbranch", "DELETE", f"{_API}/branch/{{rev}}", writing.remove_branch, "write"),
    _route("lfs-batch", "POST", f"{_LFS}/objects/batch", lfs.batch, "write"),
    _route("lfs-verify", "POST", f"{_LFS}/verify", lfs.verify, "write"),
    _route("lfs-put", "PUT", "/lfs/{sha256}", lfs.put, "signature"),
    _route("lfs-part", "PUT", "/lfs/{sha256}/{part}", lfs.put_part, "signature"),
    _route("lfs-complete", "POST", "/lfs/{sha256}/complete", lfs.complete, "signature"),
    _route("xet-write-token", "GET", f"{_API}/xet-write-token/{{rev}}", xet.write_token, "write"),
    _route("xet-read-token", "GET", f"{_API}/xet-read-token/{{rev}}", xet.read_token),
    _route("resolve-head", "HEAD", _FILE, files.resolve),
    _route("resolve", "GET", _FILE, files.resolve),
    _route("cdn-head", "HEAD", "/cdn/{sha256}", files.stored, "signature"),
    _route("cdn", "GET", "/cdn/{sha256}", files.stored, "signature"),
)
KINDS = frozenset(route.kind for route in ROUTES) | {OTHER}
"""Every kind of request that is counted, and that a fault can be asked for."""
