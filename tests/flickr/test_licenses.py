from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from flickrexif.errors import UsageError
from flickrexif.flickr import LICENSES, PERMISSIVE, license_of, parse_licenses


def test_the_table_is_keyed_by_flickrs_ids():
    assert [known.id for known in LICENSES] == list(range(17))
    assert PERMISSIVE == (4, 5, 7, 8, 9, 10, 11, 12)


def test_the_table_agrees_with_flickrs_answer(oracle):
    path = oracle / "flickr" / "flickr.photos.licenses.getInfo__ffpa_20250619_17lic.xml"
    told = {int(one.get("id")): one for one in ET.parse(path).iter("license")}
    assert set(told) == {known.id for known in LICENSES}
    for known in LICENSES:
        assert (known.name, known.url) == (told[known.id].get("name"), told[known.id].get("url"))


def test_permissive_is_what_allows_changes_and_commerce():
    for known in LICENSES:
        assert known.is_permissive == (known.allows_derivatives and known.allows_commercial)
    assert license_of(13).spdx == "CC-BY-ND-4.0"
    assert not license_of(13).allows_derivatives
    assert license_of(13).allows_commercial
    assert not license_of(0).allows_commercial


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ("permissive", PERMISSIVE),
        ("4", (4,)),
        ("5, 4,5", (4, 5)),
        ("CC-BY-4.0,cc0-1.0", (9, 11)),
        ("permissive,3", (3, *PERMISSIVE)),
        ("all", tuple(range(17))),
    ],
)
def test_words_name_licenses(words, ids):
    assert parse_licenses(words) == ids


@pytest.mark.parametrize("words", ["17", "", "4,", "-1", "CC-BY", "4;5", "٤"])
def test_unknown_words_are_refused_listing_the_known(words):
    with pytest.raises(UsageError, match=r"CC-BY-4\.0") as caught:
        parse_licenses(words)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("license_id", [17, -1])
def test_unknown_ids_are_refused(license_id):
    with pytest.raises(UsageError, match=str(license_id)):
        license_of(license_id)
