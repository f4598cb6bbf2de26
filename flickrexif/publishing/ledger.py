"""``withdrawn.json`` beside a dataset's files: the versions that nobody should use any more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flickrexif.publishing.shelf import Shelf

LEDGER = "withdrawn.json"


def withdrawn_versions(shelf: Shelf, head: str | None) -> dict[str, str]:
    """Version → why it was withdrawn."""
    content = None if head is None else shelf.read(head, LEDGER)
    if content is None:
        return {}
    told = json.loads(content)
    return {str(version): str(reason) for version, reason in told.items()}


def ledger_text(withdrawn: dict[str, str]) -> str:
    """The ledger as it stands in the file."""
    return json.dumps(dict(sorted(withdrawn.items())), indent=1, ensure_ascii=False) + "\n"
