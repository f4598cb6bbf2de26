"""Uploads of large files in one piece or in parts: git-lfs's batch protocol as the Hub speaks it.

https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md tells the batch; the Hub's multipart
transfer puts the address of each part into the header of the upload (huggingface_hub, ``lfs.py``).
"""

from __future__ import annotations

import hashlib
import re
import shutil
from typing import TYPE_CHECKING, Any

from flickrexif.sandbox.hub.messages import Answer, Refused, told

if TYPE_CHECKING:
    from pathlib import Path

    from flickrexif.sandbox.hub.visit import Visit

_SHA256 = re.compile(r"[0-9a-f]{64}")


def batch(visit: Visit) -> Answer:
    """Tell for each content where it is to be sent; nowhere, when it is here already."""
    repository, wanted = visit.repository, visit.received.json()
    if wanted.get("operation") != "upload":
        raise Refused(400, "this Hub answers batches of uploads only")
    in_parts = visit.premises.habits.transfer == "multipart"
    transfer = "multipart" if in_parts and "multipart" in wanted.get("transfers", []) else "basic"
    objects = []
    for line in wanted.get("objects", []):
        sha256, size = str(line["oid"]), int(line["size"])
        if not _SHA256.fullmatch(sha256):
            raise Refused(400, f"{sha256!r} is no SHA-256")
        found: dict[str, Any] = {"oid": sha256, "size": size}
        if not visit.store.blobs.has(sha256):
            verify = f"{visit.premises.endpoint}/datasets/{repository.name}.git/info/lfs/verify"
            upload = _parts(visit, sha256, size) if transfer == "multipart" else None
            upload = upload or {"href": visit.signed(f"/lfs/{sha256}")}
            found["actions"] = {"upload": upload, "verify": {"href": verify}}
        objects.append(found)
    return told({"transfer": transfer, "objects": objects})


def put(visit: Visit) -> Answer:
    """Take a content in one piece; 400 when it is not the promised one."""
    visit.check_signature()
    _adopt(visit, _file(visit), visit.words["sha256"])
    return told({})


def put_part(visit: Visit) -> Answer:
    """Take one part; its ``ETag`` is what `complete` wants to hear."""
    visit.check_signature()
    file = _file(visit)
    with file.open("rb") as content:
        etag = hashlib.file_digest(content, "sha256").hexdigest()
    place = _place(visit, visit.words["sha256"])
    place.mkdir(exist_ok=True)
    file.replace(place / f"{visit.words['part']}-{etag}")
    return Answer(200, headers=(("ETag", f'"{etag}"'),))


def complete(visit: Visit) -> Answer:
    """Put the parts together; 400 when one is missing or they are not the promised content."""
    visit.check_signature()
    sha256 = visit.words["sha256"]
    place = _place(visit, sha256)
    if visit.store.blobs.has(sha256):
        return told({})
    parts = sorted(visit.received.json().get("parts", []), key=lambda part: int(part["partNumber"]))
    files = [place / f"{part['partNumber']}-{str(part['etag']).strip(chr(34))}" for part in parts]
    if missing := [file.name for file in files if not file.is_file()]:
        raise Refused(400, f"there is no part {missing[0]!r}: upload it first")
    whole = place / "whole"
    with whole.open("wb") as sink:
        for file in files:
            with file.open("rb") as source:
                shutil.copyfileobj(source, sink)
    _adopt(visit, whole, sha256)
    shutil.rmtree(place, ignore_errors=True)
    return told({})


def verify(visit: Visit) -> Answer:
    """Tell whether a content is here with the size it should have."""
    wanted = visit.received.json()
    blobs, sha256 = visit.store.blobs, str(wanted.get("oid"))
    if not _SHA256.fullmatch(sha256) or not blobs.has(sha256):
        raise Refused(404, f"there is no content {sha256!r}")
    if blobs.size(sha256) != wanted.get("size"):
        raise Refused(400, f"{sha256!r} has {blobs.size(sha256)} bytes, not {wanted.get('size')!r}")
    return told({})


def _parts(visit: Visit, sha256: str, size: int) -> dict[str, Any]:
    part_size = visit.premises.habits.part_size
    header = {"chunk_size": str(part_size)}
    for number in range(1, -(-size // part_size) + 1):
        header[str(number)] = visit.signed(f"/lfs/{sha256}/{number}")
    return {"href": visit.signed(f"/lfs/{sha256}/complete"), "header": header}


def _file(visit: Visit) -> Path:
    if visit.received.file is None:
        raise Refused(400, "contents are PUT")
    return visit.received.file


def _place(visit: Visit, sha256: str) -> Path:
    return visit.store.incoming / sha256


def _adopt(visit: Visit, file: Path, sha256: str) -> None:
    try:
        visit.store.blobs.adopt(file, sha256)
    except ValueError as error:
        raise Refused(400, str(error)) from None
