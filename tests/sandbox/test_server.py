from __future__ import annotations

import io
import json
import math
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx
import pytest
from flat_renderer import FlatRenderer
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from flickrexif.errors import UsageError
from flickrexif.sandbox import Catalogue, Quirks, Sandbox
from flickrexif.sandbox.answers import LICENSES, Loose, to_json, to_xml
from flickrexif.sandbox.dice import source
from flickrexif.sandbox.sizes import offered

KEY = "0123456789abcdef0123456789abcdef"
YEAR = {"min_taken_date": "2020-01-01 00:00:00", "max_taken_date": "2020-12-31 23:59:59"}
EVERY_EXTRA = (
    "description,license,date_upload,date_taken,owner_name,icon_server,original_format,"
    "last_update,geo,tags,machine_tags,o_dims,views,media,path_alias,url_sq,url_t,url_s,url_q,"
    "url_m,url_n,url_z,url_c,url_l,url_o"
)


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue(seed=3, photos=4000, owners=60)


def opened(catalogue: Catalogue, quirks: Quirks | None = None, **options) -> Sandbox:
    options = {"renderer": FlatRenderer(), "workers": 0} | options
    return Sandbox(catalogue=catalogue, quirks=quirks, **options)


@pytest.fixture(scope="module")
def plain(catalogue):
    """A sandbox without quirks."""
    with opened(catalogue, Quirks.none()) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def quirky(catalogue):
    """A sandbox with the default quirks."""
    with opened(catalogue) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def http():
    with httpx.Client(timeout=20) as client:
        yield client


@pytest.fixture
def ask(http):
    def ask(sandbox: Sandbox, method: str, **arguments) -> dict:
        words = {"api_key": KEY, "format": "json", "nojsoncallback": 1}
        response = http.get(
            sandbox.rest_url, params=words | arguments | {"method": f"flickr.{method}"}
        )
        assert response.status_code == 200
        return response.json()

    return ask


def ids(answer: dict) -> list[int]:
    return [int(photo["id"]) for photo in answer["photos"]["photo"]]


def listed(photos) -> list[int]:
    return [photo.id for photo in photos if photo.visible == "public"]


def naive(moment: str) -> datetime:
    return datetime.fromisoformat(moment)


def year_of(catalogue: Catalogue, **more):
    first, last = naive("2020-01-01"), naive("2020-12-31T23:59:59")
    return catalogue.search(taken_from=first, taken_to=last, **more)


def first_of(catalogue: Catalogue, wanted):
    return next(photo for photo in catalogue if wanted(photo))


# --- search -------------------------------------------------------------------------------------


def test_every_photo_of_a_window_is_listed_in_the_order_asked(plain, catalogue, ask):
    for sort in ("date-posted-asc", "date-posted-desc", "date-taken-asc", "date-taken-desc"):
        wanted = listed(year_of(catalogue, sort=sort))
        assert len(wanted) > 300
        got = []
        for page in range(1, math.ceil(len(wanted) / 150) + 1):
            answer = ask(plain, "photos.search", **YEAR, sort=sort, per_page=150, page=page)
            assert answer["photos"]["page"] == page
            assert answer["photos"]["total"] == len(wanted)
            assert answer["photos"]["pages"] == math.ceil(len(wanted) / 150)
            got += ids(answer)
        assert got == wanted


def test_both_ends_of_a_taken_window_are_inside_it(plain, catalogue, ask):
    photo = first_of(catalogue, lambda photo: photo.visible == "public")
    moment = {"min_taken_date": str(photo.taken), "max_taken_date": str(photo.taken)}
    assert photo.id in ids(ask(plain, "photos.search", **moment))
    second = timedelta(seconds=1)
    earlier = {"max_taken_date": str(photo.taken - second), "min_taken_date": "2000-01-01"}
    later = {"min_taken_date": str(photo.taken + second)}
    for others in (earlier, later):
        answer = ask(plain, "photos.search", **others, user_id=photo.owner.nsid, per_page=500)
        assert photo.id not in ids(answer)


def test_dates_are_understood_as_unix_seconds_too(plain, catalogue, ask):
    first, last = 1577836800, 1577836800 + 366 * 86_400 - 1
    answer = ask(plain, "photos.search", min_taken_date=first, max_taken_date=last)
    assert answer["photos"]["total"] == len(listed(year_of(catalogue)))


def test_licence_and_owner_narrow_the_search(plain, catalogue, ask):
    photos = [photo for photo in year_of(catalogue) if photo.visible == "public"]
    for license_id in (0, 4, 5):
        answer = ask(plain, "photos.search", **YEAR, license=license_id, extras="license")
        assert answer["photos"]["total"] == sum(photo.license == license_id for photo in photos)
        assert {photo["license"] for photo in answer["photos"]["photo"]} == {license_id}
    both = ask(plain, "photos.search", **YEAR, license="4,5")["photos"]["total"]
    assert both == sum(photo.license in {4, 5} for photo in photos)
    owner = photos[0].owner
    answer = ask(plain, "photos.search", **YEAR, user_id=owner.nsid, per_page=500)
    assert {photo["owner"] for photo in answer["photos"]["photo"]} == {owner.nsid}


@pytest.mark.parametrize(
    ("more", "size"),
    [({}, 100), ({"per_page": 7}, 7), ({"per_page": 9000}, 500), ({"bbox": "0,0,1,1"}, 100)],
)
def test_the_size_of_a_page_is_a_hundred_and_at_most_five(plain, ask, more, size):
    assert ask(plain, "photos.search", **YEAR, **more)["photos"]["perpage"] == size


def test_a_search_by_place_shows_at_most_250_a_page(plain, ask):
    answer = ask(plain, "photos.search", bbox="0,0,1,1", per_page=500)
    assert answer["photos"]["perpage"] == 250


def test_nothing_found_is_an_empty_list_of_no_pages(quirky, ask, http):
    window = {"min_taken_date": "1901-01-01", "max_taken_date": "1901-01-02"}
    answer = ask(quirky, "photos.search", **window, page=3)["photos"]
    assert (answer["page"], int(answer["pages"]), int(answer["total"])) == (1, 0, 0)
    assert answer["photo"] == []


def test_kinds_of_content_that_the_sandbox_has_not_are_not_found(plain, ask):
    none = {"media": "videos"}, {"content_types": "1"}, {"has_geo": 1}, {"license": "any"}
    for other in none:
        assert ask(plain, "photos.search", **YEAR, **other)["photos"]["total"] == 0
    told = ask(plain, "photos.search", **YEAR, media="photos", content_types="0", safe_search=1)
    assert told["photos"]["total"] > 0


def test_extras_are_told_only_when_asked(plain, ask):
    bare = ask(plain, "photos.search", **YEAR, per_page=20)["photos"]["photo"]
    always = {
        "id", "owner", "secret", "server", "farm", "title", "ispublic", "isfriend", "isfamily",
    }  # fmt: skip
    assert all(set(photo) == always for photo in bare)
    asked = ask(plain, "photos.search", **YEAR, per_page=20, extras="date_taken,o_dims,url_l")
    more = {"datetaken", "datetakengranularity", "datetakenunknown", "o_width", "o_height"}
    files = {"url_l", "height_l", "width_l"}
    for photo in asked["photos"]["photo"]:
        assert set(photo) in (always | more, always | more | files)


def test_a_row_tells_what_the_catalogue_holds(plain, catalogue, ask):
    answer = ask(plain, "photos.search", **YEAR, extras=EVERY_EXTRA, per_page=200)
    for row in answer["photos"]["photo"]:
        photo = catalogue.photo(int(row["id"]))
        assert row["title"] == photo.title
        assert row["datetaken"] == photo.taken.strftime("%Y-%m-%d %H:%M:%S")
        assert row["datetakenunknown"] == str(int(photo.taken_unknown))
        assert row["datetakengranularity"] == photo.taken_granularity
        assert row["dateupload"] == str(photo.uploaded)
        assert (row["o_width"], row["o_height"]) == (photo.width, photo.height)
        assert row["ownername"] == photo.owner.username
        assert row["license"] == photo.license
        assert row["url_o"].endswith(f"/{photo.server}/{photo.id}_{photo.original_secret}_o.jpg")


# --- quirks of search ---------------------------------------------------------------------------


def test_past_the_cap_earlier_results_come_again(catalogue, ask):
    with opened(catalogue, result_cap=40) as sandbox:
        pages = [
            ask(sandbox, "photos.search", **YEAR, per_page=15, page=page) for page in range(1, 6)
        ]
    assert [answer["photos"]["page"] for answer in pages] == [1, 2, 3, 4, 5]
    assert len({photo for answer in pages for photo in ids(answer)}) <= 40
    assert ids(pages[3]) == ids(pages[4]) == ids(pages[2])


def test_without_repeats_an_offset_past_the_cap_is_refused(catalogue, ask):
    with opened(catalogue, Quirks.none(), result_cap=40) as sandbox:
        assert ask(sandbox, "photos.search", **YEAR, per_page=20, page=2)["stat"] == "ok"
        assert ask(sandbox, "photos.search", **YEAR, per_page=20, page=3)["code"] == 20


def test_a_page_past_the_end_is_answered_by_the_last_and_says_so(quirky, plain, catalogue, ask):
    last = math.ceil(len(year_of(catalogue)) / 100)
    words = YEAR | {"sort": "date-posted-asc"}
    end = ask(quirky, "photos.search", **words, page=last)
    beyond = ask(quirky, "photos.search", **words, page=last + 7)
    assert (end["photos"]["page"], beyond["photos"]["page"]) == (last, last)
    assert ids(beyond) == ids(end)
    honest = ask(plain, "photos.search", **words, page=last + 7)
    assert (honest["photos"]["page"], ids(honest)) == (last + 7, [])


def test_the_page_ceiling_clamps_even_repeats(catalogue, ask):
    with opened(catalogue, Quirks(page_ceiling=9), result_cap=40) as sandbox:
        answer = ask(sandbox, "photos.search", **YEAR, per_page=10, page=20_000)
    assert answer["photos"]["page"] == 9


def test_short_pages_lose_no_photo(catalogue, ask):
    with opened(catalogue, Quirks(stale_rows=0)) as sandbox:
        pages = math.ceil(len(year_of(catalogue)) / 25)
        got = []
        for page in range(1, pages + 1):
            answer = ask(sandbox, "photos.search", **YEAR, per_page=25, page=page)
            if "photo" not in answer["photos"]:
                answer = ask(sandbox, "photos.search", **YEAR, per_page=25, page=page)
            got.append(ids(answer))
    assert [photo for page in got for photo in page] == listed(year_of(catalogue))
    assert any(len(page) < 25 for page in got[:-1])


def test_the_search_still_lists_some_deleted_photos(catalogue, ask):
    deleted = {photo.id for photo in year_of(catalogue) if photo.visible == "deleted"}
    private = {photo.id for photo in year_of(catalogue) if photo.visible == "private"}
    assert deleted
    assert private
    shown = set()
    with opened(catalogue, Quirks(stale_rows=0.5, missing_list=0)) as sandbox:
        for page in range(1, 10):
            shown |= set(ids(ask(sandbox, "photos.search", **YEAR, per_page=500, page=page)))
    assert 0 < len(shown & deleted) < len(deleted)
    assert not shown & private


def test_the_total_is_unstable_and_pages_follow_from_it(catalogue, ask):
    with opened(catalogue, Quirks(understated_total=False)) as sandbox:
        answers = [ask(sandbox, "photos.search", **YEAR)["photos"] for _ in range(12)]
    true = len(year_of(catalogue))
    totals = {int(answer["total"]) for answer in answers}
    assert len(totals) > 3
    assert all(0.04 < abs(total / true - 1) < 0.11 for total in totals)
    assert min(totals) < true < max(totals)
    for answer in answers:
        assert int(answer["pages"]) == math.ceil(int(answer["total"]) / int(answer["perpage"]))


def test_the_total_of_a_wide_window_is_understated(catalogue, ask):
    with opened(catalogue, Quirks(unstable_total=False)) as sandbox:
        wide = ask(sandbox, "photos.search", **YEAR)["photos"]
        day = {"min_taken_date": "2020-03-01", "max_taken_date": "2020-03-04 23:59:59"}
        narrow = ask(sandbox, "photos.search", **day)["photos"]
    assert int(wide["total"]) < len(year_of(catalogue)) / 4
    start, end = naive("2020-03-01"), naive("2020-03-04T23:59:59")
    assert int(narrow["total"]) == len(catalogue.search(taken_from=start, taken_to=end))


def test_numbers_are_sent_as_numbers_or_strings_inside_one_list(quirky, plain, ask):
    words = YEAR | {"extras": EVERY_EXTRA, "per_page": 200}
    rows = ask(quirky, "photos.search", **words)["photos"]["photo"]
    for name in ("license", "views", "datetakengranularity", "width_m", "o_width"):
        assert {type(row[name]) for row in rows if name in row} == {int, str}, name
    assert {type(row["dateupload"]) for row in rows} == {str}
    rows = ask(plain, "photos.search", **words)["photos"]["photo"]
    assert {type(row["license"]) for row in rows} == {int}


def test_an_answer_without_its_list_has_it_when_asked_again(catalogue, ask):
    with opened(catalogue, Quirks(missing_list=1)) as sandbox:
        first, again = (ask(sandbox, "photos.search", **YEAR) for _ in range(2))
    assert first["stat"] == "ok"
    assert "photo" not in first["photos"]
    assert int(first["photos"]["total"]) > 0
    assert ids(again)


def test_few_answers_lack_their_list(quirky, ask):
    answers = [
        ask(quirky, "photos.search", **YEAR, per_page=1, page=page) for page in range(1, 301)
    ]
    missing = sum("photo" not in answer["photos"] for answer in answers)
    assert 0 < missing < 20


def test_an_upload_window_returns_ten_to_fifteen_minutes_more(catalogue, ask):
    start = year_of(catalogue, sort="date-posted-asc")[100].uploaded
    words = {"min_upload_date": start, "max_upload_date": start + 60, "extras": "date_upload"}
    with opened(catalogue, Quirks(missing_list=0)) as sandbox:
        answer = ask(sandbox, "photos.search", **words, per_page=500)
    quirks = Quirks()
    first, last = quirks.blur(start, start + 60, 0)
    assert 600 <= (last - first) - 60 <= 900
    assert first <= start
    assert last >= start + 60
    around = catalogue.search(uploaded_from=first, uploaded_to=last)
    assert set(listed(around)) <= set(ids(answer))
    assert len(ids(answer)) <= len(around)
    assert Quirks.none().blur(start, start + 60, 0) == (start, start + 60)


def test_a_list_of_licences_with_a_user_finds_nothing(quirky, catalogue, ask):
    owner = year_of(catalogue)[0].owner.nsid
    assert int(ask(quirky, "photos.search", user_id=owner, license="4,5")["photos"]["total"]) == 0
    assert int(ask(quirky, "photos.search", **YEAR, license="4,5")["photos"]["total"]) > 0


def test_originals_are_withheld_only_without_a_free_licence(quirky, ask):
    words = YEAR | {"extras": "url_o,o_dims,original_format", "per_page": 500}
    reserved = ask(quirky, "photos.search", **words, license=0)["photos"]["photo"]
    told = {"url_o" in row for row in reserved}
    assert told == {True, False}
    assert all(("originalsecret" in row) == ("url_o" in row) for row in reserved)
    assert all("o_width" in row for row in reserved)
    free = ask(quirky, "photos.search", **words, license=4)["photos"]["photo"]
    assert all("url_o" in row for row in free)


def test_the_same_seed_gives_the_same_answers(catalogue, ask):
    def story(seed: int) -> list:
        with opened(catalogue, seed=seed) as sandbox:
            said = []
            for page in (1, 1, 2, 40):
                answer = ask(sandbox, "photos.search", **YEAR, page=page, extras=EVERY_EXTRA)
                said.append(json.dumps(answer).replace(f"127.0.0.1:{sandbox.port}", "HOST"))
            return said

    assert story(5) == story(5)
    assert story(5) != story(6)


# --- refusals and formats -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({}, 3),
        ({"license": "4", "media": "photos"}, 3),
        ({"min_taken_date": "2020-02-01", "max_taken_date": "2020-01-01"}, 18),
        ({"min_upload_date": 20, "max_upload_date": 10}, 18),
        ({"min_taken_date": "soon"}, 18),
        ({"user_id": "00000000@N00"}, 2),
    ],
)
def test_searches_that_make_no_sense_are_refused(plain, ask, words, code):
    answer = ask(plain, "photos.search", **words)
    assert (answer["stat"], answer["code"]) == ("fail", code)
    assert answer["message"]


@pytest.mark.parametrize("key", ["", "short", "z" * 32, "0" * 33])
def test_a_key_that_is_none_is_refused(plain, ask, key):
    answer = ask(plain, "photos.search", **YEAR, api_key=key)
    assert answer["code"] == 100
    assert answer["message"] == "Invalid API Key (Key has invalid format)"


def test_an_expired_key_is_refused(catalogue, ask):
    with opened(catalogue, expired_keys=frozenset({KEY})) as sandbox:
        answer = ask(sandbox, "test.echo")
        assert (answer["code"], answer["message"]) == (100, "Invalid API Key (Key has expired)")
        assert ask(sandbox, "test.echo", api_key="f" * 32)["stat"] == "ok"


def test_unknown_methods_and_formats_are_refused_by_name(plain, ask, http):
    answer = ask(plain, "photos.juggle")
    assert answer["code"] == 112
    assert '"flickr.photos.juggle"' in answer["message"]
    words = {"method": "flickr.test.echo", "api_key": KEY, "format": "yaml"}
    refused = ET.fromstring(http.get(plain.rest_url, params=words).text)
    assert refused.get("stat") == "fail"
    assert refused.find("err").get("code") == "111"


def test_json_comes_wrapped_unless_asked_otherwise(plain, http):
    words = {"method": "flickr.test.echo", "api_key": KEY, "format": "json", "color": "red"}
    text = http.get(plain.rest_url, params=words).text
    assert text.startswith("jsonFlickrApi(")
    assert text.endswith(")")
    assert json.loads(text[14:-1])["color"] == {"_content": "red"}


def test_xml_is_the_default_and_says_the_same(plain, http, ask):
    words = YEAR | {"extras": EVERY_EXTRA, "per_page": 30}
    rows = ask(plain, "photos.search", **words)["photos"]["photo"]
    request = words | {"method": "flickr.photos.search", "api_key": KEY}
    response = http.post(plain.rest_url, data=request)
    assert response.headers["content-type"] == "text/xml; charset=utf-8"
    photos = ET.fromstring(response.text).find("photos")
    assert int(photos.get("perpage")) == 30
    assert len(photos) == len(rows)
    for row, element in zip(rows, photos, strict=True):
        assert element.find("description").text == (row.pop("description")["_content"] or None)
        assert element.attrib == {
            name: "" if value is None else str(value) for name, value in row.items()
        }


WORDS = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"))
NAMES = st.from_regex(r"[a-z]{1,6}", fullmatch=True)


@given(st.dictionaries(NAMES, st.one_of(WORDS, st.integers().map(Loose)), max_size=5), WORDS)
def test_both_spellings_of_a_tree_keep_every_word(attributes, text):
    tree = {"photo": {**attributes, "raw": {"_content": text}, "entry": [dict(attributes)] * 2}}
    tree["photo"].pop("entry" if "entry" in attributes else "", None)
    told = json.loads(to_json(tree))
    assert told == {**tree, "stat": "ok"}
    loose = json.loads(to_json(tree, source("any")))["photo"]
    assert {name: str(loose[name]) for name in attributes if name not in ("raw", "entry")} == {
        name: str(told) for name, told in attributes.items() if name not in ("raw", "entry")
    }
    photo = ET.fromstring(to_xml(tree)).find("photo")
    assert photo.find("raw").text == (text or None)
    for name, value in attributes.items():
        if name not in ("raw", "entry"):
            assert photo.get(name) == str(value)


# --- one photo ----------------------------------------------------------------------------------


def test_exif_is_told_as_the_catalogue_has_it(plain, catalogue, ask, http):
    photo = first_of(
        catalogue, lambda p: p.visible == "public" and p.has_exif and not p.owner.hides_exif
    )
    told = ask(plain, "photos.getExif", photo_id=photo.id)["photo"]
    assert told["camera"] == photo.camera.display_name
    rows = [
        (
            row["tagspace"],
            row["tagspaceid"],
            row["tag"],
            row["label"],
            row["raw"]["_content"],
            row.get("clean", {}).get("_content"),
        )
        for row in told["exif"]
    ]
    assert rows == catalogue.exif_tags(photo)
    words = {"method": "flickr.photos.getExif", "api_key": KEY, "photo_id": photo.id}
    root = ET.fromstring(http.get(plain.rest_url, params=words).text)
    assert [row.find("raw").text or "" for row in root.iter("exif")] == [row[4] for row in rows]
    assert root.find("photo").get("camera") == photo.camera.display_name


def test_some_raw_values_are_numbers(catalogue, ask):
    photos = [p for p in catalogue if p.visible == "public" and p.has_exif]
    photos = [p for p in photos if not p.owner.hides_exif][:120]
    kinds = set()
    with opened(catalogue) as sandbox:
        for photo in photos:
            rows = ask(sandbox, "photos.getExif", photo_id=photo.id)["photo"]["exif"]
            truth = [row[4] for row in catalogue.exif_tags(photo)]
            assert [str(row["raw"]["_content"]) for row in rows] == truth
            kinds |= {type(row["raw"]["_content"]) for row in rows}
    assert {str, int} <= kinds


def test_a_photo_without_camera_has_an_answer_without_camera(plain, catalogue, ask):
    photo = first_of(
        catalogue, lambda p: p.visible == "public" and not p.has_exif and not p.owner.hides_exif
    )
    told = ask(plain, "photos.getExif", photo_id=photo.id)
    assert told["stat"] == "ok"
    assert told["photo"]["camera"] == ""
    assert "Make" not in {row["tag"] for row in told["photo"]["exif"]}


def test_hidden_exif_is_denied_and_gone_photos_are_not_found(plain, catalogue, ask):
    hidden = first_of(catalogue, lambda p: p.visible == "public" and p.owner.hides_exif)
    deleted = first_of(catalogue, lambda p: p.visible == "deleted")
    denied = ask(plain, "photos.getExif", photo_id=hidden.id, secret=hidden.secret)
    assert (denied["code"], denied["message"]) == (2, "Permission denied")
    for gone in (deleted.id, 99, "", "abc"):
        answer = ask(plain, "photos.getExif", photo_id=gone)
        assert (answer["code"], answer["message"]) == (1, "Photo not found")


def test_a_right_secret_opens_a_private_photo(plain, catalogue, ask):
    photo = first_of(catalogue, lambda p: p.visible == "private" and not p.owner.hides_exif)
    assert ask(plain, "photos.getExif", photo_id=photo.id)["code"] == 1
    assert ask(plain, "photos.getExif", photo_id=photo.id, secret="00")["code"] == 1
    assert ask(plain, "photos.getExif", photo_id=photo.id, secret=photo.secret)["stat"] == "ok"


def test_info_tells_licence_and_page_and_misses_in_two_ways(plain, catalogue, ask):
    photo = first_of(catalogue, lambda p: p.visible == "public")
    told = ask(plain, "photos.getInfo", photo_id=photo.id)["photo"]
    assert int(told["license"]) == photo.license
    assert told["owner"]["nsid"] == photo.owner.nsid
    assert told["dates"]["taken"] == str(photo.taken)
    page = told["urls"]["url"][0]["_content"]
    assert page.startswith("https://www.flickr.test/photos/")
    assert page.endswith(f"/{photo.id}/")
    deleted = first_of(catalogue, lambda p: p.visible == "deleted")
    missing = ask(plain, "photos.getInfo", photo_id=99)
    assert (missing["code"], missing["message"]) == (1, 'Photo "99" not found (invalid ID)')
    missing = ask(plain, "photos.getInfo", photo_id=deleted.id)
    assert (missing["code"], missing["message"]) == (1, "Photo not found")


def test_sizes_exist_as_told_and_never_exceed_the_original(plain, catalogue, ask, http):
    photo = first_of(
        catalogue, lambda p: p.visible == "public" and p.width > 640 and p.orientation == 1
    )
    told = ask(plain, "photos.getSizes", photo_id=photo.id)["sizes"]
    assert told["candownload"] == 1
    assert told["size"][-1]["label"] == "Original"
    labels = [row["label"] for row in told["size"]]
    assert labels[:3] == ["Square", "Large Square", "Thumbnail"]
    assert len(set(labels)) == len(labels) >= 8
    for row in told["size"]:
        response = http.get(row["source"])
        assert response.status_code == 200
        image = Image.open(io.BytesIO(response.content))
        assert image.size == (int(row["width"]), int(row["height"]))
        assert response.headers["imagewidth"] == str(row["width"])
        assert response.headers["imageheight"] == str(row["height"])
        assert max(image.size) <= max(photo.width, photo.height)


def test_withheld_originals_are_not_among_the_sizes(catalogue, ask):
    with opened(catalogue, Quirks(withheld_originals=1)) as sandbox:
        reserved = first_of(catalogue, lambda p: p.visible == "public" and p.license == 0)
        free = first_of(catalogue, lambda p: p.visible == "public" and p.license == 4)
        told = ask(sandbox, "photos.getSizes", photo_id=reserved.id)["sizes"]
        assert told["candownload"] == 0
        assert "Original" not in {row["label"] for row in told["size"]}
        told = ask(sandbox, "photos.getSizes", photo_id=free.id)["sizes"]
        assert told["candownload"] == 1
        assert "originalsecret" not in ask(sandbox, "photos.getInfo", photo_id=reserved.id)["photo"]


def test_the_licences_are_seventeen_in_flickrs_order(plain, ask):
    rows = ask(plain, "photos.licenses.getInfo")["licenses"]["license"]
    assert [int(row["id"]) for row in rows] == [0, 4, 6, 3, 2, 1, 5, *range(7, 17)]
    assert all(row["url"].startswith("https://") for row in rows)
    assert [(row["name"], row["url"]) for row in rows] == [row[1:] for row in LICENSES]


# --- images -------------------------------------------------------------------------------------


def file_of(sandbox: Sandbox, photo, suffix: str = "_b", secret: str | None = None) -> str:
    if secret is None:
        secret = photo.original_secret if suffix == "_o" else photo.secret
    return f"{sandbox.image_base}/{photo.server}/{photo.id}_{secret}{suffix}.jpg"


def test_a_part_of_an_original_is_sent(plain, catalogue, http):
    photo = first_of(catalogue, lambda p: p.visible == "public")
    url = file_of(plain, photo, "_o")
    whole = http.get(url)
    assert whole.headers["accept-ranges"] == "bytes"
    part = http.get(url, headers={"Range": "bytes=2-101"})
    assert part.status_code == 206
    assert part.content == whole.content[2:102]
    assert part.headers["content-range"] == f"bytes 2-101/{len(whole.content)}"
    longer = http.get(url, headers={"Range": f"bytes=0-{len(whole.content) + 9}"})
    assert (longer.status_code, longer.content) == (206, whole.content)
    assert http.get(url, headers={"Range": "bytes=-10"}).content == whole.content[-10:]
    assert http.get(url, headers={"Range": "bytes=99999999-"}).status_code == 416
    assert http.get(url, headers={"Range": "bytes=a-b"}).content == whole.content


def test_some_originals_are_sent_whole_when_a_part_is_asked(quirky, catalogue, http):
    photos = [photo for photo in catalogue if photo.visible == "public"][:60]
    answers = {}
    for photo in photos:
        response = http.get(file_of(quirky, photo, "_o"), headers={"Range": "bytes=0-99"})
        answers.setdefault(response.status_code, []).append(response)
    assert set(answers) == {200, 206}
    assert len(answers[200]) < len(answers[206])
    assert all("accept-ranges" not in response.headers for response in answers[200])
    assert all(len(response.content) == 100 for response in answers[206])


def test_resized_files_know_no_parts(plain, catalogue, http):
    photo = first_of(catalogue, lambda p: p.visible == "public")
    response = http.get(file_of(plain, photo, "_m"), headers={"Range": "bytes=0-9"})
    assert response.status_code == 200
    assert len(response.content) > 10
    assert "accept-ranges" not in response.headers


def test_wrong_addresses_find_nothing(plain, catalogue, http):
    photo = first_of(catalogue, lambda p: p.visible == "public")
    private = first_of(catalogue, lambda p: p.visible == "private")
    wrong = [
        file_of(plain, photo, "_b", secret="0000000000"),
        file_of(plain, photo, "_o", secret=photo.secret),
        file_of(plain, photo, "_x"),
        file_of(plain, photo).replace(".jpg", ".png"),
        file_of(plain, private),
        f"{plain.image_base}/{photo.server}/1_{photo.secret}_b.jpg",
    ]
    for url in wrong:
        response = http.get(url)
        assert (response.status_code, response.content) == (404, b""), url


def test_the_cameras_of_the_sandbox_write_exif_and_the_service_removes_it(catalogue, http):
    photo = first_of(
        catalogue, lambda p: p.visible == "public" and p.has_exif and p.orientation == 6
    )
    with Sandbox(catalogue=catalogue, quirks=Quirks.none(), workers=1) as sandbox:
        original = http.get(file_of(sandbox, photo, "_o"))
        large, square = (http.get(file_of(sandbox, photo, suffix)) for suffix in ("_b", "_s"))
    told = Image.open(io.BytesIO(original.content)).getexif()
    assert (told[271], told[272]) == (photo.camera.make, photo.camera.model)
    for response in (original, large, square):
        image = Image.open(io.BytesIO(response.content))
        assert response.headers["imagewidth"] == str(image.width)
        assert response.headers["imageheight"] == str(image.height)
        assert image.getexif() == {} or response is original
    assert max(Image.open(io.BytesIO(large.content)).size) == 1024


def test_deleted_photos_leave_three_kinds_of_traces(plain, catalogue, http):
    deleted = [photo for photo in catalogue if photo.visible == "deleted"][:30]
    answers = [http.get(file_of(plain, photo)) for photo in deleted]
    assert {response.status_code for response in answers} == {302, 404, 410}
    moved = next(response for response in answers if response.status_code == 302)
    assert "photo_unavailable" in moved.headers["location"]
    placeholder = http.get(httpx.URL(plain.rest_url).join(moved.headers["location"]))
    assert placeholder.status_code == 200
    assert not placeholder.content.startswith(b"\xff\xd8")


def test_a_file_wanted_by_many_is_made_once(catalogue, tmp_path):
    diary = tmp_path / "diary"
    photo = first_of(catalogue, lambda p: p.visible == "public")
    with opened(catalogue, renderer=FlatRenderer(diary)) as sandbox:
        url = file_of(sandbox, photo, "_o")
        bodies = []
        readers = [
            threading.Thread(target=lambda: bodies.append(httpx.get(url).content)) for _ in range(6)
        ]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
    assert len(bodies) == 6
    assert len(set(bodies)) == 1
    assert len(diary.read_text().splitlines()) == 1


def test_workers_render_and_a_photo_stays_with_its_worker(catalogue, tmp_path, http):
    diary = tmp_path / "diary"
    photos = [photo for photo in catalogue if photo.visible == "public"]
    chosen = [next(p for p in photos if p.id % 2 == odd) for odd in (0, 1)]
    with opened(catalogue, workers=2, renderer=FlatRenderer(diary)) as sandbox:
        for photo in chosen:
            for suffix in ("_o", "_m", "_s"):
                assert http.get(file_of(sandbox, photo, suffix)).status_code == 200
    made = [line.split() for line in diary.read_text().splitlines()]
    homes = {(process, photo) for process, photo, _ in made}
    assert len(made) == 6
    assert len(homes) == len({process for process, _ in homes}) == 2
    assert str(os.getpid()) not in {process for process, _ in homes}


def test_a_worker_that_dies_is_replaced(catalogue, tmp_path, http):
    diary = tmp_path / "diary"
    first, second = [photo for photo in catalogue if photo.visible == "public"][:2]
    with opened(catalogue, workers=1, renderer=FlatRenderer(diary)) as sandbox:
        assert http.get(file_of(sandbox, first)).status_code == 200
        os.kill(int(diary.read_text().split()[0]), signal.SIGKILL)
        assert http.get(file_of(sandbox, second)).status_code == 200
    assert len({line.split()[0] for line in diary.read_text().splitlines()}) == 2


SERVE = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from flat_renderer import FlatRenderer
from flickrexif.sandbox import Catalogue, Sandbox

if __name__ == "__main__":
    catalogue = Catalogue(seed=3, photos=200, owners=20)
    renderer = FlatRenderer(Path(sys.argv[2]))
    with Sandbox(catalogue=catalogue, renderer=renderer, workers=1) as sandbox:
        photo = next(photo for photo in catalogue if photo.visible == "public")
        address = f"{photo.server}/{photo.id}_{photo.original_secret}_o.jpg"
        print(f"{sandbox.image_base}/{address}", flush=True)
        sandbox.serve_forever()
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_workers_end_with_the_process_that_served(tmp_path, http, end):
    script, diary = tmp_path / "serve.py", tmp_path / "diary"
    script.write_text(SERVE)
    folder = str(Path(__file__).parent)
    with subprocess.Popen(
        [sys.executable, str(script), folder, str(diary)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            url = server.stdout.readline().strip()
            assert http.get(url).status_code == 200
            worker = int(diary.read_text().split()[0])
            assert worker != server.pid
            server.send_signal(end)
            server.wait(10)
            deadline = time.monotonic() + 10
            while _runs(worker) and time.monotonic() < deadline:
                time.sleep(0.05)
            assert not _runs(worker)
            server.stdout.read()
            server.stderr.read()
        finally:
            server.kill()


def _runs(process: int) -> bool:
    stat = Path(f"/proc/{process}/stat")
    try:
        return stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


# --- the server ---------------------------------------------------------------------------------


def test_requests_are_counted_by_cause_and_logged_without_the_key(catalogue, ask, http):
    photo = first_of(catalogue, lambda p: p.visible == "public")
    with opened(catalogue, Quirks.none()) as sandbox:
        ask(sandbox, "photos.search", **YEAR)
        ask(sandbox, "photos.search", **YEAR, page=2, api_sig="x", oauth_token="y")
        ask(sandbox, "photos.getExif", photo_id=photo.id)
        http.get(file_of(sandbox, photo, "_o"), headers={"Range": "bytes=0-9"})
        http.get(file_of(sandbox, photo, "_o"))
        http.get(file_of(sandbox, photo, "_m"))
        http.get(file_of(sandbox, photo, ""))
        assert http.get(sandbox.rest_url.replace("services", "elsewhere")).status_code == 404
    assert sandbox.requests == {
        "flickr.photos.search": 2,
        "flickr.photos.getExif": 1,
        "image:o:range": 1,
        "image:o": 1,
        "image:m": 1,
        "image:-": 1,
        "other": 1,
    }
    assert len(sandbox.log) == 8
    path, query = sandbox.log[1]
    assert path == "/services/rest/"
    assert query["page"] == "2"
    assert not {"api_key", "api_sig", "oauth_token"} & set(query)
    assert KEY not in str(sandbox.log)


def test_a_connection_is_kept_for_many_requests(plain, catalogue):
    photo = first_of(catalogue, lambda p: p.visible == "public")
    opens = []
    address = httpx.URL(plain.rest_url)
    with socket.create_connection((address.host, address.port), timeout=5) as wire:
        stream = wire.makefile("rb")
        for _ in range(3):
            path = file_of(plain, photo, "_t").split(str(plain.port))[1]
            wire.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            status = stream.readline()
            length = 0
            while (line := stream.readline()).strip():
                if line.lower().startswith(b"content-length"):
                    length = int(line.split(b":")[1])
            opens.append((status, len(stream.read(length))))
    assert len(set(opens)) == 1
    assert opens[0][0].startswith(b"HTTP/1.1 200")


def test_closing_hangs_up_on_idle_connections_at_once(catalogue):
    before = set(threading.enumerate())
    sandbox = opened(catalogue)
    sandbox.start()
    with socket.create_connection(("127.0.0.1", sandbox.port), timeout=5) as idle:
        time.sleep(0.1)
        begun = time.monotonic()
        sandbox.close()
        assert idle.recv(1) == b""
        while set(threading.enumerate()) - before and time.monotonic() - begun < 4:
            time.sleep(0.01)
        assert set(threading.enumerate()) <= before
        assert time.monotonic() - begun < 4
    with pytest.raises(UsageError, match="before it is started"):
        _ = sandbox.port


def test_it_answers_on_this_machine_only_and_says_when_a_port_is_taken(plain, catalogue):
    assert plain.rest_url == f"http://127.0.0.1:{plain.port}/services/rest/"
    assert plain.image_base == f"http://127.0.0.1:{plain.port}/i"
    with pytest.raises(UsageError, match=f"{plain.port}"):
        opened(catalogue, port=plain.port).start()


def test_many_threads_are_answered_alike(quirky, catalogue):
    answers, window = [], YEAR | {"per_page": 50, "sort": "date-taken-asc"}
    words = window | {"method": "flickr.photos.search", "api_key": KEY, "format": "json"}

    def read(page: int) -> None:
        with httpx.Client(timeout=20) as client:
            for _ in range(2):
                answers.append(client.get(quirky.rest_url, params=words | {"page": page}).text)

    threads = [threading.Thread(target=read, args=(page,)) for page in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 16
    assert all(answer.startswith("jsonFlickrApi({") for answer in answers)


def test_the_quirks_of_a_total_stay_in_their_bounds():
    quirks = Quirks(understated_total=False)
    for found in (0, 1, 7, 1000):
        told = [quirks.told_total(found, 1, attempt) for attempt in range(50)]
        assert all(abs(total - found) <= 0.1 * found + 0.5 for total in told)
    shares = [Quirks(unstable_total=False).told_total(1000, days) for days in (1, 7, 30, 365)]
    assert shares[0] == shares[1] == 1000
    assert all(wider < narrower for narrower, wider in pairwise(shares[1:]))


@pytest.mark.parametrize(
    ("width", "height", "last"),
    [(640, 480, "Medium 640"), (639, 480, "Medium"), (800, 799, "Medium 800"),
     (600, 801, "Large"), (1023, 10, "Large"), (90, 60, "Square"), (320, 200, "Medium"),
     (1280, 900, "Large"), (1536, 1024, "Large 1600"), (2048, 1536, "Large 2048")],
)  # fmt: skip
def test_no_size_is_larger_than_the_original(width, height, last):
    sizes = offered(width, height)
    assert sizes[-1].label == last
    assert all(max(size.box(width, height)) <= max(width, height) for size in sizes)
    assert [max(size.box(1200, 800)) for size in offered(1200, 800)] == [
        75, 150, 100, 240, 320, 400, 500, 640, 800, 1024,
    ]  # fmt: skip
