"""``withdrawn.json`` beside a dataset's files: the versions that nobody should use any more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flickrexif.errors import FlickrexifError

if TYPE_CHECKING:
    from flickrexif.publishing.shelf import Shelf

LEDGER = "withdrawn.json"


def withdrawn_versions(shelf: Shelf, head: str | None) -> dict[str, str]:
    """Version → why it was withdrawn; raises `FlickrexifError` for a file that does not tell it."""
    content = None if head is None else shelf.read(head, LEDGER)
    if content is None:
        return {}
    try:
        told = json.loads(content)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise FlickrexifError(
            f"{LEDGER} in main of {shelf.name!r} is damaged, and nothing tells which versions are "
            "withdrawn: mend it there, one object of version and reason"
        )
    return {str(version): str(reason) for version, reason in told.items()}


def ledger_text(withdrawn: dict[str, str]) -> str:
    """The ledger as it stands in the file."""
    return json.dumps(dict(sorted(withdrawn.items())), indent=1, ensure_ascii=False) + "\n"
