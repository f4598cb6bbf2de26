"""Where a login is kept: in flickrapi's own token store, so that both know of the same one.

flickrapi 2.4 keeps OAuth tokens in ``~/.flickr/oauth-tokens.sqlite``, a row for each API key and
"lookup key"; the folder is an argument of its `OAuthTokenCache`, nothing else moves it. The row
with no lookup key is the login to flickr.com, as flickrapi itself reads it; a login elsewhere has
the address where it was done for its lookup key, so that neither is ever used for the other.
"""

from __future__ import annotations

import sqlite3
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flickrapi.exceptions import CacheDatabaseError
from flickrapi.tokencache import OAuthTokenCache

from flickrexif.errors import UsageError
from flickrexif.flickr.connection import FLICKR_HOSTS, NO_KEY, REST_URL, Connection
from flickrexif.flickr.signing import Token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flickrapi.auth import FlickrAccessToken

OAUTH_URL = "https://www.flickr.com/services/oauth"
FOLDER = Path("~/.flickr")
_FILE = "oauth-tokens.sqlite"

_DAMAGED = (OSError, sqlite3.Error, CacheDatabaseError, AssertionError, ValueError)


class _Cache(OAuthTokenCache):  # type: ignore[misc] # flickrapi has no types
    def __init__(self, api_key: str, lookup_key: str, folder: Path) -> None:
        # flickrapi's own is one for all stores of the process, whatever their folder.
        self.RAM_CACHE: dict[tuple[str, str], FlickrAccessToken] = {}
        super().__init__(api_key, lookup_key, path=str(folder))


@dataclass(frozen=True, slots=True)
class TokenStore:
    """The login of one API key at one address. ``folder`` is flickrapi's unless it is given.

    Every method raises `UsageError` for a file that cannot be read or written.
    """

    api_key: str = field(repr=False)
    oauth_url: str = OAUTH_URL
    folder: Path | None = None

    @property
    def path(self) -> Path:
        """The file; it may hold logins of other keys too."""
        return (self.folder or FOLDER).expanduser() / _FILE

    def read(self) -> FlickrAccessToken | None:
        """flickrapi's token, or None; makes no file."""
        with self._told():
            return self._cache().token if self.path.exists() else None

    def write(self, token: FlickrAccessToken) -> None:
        """Keep ``token`` in place of the one before; nobody but the user can read the file."""
        with self._told():
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.touch(mode=0o600)
            self.path.chmod(0o600)
            self._cache().token = token

    def forget(self) -> bool:
        """Take the token out; False when there was none."""
        if self.read() is None:
            return False
        with self._told():
            self._cache().forget()
        return True

    def _cache(self) -> _Cache:
        lookup_key = "" if self.oauth_url == OAUTH_URL else self.oauth_url
        return _Cache(self.api_key, lookup_key, self.path.parent)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            with warnings.catch_warnings():  # flickrapi leaves its connections to the collector
                warnings.simplefilter("ignore", ResourceWarning)
                yield
        except _DAMAGED as error:
            reason = type(error).__name__ if isinstance(error, AssertionError) else str(error)
        else:
            return
        raise UsageError(
            f"the token file {str(self.path)!r} cannot be used ({reason}): mend it, or move it away"
            " and run flickrexif login again"
        )


def oauth_url(endpoint: str) -> str:
    """Where one logs in for the web service at ``endpoint``; raises as `Connection.at` does."""
    parts = urlsplit(Connection.at(endpoint, api_key=NO_KEY).rest_url)
    if parts.hostname in FLICKR_HOSTS:
        return OAUTH_URL
    return f"{parts.scheme}://{parts.netloc}{urlsplit(OAUTH_URL).path}"


def stored_token(
    api_key: str, api_secret: str, *, endpoint: str = REST_URL, folder: Path | None = None
) -> Token | None:
    """What calls with this key to ``endpoint`` are signed with; None without secret or login.

    Raises `UsageError` for a token file that cannot be read.
    """
    if not api_secret.strip():
        return None
    kept = TokenStore(api_key.strip(), oauth_url(endpoint), folder).read()
    if kept is None:
        return None
    return Token(
        key=kept.token,
        secret=kept.token_secret,
        api_secret=api_secret.strip(),
        username=kept.username,
        nsid=kept.user_nsid,
    )
