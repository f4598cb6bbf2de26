"""A Flickr, opened: its web service and its image host, each within its shared budget."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING

from flickrexif.flickr.budget import bucket_name, image_bucket_name
from flickrexif.flickr.budgets import BudgetStore
from flickrexif.flickr.client import FlickrClient
from flickrexif.flickr.health import HostHealth, Patience
from flickrexif.flickr.images import ImageHost
from flickrexif.flickr.retrying import Backoff, Retrier, Tally, Unwatched, Watch
from flickrexif.flickr.search import LARGE, Addresses
from flickrexif.flickr.transport import open_http

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from flickrexif.flickr.budget import Sleep, TokenBucket
    from flickrexif.flickr.connection import Connection

ATTEMPTS = 8
"""Of a request over a network: with pauses that double from half a second they span a minute.

So long a laptop that wakes may take to find its network again.
"""
FIRST_PAUSES, LONGEST_PAUSES = 120, 1_800
"""The first and the longest pause of an outage, in first pauses of a retry.

A minute and a quarter of an hour over a network.
"""


@dataclass(frozen=True, slots=True)
class Session:
    """What one run asks; ``tally`` counts the requests of both hosts."""

    client: FlickrClient
    host: ImageHost
    tally: Tally


@asynccontextmanager
async def open_session(
    connection: Connection,
    *,
    addresses: Addresses = LARGE,
    watch: Watch | None = None,
    sleep: Sleep = asyncio.sleep,
    linger: Sleep | None = None,
) -> AsyncIterator[Session]:
    """Open ``connection`` within the budgets of this machine; ``watch`` is told of API calls.

    Outages are waited out by ``linger``, else ``sleep``: one that raises ends the wait.

    At most `Connection.concurrency` requests are under way to each of the two hosts, those that
    wait for their token included: waiting for the one never holds up the other.
    """
    tally, rng = Tally(), Random()
    backoff = Backoff(connection.retry_base_s)
    if not connection.is_loopback:
        backoff = replace(backoff, attempts=ATTEMPTS)
    patience = Patience(
        connection.patience_s,
        first_pause_s=FIRST_PAUSES * connection.retry_base_s,
        longest_pause_s=LONGEST_PAUSES * connection.retry_base_s,
        sleep=linger or sleep,
    )

    def retrier(bucket: TokenBucket, watch: Watch, name: str) -> Retrier:
        lane = asyncio.Semaphore(connection.concurrency)
        health = HostHealth(name, patience)
        return Retrier(bucket, tally, backoff, rng, sleep, watch, lane, health)

    with BudgetStore() as budgets:
        calls = budgets.bucket(
            bucket_name("api", connection.api_key),
            connection.calls_per_hour / 3600,
            burst=connection.burst_of_calls,
            label="API calls",
            sleep=sleep,
        )
        images = budgets.bucket(
            image_bucket_name(connection.image_base),
            connection.images_per_second,
            label="image requests",
            sleep=sleep,
        )
        async with open_http(connection) as http:
            asked = retrier(calls, watch or Unwatched(), "Flickr's web service")
            fetched = retrier(images, Unwatched(), "Flickr's image host")
            yield Session(
                FlickrClient(connection, http, asked, addresses),
                ImageHost(connection, http, fetched),
                tally,
            )
