"""Who may do what: access tokens, and addresses that are good for one thing."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from flickrexif.sandbox.hub.ledger import SIGNATURE
from flickrexif.sandbox.hub.messages import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping


class Role(StrEnum):
    """What a caller may do."""

    STRANGER = "stranger"
    READER = "read"
    WRITER = "write"


@dataclass(slots=True)
class Tokens:
    """The access tokens that are good; where ``write`` is None, everybody may do everything."""

    write: str | None = None
    read: str | None = None
    _expired: set[str] = field(default_factory=set, repr=False)

    def role(self, authorization: str | None) -> Role:
        """Return what the sender of this header may do; raises `Refused` (401) for a bad token."""
        if self.write is None and not self._expired:
            return Role.WRITER
        if authorization is None:
            return Role.STRANGER
        token = authorization.removeprefix("Bearer ").strip()
        if token == self.write:
            return Role.WRITER
        if token == self.read:
            return Role.READER
        raise Refused(401, "Invalid credentials in Authorization header")

    def expire(self) -> None:
        """Let the write token be good no more."""
        self._expired.add(self.write or "")
        self.write = None

    def renew(self, token: str) -> None:
        """Let ``token`` be the write token from now on."""
        self.write = token


def check_may_write(role: Role) -> None:
    """Raise `Refused` unless the caller may write: 401 for a stranger, 403 for a reader."""
    if role is Role.STRANGER:
        raise Refused(401, "Invalid username or password.")
    if role is Role.READER:
        raise Refused(403, "Forbidden: you must use a write token to upload to a repository.")


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs paths, as the Hub's storage does: such an address needs no token, and takes none."""

    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def signed(self, path: str) -> str:
        """Return ``path`` with its signature."""
        return f"{path}?{SIGNATURE}={self._signature(path)}"

    def check(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> None:
        """Raise `Refused`: 403 for a wrong signature, 400 when a token comes along.

        Storage behind the Hub answers 400 to an access token in the header of a signed request,
        and a client that sends one there has given its token away.
        """
        if not hmac.compare_digest(query.get(SIGNATURE, ""), self._signature(path)):
            raise Refused(403, "the signature of this address is wrong or too old")
        if "authorization" in headers:
            raise Refused(400, "Only one auth mechanism allowed")

    def _signature(self, path: str) -> str:
        return hmac.new(self.secret, path.encode(), hashlib.sha256).hexdigest()
