"""One request with everything that its handler needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlencode

from flickrexif.errors import UsageError
from flickrexif.sandbox.hub.messages import Answer, Refused, told
from flickrexif.sandbox.hub.store import not_found
from flickrexif.sandbox.hub.tokens import Role, Signer, check_may_write

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flickrexif.sandbox.hub.messages import Received
    from flickrexif.sandbox.hub.repository import Repository
    from flickrexif.sandbox.hub.store import Store

Transfer = Literal["lfs", "multipart", "xet"]
USER = "sandbox"
"""Who owns every token, and the repositories that are named without an organization."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How this Hub goes about it.

    ``part_size`` is in bytes and counts for multipart uploads; ``page_size`` is how many lines a
    list has before it goes on at the address in its ``Link`` header.
    """

    transfer: Transfer = "lfs"
    part_size: int = 5 << 20
    page_size: int = 1000

    def __post_init__(self) -> None:
        """Refuse words and sizes that name nothing."""
        if self.transfer not in {"lfs", "multipart", "xet"}:
            raise UsageError(
                f"a Hub is sent files by 'lfs', 'multipart' or 'xet', not {self.transfer!r}"
            )
        if self.part_size < 1 or self.page_size < 1:
            raise UsageError(
                "parts and pages have a size of at least 1,"
                f" not {self.part_size!r} and {self.page_size!r}"
            )


@dataclass(frozen=True, slots=True)
class Premises:
    """The store, and the addresses it is reached by.

    ``cdn`` is the same server under another name, so that clients meet a redirect to another host.
    """

    store: Store
    signer: Signer
    habits: Habits
    endpoint: str
    cdn: str


@dataclass(frozen=True, slots=True)
class Visit:
    """A request, the words of its path, and what its sender may do."""

    premises: Premises
    received: Received
    words: Mapping[str, str]
    role: Role

    @property
    def store(self) -> Store:
        """Everything that the Hub keeps."""
        return self.premises.store

    @property
    def repository(self) -> Repository:
        """The repository in the path; raises `Refused` when the caller may not know of it."""
        try:
            found = self.store.repository(self.words["repo"])
        except Refused as refusal:
            raise self._hidden() if self.role is Role.STRANGER else refusal from None
        if found.settings["private"] and self.role is Role.STRANGER:
            raise self._hidden()
        return found

    @property
    def revision(self) -> str:
        """The revision in the path, else the main branch."""
        return self.words.get("rev", "main")

    def may_write(self) -> None:
        """Raise `Refused` unless the caller may write."""
        check_may_write(self.role)

    def flag(self, name: str) -> bool:
        """True when the query's argument is set."""
        return self.received.query.get(name, "").lower() in {"1", "true"}

    def signed(self, path: str, *, host: str | None = None) -> str:
        """Return an address on this server that is good without a token."""
        return (host or self.premises.endpoint) + self.premises.signer.signed(path)

    def check_signature(self) -> None:
        """Raise `Refused` unless this very path was signed."""
        received = self.received
        self.premises.signer.check(received.path, received.query, received.headers)

    def page(self, lines: list[dict[str, object]]) -> Answer:
        """Return one page of a list, with the address of the next, if there is one."""
        size = self.premises.habits.page_size
        start = int(self.received.query.get("cursor", "0"))
        if start + size >= len(lines):
            return told(lines[start:])
        query = urlencode({**self.received.query, "cursor": start + size})
        following = f"{self.premises.endpoint}{self.received.path}?{query}"
        link = ("Link", f'<{following}>; rel="next"')
        return told(lines[start : start + size], headers=(link,))

    @staticmethod
    def _hidden() -> Refused:
        missing = not_found()
        return Refused(401, missing.message, code=missing.code)
