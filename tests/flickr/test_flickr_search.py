from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flickrexif.flickr.failures import RequestFailed, is_transient
from flickrexif.flickr.fields import parse_taken
from flickrexif.flickr.search import Addresses, OwnerQuery, SearchQuery, parse_search
from flickrexif.flickr.sizes import SIZES

ROW = {
    "id": "53000000001",
    "owner": "12345678@N00",
    "secret": "00ff00ff00",
    "server": "65535",
    "ownername": "  an owner ",
    "pathalias": None,
    "license": "4",
    "dateupload": "1580000000",
    "datetaken": "2020-01-02 03:04:05",
    "datetakengranularity": 0,
    "datetakenunknown": "0",
    "media": "photo",
    "originalformat": "jpg",
    "o_width": "4000",
    "o_height": 3000,
    "url_l": "https://live.staticflickr.com/65535/53000000001_00ff00ff00_b.jpg",
}


def body(*rows, **numbers):
    told = {"page": 1, "pages": 1, "perpage": 500, "total": len(rows), **numbers}
    return {"photos": {**told, "photo": list(rows)}, "stat": "ok"}


def as_text(value):
    return str(value) if isinstance(value, int) else value


def test_a_row_becomes_a_candidate():
    (candidate,) = parse_search(body(ROW)).candidates
    assert candidate.photo_id == 53000000001
    assert candidate.owner_name == "an owner"
    assert candidate.path_alias is None
    assert candidate.taken_at == datetime.fromisoformat("2020-01-02 03:04:05")
    assert candidate.is_taken_known
    assert (candidate.original_width, candidate.original_height) == (4000, 3000)
    assert candidate.original_url is None


@given(st.data())
def test_numbers_may_come_as_text_in_any_mixture(data):
    def mixed(value):
        numeric = isinstance(value, int) or (isinstance(value, str) and value.isdigit())
        return data.draw(st.sampled_from([int(value), str(value)])) if numeric else value

    row = {name: mixed(value) for name, value in ROW.items()}
    numbers = {name: mixed(n) for name, n in [("page", 2), ("pages", 3), ("total", 999)]}
    assert parse_search(body(row, **numbers)) == parse_search(body(ROW, page=2, pages=3, total=999))


@pytest.mark.parametrize(
    "answer",
    [
        {"stat": "ok"},
        {"photos": {"page": 1, "pages": 1, "perpage": 500, "total": "30"}, "stat": "ok"},
        {"photos": {"page": 1, "photo": []}, "stat": "ok"},
        {"photos": [], "stat": "ok"},
    ],
)
def test_an_answer_without_its_list_is_asked_for_again(answer):
    with pytest.raises(RequestFailed) as caught:
        parse_search(answer)
    assert is_transient(caught.value.failure)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "not a number"},
        {"id": True},
        {"id": "0"},
        {"id": 2**63},
        {"owner": ""},
        {"owner": None},
        {"dateupload": None},
        {"dateupload": "1580000000.5"},
        {"datetakengranularity": "some"},
    ],
)
def test_a_row_that_cannot_be_read_is_left_out_alone(change):
    page = parse_search(body({**ROW, **change}, ROW))
    assert (len(page.candidates), page.malformed) == (1, 1)


@pytest.mark.parametrize("unknown", [1, "1", "maybe", None])
def test_a_taken_date_is_known_only_when_flickr_says_so(unknown):
    (candidate,) = parse_search(body({**ROW, "datetakenunknown": unknown})).candidates
    assert not candidate.is_taken_known


@given(st.one_of(st.text(), st.none(), st.integers()))
def test_taken_dates_are_dates_or_nothing(value):
    taken = parse_taken(value)
    assert taken is None or taken.tzinfo is None


def test_dates_that_do_not_exist_are_nothing():
    assert parse_taken("0000-00-00 00:00:00") is None
    assert parse_taken("2021-02-29 00:00:00") is None


def test_a_query_asks_for_one_license_oldest_first_and_safe():
    query = SearchQuery(
        4, datetime.fromisoformat("2020-01-01"), datetime.fromisoformat("2020-01-31 23:59:59")
    )
    arguments = query.arguments(3)
    assert arguments["license"] == "4"
    assert arguments["min_taken_date"] == "2020-01-01 00:00:00"
    assert arguments["max_taken_date"] == "2020-01-31 23:59:59"
    assert arguments["sort"] == "date-taken-asc"
    assert (arguments["safe_search"], arguments["media"]) == ("1", "photos")
    assert (arguments["per_page"], arguments["page"]) == ("500", "3")


def test_an_owner_is_asked_for_without_any_license():
    query = OwnerQuery(
        "1@N00", datetime.fromisoformat("2020-01-01"), datetime.fromisoformat("2020-12-31 23:59:59")
    )
    arguments = query.arguments(2)
    assert arguments["user_id"] == "1@N00"
    assert "license" not in arguments
    assert "content_types" not in arguments
    assert arguments["max_taken_date"] == "2020-12-31 23:59:59"
    assert (arguments["page"], arguments["safe_search"]) == ("2", "1")
    assert not any(extra.startswith("url_") for extra in arguments["extras"].split(","))


@pytest.mark.parametrize(
    ("size", "url"), [("large", "b"), ("medium", "m"), ("original", "o"), ("none", None)]
)
def test_a_candidate_has_the_file_of_the_size_that_was_asked_for(size, url):
    files = {"url_l": "b", "url_m": "m", "url_o": "o", "url_c": "c"}
    page = parse_search(body({**ROW, **files}), Addresses(SIZES[size]))
    assert page.candidates[0].image_url == url
    assert page.candidates[0].original_url == "o"
