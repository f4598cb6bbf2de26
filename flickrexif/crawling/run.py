"""A crawl from its words to its summary."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from flickrexif.corpus.layout import STATE_FILE, Corpus
from flickrexif.corpus.purge import purge
from flickrexif.corpus.words import WORDS_FILE
from flickrexif.crawling.candidates import addresses_of
from flickrexif.crawling.contact import Contact, NotFlickr
from flickrexif.crawling.crawler import Crawler
from flickrexif.crawling.evaluate import Evaluator
from flickrexif.crawling.halt import Halt
from flickrexif.crawling.ledger import Ledger
from flickrexif.crawling.limits import NO_LIMITS, Allowance, Limits
from flickrexif.crawling.rates import keep_rates
from flickrexif.crawling.running import finish, saved
from flickrexif.crawling.summary import Baseline, CrawlSummary, summarize
from flickrexif.errors import FlickrexifError, UsageError
from flickrexif.flickr.redaction import guarded_logs
from flickrexif.flickr.session import open_session
from flickrexif.flickr.signing import tell_signing
from flickrexif.progress import Progress, Silent

if TYPE_CHECKING:
    from flickrexif.corpus.plan import CrawlPlan
    from flickrexif.corpus.state import State
    from flickrexif.flickr.connection import Connection


def crawl(
    corpus: Path | str,
    plan: CrawlPlan,
    *,
    connection: Connection,
    limits: Limits = NO_LIMITS,
    progress: Progress | None = None,
) -> CrawlSummary:
    """Fill the corpus at ``corpus`` as ``plan`` asks, or go on with it; what it came to.

    Which photos are accepted depends on the plan and on what Flickr answers, never on the order or
    the number of runs. Nothing that a run has saved is fetched again. Photos that failed for now
    are tried again by the next run; `CrawlSummary.failed` counts them. While Flickr or the network
    is down it waits, for as long as `Connection.patience_h` says.

    Raises `UsageError` (another crawl is running; the folder holds something else, or a corpus
    made with other words; what answers is no Flickr), `AccessError` (Flickr refuses the key),
    `UpstreamError` (Flickr is down), its child `LimitReached` (``limits``) and `Interrupted`
    (SIGINT or SIGTERM). After the last three the same call resumes.
    """
    if not plan.each_month:
        raise UsageError(
            f"months {plan.months!r} are of an imported corpus: no crawl goes on there"
        )
    path = Path(corpus)
    has_folder, is_new = path.exists(), not (path / WORDS_FILE).exists()
    with saved(path):
        made = Corpus.create(path, plan, endpoint=connection.name)
    with made.lock(), guarded_logs(*connection.secrets):
        tell_signing(connection)
        try:
            return _fill(made, connection, limits, progress or Silent())
        except NotFlickr:
            if is_new:
                _unmake(path, keep_folder=has_folder)
            raise


def _fill(
    corpus: Corpus, connection: Connection, limits: Limits, progress: Progress
) -> CrawlSummary:
    halt = Halt(Allowance(limits))
    with saved(corpus.path), corpus.state() as state:
        before = Baseline.of(state)
        contact = Contact(connection, halt, has_answered=bool(state.window_tallies()))
        try:
            purge(corpus, state, progress)
            finish(_crawl(corpus, state, contact, limits, progress), halt)
        except FlickrexifError as error:
            raise contact.explain(error) from error.__cause__
        return summarize(state, corpus.plan, before=before)


async def _crawl(
    corpus: Corpus, state: State, contact: Contact, limits: Limits, progress: Progress
) -> None:
    halt, addresses = contact.halt, addresses_of(corpus.plan)
    with halt.on_signals(), halt.after(limits.seconds, limits.hours_passed()):
        async with open_session(
            contact.connection,
            addresses=addresses,
            watch=contact,
            sleep=halt.sleep,
            linger=halt.linger,
        ) as flickr:
            evaluator = Evaluator(plan=corpus.plan, client=flickr.client, host=flickr.host)
            ledger = Ledger(state, flickr.tally)
            ledger.commit(lambda: keep_rates(state, contact.connection))
            await Crawler(corpus, ledger, evaluator, halt, progress).run()


def _unmake(path: Path, *, keep_folder: bool) -> None:
    """Take away what a crawl has made that never reached a Flickr: nothing is lost with it."""
    for made in [*path.glob(f"{STATE_FILE}*"), path / WORDS_FILE]:
        made.unlink(missing_ok=True)
    if not keep_folder:
        with suppress(OSError):  # somebody has put something else there
            path.rmdir()
