"""Xet without its storage service: clients write to and read from a folder of this machine.

hf_xet takes ``local://`` and a folder's path for the address of a storage service, as xet-core's
own tests do. The commit that follows tells only a SHA-256; the shards in the folder tell the rest.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from flickrexif.sandbox.hub.messages import Answer, Refused, told
from flickrexif.sandbox.hub.shards import Run, XetFile, files_in
from flickrexif.sandbox.hub.xorbs import chunks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from flickrexif.sandbox.hub.store import Store
    from flickrexif.sandbox.hub.visit import Visit

LIFETIME_S = 3600
"""How long a token for the storage is good; clients renew it a minute earlier."""


def write_token(visit: Visit) -> Answer:
    """Let a writer into the folder."""
    visit.repository.resolve(visit.revision)
    return _token(visit)


def read_token(visit: Visit) -> Answer:
    """Let a reader into the folder."""
    visit.repository.resolve(visit.revision)
    return _token(visit)


def fetched(store: Store, sha256: str) -> str | None:
    """Return the Xet hash of a content, and keep the content among the others.

    None when no Xet client wrote it. Raises `Refused` (400) when its chunks are not what the
    digest says.
    """
    try:
        found = _find(store, sha256)
        if found is not None and not store.blobs.has(sha256):
            _rebuild(store, found)
    except (FileNotFoundError, ValueError) as error:
        raise Refused(400, f"the Xet content of {sha256!r} is not whole: {error}") from None
    return found.hash if found else None


def _rebuild(store: Store, file: XetFile) -> None:
    part = store.incoming / f"xet-{file.sha256}-{threading.get_ident()}"
    try:
        with part.open("wb") as sink:
            sink.writelines(_content(store, file))
        store.blobs.adopt(part, file.sha256)
    finally:
        part.unlink(missing_ok=True)


def _find(store: Store, sha256: str) -> XetFile | None:
    for shard in sorted(store.xet.rglob("shards/*.mdb")):
        for file in files_in(shard):
            if file.sha256 == sha256:
                return file
    return None


def _content(store: Store, file: XetFile) -> Iterator[bytes]:
    for run in file.runs:
        yield from chunks(_xorb(store, run), run.first, run.stop)


def _xorb(store: Store, run: Run) -> Path:
    found = next(store.xet.rglob(f"xorbs/default.{run.xorb}"), None)
    if found is None:
        raise FileNotFoundError(f"there is no xorb {run.xorb}")
    return found


def _token(visit: Visit) -> Answer:
    address = f"local://{visit.store.xet.resolve()}"
    ends_at = int(time.time()) + LIFETIME_S
    token = "sandbox"  # noqa: S105 - the folder asks for none
    headers = (
        ("X-Xet-Cas-Url", address),
        ("X-Xet-Access-Token", token),
        ("X-Xet-Token-Expiration", str(ends_at)),
    )
    return told({"casUrl": address, "exp": ends_at, "accessToken": token}, headers=headers)
