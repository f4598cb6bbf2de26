"""Where a Flickr is reached, with which key, and how fast it may be asked."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flickrexif.errors import AccessError, UsageError

if TYPE_CHECKING:
    from flickrexif.flickr.signing import Token

REST_URL = "https://api.flickr.com/services/rest/"
IMAGE_BASE = "https://live.staticflickr.com"
PAGE_BASE = "https://www.flickr.com"

CALLS_PER_HOUR_LIMIT = 3_600
"""Flickr's published limit per key and hour (developer guide)."""
USUAL_PATIENCE_S = 24 * 3600.0
"""A bad day of Flickr's is waited out, or a night without a network."""

_FLICKR_IMAGE_HOST = re.compile(r"([a-z0-9-]+\.)?staticflickr\.com")
FLICKR_HOSTS = ("api.flickr.com", "www.flickr.com")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
NO_KEY = "0" * 32
"""What stands for a key where none is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One Flickr: the real one by default, or one that answers like it.

    Image addresses are stored under ``image_origin`` and fetched from ``image_base``, so that a
    corpus does not depend on the port of an embedded Flickr. ``name`` is what a corpus records as
    its endpoint. Raises `AccessError` without a key, `UsageError` for rates that do not fit.
    """

    api_key: str = field(repr=False)
    rest_url: str = REST_URL
    image_base: str = IMAGE_BASE
    image_origin: str = ""
    page_base: str = PAGE_BASE
    calls_per_hour: float = 3_200
    images_per_second: float = 1.0
    concurrency: int = 3
    """Requests under way to each of the two hosts."""
    name: str = ""
    retry_base_s: float = 0.5
    """The first pause before a retry; each further one doubles."""
    patience_h: float | None = None
    """So many hours a host that is down is waited for; None: a day, but not on this machine."""
    token: Token | None = field(default=None, repr=False)
    """Who is logged in, if calls are to be signed."""

    def __post_init__(self) -> None:
        if not self.api_key.strip():
            raise AccessError("no Flickr API key: set one in FLICKR_API_KEY")
        self._refuse_bad_rates()
        object.__setattr__(self, "image_base", self.image_base.rstrip("/"))
        origin = self.image_origin or self.image_base
        object.__setattr__(self, "image_origin", origin.rstrip("/"))
        object.__setattr__(self, "page_base", self.page_base.rstrip("/"))
        object.__setattr__(self, "name", self.name or self.rest_url)

    def _refuse_bad_rates(self) -> None:
        for word in ("calls_per_hour", "images_per_second", "concurrency"):
            rate = getattr(self, word)
            if math.isnan(rate) or rate <= 0:
                raise UsageError(f"{word}={rate!r} is not above 0: give a positive number")
        if self.patience_h is not None and not self.patience_h >= 0:
            raise UsageError(f"patience_h={self.patience_h!r} is below 0: give hours, or 0")
        if self.is_flickr and self.calls_per_hour > CALLS_PER_HOUR_LIMIT:
            raise UsageError(
                f"calls_per_hour={self.calls_per_hour!r} is above Flickr's limit: "
                f"give at most {CALLS_PER_HOUR_LIMIT}"
            )

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no log line and no error may hold."""
        return (self.api_key, *(self.token.secrets if self.token else ()))

    @property
    def burst_of_calls(self) -> float:
        """How many saved-up calls may be sent at once: a minute's, within the limit of an hour."""
        spare = CALLS_PER_HOUR_LIMIT - self.calls_per_hour
        saved_up = self.calls_per_hour / 60
        return max(1.0, min(saved_up, spare) if self.is_flickr else saved_up)

    @property
    def jobs(self) -> int:
        """How many photos or searches are under way at once.

        With rates twice as many as requests to a host: while some wait for the web service, others
        keep the image host busy, also on a day when answers take seconds.
        """
        has_rates = math.isfinite(self.calls_per_hour) or math.isfinite(self.images_per_second)
        return 2 * self.concurrency if has_rates else self.concurrency

    @property
    def is_flickr(self) -> bool:
        """True for Flickr's own web service."""
        return urlsplit(self.rest_url).hostname in FLICKR_HOSTS

    @property
    def is_loopback(self) -> bool:
        """True when the Flickr runs on this machine."""
        return urlsplit(self.rest_url).hostname in _LOOPBACK

    @property
    def patience_s(self) -> float:
        """`patience_h` in seconds."""
        if self.patience_h is None:
            return 0.0 if self.is_loopback else USUAL_PATIENCE_S
        return 3600 * self.patience_h

    def stored_url(self, url: str) -> str | None:
        """``url`` as a corpus stores it; None for a host that is not this Flickr's image host."""
        for base in (self.image_base, self.image_origin):
            if url.startswith(f"{base}/"):
                return f"{self.image_origin}{url[len(base) :]}"
        if self.image_base != IMAGE_BASE:
            return None
        parts = urlsplit(url)
        known = parts.scheme in ("http", "https") and _FLICKR_IMAGE_HOST.fullmatch(parts.netloc)
        return url if known else None

    def fetch_url(self, stored: str) -> str:
        """The inverse of `stored_url`: where the bytes of a stored address are fetched."""
        if stored.startswith(f"{self.image_origin}/"):
            return f"{self.image_base}{stored[len(self.image_origin) :]}"
        return stored

    @classmethod
    def embedded(cls, rest_url: str, image_base: str, *, seed: int = 0) -> Connection:
        """A connection to an embedded Flickr on this machine: no rates, a key that is none."""
        return cls(
            api_key=NO_KEY,
            rest_url=rest_url,
            image_base=image_base,
            image_origin="https://live.flickr.test",
            page_base="https://www.flickr.test",
            calls_per_hour=math.inf,
            images_per_second=math.inf,
            concurrency=8,
            name=f"sandbox:seed={seed}",
            retry_base_s=0.02,
        )

    @classmethod
    def at(cls, endpoint_url: str, *, api_key: str = "") -> Connection:
        """A connection to the web service at an address; its image host is of the same origin.

        An address without a path gets Flickr's own. At Flickr's own addresses it is Flickr, image
        host and all. On this machine no key is needed and no rate is kept. Raises `UsageError` for
        what is no http or https address.
        """
        origin, rest_url, host = _endpoint(endpoint_url)
        if host in FLICKR_HOSTS:
            return cls(api_key=api_key, rest_url=rest_url)
        is_here = host in _LOOPBACK
        return cls(
            api_key=api_key.strip() or (NO_KEY if is_here else ""),
            rest_url=rest_url,
            image_base=origin,
            page_base=origin,
            calls_per_hour=math.inf if is_here else 3_200,
            images_per_second=math.inf if is_here else 1.0,
            concurrency=8 if is_here else 3,
            retry_base_s=0.02 if is_here else 0.5,
        )


def _endpoint(url: str) -> tuple[str, str, str]:
    """Origin, whole address and host of an endpoint."""
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    is_bare = not (parts.query or parts.fragment or parts.username or parts.password)
    is_web = parts.scheme in ("http", "https") and re.fullmatch(r"[\w.:-]+", host)
    if not (is_web and is_bare):
        shown = url.partition("?")[0].rpartition("@")[2]  # a key may stand in the rest
        raise UsageError(
            f"endpoint {shown!r} is no address of a web service: give one such as {REST_URL}"
        )
    netloc = re.sub(r"^localhost\b", "127.0.0.1", parts.netloc.lower())
    origin = f"{parts.scheme}://{netloc}"
    path = parts.path if parts.path.strip("/") else urlsplit(REST_URL).path
    return origin, f"{origin}{path}", host
