"""One photo's image, or why there is none."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flickrexif.corpus.hydration import FOR_NOW, NO_ADDRESS
from flickrexif.corpus.rows import WaitingImage
from flickrexif.crawling.evaluate import is_final
from flickrexif.errors import FlickrexifError
from flickrexif.flickr.failures import REDIRECTED, Failure, RequestFailed, is_refusal
from flickrexif.hydrating.addresses import address_of

if TYPE_CHECKING:
    from flickrexif.corpus.hydration import LackingPhoto
    from flickrexif.flickr.images import FetchedImage, ImageHost
    from flickrexif.hydrating.addresses import Address
    from flickrexif.hydrating.plan import HydrateSize

log = logging.getLogger("flickrexif")

CHANGED = "changed: sha256"
"""Another file came than the one that was told of."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """``image``, or the ``lack`` of it: a kind, then the cause as in ``gone: http_404``."""

    image: WaitingImage | None = None
    lack: str | None = None


def lack_of(failure: Failure, *, is_derived: bool = False) -> str:
    """Why there is no image: its kind and cause.

    Kinds: ``gone`` (HTTP 404 or 410), ``no_size`` (the same, of an address that nobody told),
    ``moved`` (a redirect to Flickr's placeholder, or the placeholder itself), ``refused`` (HTTP 403
    or another refusal), ``broken`` (no whole JPEG at any attempt), and ``failed``, which says
    nothing of the photo: it is tried again.
    """
    if is_refusal(failure):
        return f"refused: {failure.cause}"
    if not is_final(failure):
        return f"{FOR_NOW}{failure.cause}"
    match failure.text:
        case "gone":
            return f"{'no_size' if is_derived else 'gone'}: http_{failure.status}"
        case text if text == REDIRECTED:
            return f"moved: http_{failure.status}"
        case "placeholder":
            return "moved: placeholder"
    is_file = failure.kind == "body" or failure.text == "too_large"
    return f"{'broken' if is_file else 'refused'}: {failure.cause}"


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches from ``host``; a photo that fails is told, never an exception."""

    host: ImageHost
    size: HydrateSize

    async def fetch(self, photo: LackingPhoto) -> Fetched:
        """The image of ``photo``, at one request when all is well."""
        address = address_of(
            photo.photo_id, photo.image_url, size=self.size, connection=self.host.connection
        )
        if address is None:
            return Fetched(lack=NO_ADDRESS)
        host = self.host if photo.lack is None else _unheard(self.host)
        try:
            return _checked(await host.image(address.url, size=address.size), photo, address)
        except RequestFailed as error:
            return Fetched(lack=lack_of(error.failure, is_derived=address.is_derived))
        except FlickrexifError:
            raise
        except Exception as error:  # noqa: BLE001 - one odd photo must not end the run
            log.warning("photo %d: %r", photo.photo_id, error)
            return Fetched(lack=f"{FOR_NOW}unexpected_{type(error).__name__}")


def _checked(image: FetchedImage, photo: LackingPhoto, address: Address) -> Fetched:
    is_told = photo.sha256 is not None and not address.is_derived
    if is_told and image.sha256 != photo.sha256:
        return Fetched(lack=CHANGED)
    return Fetched(WaitingImage(image.content, image.sha256, image.width, image.height, image.mime))


def _unheard(host: ImageHost) -> ImageHost:
    """The same for a photo that failed before: that it fails again is no sign of an outage."""
    return replace(host, retrier=replace(host.retrier, tells_of_host=False))
