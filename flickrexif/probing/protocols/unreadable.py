"""How many images that cannot be read stop a piece of work."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from flickrexif.errors import UsageError

log = logging.getLogger("flickrexif")

MOST_UNREADABLE = 0.1
"""The share of images, 0..1, where nobody says another."""


def require_share(most_unreadable: float) -> None:
    """Raise `UsageError` for what is no share of images."""
    if not 0 <= most_unreadable <= 1:
        raise UsageError(
            f"most_unreadable {most_unreadable!r} is outside 0..1: give a share of images"
        )


@dataclass(slots=True)
class Unreadable:
    """The images that could not be read, of ``count``, called ``images`` in an error."""

    images: str
    count: int
    most: float
    """The share, 0..1, above which the work stops."""
    reasons: dict[str, str] = field(default_factory=dict)
    """Name → reason."""

    def add(self, name: str, reason: str) -> None:
        """Tell of one more, and leave it out; `UsageError` when these are too many."""
        log.warning("image %r is skipped: %s", name, reason)
        self.reasons[name] = reason
        if len(self.reasons) / self.count > self.most:
            raise UsageError(
                f"more than {100 * self.most:g}% of the {self.images} cannot be read (the last was "
                f"{name!r}: {reason}): mend or remove them, or raise most_unreadable"
            )
