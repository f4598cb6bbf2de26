from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flickrexif.corpus.compact import (
    moment_of,
    month_name,
    month_number,
    seconds_of,
    short_file,
    short_page,
    whole_file,
    whole_page,
)

IDS = st.integers(1, 2**63 - 1)
SECRETS = st.text("0123456789abcdef", min_size=1, max_size=12)
FILES = st.builds(
    "https://live.staticflickr.com/{}/{}_{}{}.{}".format,
    st.integers(0, 70_000),
    IDS,
    SECRETS,
    st.sampled_from(["", "_b", "_o", "_3k"]),
    st.sampled_from(["jpg", "png"]),
)


@given(url=FILES | st.text(), photo_id=IDS)
def test_any_address_of_a_file_comes_back(url, photo_id):
    assert whole_file(short_file(url, photo_id), photo_id) == url


@given(url=st.text(), photo_id=IDS)
def test_any_address_of_a_page_comes_back(url, photo_id):
    assert whole_page(short_page(url, photo_id), photo_id) == url
    whole = f"https://www.flickr.com/photos/{url}/{photo_id}/"
    assert whole_page(short_page(whole, photo_id), photo_id) == whole


def test_a_usual_address_loses_what_is_common():
    url = "https://live.staticflickr.com/65535/49512345678_0123456789_b.jpg"
    assert short_file(url, 49512345678) == "65535/0123456789_b"
    page = "https://www.flickr.com/photos/12@N00/49512345678/"
    assert short_page(page, 49512345678) == "https://www.flickr.com/photos/12@N00/*/"


@given(st.datetimes())
def test_any_second_comes_back(moment):
    text = str(moment.replace(microsecond=0))
    assert moment_of(seconds_of(text)) == text


def test_moments_keep_their_order():
    texts = ["0001-01-01 00:00:00", "1826-06-01 12:00:00", "1970-01-01 00:00:00"]
    assert [seconds_of(text) for text in texts] == sorted(seconds_of(text) for text in texts)
    assert seconds_of("1970-01-01 00:00:00") == 0


@given(st.dates())
def test_any_month_comes_back(day):
    month = day.isoformat()[:7]
    assert month_name(month_number(month)) == month
