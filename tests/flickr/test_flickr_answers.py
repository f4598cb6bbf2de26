from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flickrexif.exif.answers import parse_exif_answer
from flickrexif.flickr.answers import decode_answer
from flickrexif.flickr.failures import RequestFailed, is_transient
from flickrexif.flickr.search import parse_search

KEY = "0123456789abcdef0123456789abcdef"
EMPTY = {"photos": {"page": 1, "pages": 0, "perpage": 500, "total": 0, "photo": []}, "stat": "ok"}
SORRY = "Sorry, the Flickr API service is not currently available."


def failure_of(content, status=200):
    with pytest.raises(RequestFailed) as caught:
        decode_answer(status, content, key=KEY)
    return caught.value.failure


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(EMPTY),
        "\ufeff" + json.dumps(EMPTY),
        f"jsonFlickrApi({json.dumps(EMPTY)})",
        f"\n my.callback$_1({json.dumps(EMPTY, indent=2)}) ;\n",
        json.dumps(EMPTY)[:-1] + ", }",
        json.dumps(EMPTY).replace("[]", "[ ,]"),
    ],
)
def test_json_is_read_in_any_dress(content):
    assert decode_answer(200, content.encode()) == EMPTY


def test_a_comma_inside_a_text_is_left_alone():
    content = b'{"stat": "ok", "title": {"_content": "a \\", } b,]"}, }'
    assert decode_answer(200, content)["title"] == {"_content": 'a ", } b,]'}


XML = '<?xml version="1.0" encoding="utf-8" ?>\n'


def test_xml_is_read_as_what_it_is_in_json():
    content = (
        '<rsp stat="ok"><photos page="1" pages="1" perpage="500" total="1">'
        '<photo id="7" owner="1@N00" dateupload="9" license="4">'
        "<description>x &amp; y</description></photo></photos></rsp>"
    )
    body = decode_answer(200, (XML + content).encode())
    (row,) = body["photos"]["photo"]
    assert row["description"] == {"_content": "x & y"}
    assert parse_search(body).candidates[0].license_id == 4


def test_a_list_without_photos_is_empty_only_when_it_should_be():
    numbers = '<rsp stat="ok"><photos page="1" pages="{0}" perpage="500" total="{0}"/></rsp>'
    assert parse_search(decode_answer(200, numbers.format(0).encode())).candidates == ()
    with pytest.raises(RequestFailed, match="no_photo_list"):
        parse_search(decode_answer(200, numbers.format(30).encode()))


def test_one_tag_of_exif_is_a_list_too():
    tag = '<exif tagspace="IFD0" tag="Make"><raw>A</raw></exif>'
    content = f'<rsp stat="ok"><photo id="7">{tag}</photo></rsp>'
    assert parse_exif_answer(decode_answer(200, content.encode())).make == "A"


@pytest.mark.parametrize(
    "content",
    [
        f'<rsp stat="fail"><err code="201" msg="{SORRY}" /></rsp>',
        f'{{ "stat": "fail", "code": 201, "message": "{SORRY}", }}',
        f'jsonFlickrApi({{"stat": "fail", "code": "201", "message": "{SORRY}"}})',
    ],
)
def test_a_refusal_is_told_alike_in_every_format(content):
    failure = failure_of(content.encode())
    assert (failure.kind, failure.code, failure.text) == ("api", 201, SORRY)
    assert is_transient(failure)


def test_no_message_holds_the_key():
    content = json.dumps({"stat": "fail", "code": 100, "message": f"Invalid API Key ({KEY})"})
    assert KEY not in failure_of(content.encode()).text


@pytest.mark.parametrize(
    ("status", "content", "cause"),
    [
        (401, b"oauth_problem=token_rejected\n", "code_98"),
        (400, b"oauth_problem=signature_invalid&debug_sbs=GET&http%3A%2F%2F", "code_96"),
        (401, b"<html>", "http_401"),
        (403, b"", "http_403"),
        (429, b"<html>", "http_429"),
        (500, b"<error>BOOM!</error>", "http_500"),
        (503, b'{"stat": "ok"}', "http_503"),
    ],
)
def test_an_http_status_of_flickrs_is_told_before_its_body(status, content, cause):
    assert failure_of(content, status).cause == cause


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b" \n",
        b'{"photos": {"page": 1, "photo": [{"id": "7"',
        b"jsonFlickrApi({",
        b'<?xml version="1.0" encoding="utf-8" ?>\n<rsp stat="ok"><photos>',
        b'<?xml version="1.0" encoding="nonsense" ?><rsp stat="ok"/>',
        b'{"stat": "fail", "message": "no code"}',
        b'{"a": ' + b"[" * 100_000,
        b'{"stat": "ok", "n": ' + b"9" * 5000 + b"}",
    ],
)
def test_an_answer_that_was_not_finished_is_asked_for_again(content):
    failure = failure_of(content)
    assert failure.kind == "body"
    assert is_transient(failure)


@pytest.mark.parametrize(
    ("status", "content", "cause"),
    [
        (200, b"<!DOCTYPE html><html><body>Welcome</body></html>", "html"),
        (200, b"<html><p>Please wait", "html"),
        (200, b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>', "html"),
        (200, b'<?xml version="1.0"?><feed><entry/></feed>', "no_stat"),
        (200, b"It works!", "no_answer"),
        (200, b"\x89PNG\r\n\x1a\n", "no_answer"),
        (200, b"[]", "no_stat"),
        (200, b"null", "no_stat"),
        (200, b'{"error": "unknown route"}', "no_stat"),
        (200, b'{"stat": ["ok"]}', "no_stat"),
        (404, b'{"detail": "Not Found"}', "http_404"),
        (405, b"", "http_405"),
        (302, b"", "http_302"),
        (204, b"", "http_204"),
    ],
)
def test_what_is_no_flickr_is_told_apart(status, content, cause):
    failure = failure_of(content, status)
    assert (failure.kind, failure.cause) == ("foreign", cause)
    assert is_transient(failure) == (status == 200)
    assert cause in str(failure)


@given(st.binary(max_size=300), st.sampled_from([b"", b"{", b'<rsp stat="ok">', b"a("]))
def test_no_bytes_break_the_decoder(noise, start):
    with suppress(RequestFailed):
        assert decode_answer(200, start + noise)["stat"] == "ok"
