"""The options that say which Flickr a command asks, how fast, and how long."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields, replace
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from flickrexif.cli.root import process_count
from flickrexif.errors import AccessError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import ExitStack

    from flickrexif.flickr import Connection

_OPTIONS = (
    click.option(
        "--endpoint",
        metavar="URL",
        help="The web service of another Flickr, such as one that flickrexif sandbox serves.",
    ),
    click.option(
        "--sandbox", is_flag=True, help="An embedded Flickr with simulated photos: needs no key."
    ),
    click.option("--anonymous", is_flag=True, help="Sign nothing, also when you are logged in."),
    click.option(
        "--calls-per-hour",
        type=float,
        metavar="N",
        help="To the web service; Flickr allows 3600.  [default: 3200, no limit on this machine]",
    ),
    click.option(
        "--patience-hours",
        type=float,
        metavar="H",
        help="Wait so long for a host that is down.  [default: 24, 0 on this machine]",
    ),
)

_LIMITS = (
    click.option(
        "--max-calls", type=int, metavar="N", help="End after so many API calls, repeated ones too."
    ),
    click.option("--max-hours", type=float, metavar="H", help="End after so many hours."),
)

image_rate_option = click.option(
    "--images-per-second",
    type=float,
    metavar="N",
    help="To the image host, which slows down who asks often.  "
    "[default: 1, no limit on this machine]",
)
"""For commands that fetch images; stands above `flickr_options`."""

WHERE = ("endpoint", "sandbox", "anonymous")
"""The names of the options that say which Flickr."""
RATES = ("calls_per_hour", "images_per_second")
"""The names of the options that say how fast."""
HOW_LONG = ("max_calls", "max_hours", "patience_hours")
"""The names of the options that say how long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedFlickr:
    """What the user said of the Flickr to ask."""

    endpoint: str | None
    sandbox: bool
    anonymous: bool
    calls_per_hour: float | None
    patience_hours: float | None
    images_per_second: float | None = None

    def connect(self, stack: ExitStack) -> Connection:
        """The connection; an embedded Flickr lives as long as ``stack``.

        Raises `AccessError` without the key that this Flickr needs, `UsageError` for words that
        do not fit.
        """
        if self.sandbox and self.endpoint:
            raise UsageError("--sandbox and --endpoint name two Flickrs: give one of them")
        given = {rate: getattr(self, rate) for rate in RATES}
        given["patience_h"] = self.patience_hours
        words = {word: value for word, value in given.items() if value is not None}
        return replace(_embedded(stack) if self.sandbox else self._remote(), **words)

    def _remote(self) -> Connection:
        from flickrexif.doctor import KEY_VARIABLE, SECRET_VARIABLE
        from flickrexif.flickr import Connection
        from flickrexif.flickr.connection import REST_URL
        from flickrexif.flickr.tokens import stored_token

        key = os.environ.get(KEY_VARIABLE, "").strip()
        try:
            connection = Connection.at(self.endpoint or REST_URL, api_key=key)
        except AccessError as error:
            raise AccessError(f"{error}, or try --sandbox without one") from None
        if not key or self.anonymous:
            return connection
        secret = os.environ.get(SECRET_VARIABLE, "")
        return replace(connection, token=stored_token(key, secret, endpoint=connection.rest_url))


def flickr_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command these options; they reach it together, as ``flickr``."""

    @wraps(command)
    def collected(**words: Any) -> None:
        asked = {field.name: words.pop(field.name, None) for field in fields(AskedFlickr)}
        command(flickr=AskedFlickr(**asked), **words)

    return _with(_OPTIONS, collected)


def limit_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that end it early; they reach it together, as ``limits``."""

    @wraps(command)
    def collected(max_calls: int | None, max_hours: float | None, **words: Any) -> None:
        from flickrexif.crawling import Limits

        command(limits=Limits(max_calls, max_hours), **words)

    return _with(_LIMITS, collected)


def _with(
    options: Sequence[Callable[..., Any]], command: Callable[..., None]
) -> Callable[..., None]:
    for option in reversed(options):
        option(command)
    return command


def _embedded(stack: ExitStack) -> Connection:
    from flickrexif.flickr import Connection
    from flickrexif.sandbox import Sandbox

    flickr = stack.enter_context(Sandbox(workers=process_count(None)))
    return Connection.embedded(flickr.rest_url, flickr.image_base)
