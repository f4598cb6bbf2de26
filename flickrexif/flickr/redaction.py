"""Keeping keys, secrets, tokens and signatures out of messages and logs."""

from __future__ import annotations

import logging
import re
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HIDDEN = "[key]"

# A named value, wherever it stands: in an address (name=value), in a base string (name%3Dvalue%26),
# in a header (name="value"), in a mapping or a pair ('name': 'value'), in oauthlib's Client.
_NAMED = re.compile(
    r"((?:api_key|api_sig|oauth_token_secret|oauth_token|oauth_signature|oauth_consumer_key"
    r"|oauth_verifier|verifier|client_key|client_secret|resource_owner_key|resource_owner_secret)"
    r"(?:=|%3D|%253D)[\"']?"
    r"|(?:api_key|api_sig|oauth_token_secret|oauth_token|oauth_signature|oauth_consumer_key"
    r"|oauth_verifier)[\"']\s*[:,]\s*b?[\"']"
    r"|\bSignature: )"
    r"(?:(?!%26|%2526)[^&\s'\",)>])+"
)

# The loggers that write addresses, headers and tokens (httpx 0.28, httpcore 1, aiohttp 3.14,
# oauthlib 4, requests_oauthlib 2, flickrapi 2.4).
_TALKATIVE = (
    "httpx",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "aiohttp.client",
    "aiohttp.internal",
    "asyncio",
    "oauthlib",
    "oauthlib.oauth1.rfc5849",
    "oauthlib.oauth1.rfc5849.signature",
    "requests_oauthlib.oauth1_auth",
    "urllib3.connectionpool",
    "flickrapi.auth.OAuthFlickrInterface",
    "flickrapi.core",
)


def redact(text: str, *secrets: str) -> str:
    """``text`` without ``secrets`` and without the value of any argument that holds one."""
    text = _NAMED.sub(rf"\1{HIDDEN}", text)
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


class RedactKey(logging.Filter):
    """A logging filter for handlers or loggers that takes ``secrets`` out of every record."""

    def __init__(self, *secrets: str) -> None:
        super().__init__()
        self._secrets = secrets

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record's message and traceback; never drops a record."""
        record.msg, record.args = redact(record.getMessage(), *self._secrets), ()
        if record.exc_info and record.exc_info[0] is not None:
            lines = traceback.format_exception(*record.exc_info)
            record.exc_text = redact("".join(lines), *self._secrets)
        return True


@contextmanager
def guarded_logs(*secrets: str) -> Iterator[None]:
    """While this is open, the HTTP libraries' own log lines do not hold ``secrets``."""
    guard = RedactKey(*secrets)
    loggers = [logging.getLogger(name) for name in ("flickrexif", *_TALKATIVE)]
    for logger in loggers:
        logger.addFilter(guard)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(guard)
