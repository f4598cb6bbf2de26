"""A crawl from its words to its summary."""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from flickrexif.corpus.layout import Corpus
from flickrexif.crawling.crawler import Crawler
from flickrexif.crawling.evaluate import Evaluator
from flickrexif.crawling.halt import RESUME, Halt
from flickrexif.crawling.ledger import Ledger
from flickrexif.crawling.summary import CrawlSummary, summarize
from flickrexif.errors import FlickrexifError, Interrupted
from flickrexif.flickr.budget import TokenBucket, bucket_name
from flickrexif.flickr.client import FlickrClient, open_http
from flickrexif.flickr.images import ImageHost
from flickrexif.flickr.redaction import guarded_logs
from flickrexif.flickr.retrying import Backoff, Retrier, Tally
from flickrexif.progress import Progress, Silent

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from flickrexif.corpus.plan import CrawlPlan
    from flickrexif.corpus.state import State
    from flickrexif.flickr.connection import Connection


def crawl(
    corpus: Path | str,
    plan: CrawlPlan,
    *,
    connection: Connection,
    progress: Progress | None = None,
) -> CrawlSummary:
    """Fill the corpus at ``corpus`` as ``plan`` asks, or go on with it; what it came to.

    Which photos are accepted depends on the plan and on what Flickr answers, never on the order or
    the number of runs. Nothing that a run has saved is fetched again. Photos that failed for now
    are tried again by the next run; `CrawlSummary.failed` counts them.

    Raises `UsageError` (another crawl is running; the folder holds something else, or a corpus
    made with other words), `AccessError` (Flickr refuses the key), `UpstreamError` (Flickr is
    down) and `Interrupted` (SIGINT or SIGTERM). After the last two the same call resumes.
    """
    made = Corpus.create(Path(corpus), plan, endpoint=connection.name)
    halt = Halt()
    with made.lock(), made.state() as state, guarded_logs(connection.api_key):
        try:
            _run(_crawl(made, state, connection, progress or Silent(), halt), halt)
        except (sqlite3.OperationalError, OSError) as error:
            raise FlickrexifError(
                f"corpus {str(corpus)!r} cannot be written ({error}): make room or mend it, "
                "then run the same command to resume"
            ) from error
        return summarize(state)


async def _crawl(
    corpus: Corpus, state: State, connection: Connection, progress: Progress, halt: Halt
) -> None:
    with halt.on_signals():
        async with open_http(connection) as http:
            stand = _Stand.of(state, connection, halt)
            evaluator = Evaluator(
                plan=corpus.plan,
                client=FlickrClient(connection, http, stand.api),
                host=ImageHost(connection, http, stand.images),
            )
            await Crawler(corpus, stand.ledger, evaluator, halt, progress).run()


@dataclass(frozen=True, slots=True)
class _Stand:
    ledger: Ledger
    api: Retrier
    images: Retrier

    @classmethod
    def of(cls, state: State, connection: Connection, halt: Halt) -> _Stand:
        rates = {
            bucket_name("api", connection.api_key): connection.calls_per_hour / 3600,
            "images": connection.images_per_second,
        }
        buckets = {
            name: TokenBucket(rate, kept=state.budget(name), sleep=halt.sleep)
            for name, rate in rates.items()
        }
        tally, backoff, rng = Tally(), Backoff(connection.retry_base_s), Random()
        api, images = (
            Retrier(bucket, tally, backoff, rng, halt.sleep) for bucket in buckets.values()
        )
        return cls(Ledger(state, tally, buckets), api, images)


def _run(work: Coroutine[object, object, None], halt: Halt) -> None:
    """Run ``work`` to its end, also where a loop runs already, as in a notebook."""
    if not _runs_in_a_loop():
        asyncio.run(work)
        return
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(asyncio.run, work)
        try:
            running.result()
        except KeyboardInterrupt:
            halt.ask_from_outside(Interrupted(RESUME))
            running.result()


def _runs_in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
