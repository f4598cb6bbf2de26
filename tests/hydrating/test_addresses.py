"""Where a told image is fetched, and what no address tells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flickrexif.flickr import Connection
from flickrexif.hydrating.addresses import SIZE_OF, address_of

FLICKR = Connection(api_key="0" * 32)
HERE = Connection.embedded("http://127.0.0.1:1/rest/", "http://127.0.0.1:1/i")
LIVE = "https://live.staticflickr.com"


def at(url, size="as-given", photo_id=7, connection=FLICKR):
    return address_of(photo_id, url, size=size, connection=connection)


@pytest.mark.parametrize(
    "url",
    [
        f"{LIVE}/5/7_ab_b.jpg",
        "http://live.staticflickr.com/5/7_ab_b.jpg",
        "https://farm3.staticflickr.com/5/7_ab_b.jpg",
        "http://farm3.static.flickr.com/5/7_ab_b.jpg",
        "http://static.flickr.com/5/7_ab_b.jpg",
        "https://c8.staticflickr.com/5/7_ab_b.jpg?zz=1",
        f"{LIVE}/5/7_ab_b_d.jpg",
    ],
)
def test_hosts_of_all_times_are_one(url):
    found = at(url)
    assert (found.url, found.size, found.is_derived) == (f"{LIVE}/5/7_ab_b.jpg", "large", False)


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "https://www.flickr.com/photos/x/7",
        "https://live.staticflickr.com.evil.test/5/7_ab_b.jpg",
        "https://evil.test/5/7_ab_b.jpg",
        "https://user@live.staticflickr.com/5/7_ab_b.jpg",
        "https://live.staticflickr.com:444/5/7_ab_b.jpg",
        "ftp://live.staticflickr.com/5/7_ab_b.jpg",
        f"{LIVE}/5/8_ab_b.jpg",  # another photo's
        f"{LIVE}/video/5/7_ab_b.jpg",
        f"{LIVE}/5/7_ab_b.mp4",
        f"{LIVE}/5/7.jpg",
        f"{LIVE}/../5/7_ab_b.jpg/",
        "https://[live.staticflickr.com/5/7_ab_b.jpg",
    ],
)
def test_what_is_no_image_of_the_photo_is_never_asked_for(url):
    assert at(url) is None


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/i/5/7_ab_b.jpg", "https://live.flickr.test/5/7_ab_b.jpg",
            f"{LIVE}/5/7_ab_b.jpg"]
)  # fmt: skip
def test_another_flickr_is_asked_instead(url):
    found = at(url, connection=HERE)
    assert HERE.fetch_url(found.url) == "http://127.0.0.1:1/i/5/7_ab_b.jpg"
    assert at("http://127.0.0.1:1/i/5/7_ab_b.jpg") is None


def test_the_path_before_a_served_sandbox_s_files_is_kept():
    served = Connection.at("http://127.0.0.1:8123")
    found = at("http://127.0.0.1:8123/i/5/7_ab_b.jpg", connection=served)
    assert served.fetch_url(found.url) == "http://127.0.0.1:8123/i/5/7_ab_b.jpg"


@pytest.mark.parametrize(
    ("given", "size", "tail"),
    [
        ("_b.jpg", "medium", ".jpg"),
        (".jpg", "large", "_b.jpg"),
        ("_m.jpg", "medium-800", "_c.jpg"),
        ("_s.jpg", "small-320", "_n.jpg"),
        ("_d.jpg", "medium-640", "_z.jpg"),
    ],
)
def test_sizes_of_one_secret_follow_from_each_other(given, size, tail):
    found = at(f"{LIVE}/5/7_ab{given}", size)
    assert (found.url, found.is_derived) == (f"{LIVE}/5/7_ab{tail}", True)
    assert found.size == size


@pytest.mark.parametrize("given", ["_o.jpg", "_h.jpg", "_k.jpg", "_6k.jpg", "_o.png"])
def test_sizes_of_other_secrets_do_not(given):
    assert at(f"{LIVE}/5/7_ab{given}", "large") is None
    assert at(f"{LIVE}/5/7_ab{given}").url == f"{LIVE}/5/7_ab{given}"


def test_the_size_that_was_given_is_not_derived():
    assert not at(f"{LIVE}/5/7_ab_b.jpg", "large").is_derived
    assert at(f"{LIVE}/5/7_ab_w.jpg").size == "original"  # nothing bounds it


@given(
    st.integers(1, 2**63 - 1),
    st.integers(1, 99_999),
    st.text("0123456789abcdef", min_size=1, max_size=10),
    st.sampled_from([*SIZE_OF, "q", "w", "m"]),
)
def test_an_address_stands_for_itself(photo_id, server, secret, suffix):
    tail = f"_{suffix}" if suffix else ""
    url = f"{LIVE}/{server}/{photo_id}_{secret}{tail}.jpg"
    found = at(url, photo_id=photo_id)
    assert (found.url, found.is_derived) == (url, False)
    assert at(found.url, photo_id=photo_id) == found


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_none(text):
    assert at(text) is None or "_" in text
    assert at(f"{LIVE}/{text}", photo_id=7) is None or "7_" in text
