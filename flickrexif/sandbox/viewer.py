"""Who looks at the photos: a stranger, or the account in whose name a call is signed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flickrexif.sandbox.photos import SandboxOwner, SandboxPhoto

SAFE, RESTRICTED = 0, 2


@dataclass(frozen=True, slots=True)
class Caller:
    """An account, as one application may act for it. ``perms`` is read, write or delete."""

    account: SandboxOwner
    perms: str
    token: str


@dataclass(frozen=True, slots=True)
class Viewer:
    """What a caller sees: a stranger public, safe photos; an account its own private ones too."""

    nsid: str | None = None
    public_only: bool = False
    level: int = SAFE
    """The highest safety level that a search finds."""

    @classmethod
    def of(cls, caller: Caller | None, arguments: Mapping[str, str]) -> Viewer:
        """The viewer of a call; ``privacy_filter`` and ``safe_search`` count only when signed."""
        if caller is None:
            return cls()
        level = {"1": SAFE, "2": SAFE + 1}.get(arguments.get("safe_search", ""), RESTRICTED)
        return cls(caller.account.nsid, arguments.get("privacy_filter") == "1", level)

    def owns(self, photo: SandboxPhoto) -> bool:
        """True for a photo of this very account."""
        return photo.owner.nsid == self.nsid

    def finds(self, photo: SandboxPhoto) -> bool:
        """True for a photo that a search lists, were it not deleted."""
        is_own = photo.visible == "private" and self.owns(photo) and not self.public_only
        return photo.safety_level <= self.level and (photo.visible == "public" or is_own)


STRANGER = Viewer()
