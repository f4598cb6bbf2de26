"""How many requests of the image host a photo costs, by the plan's words."""

from __future__ import annotations

import asyncio
from collections import Counter
from random import Random

import pytest

from flickrexif.corpus import CrawlPlan
from flickrexif.corpus.months import Month
from flickrexif.corpus.rows import OpenPhoto
from flickrexif.crawling.candidates import addresses_of, candidate_row
from flickrexif.crawling.evaluate import Evaluator
from flickrexif.flickr.budget import TokenBucket
from flickrexif.flickr.client import FlickrClient
from flickrexif.flickr.images import ImageHost
from flickrexif.flickr.retrying import Backoff, Retrier, Tally
from flickrexif.flickr.search import SearchQuery
from flickrexif.flickr.transport import open_http

JANUARY = Month(2020, 1)


def run(connection, plan, question):
    """What ``question`` makes of an evaluator, by real requests."""

    async def running():
        async with open_http(connection) as http:
            bucket, backoff = TokenBucket(float("inf")), Backoff(base_s=0.0)
            retrier = Retrier(bucket, Tally(), backoff, Random(0), asyncio.sleep)
            client = FlickrClient(connection, http, retrier, addresses_of(plan))
            return await question(Evaluator(plan, client, ImageHost(connection, http, retrier)))

    return asyncio.run(running())


def look_at_january(connection, plan):
    """What becomes of a month's photos whose owners have consented."""

    async def looking(evaluator):
        page = await evaluator.client.search(SearchQuery(4, JANUARY.first, JANUARY.last), 1)
        rows = [
            candidate_row(one, month=JANUARY, plan=plan, connection=connection)
            for one in page.candidates
        ]
        photos = [
            OpenPhoto(row.photo_id, row.owner_id, row.original_url, row.image_url, None)
            for row in rows
            if row.reason is None
        ]
        return [await evaluator.evaluate(photo, consent="given") for photo in photos]

    return run(connection, plan, looking)


@pytest.mark.parametrize(
    ("words", "causes"),
    [
        ({"size": "large"}, {"image:o:range", "image:b"}),
        ({"size": "medium"}, {"image:o:range", "image:-"}),
        ({"size": "original"}, {"image:o"}),
        ({"size": "none"}, {"image:o:range"}),
        ({"size": "large", "exif_from": "api"}, {"image:b"}),
    ],
)
def test_an_accepted_photo_costs_one_request_for_each_of_its_files(open_box, words, causes):
    with open_box() as (box, connection):
        outcomes = look_at_january(connection, CrawlPlan("2020-01", **words))
        asked = Counter(path.rsplit("/", 1)[-1] for path, _ in box.log if path.startswith("/i/"))
        assert {cause for cause in box.requests if cause.startswith("image:")} == causes
    accepted = [outcome.photo_id for outcome in outcomes if outcome.verdict == "accepted"]
    assert accepted
    for photo_id in accepted:
        counts = [count for name, count in asked.items() if name.startswith(f"{photo_id}_")]
        assert counts == [1] * len(causes)


def test_an_original_that_is_gone_is_asked_for_once_and_no_api_call_is_made(open_box):
    plan = CrawlPlan("2020-01", size="original")
    with open_box() as (box, connection):
        photo = OpenPhoto(7, "1@N00", f"{connection.image_origin}/1/7_aa_o.jpg", None, None)
        outcome = run(connection, plan, lambda one: one.evaluate(photo, consent="given"))
        assert (outcome.verdict, outcome.reason) == ("rejected", "image_gone")
        assert dict(box.requests) == {"image:o": 1}
