"""The web service: one GET per call, answered in JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import httpx

from flickrexif._version import __version__
from flickrexif.errors import AccessError
from flickrexif.exif.answers import parse_exif_answer
from flickrexif.flickr.failures import ACCESS_CODES, Failure, RequestFailed
from flickrexif.flickr.redaction import redact
from flickrexif.flickr.search import SearchPage, SearchQuery, parse_search

if TYPE_CHECKING:
    from flickrexif.exif.record import RawRecord
    from flickrexif.flickr.connection import Connection
    from flickrexif.flickr.retrying import Retrier
    from flickrexif.ids import PhotoId

T = TypeVar("T")
Body = Mapping[str, object]

USER_AGENT = f"flickrexif/{__version__}"
TIMEOUT = httpx.Timeout(30.0, connect=10.0)


def open_http(connection: Connection) -> httpx.AsyncClient:
    """The HTTP client of a crawl: follows no redirect, and no proxy to this very machine."""
    limits = httpx.Limits(
        max_connections=connection.concurrency + 2,
        max_keepalive_connections=connection.concurrency + 2,
    )
    return httpx.AsyncClient(
        timeout=TIMEOUT,
        limits=limits,
        follow_redirects=False,
        headers={"User-Agent": USER_AGENT},
        trust_env=not connection.is_loopback,
    )


@dataclass(frozen=True, slots=True)
class FlickrClient:
    """Calls methods of the web service, within the retrier's budget.

    Every method raises `AccessError` at once when the key is refused, and `RequestFailed` when the
    call failed for good or as often as it may. No error holds the key.
    """

    connection: Connection
    http: httpx.AsyncClient
    retrier: Retrier

    async def search(self, query: SearchQuery, page: int) -> SearchPage:
        """One page of flickr.photos.search."""
        arguments = query.arguments(page)
        return await self.call("flickr.photos.search", arguments, parse_search, cause="api search")

    async def exif(self, photo_id: PhotoId) -> RawRecord:
        """What flickr.photos.getExif tells of a photo; empty when it has no EXIF.

        Refusals: code 1, the photo is gone; code 2, its owner hides EXIF.
        """

        def parse(body: Body) -> RawRecord:
            return parse_exif_answer(_answer_about(photo_id, body))

        arguments = {"photo_id": str(photo_id)}
        return await self.call("flickr.photos.getExif", arguments, parse, cause="api exif")

    async def call(
        self, method: str, arguments: Mapping[str, str], parse: Callable[[Body], T], *, cause: str
    ) -> T:
        """What ``parse`` makes of the answer; a `RequestFailed` of ``parse`` counts like any."""

        async def attempt() -> T:
            return parse(await self._get(method, arguments))

        try:
            return await self.retrier.run(cause, attempt)
        except RequestFailed as error:
            failure = error.failure
        refused = failure.status in (401, 403) or failure.code in ACCESS_CODES
        if refused and failure.kind in ("api", "status"):
            raise AccessError(
                f"Flickr refused the API key ({failure}): set a valid one in FLICKR_API_KEY"
            )
        raise RequestFailed(failure)

    async def _get(self, method: str, arguments: Mapping[str, str]) -> Body:
        words = {"method": method, "format": "json", "nojsoncallback": "1", **arguments}
        words["api_key"] = self.connection.api_key
        failure = None
        try:
            response = await self.http.get(self.connection.rest_url, params=words)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            failure = Failure("transport", transport_text(error))
        if failure is not None:  # raised here, so that no exception with the address stays in it
            raise RequestFailed(failure)
        return decode_answer(response.status_code, response.content, key=self.connection.api_key)


def transport_text(error: Exception) -> str:
    """A broken connection in words without any address."""
    return f"no answer ({type(error).__name__})"


def decode_answer(status: int, content: bytes, *, key: str = "") -> Body:
    """The JSON object of an answer with stat ok; raises `RequestFailed` for every other."""
    if status != 200:
        raise RequestFailed(Failure("status", "", status=status))
    try:
        body = json.loads(content)
    except ValueError:
        raise RequestFailed(Failure("body", "unparseable")) from None
    if not isinstance(body, Mapping) or body.get("stat") not in ("ok", "fail"):
        raise RequestFailed(Failure("body", "unparseable"))
    if body["stat"] == "fail":
        raise RequestFailed(_api_failure(body, key))
    return body


def _api_failure(body: Body, key: str) -> Failure:
    try:
        code = int(str(body.get("code")))
    except ValueError:
        return Failure("body", "unparseable")
    return Failure("api", redact(str(body.get("message", "")), key), code=code)


def _answer_about(photo_id: PhotoId, body: Body) -> dict[str, object]:
    photo = body.get("photo")
    if not isinstance(photo, Mapping) or str(photo.get("id", photo_id)) != str(photo_id):
        raise RequestFailed(Failure("body", "no_photo"))
    return dict(body)
