"""A crawl over a Flickr in memory: the crawler and the state are real, no request is sent."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from random import Random

from fake_flickr import JANUARY, SECONDS, FakeFlickr, candidate, timedelta

from flickrexif.corpus import Corpus
from flickrexif.corpus.rows import Outcome
from flickrexif.crawling.crawler import Crawler
from flickrexif.crawling.halt import Halt
from flickrexif.crawling.ledger import Ledger
from flickrexif.errors import Interrupted
from flickrexif.flickr import Connection
from flickrexif.flickr.retrying import Tally
from flickrexif.progress import Silent

CONNECTION = Connection(api_key="0" * 32)


class Crash(Exception):  # noqa: N818 - a kill, as far as one process can play it
    """Ends a run without any ceremony."""


@dataclass
class Looker:
    """Stands where the evaluator and its client stand; answers in an order of its own."""

    flickr: FakeFlickr
    kinds: dict[int, str]
    """Of the photos that are not sound: bare, or refused for another reason."""
    rng: Random = field(default_factory=lambda: Random(0))
    concurrency: int = 8
    left: int | None = None
    """Requests until ``ends_with`` is raised."""
    ends_with: type[Exception] = Crash
    looked_at: list[int] = field(default_factory=list)

    @property
    def client(self):
        return self

    @property
    def connection(self):
        return replace(CONNECTION, concurrency=self.concurrency)

    async def _pass_time(self):
        for _ in range(self.rng.randrange(4)):
            await asyncio.sleep(0)
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise self.ends_with("stopped")

    async def search(self, query, page):
        await self._pass_time()
        return await self.flickr.search(query, page)

    async def evaluate(self, photo, *, consent):
        await self._pass_time()
        self.looked_at.append(photo.photo_id)
        kind = self.kinds.get(photo.photo_id)
        reason = {None: None, "bare": "no_exif", "refused": "gone"}[kind]
        verdict = "rejected" if reason else "accepted"
        return Outcome(photo.photo_id, photo.owner_id, verdict, reason, consent="given")


def crawl_once(path, plan, looker) -> None:
    """One run, to its end or to the exception that ends it."""
    corpus = Corpus.create(path, plan, endpoint="memory")
    with corpus.state() as state:
        crawler = Crawler(corpus, Ledger(state, Tally()), looker, Halt(), Silent())
        asyncio.run(crawler.run())


def crawl_in_pieces(path, plan, looker, pieces) -> None:
    """Runs that end early, after so many requests each, and a last one that does not."""
    for requests, ends_with in pieces:
        looker.left, looker.ends_with = requests, ends_with
        try:
            crawl_once(path, plan, looker)
        except (Crash, Interrupted):
            continue
    looker.left = None
    crawl_once(path, plan, looker)


def accepted(path) -> list[int]:
    """The ids of the accepted photos, ascending."""
    with Corpus.open(path).state() as state:
        return sorted(photo.photo_id for photo in state.accepted_photos())


def some_photos(number, *, owners=10, licenses=(4, 5), seed=0, within=SECONDS):
    """Photos of January 2020, some owners with many, at all hours."""
    rng = Random(seed)
    return [
        candidate(
            n,
            JANUARY.first + timedelta(seconds=rng.randrange(within)),
            owner_id=f"{min(rng.randrange(owners), rng.randrange(owners))}@N00",
            license_id=rng.choice(licenses),
            uploaded_at=1_580_000_000 + n,
        )
        for n in range(1, number + 1)
    ]
