from __future__ import annotations

import asyncio
import json
import logging
import traceback
from datetime import datetime
from random import Random

import httpx
import pytest

from flickrexif.errors import AccessError
from flickrexif.flickr import Connection
from flickrexif.flickr.budget import TokenBucket
from flickrexif.flickr.client import FlickrClient
from flickrexif.flickr.failures import RequestFailed
from flickrexif.flickr.redaction import guarded_logs
from flickrexif.flickr.retrying import Backoff, Retrier, Tally
from flickrexif.flickr.search import OwnerQuery, SearchQuery

KEY = "0123456789abcdef0123456789abcdef"
MONTH = datetime.fromisoformat("2020-01-01"), datetime.fromisoformat("2020-01-31")
QUERY = SearchQuery(4, *MONTH)
SORRY = b"Sorry, the Flickr API service is not currently available."
EMPTY = {"photos": {"page": 1, "pages": 0, "perpage": 500, "total": 0, "photo": []}, "stat": "ok"}
EXIF = {
    "photo": {
        "id": "7",
        "camera": "Pictor 1",
        "exif": [
            {"tagspace": "IFD0", "tag": "Make", "label": "Make", "raw": {"_content": "Pictor"}}
        ],
    },
    "stat": "ok",
}


class Flickr:
    """Answers from a list, the last one for ever, and keeps what was asked."""

    def __init__(self, *answers) -> None:
        self.answers, self.asked, self.pauses = list(answers), [], []
        self.tally = Tally()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(dict(request.url.params))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx.Response):
            return answer
        return httpx.Response(200, content=json.dumps(answer))

    def ask(self, question):
        async def asking():
            connection = Connection(api_key=KEY)
            transport = httpx.MockTransport(self)
            async with httpx.AsyncClient(transport=transport) as http:
                retrier = Retrier(
                    TokenBucket(float("inf")), self.tally, Backoff(), Random(0), self.sleep
                )
                return await question(FlickrClient(connection, http, retrier))

        return asyncio.run(asking())

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)


def search(client):
    return client.search(QUERY, 1)


def exif(client):
    return client.exif(7)


def failure(code, message):
    return {"stat": "fail", "code": code, "message": message}


def test_a_call_carries_its_method_key_and_format():
    flickr = Flickr(EMPTY)
    assert flickr.ask(search).candidates == ()
    asked = flickr.asked[0]
    assert asked["method"] == "flickr.photos.search"
    assert (asked["format"], asked["nojsoncallback"], asked["api_key"]) == ("json", "1", KEY)


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.Response(429, content=b"<html>429 Too Many Requests</html>"),
        httpx.Response(502, content=b"<html>"),
        httpx.ConnectError("no route"),
        httpx.ReadTimeout("slow"),
        httpx.Response(200, content=b"<html>"),
        httpx.Response(200, content=b'{"stat":"fail","code":201,"message":"%s",}' % SORRY),
        failure(10, "Sorry, search is unavailable"),
        failure("105", "Service currently unavailable"),
        failure(0, SORRY.decode()),
        {"photos": {"page": 1, "pages": 1, "perpage": 500, "total": "30"}, "stat": "ok"},
    ],
)
def test_trouble_that_may_pass_is_waited_out(trouble):
    flickr = Flickr(trouble, trouble, EMPTY)
    assert flickr.ask(search).total == 0
    assert len(flickr.asked) == 3
    assert 0.25 <= flickr.pauses[0] <= 0.75
    assert 0.5 <= flickr.pauses[1] <= 1.5


def test_trouble_that_stays_is_told_after_six_attempts():
    flickr = Flickr(httpx.Response(503))
    with pytest.raises(RequestFailed, match="HTTP 503"):
        flickr.ask(search)
    assert len(flickr.asked) == 6


@pytest.mark.parametrize("code", [98, 99, 100, "100"])
def test_a_refused_key_stops_at_once(code):
    flickr = Flickr(failure(code, f"Invalid API Key ({KEY} has invalid format)"))
    with pytest.raises(AccessError, match="FLICKR_API_KEY") as caught:
        flickr.ask(search)
    assert len(flickr.asked) == 1
    assert KEY not in str(caught.value)


def test_a_forbidden_answer_is_a_matter_of_access():
    flickr = Flickr(httpx.Response(403))
    with pytest.raises(AccessError):
        flickr.ask(search)
    assert len(flickr.asked) == 1


@pytest.mark.parametrize(("code", "text"), [(1, "Photo not found"), (2, "Permission denied")])
def test_a_refused_photo_is_not_asked_for_again(code, text):
    flickr = Flickr(failure(code, text))
    with pytest.raises(RequestFailed) as caught:
        flickr.ask(exif)
    assert (caught.value.failure.code, len(flickr.asked)) == (code, 1)


def test_exif_is_a_record():
    record = Flickr(EXIF).ask(exif)
    assert (record.source, record.make, record.camera) == ("api", "Pictor", "Pictor 1")


def test_exif_of_another_photo_is_not_taken():
    other = {**EXIF, "photo": {**EXIF["photo"], "id": "8"}}
    flickr = Flickr(other, EXIF)
    assert flickr.ask(exif).make == "Pictor"
    assert len(flickr.asked) == 2


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.ConnectError(f"cannot reach ?api_key={KEY}"),
        httpx.Response(302, headers={"Location": f"http://x/?api_key={KEY}"}),
        failure(112, f"Method not found {KEY}"),
    ],
)
def test_no_error_or_log_holds_the_key(trouble, caplog):
    with (
        caplog.at_level(logging.DEBUG),
        guarded_logs(KEY),
        pytest.raises(RequestFailed) as caught,
    ):
        Flickr(trouble).ask(search)
    assert KEY not in "".join(traceback.format_exception(caught.value))
    chained = caught.value
    while chained is not None:
        assert KEY not in repr(chained) + str(vars(chained))
        chained = chained.__context__
    assert KEY not in caplog.text


INFO = {
    "photo": {"id": "7", "license": "4", "owner": {"nsid": "1@N00"}, "visibility": {"ispublic": 1}},
    "stat": "ok",
}


def test_a_photos_page_is_asked_for_and_counted_as_such():
    flickr = Flickr({**INFO, "photo": {**INFO["photo"], "id": "8"}}, INFO)
    assert flickr.ask(lambda client: client.info(7)).license_id == 4
    assert [asked["method"] for asked in flickr.asked] == ["flickr.photos.getInfo"] * 2
    assert flickr.tally.take()["recheck info"] == 2


def test_a_search_of_an_owner_is_counted_as_a_recheck():
    flickr = Flickr(EMPTY)
    flickr.ask(lambda client: client.search(OwnerQuery("1@N00", *MONTH), 1))
    assert flickr.asked[0]["user_id"] == "1@N00"
    assert flickr.tally.take() == {"recheck search": 1}


@pytest.mark.parametrize(
    "page",
    [
        httpx.Response(200, content=b"<!DOCTYPE html><html>Welcome</html>"),
        httpx.Response(404, content=b"<html>"),
        httpx.Response(200, content=b"{}"),
        httpx.Response(200, content=bytes(17 * 2**20)),
    ],
)
def test_an_endpoint_that_is_no_flickr_is_told_apart(page):
    with pytest.raises(RequestFailed) as caught:
        Flickr(page).ask(search)
    assert caught.value.failure.kind == "foreign"
