from __future__ import annotations

import math

import pytest

from flickrexif.errors import AccessError, UsageError
from flickrexif.flickr import Connection

KEY = "0123456789abcdef0123456789abcdef"


def test_the_key_is_not_in_the_repr():
    assert KEY not in repr(Connection(api_key=KEY))


def test_no_key_is_refused_with_the_remedy():
    with pytest.raises(AccessError, match="FLICKR_API_KEY"):
        Connection(api_key=" ")


@pytest.mark.parametrize("word", ["calls_per_hour", "images_per_second", "concurrency"])
@pytest.mark.parametrize("rate", [0, -1, math.nan])
def test_rates_must_be_positive(word, rate):
    with pytest.raises(UsageError, match=word):
        Connection(api_key=KEY, **{word: rate})


def test_the_real_flickr_is_never_asked_beyond_its_limit():
    with pytest.raises(UsageError, match="3600"):
        Connection(api_key=KEY, calls_per_hour=math.inf)
    assert Connection.embedded("http://127.0.0.1:1/rest", "http://127.0.0.1:1/i")


def test_stored_addresses_do_not_know_the_port():
    connection = Connection.embedded("http://127.0.0.1:81/rest", "http://127.0.0.1:81/i", seed=3)
    stored = connection.stored_url("http://127.0.0.1:81/i/65535/1_ab_b.jpg")
    assert stored == "https://live.flickr.test/65535/1_ab_b.jpg"
    elsewhere = Connection.embedded("http://127.0.0.1:82/rest", "http://127.0.0.1:82/i", seed=3)
    assert elsewhere.fetch_url(stored) == "http://127.0.0.1:82/i/65535/1_ab_b.jpg"
    assert elsewhere.name == connection.name == "sandbox:seed=3"


@pytest.mark.parametrize(
    ("url", "is_known"),
    [
        ("https://live.staticflickr.com/65535/1_ab_b.jpg", True),
        ("https://farm9.staticflickr.com/8456/1_ab_o.jpg", True),
        ("https://staticflickr.com.evil.test/1_ab_b.jpg", False),
        ("http://127.0.0.1/1_ab_b.jpg", False),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_only_flickrs_own_hosts_are_asked_for_images(url, is_known):
    stored = Connection(api_key=KEY).stored_url(url)
    assert stored == (url if is_known else None)


def test_an_embedded_flickr_sends_nobody_to_the_real_one():
    connection = Connection.embedded("http://127.0.0.1:81/rest", "http://127.0.0.1:81/i")
    assert connection.stored_url("https://live.staticflickr.com/65535/1_ab_b.jpg") is None


def test_an_endpoint_brings_its_own_image_host():
    connection = Connection.at(" http://127.0.0.1:81/services/rest/ ")
    assert connection.name == connection.rest_url == "http://127.0.0.1:81/services/rest/"
    url = "http://127.0.0.1:81/i/65535/1_ab_b.jpg"
    assert connection.stored_url(url) == connection.fetch_url(url) == url
    assert connection.is_loopback
    for elsewhere in ("http://127.0.0.1:8181/i/1_ab_b.jpg", "https://live.staticflickr.com/1.jpg"):
        assert connection.stored_url(elsewhere) is None


@pytest.mark.parametrize(
    ("endpoint", "rest_url"),
    [
        ("http://127.0.0.1:81", "http://127.0.0.1:81/services/rest/"),
        ("http://localhost:81/", "http://127.0.0.1:81/services/rest/"),
        ("https://Mirror.Test/api?", "https://mirror.test/api"),
        ("http://[::1]:81/rest", "http://[::1]:81/rest"),
    ],
)
def test_an_endpoint_is_told_in_one_way(endpoint, rest_url):
    assert Connection.at(endpoint, api_key=KEY).rest_url == rest_url


@pytest.mark.parametrize("host", ["api.flickr.com", "www.flickr.com"])
def test_flickrs_own_endpoints_are_flickr(host):
    connection = Connection.at(f"https://{host}/services/rest/", api_key=KEY)
    assert connection.stored_url("https://live.staticflickr.com/65535/1_ab_b.jpg")
    assert connection.page_base == "https://www.flickr.com"
    assert connection.calls_per_hour == 3_200


def test_only_this_machine_is_asked_without_a_key_and_without_a_rate():
    assert math.isinf(Connection.at("http://127.0.0.1:81").calls_per_hour)
    assert math.isfinite(Connection.at("https://mirror.test", api_key=KEY).calls_per_hour)
    with pytest.raises(AccessError, match="FLICKR_API_KEY"):
        Connection.at("https://mirror.test")


@pytest.mark.parametrize(
    "endpoint",
    [
        "", "sandbox", "ftp://127.0.0.1/", "http://", "http:///services", "//127.0.0.1/rest",
        "http://127.0.0.1:99999/", "http://a b/", "http://127.0.0.1/?x=1", "http://h/#part",
        "http://[::1", f"https://api.flickr.com/services/rest/?api_key={KEY}", f"https://u:{KEY}@h/",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_with_an_example(endpoint):
    with pytest.raises(UsageError, match=r"https://api\.flickr\.com/services/rest/") as caught:
        Connection.at(endpoint, api_key=KEY)
    assert "\n" not in str(caught.value)
    assert KEY not in str(caught.value)
