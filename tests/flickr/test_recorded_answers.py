"""Every recorded answer is parsed, or refused for the reason that stands in its name or below."""

from __future__ import annotations

import asyncio
import io
import json
import re
import xml.etree.ElementTree as ET
from random import Random

import pytest
from PIL import Image
from raw_server import RawServer, kept

from flickrexif.exif.answers import parse_exif_answer, parse_exif_xml
from flickrexif.flickr import Connection, license_of
from flickrexif.flickr.answers import decode_answer
from flickrexif.flickr.budget import TokenBucket
from flickrexif.flickr.client import FlickrClient
from flickrexif.flickr.failures import RequestFailed
from flickrexif.flickr.images import ImageHost
from flickrexif.flickr.info import parse_info
from flickrexif.flickr.retrying import Backoff, Retrier, Tally
from flickrexif.flickr.search import parse_search
from flickrexif.flickr.transport import open_http

NO_ANSWERS = {"README.md", "manifest.json"}

PARSERS = {
    "flickr.photos.search": parse_search,
    "flickr.people.getPublicPhotos": parse_search,
    "flickr.photos.getRecent": parse_search,
    "flickr.galleries.getPhotos": parse_search,
    "flickr.photos.getInfo": parse_info,
    "flickr.photos.getExif": parse_exif_answer,
}
"""By method; of the others it is enough that they are decoded."""

REASONS = {
    "api__typical_response_headers_2025.json": "no_stat",
    "cdn__live.staticflickr.com_headers_2024-2025.json": "no_stat",
    "flickr.people.getPublicPhotos__ffpa_undated_error.xml": "http_500",
    "flickr.urls.lookupUser__ffpa_undated_error.xml": "http_500",
    "http429__api_and_cdn_body.html": "http_429",
    "oauth__frie_20120530_oauth_consumer_key_unknown.txt": "code_100",
    "oauth__frie_20120530_oauth_signature_invalid.txt": "code_96",
    "oauth__frie_20120530_oauth_token_rejected.txt": "code_98",
    "flickr.photos.search__ccc_2020_total_but_no_photo_key.json": "no_photo_list",
    "flickr.photos.getExif__docs_example_4424.xml": "no_stat",  # a part of an answer
    "flickr.photos.getExif__web2020_fragment_canon_t5i.json": "no_stat",  # another part
}
"""Why an answer is refused, where its name does not hold Flickr's code."""


@pytest.fixture(scope="module")
def recorded(oracle):
    """(name, HTTP status, body) of each answer."""
    folder = oracle / "flickr"
    told = json.loads((folder / "manifest.json").read_text())
    statuses = {one["file"]: one.get("http_status") or 200 for one in told}
    paths = sorted(path for path in folder.iterdir() if path.name not in NO_ANSWERS)
    return [(path.name, statuses[path.name], path.read_bytes()) for path in paths]


def outcome_of(name, status, body):
    try:
        PARSERS.get(name.split("__")[0], dict)(decode_answer(status, body))
    except RequestFailed as error:
        return error.failure.cause
    return "parsed"


def expected_of(name):
    code = re.search(r"_err(\d+)(_v\d)?\.", name)
    return REASONS.get(name) or (f"code_{code[1]}" if code else "parsed")


def test_every_recorded_answer_is_parsed_or_refused_for_its_reason(recorded):
    assert len(recorded) >= 137
    assert {name for name, _, _ in recorded} >= set(REASONS)
    outcomes = {name: outcome_of(name, status, body) for name, status, body in recorded}
    assert outcomes == {name: expected_of(name) for name in outcomes}


def answers_of(recorded, *methods):
    found = [
        (name, body)
        for name, _, body in recorded
        if name.split("__")[0] in methods and expected_of(name) == "parsed"
    ]
    assert found
    return found


def raw_rows(name, body):
    if name.endswith(".xml"):
        return [dict(row.attrib) for row in ET.fromstring(body).iter("photo")]
    return json.loads(body)["photos"]["photo"]


def test_searches_are_read_whole_in_either_format(recorded):
    for name, body in answers_of(recorded, "flickr.photos.search", "flickr.galleries.getPhotos"):
        page, rows = parse_search(decode_answer(200, body)), raw_rows(name, body)
        dated = [row for row in rows if "dateupload" in row]
        assert [c.photo_id for c in page.candidates] == [int(row["id"]) for row in dated]
        assert [c.image_url for c in page.candidates] == [row.get("url_l") for row in dated]
        assert [c.license_id for c in page.candidates] == [
            int(row["license"]) if "license" in row else None for row in dated
        ]
        assert page.malformed == len(rows) - len(dated)


def test_exif_is_the_same_by_either_reader(recorded):
    for name, body in answers_of(recorded, "flickr.photos.getExif"):
        if name.endswith(".xml"):
            assert parse_exif_answer(decode_answer(200, body)) == parse_exif_xml(body)


def test_photo_pages_are_read_in_either_format(recorded):
    told = {}
    for name, body in answers_of(recorded, "flickr.photos.getInfo"):
        told[name] = info = parse_info(decode_answer(200, body))
        assert str(info.photo_id) in name
        assert info.is_public
        assert info.license_id is not None
        assert info.owner_id.count("@N") == 1
    assert {info.safety_level for info in told.values()} == {0, None}
    assert {info.license_id for info in told.values()} == {0, 3, 7, 10}
    assert {info.taken_granularity for info in told.values()} == {0, 8}
    assert sum(not info.is_taken_known for info in told.values()) == 1


def test_the_license_table_knows_every_recorded_license(recorded):
    listed = answers_of(recorded, "flickr.photos.licenses.getInfo")
    for _, body in listed:
        for told in decode_answer(200, body)["licenses"]["license"]:
            known = license_of(int(told["id"]))
            if "creativecommons.org" in known.url:
                assert told["url"].split("://")[1] == known.url.split("://")[1]
            elif not re.fullmatch("All Rights Reserved|No known .*|United States .*", known.name):
                assert told["name"] == known.name
    assert {len(decode_answer(200, body)["licenses"]["license"]) for _, body in listed} == {
        9,
        11,
        17,
    }


def as_sent(headers, body):
    """The recorded headers with a body of our own, in chunks where they say so."""
    told = {name.lower(): values for name, values in headers.items()}
    if "transfer-encoding" in told:
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
    else:
        told["content-length"] = [str(len(body))]
    lines = "".join(f"{name}: {value}\r\n" for name, values in told.items() for value in values)
    return lines.encode() + b"\r\n" + body


def with_recorded_headers(path, index, body, question):
    """What our client makes of an answer that comes with the recorded status and headers."""
    recorded = json.loads(path.read_text())
    told = (recorded if isinstance(recorded, list) else [recorded])[index]
    head = b"HTTP/1.1 %d Told\r\n" % told["status"]

    async def asking(url):
        connection = Connection.at(url)
        async with open_http(connection) as http:
            bucket, backoff = TokenBucket(float("inf")), Backoff(base_s=0.0)
            retrier = Retrier(bucket, Tally(), backoff, Random(0), asyncio.sleep)
            return await question(connection, http, retrier)

    with RawServer([kept(head + as_sent(told["headers"], body))]) as server:
        return asyncio.run(asking(server.url)), server


def small_jpeg():
    file = io.BytesIO()
    Image.new("L", (80, 53), 100).save(file, "JPEG")
    return file.getvalue()


def image(connection, http, retrier):
    host = ImageHost(connection, http, retrier)
    return host.image(f"{connection.image_base}/1_2_c.jpg", size="medium-800")


def test_the_recorded_headers_of_an_image_carry_an_image(oracle):
    path = oracle / "flickr" / "cdn__live.staticflickr.com_headers_2024-2025.json"
    fetched, server = with_recorded_headers(path, 0, small_jpeg(), image)
    assert (fetched.content, fetched.width) == (small_jpeg(), 80)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("index", "body", "reason"), [(1, b"\0\0\0\x18ftypmp42", "not_jpeg"), (2, b"", "gone")]
)
def test_the_recorded_headers_of_other_files_are_refused(oracle, index, body, reason):
    path = oracle / "flickr" / "cdn__live.staticflickr.com_headers_2024-2025.json"
    with pytest.raises(RequestFailed, match=reason):
        with_recorded_headers(path, index, body, image)


def test_the_recorded_headers_of_the_web_service_carry_an_answer(oracle):
    """They hold a length beside the chunks, which one of the two HTTP libraries refuses."""
    path = oracle / "flickr" / "api__typical_response_headers_2025.json"
    xml = b'<rsp stat="ok"><photo id="7"><exif tagspace="IFD0" tag="Make"><raw>Pictor</raw></exif>'

    async def exif(connection, http, retrier):
        return await FlickrClient(connection, http, retrier).exif(7)

    record, server = with_recorded_headers(path, 0, xml + b"</photo></rsp>", exif)
    assert record.make == "Pictor"
    assert len(server.asked) == 2
