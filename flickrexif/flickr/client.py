"""The web service: one GET per call, answered in JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from flickrexif.exif.answers import parse_exif_answer
from flickrexif.flickr.answers import Body, decode_answer
from flickrexif.flickr.failures import ACCESS_CODES, Failure, RequestFailed
from flickrexif.flickr.fetch import fetch
from flickrexif.flickr.info import PhotoInfo, parse_info
from flickrexif.flickr.search import (
    LARGE,
    Addresses,
    OwnerQuery,
    SearchPage,
    SearchQuery,
    parse_search,
)
from flickrexif.flickr.signing import refusal, signed

if TYPE_CHECKING:
    import httpx

    from flickrexif.exif.record import RawRecord
    from flickrexif.flickr.connection import Connection
    from flickrexif.flickr.retrying import Retrier
    from flickrexif.ids import PhotoId

T = TypeVar("T")

LONGEST_ANSWER = 16 * 1024 * 1024
"""A page of 500 photos takes about one."""


@dataclass(frozen=True, slots=True)
class FlickrClient:
    """Calls methods of the web service, within the retrier's budget.

    Every method raises `AccessError` at once when the key is refused, and `RequestFailed` when the
    call failed for good or as often as it may. No error holds the key.
    """

    connection: Connection
    http: httpx.AsyncClient
    retrier: Retrier
    addresses: Addresses = LARGE

    async def search(self, query: SearchQuery | OwnerQuery, page: int) -> SearchPage:
        """One page of flickr.photos.search; its candidates tell of the files in `addresses`."""

        def parse(body: Body) -> SearchPage:
            return parse_search(body, self.addresses)

        arguments = query.arguments(page, self.addresses)
        is_vital = isinstance(query, SearchQuery)  # a crawl ends without what it lists
        return await self.call(
            "flickr.photos.search", arguments, parse, cause=query.cause, is_vital=is_vital
        )

    async def exif(self, photo_id: PhotoId) -> RawRecord:
        """What flickr.photos.getExif tells of a photo; empty when it has no EXIF.

        Refusals: code 1, the photo is gone; code 2, its owner hides EXIF.
        """

        def parse(body: Body) -> RawRecord:
            return parse_exif_answer(_answer_about(photo_id, body))

        arguments = {"photo_id": str(photo_id)}
        return await self.call("flickr.photos.getExif", arguments, parse, cause="api exif")

    async def info(self, photo_id: PhotoId) -> PhotoInfo:
        """What flickr.photos.getInfo tells of a photo.

        Refusals: code 1, the photo is gone or not visible; code 2, it is private (until 2024).
        """

        def parse(body: Body) -> PhotoInfo:
            return parse_info(_answer_about(photo_id, body))

        arguments = {"photo_id": str(photo_id)}
        return await self.call("flickr.photos.getInfo", arguments, parse, cause="recheck info")

    async def call(
        self,
        method: str,
        arguments: Mapping[str, str],
        parse: Callable[[Body], T],
        *,
        cause: str,
        is_vital: bool = False,
    ) -> T:
        """What ``parse`` makes of the answer; a `RequestFailed` of ``parse`` counts like any."""

        async def attempt() -> T:
            return parse(await self._get(method, arguments))

        try:
            return await self.retrier.run(cause, attempt, is_vital=is_vital)
        except RequestFailed as error:
            failure = error.failure
        refused = failure.status in (401, 403) or failure.code in ACCESS_CODES
        if refused and failure.kind in ("api", "status"):
            is_signed = self.connection.token is not None
            raise refusal(failure, is_signed=is_signed, else_do=", or crawl with --anonymous")
        raise RequestFailed(failure)

    async def _get(self, method: str, arguments: Mapping[str, str]) -> Body:
        words = {"method": method, "format": "json", "nojsoncallback": "1", **arguments}
        words["api_key"] = self.connection.api_key
        words, signature = signed(words, self.connection)
        answer = await fetch(
            self.http,
            self.connection.rest_url,
            reach=lambda _: LONGEST_ANSWER,
            params=words,
            auth=signature,
        )
        if answer.is_cut and answer.status == 200:
            raise RequestFailed(Failure("foreign", "too_large"))
        return decode_answer(answer.status, answer.content, key=self.connection.api_key)


def _answer_about(photo_id: PhotoId, body: Body) -> dict[str, object]:
    photo = body.get("photo")
    if not isinstance(photo, Mapping) or str(photo.get("id", photo_id)) != str(photo_id):
        raise RequestFailed(Failure("body", "no_photo"))
    return dict(body)
