"""API calls per accepted photo: this crawl and two naive ones."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path

from crawl_hosts import MONTHS, sandbox

from flickrexif.crawling import CrawlPlan, crawl
from flickrexif.crawling.candidates import addresses_of, candidate_row, is_stray
from flickrexif.crawling.evaluate import tells_capture
from flickrexif.flickr import Connection
from flickrexif.flickr.failures import RequestFailed
from flickrexif.flickr.search import SearchQuery
from flickrexif.flickr.session import open_session


def compare_calls(words) -> None:
    plan = CrawlPlan(MONTHS, size="none")
    print(f"API calls per accepted photo, {MONTHS}")
    with sandbox() as box, tempfile.TemporaryDirectory() as folder:
        connection = Connection.embedded(box.rest_url, box.image_base)
        summary = crawl(Path(folder) / "corpus", plan, connection=connection)
        _tell_calls("this crawl", sum(summary.api_calls.values()), summary.accepted)
        for name, windows in (("one getExif per photo", None), ("one-day windows", 1)):
            calls, accepted = asyncio.run(naive_crawl(connection, plan, days=windows))
            _tell_calls(name, calls, accepted)


def _tell_calls(name, calls, accepted) -> None:
    print(f"  {name:24} {calls:6} calls {accepted:6} photos {calls / accepted:7.3f}", flush=True)


async def naive_crawl(connection, plan, *, days) -> tuple[int, int]:
    """API calls and photos of a crawler that asks getExif for each photo, in the list's order."""
    accepted, calls = set(), 0
    async with open_session(connection, addresses=addresses_of(plan)) as flickr:
        for month in plan.each_month:
            placed = Counter()
            async for photo in _listed(flickr.client, month, plan, days=days):
                if is_stray(photo, month=month, plan=plan) or photo.photo_id in accepted:
                    continue
                row = candidate_row(photo, month=month, plan=plan, connection=connection)
                if row.reason is not None or placed[row.owner_id] >= plan.per_user_month:
                    continue
                try:
                    exif = await flickr.client.exif(photo.photo_id)
                except RequestFailed:
                    continue
                if tells_capture(exif):
                    placed[row.owner_id] += 1
                    accepted.add(row.photo_id)
        calls = sum(flickr.tally.requests.values())
    return calls, len(accepted)


async def _listed(client, month, plan, *, days):
    """Every row of a month, page by page, from searches of so many days (None: the month)."""
    for license_id in plan.license_ids:
        first = month.first
        while first <= month.last:
            last = month.last if days is None else first + timedelta(days=days, seconds=-1)
            page = pages = 1
            while page <= pages:
                answer = await client.search(SearchQuery(license_id, first, last), page)
                for photo in answer.candidates:
                    yield photo
                page, pages = page + 1, answer.pages if answer.candidates else 0
            first = last + timedelta(seconds=1)
