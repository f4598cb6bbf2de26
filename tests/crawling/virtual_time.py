"""A crawl in virtual time: the real crawler on an embedded Flickr, where nobody ever waits.

Every sleep ends at once and moves the clock instead, so that hours of budgets pass in seconds, and
the same way on every machine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from leaping_loop import LeapingLoop

from flickrexif.corpus import Corpus
from flickrexif.crawling.candidates import addresses_of
from flickrexif.crawling.contact import Contact
from flickrexif.crawling.crawler import Crawler
from flickrexif.crawling.evaluate import Evaluator
from flickrexif.crawling.halt import Halt
from flickrexif.crawling.ledger import Ledger
from flickrexif.crawling.limits import NO_LIMITS, Allowance, Limits
from flickrexif.crawling.rates import keep_rates
from flickrexif.crawling.stopwatch import Stopwatch
from flickrexif.flickr.budget import bucket_name, image_bucket_name
from flickrexif.flickr.budgets import BudgetStore
from flickrexif.flickr.client import FlickrClient
from flickrexif.flickr.health import HostHealth, Patience
from flickrexif.flickr.images import ImageHost
from flickrexif.flickr.pace import Moment
from flickrexif.flickr.retrying import Backoff, Retrier, Tally, Unwatched, Watch
from flickrexif.sandbox.site import Received, Site

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path

    from flickrexif.corpus import CrawlPlan
    from flickrexif.flickr import Connection
    from flickrexif.progress import Progress
    from flickrexif.sandbox import Sandbox

ANSWER_S = 0.15
"""How long every answer takes."""
STARTED_AT = 1_000.0
Trouble = Callable[[str, float], int | None]
"""The HTTP status that a path meets so many seconds after the beginning; None: what is there."""


@dataclass
class Wire(httpx.AsyncBaseTransport):
    """Carries requests to a sandbox without any socket; ``trouble`` may answer for it."""

    site: Site
    trouble: Trouble

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(ANSWER_S)
        target = urlsplit(str(request.url))
        status = self.trouble(target.path, asyncio.get_running_loop().time() - STARTED_AT)
        if status is not None:
            return httpx.Response(status)
        query = dict(parse_qsl(target.query, keep_blank_values=True))
        key, part = query.get("api_key", ""), request.headers.get("Range")
        answer = self.site.answer(Received(target.path, query, key=key, range_header=part))
        assert answer is not None
        headers = {"Content-Type": answer.content_type, **dict(answer.headers)}
        return httpx.Response(answer.status, headers=headers, content=answer.body)


def run(work: Callable[[LeapingLoop], Coroutine[Any, Any, None]]) -> float:
    """Run ``work`` to its end; the virtual seconds it took."""
    with asyncio.Runner(loop_factory=lambda: LeapingLoop(STARTED_AT)) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, LeapingLoop)
        began = loop.now
        runner.run(work(loop))
        return loop.now - began


async def crawl(
    path: Path,
    plan: CrawlPlan,
    box: Sandbox,
    connection: Connection,
    store: BudgetStore,
    progress: Progress,
    *,
    trouble: Trouble = lambda path, seconds: None,
    limits: Limits = NO_LIMITS,
) -> None:
    """Crawl ``box`` within the finite rates of ``connection``, kept in ``store``."""
    loop, halt, tally = asyncio.get_running_loop(), Halt(Allowance(limits)), Tally()
    contact = Contact(connection, halt, has_answered=True)
    corpus = Corpus.create(path, plan, endpoint=connection.name)

    def retrier(name: str, rate: float, watch: Watch) -> Retrier:
        lane = asyncio.Semaphore(connection.concurrency)
        bucket = store.bucket(name, rate, sleep=halt.sleep)
        health = HostHealth(name, Patience(connection.patience_s, sleep=halt.linger))
        return Retrier(bucket, tally, Backoff(), Random(0), halt.sleep, watch, lane, health)

    name, rate = bucket_name("api", connection.api_key), connection.calls_per_hour / 3600
    calls = retrier(name, rate, contact)
    name = image_bucket_name(connection.image_base)
    images = retrier(name, connection.images_per_second, Unwatched())
    with corpus.lock(), corpus.state() as state:
        async with httpx.AsyncClient(transport=Wire(box._site(), trouble)) as http:
            client = FlickrClient(connection, http, calls, addresses_of(plan))
            evaluator = Evaluator(plan, client, ImageHost(connection, http, images))
            ledger = Ledger(state, tally, Stopwatch(loop.time))
            ledger.commit(lambda: keep_rates(state, connection))
            with halt.after(limits.seconds, limits.hours_passed()):
                await Crawler(corpus, ledger, evaluator, halt, progress).run()


def store_at(path: Path, loop: LeapingLoop) -> BudgetStore:
    """Budgets in a file of their own, under the loop's clock."""
    return BudgetStore(path, clock=lambda: Moment(loop.now, loop.now))
