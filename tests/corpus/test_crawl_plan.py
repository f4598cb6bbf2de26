from __future__ import annotations

import pytest

from flickrexif.corpus import CrawlPlan
from flickrexif.errors import UsageError


def test_a_plan_names_its_months_and_licenses():
    plan = CrawlPlan("2020-01..2020-02", licenses="4,5")
    assert [str(month) for month in plan.each_month] == ["2020-01", "2020-02"]
    assert plan.license_ids == (4, 5)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"months": "2020-13"}, "2020-13"),
        ({"licenses": "17"}, "17"),
        ({"per_user_month": 0}, "per_user_month=0"),
        ({"per_user_month": True}, "per_user_month"),
        ({"per_month": -1}, "per_month=-1"),
        ({"per_month": 1.5}, "per_month=1.5"),
        ({"size": "huge"}, "original, large-2048"),
        ({"exif_from": "guess"}, "auto, api, file"),
        ({"seed": "x"}, "seed='x'"),
        ({"exif_from": "file"}, "ignore_hidden_exif"),
    ],
)
def test_bad_words_are_refused_in_one_line(words, told):
    with pytest.raises(UsageError, match=told) as caught:
        CrawlPlan(**{"months": "2020-01", **words})
    assert "\n" not in str(caught.value)


def test_hidden_exif_is_read_only_when_it_is_said_so():
    assert CrawlPlan("2020-01", exif_from="file", ignore_hidden_exif=True).exif_from == "file"
