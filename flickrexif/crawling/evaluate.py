"""Looking at one candidate: its EXIF first, by the route its owner allows, then its image."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flickrexif.corpus.rows import Consent, OpenPhoto, Outcome, Verdict, WaitingImage
from flickrexif.errors import FlickrexifError
from flickrexif.exif.read import read_exif
from flickrexif.exif.record import ExifSource, RawRecord
from flickrexif.flickr.failures import BROKEN_FILES, Failure, RequestFailed, is_refusal

if TYPE_CHECKING:
    from flickrexif.corpus.plan import CrawlPlan, ExifFrom
    from flickrexif.flickr.client import FlickrClient
    from flickrexif.flickr.images import FetchedImage, ImageHost

log = logging.getLogger("flickrexif")

PHOTO_GONE, EXIF_HIDDEN = 1, 2
"""Codes of flickr.photos.getExif."""

ReadExif = Callable[[bytes], RawRecord]


def exif_route(exif_from: ExifFrom, *, consent: Consent | None, has_original: bool) -> ExifSource:
    """Where a photo's EXIF is read: from the original file only after its owner's consent.

    An owner has consented when getExif answered for one of their photos. ``exif_from='file'``
    does not ask.
    """
    if exif_from == "file":
        return "file"
    reads_file = exif_from == "auto" and consent == "given" and has_original
    return "file" if reads_file else "api"


def tells_capture(exif: RawRecord) -> bool:
    """True when a record is worth a photo's place.

    It is when the make is there and at least one of exposure, aperture, ISO and focal length.
    """
    settings = (
        (exif.exposure_text, exif.exposure_num),
        (exif.aperture_text, exif.aperture_num),
        (exif.iso_text, exif.iso),
        (exif.focal_length_text, exif.focal_length_num),
    )
    told = any(text is not None or value is not None for text, value in settings)
    return exif.make is not None and told


def is_final(failure: Failure) -> bool:
    """True when a failure judges the photo: its file is refused, or broken at every attempt.

    Every other failure says nothing of the photo, which is then tried again by the next run. So
    does HTTP 403: it may be meant for whoever asks.
    """
    is_refused = failure.kind == "refused" and not is_refusal(failure)
    return is_refused or failure.text in BROKEN_FILES


@dataclass(slots=True)
class _Finding:
    exif: RawRecord | None = None
    image: FetchedImage | None = None
    consent: Consent | None = None


@dataclass(frozen=True, slots=True)
class Evaluator:
    """Fetches what decides a candidate; a photo that fails is an outcome, never an exception.

    Only what concerns every photo is raised: `AccessError`, and an interruption.
    """

    plan: CrawlPlan
    client: FlickrClient
    host: ImageHost
    read_exif: ReadExif = read_exif

    def of_failed(self) -> Evaluator:
        """The same for photos that an earlier run found failing.

        That they fail again is no sign of an outage, and not waited out.
        """
        client, host = self.client, self.host
        return replace(
            self,
            client=replace(client, retrier=replace(client.retrier, tells_of_host=False)),
            host=replace(host, retrier=replace(host.retrier, tells_of_host=False)),
        )

    async def evaluate(self, photo: OpenPhoto, *, consent: Consent | None) -> Outcome:
        """What becomes of ``photo``, whose owner's ``consent`` is as known so far."""
        finding = _Finding(exif=photo.exif)
        try:
            reason = await self._find(photo, consent, finding)
            verdict: Verdict = "accepted" if reason is None else "rejected"
        except RequestFailed as error:
            verdict, reason = _judge(error.failure)
        except FlickrexifError:
            raise
        except Exception as error:  # noqa: BLE001 - one odd photo must not end the crawl
            log.warning("photo %d: %r", photo.photo_id, error)
            verdict, reason = "failed", f"unexpected_{type(error).__name__}"
        image = finding.image if verdict == "accepted" else None
        return Outcome(
            photo_id=photo.photo_id,
            owner_id=photo.owner_id,
            verdict=verdict,
            reason=reason,
            exif=finding.exif,
            image=None if image is None else _waiting(image),
            consent=finding.consent,
        )

    async def _find(
        self, photo: OpenPhoto, consent: Consent | None, finding: _Finding
    ) -> str | None:
        if finding.exif is None:
            reason = await self._find_exif(photo, consent, finding)
            if reason is not None:
                return reason
        if finding.exif is None or not tells_capture(finding.exif):
            return "no_exif"
        if photo.image_url is not None and finding.image is None:
            finding.image = await self.host.image(photo.image_url, size=self.plan.size)
        return None

    async def _find_exif(
        self, photo: OpenPhoto, consent: Consent | None, finding: _Finding
    ) -> str | None:
        has_original = photo.original_url is not None
        route = exif_route(self.plan.exif_from, consent=consent, has_original=has_original)
        if route == "api" or photo.original_url is None:
            return await self._ask(photo, finding)
        try:
            await self._read(photo.original_url, finding)
        except RequestFailed as error:
            asks = self.plan.exif_from == "auto" and error.failure.kind == "refused"
            if not asks or self.plan.size == "original":  # the image would be refused again
                raise
            return await self._ask(photo, finding)
        return None

    async def _ask(self, photo: OpenPhoto, finding: _Finding) -> str | None:
        try:
            finding.exif = await self.client.exif(photo.photo_id)
        except RequestFailed as error:
            match error.failure.kind, error.failure.code:
                case "api", code if code == PHOTO_GONE:
                    return "gone"
                case "api", code if code == EXIF_HIDDEN:
                    finding.consent = "hidden"
                    return "exif_hidden"
            raise
        finding.consent = "given"
        return None

    async def _read(self, original_url: str, finding: _Finding) -> None:
        if self.plan.size == "original":
            finding.image = await self.host.image(original_url, size="original")
            finding.exif = self.read_exif(finding.image.content)
        else:
            finding.exif = self.read_exif(await self.host.head(original_url))


def _judge(failure: Failure) -> tuple[Verdict, str]:
    if is_final(failure):
        return "rejected", f"image_{failure.cause}"
    return "failed", failure.cause


def _waiting(image: FetchedImage) -> WaitingImage:
    return WaitingImage(image.content, image.sha256, image.width, image.height, image.mime)
