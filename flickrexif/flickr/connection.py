"""Where a Flickr is reached, with which key, and how fast it may be asked."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from flickrexif.errors import AccessError, UsageError

REST_URL = "https://api.flickr.com/services/rest/"
IMAGE_BASE = "https://live.staticflickr.com"
PAGE_BASE = "https://www.flickr.com"

CALLS_PER_HOUR_LIMIT = 3_600
"""Flickr's published limit per key and hour (developer guide)."""

_FLICKR_IMAGE_HOST = re.compile(r"([a-z0-9-]+\.)?staticflickr\.com")


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
    name: str = ""
    retry_base_s: float = 0.5
    """The first pause before a retry; each further one doubles."""

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
        over = self.calls_per_hour > CALLS_PER_HOUR_LIMIT
        if over and urlsplit(self.rest_url).hostname in ("api.flickr.com", "www.flickr.com"):
            raise UsageError(
                f"calls_per_hour={self.calls_per_hour!r} is above Flickr's limit: "
                f"give at most {CALLS_PER_HOUR_LIMIT}"
            )

    @property
    def is_loopback(self) -> bool:
        """True when the Flickr runs on this machine."""
        return urlsplit(self.rest_url).hostname in ("127.0.0.1", "localhost", "::1")

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
            api_key="0" * 32,
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
