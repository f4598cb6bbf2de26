"""What an answer says of a photo: only clear words take it out."""

from __future__ import annotations

import pytest

from flickrexif.corpus.rows import AcceptedPhoto
from flickrexif.flickr.failures import Failure, RequestFailed
from flickrexif.flickr.info import PhotoInfo
from flickrexif.upkeep.judge import Finding, judge_failure, judge_info

PHOTO = AcceptedPhoto(495, "1@N00", 4, "2020-01", "2020-01-03 12:00:00", 1_578_000_000, None)
WANTED = frozenset({4, 9})


def info(**changed):
    words = {
        "photo_id": 495,
        "owner_id": "1@N00",
        "license_id": 4,
        "is_public": True,
        "safety_level": 0,
        "media": "photo",
        "taken_at": None,
        "is_taken_known": True,
        "taken_granularity": 0,
        "uploaded_at": None,
        "updated_at": None,
    }
    return PhotoInfo(**words | changed)


@pytest.mark.parametrize(
    ("changed", "loss"),
    [
        ({}, None),
        ({"safety_level": None}, None),
        ({"license_id": 9}, None),
        ({"license_id": 2}, "relicensed"),
        ({"license_id": 0}, "relicensed"),
        ({"license_id": 17}, "relicensed"),
        ({"is_public": False}, "private"),
        ({"safety_level": 1}, "unsafe"),
        ({"safety_level": 2}, "unsafe"),
    ],
)
def test_a_photo_leaves_when_it_is_no_longer_what_the_corpus_wants(changed, loss):
    finding = judge_info(PHOTO, info(**changed), wanted=WANTED)
    assert finding.loss == loss
    assert finding.is_relicensed == (loss is None and changed.get("license_id") == 9)


def test_an_answer_without_a_licence_proves_nothing():
    with pytest.raises(RequestFailed, match="no_license"):
        judge_info(PHOTO, info(license_id=None), wanted=WANTED)


@pytest.mark.parametrize(
    ("failure", "loss"),
    [
        (Failure("api", "Photo not found", code=1), "gone"),
        (Failure("api", 'Photo "495" not found (invalid ID)', code=1), "gone"),
        (Failure("api", "Photo is private", code=2), "private"),
    ],
)
def test_flickr_says_that_a_photo_is_gone_or_private(failure, loss):
    assert judge_failure(PHOTO, failure) == Finding(PHOTO, loss, 4)


@pytest.mark.parametrize(
    "failure",
    [
        Failure("api", "Required parameter missing", code=1),
        Failure("api", "Permission denied", code=2),
        Failure("api", "Service currently unavailable", code=105),
        Failure("api", "Sorry, the Flickr API service is not currently available.", code=0),
        Failure("status", "", status=404),
        Failure("status", "", status=500),
        Failure("transport", "no answer (ReadTimeout)"),
        Failure("body", "unparseable"),
        Failure("body", "no_license"),
        Failure("refused", "gone", status=404),
    ],
)
def test_no_other_failure_says_anything_of_a_photo(failure):
    assert judge_failure(PHOTO, failure) is None
