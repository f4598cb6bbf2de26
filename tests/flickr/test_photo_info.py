from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flickrexif.flickr.failures import RequestFailed, is_transient
from flickrexif.flickr.info import SAFE, parse_info

BODY = {
    "photo": {
        "id": "7",
        "license": "4",
        "safety_level": "0",
        "owner": {"nsid": "1@N00", "username": "an owner"},
        "visibility": {"ispublic": 1, "isfriend": 0, "isfamily": 0},
        "dates": {
            "posted": "1580000000",
            "taken": "2020-01-02 03:04:05",
            "takengranularity": "4",
            "takenunknown": "0",
            "lastupdate": "1580000001",
        },
        "media": "photo",
    },
    "stat": "ok",
}


def changed(**fields):
    return {"photo": {**BODY["photo"], **fields}, "stat": "ok"}


def test_a_photos_page_is_read():
    info = parse_info(BODY)
    assert (info.photo_id, info.owner_id, info.license_id) == (7, "1@N00", 4)
    assert (info.is_public, info.safety_level, info.media) == (True, SAFE, "photo")
    assert info.taken_at == datetime.fromisoformat("2020-01-02 03:04:05")
    assert (info.is_taken_known, info.taken_granularity) == (True, 4)
    assert (info.uploaded_at, info.updated_at) == (1_580_000_000, 1_580_000_001)


@pytest.mark.parametrize(
    "visibility", [None, [], {}, {"ispublic": 0, "isfriend": 1}, {"ispublic": "maybe"}]
)
def test_a_photo_is_public_only_when_flickr_says_so(visibility):
    assert not parse_info(changed(visibility=visibility)).is_public


def test_what_an_old_answer_lacks_is_nothing():
    bare = {name: BODY["photo"][name] for name in ("id", "owner", "visibility")}
    info = parse_info({"photo": bare, "stat": "ok"})
    assert (info.license_id, info.safety_level, info.uploaded_at) == (None, None, None)
    assert (info.taken_at, info.taken_granularity) == (None, 0)


@pytest.mark.parametrize(
    "body",
    [
        {"stat": "ok"},
        {"photo": [], "stat": "ok"},
        changed(id="0"),
        changed(id="x"),
        changed(owner={}),
        changed(owner="1@N00"),
        changed(owner={"nsid": " "}),
    ],
)
def test_an_answer_without_its_photo_is_asked_for_again(body):
    with pytest.raises(RequestFailed, match="no_photo") as caught:
        parse_info(body)
    assert is_transient(caught.value.failure)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.sampled_from(sorted(BODY["photo"])), ANYTHING)
def test_no_odd_field_breaks_the_reader(name, value):
    try:
        parse_info(changed(**{name: value}))
    except RequestFailed:
        assert name in ("id", "owner")
