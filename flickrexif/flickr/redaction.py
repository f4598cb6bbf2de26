"""Keeping the API key out of messages and logs."""

from __future__ import annotations

import logging
import re
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

HIDDEN = "[key]"

_KEY_ARGUMENT = re.compile(r"(api_key=)[^&\s'\"]+")

# The loggers that write request addresses, and with them the key (httpx 0.28, httpcore 1).
_TALKATIVE = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy")


def redact(text: str, key: str = "") -> str:
    """``text`` without ``key`` and without the value of any ``api_key=`` argument."""
    text = _KEY_ARGUMENT.sub(rf"\1{HIDDEN}", text)
    return text.replace(key, HIDDEN) if key else text


class RedactKey(logging.Filter):
    """A logging filter for handlers or loggers that takes ``key`` out of every record."""

    def __init__(self, key: str = "") -> None:
        super().__init__()
        self._key = key

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record's message and traceback; never drops a record."""
        record.msg, record.args = redact(record.getMessage(), self._key), ()
        if record.exc_info and record.exc_info[0] is not None:
            lines = traceback.format_exception(*record.exc_info)
            record.exc_text = redact("".join(lines), self._key)
        return True


@contextmanager
def guarded_logs(key: str) -> Iterator[None]:
    """While this is open, the HTTP library's own log lines do not hold ``key``."""
    guard = RedactKey(key)
    loggers = [logging.getLogger(name) for name in ("flickrexif", *_TALKATIVE)]
    for logger in loggers:
        logger.addFilter(guard)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeFilter(guard)
