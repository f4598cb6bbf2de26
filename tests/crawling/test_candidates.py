from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from flickrexif.corpus import CrawlPlan
from flickrexif.corpus.months import Month
from flickrexif.crawling.candidates import candidate_row, is_stray
from flickrexif.crawling.sampling import sampled_rank
from flickrexif.crawling.select import rank_of
from flickrexif.flickr import Connection
from flickrexif.flickr.search import Candidate

CONNECTION = Connection(api_key="0" * 32)
JANUARY = Month(2020, 1)
BASE = "https://live.staticflickr.com/65535/7_00ff"
SOUND = Candidate(
    photo_id=7,
    owner_id="12345678@N00",
    owner_name="an owner",
    path_alias=None,
    license_id=4,
    taken_at=datetime.fromisoformat("2020-01-31 23:59:59"),
    is_taken_known=True,
    taken_granularity=0,
    uploaded_at=1_580_600_000,
    media="photo",
    original_format="jpg",
    original_url=f"{BASE}_o.jpg",
    image_url=f"{BASE}_b.jpg",
    original_width=4000,
    original_height=3000,
)


def row(candidate, **words):
    plan = CrawlPlan("2020-01", **words)
    assert not is_stray(candidate, month=JANUARY, plan=plan)
    return candidate_row(candidate, month=JANUARY, plan=plan, connection=CONNECTION)


@pytest.mark.parametrize(
    ("size", "image", "original"),
    [
        ("large", f"{BASE}_b.jpg", f"{BASE}_o.jpg"),
        ("medium-800", f"{BASE}_b.jpg", f"{BASE}_o.jpg"),
        ("original", f"{BASE}_o.jpg", f"{BASE}_o.jpg"),
    ],
)
def test_a_sound_row_is_kept_with_the_size_that_was_asked(size, image, original):
    kept = row(SOUND, size=size)
    assert (kept.image_url, kept.original_url, kept.reason) == (image, original, None)
    assert kept.page_url == "https://www.flickr.com/photos/12345678@N00/7/"
    assert (kept.month, kept.taken_at) == ("2020-01", "2020-01-31 23:59:59")


def test_a_sampled_month_ranks_by_the_quarter_hour_first():
    whole, sampled = row(SOUND, seed=3), row(SOUND, seed=3, per_month=5)
    assert whole.rank == rank_of(SOUND.photo_id, seed=3)
    assert sampled.rank == sampled_rank(SOUND.photo_id, SOUND.taken_at, month=JANUARY, seed=3)


def test_the_page_goes_by_the_owners_own_name():
    assert row(replace(SOUND, path_alias="a b/c")).page_url.endswith("/photos/a%20b%2Fc/7/")


@pytest.mark.parametrize(
    ("change", "words", "reason"),
    [
        ({"media": "video"}, {}, "not_a_photo"),
        ({"is_taken_known": False}, {}, "taken_unknown"),
        ({"taken_at": None}, {}, "taken_unknown"),
        ({"taken_granularity": 6}, {}, "taken_vague"),
        ({"taken_granularity": 4}, {}, None),
        ({"original_format": "png"}, {}, "not_jpeg"),
        ({"original_format": None}, {}, None),
        ({"image_url": None}, {}, "no_large"),
        ({"image_url": "https://elsewhere.test/7.jpg"}, {}, "no_large"),
        ({"image_url": None}, {"size": "none"}, None),
        ({"original_url": None}, {}, None),
        ({"original_url": None}, {"size": "original"}, "no_original"),
        ({"original_url": None}, {"exif_from": "file", "ignore_hidden_exif": True}, "no_original"),
    ],
)
def test_the_list_alone_rules_some_out(change, words, reason):
    assert row(replace(SOUND, **change), **words).reason == reason


@pytest.mark.parametrize(
    "change",
    [
        {"license_id": 0},
        {"license_id": 17},
        {"license_id": None},
        {"taken_at": datetime.fromisoformat("2020-02-01 00:00:00")},
        {"taken_at": datetime.fromisoformat("2019-12-31 23:59:59")},
    ],
)
def test_what_was_not_asked_for_is_a_stray(change):
    plan = CrawlPlan("2019-12..2020-02")
    assert is_stray(replace(SOUND, **change), month=JANUARY, plan=plan)
