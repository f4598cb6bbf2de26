"""What a hydration is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from flickrexif.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

HydrateSize = Literal["as-given", "large", "medium-800", "medium-640", "medium", "small-320"]
"""``as-given`` fetches each address as it stands. The others are the sizes whose addresses follow
from one another, since their files share one secret."""


@dataclass(frozen=True, slots=True)
class HydratePlan:
    """Where images go and which; raises `UsageError` for words that do not fit.

    ``to`` is the corpus to make of a release or a table, and to go on with. ``folder`` gets a copy
    of each image as ``{photo_id}.jpg``. ``retry_failed`` asks again for photos whose image an
    earlier run found gone, moved, refused, broken or changed.
    """

    to: Path | None = None
    folder: Path | None = None
    size: HydrateSize = "as-given"
    retry_failed: bool = False

    def __post_init__(self) -> None:
        if self.size not in get_args(HydrateSize):
            known = ", ".join(get_args(HydrateSize))
            raise UsageError(f"size={self.size!r} is no size to fetch: use one of {known}")
        if self.folder is not None and self.folder.exists() and not self.folder.is_dir():
            raise UsageError(f"{str(self.folder)!r} is a file: name a folder for the images")
