"""The options that say which Flickr a command asks, and how fast."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields, replace
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from flickrexif.cli.root import process_count
from flickrexif.errors import AccessError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
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


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedFlickr:
    """What the user said of the Flickr to ask."""

    endpoint: str | None
    sandbox: bool
    anonymous: bool
    calls_per_hour: float | None
    images_per_second: float | None = None

    def connect(self, stack: ExitStack) -> Connection:
        """The connection; an embedded Flickr lives as long as ``stack``.

        Raises `AccessError` without the key that this Flickr needs, `UsageError` for words that
        do not fit.
        """
        if self.sandbox and self.endpoint:
            raise UsageError("--sandbox and --endpoint name two Flickrs: give one of them")
        given = {rate: getattr(self, rate) for rate in RATES}
        rates = {rate: value for rate, value in given.items() if value is not None}
        return replace(_embedded(stack) if self.sandbox else self._remote(), **rates)

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

    for option in reversed(_OPTIONS):
        option(collected)
    return collected


def _embedded(stack: ExitStack) -> Connection:
    from flickrexif.flickr import Connection
    from flickrexif.sandbox import Sandbox

    flickr = stack.enter_context(Sandbox(workers=process_count(None)))
    return Connection.embedded(flickr.rest_url, flickr.image_base)
