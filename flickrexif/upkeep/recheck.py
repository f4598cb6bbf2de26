"""Rechecks: is every accepted photo still there, public, safe, and under a wanted licence?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flickrexif.corpus.layout import Corpus
from flickrexif.corpus.purge import purge
from flickrexif.crawling.contact import Contact
from flickrexif.crawling.halt import Halt
from flickrexif.crawling.ledger import Ledger
from flickrexif.crawling.limits import NO_LIMITS, Allowance, Limits
from flickrexif.crawling.running import finish, saved
from flickrexif.errors import LimitReached, UsageError
from flickrexif.flickr.redaction import guarded_logs
from flickrexif.flickr.session import open_session
from flickrexif.flickr.signing import tell_signing
from flickrexif.progress import Progress, Silent
from flickrexif.upkeep.inspector import Inspector
from flickrexif.upkeep.summary import RecheckCount, RecheckSummary

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flickrexif.corpus.state import State
    from flickrexif.flickr.connection import Connection

OLDER_THAN_DAYS = 30
DAY_S = 86_400
RESUMED_WITHIN_S = 7 * DAY_S
"""So long an interrupted recheck of all photos is gone on with; later it begins anew."""

_BEGAN = "recheck of all began"
_PREFIX = "recheck "


@dataclass(frozen=True, slots=True)
class _Words:
    connection: Connection
    each: bool
    limits: Limits
    progress: Progress
    clock: Callable[[], float]


def recheck(
    corpus: Path | str,
    *,
    connection: Connection,
    older_than: int = OLDER_THAN_DAYS,
    each: bool = False,
    limits: Limits = NO_LIMITS,
    progress: Progress | None = None,
    clock: Callable[[], float] = time.time,
) -> RecheckSummary:
    """Ask Flickr for the accepted photos not checked for ``older_than`` days, and drop the lost.

    A photo leaves when it is gone, private, no longer safe, or under a licence that the corpus does
    not want; another wanted licence is taken over. Owners of several photos are asked for by
    searches, which tell of many photos at once; what a search does not list, or lists otherwise, is
    asked for by itself before anything is dropped. A search may go on listing a photo that was
    deleted a short while ago: ``each`` asks for every photo by itself, which is dearer. A failure
    of Flickr never drops a photo. The bytes of dropped photos are deleted.

    Each answer is kept at once: the same call resumes and asks nothing twice, also with
    ``older_than`` 0 (all photos) within a week. Raises what `flickrexif.crawl` raises.
    """
    opened = Corpus.open(corpus)
    if older_than < 0:
        raise UsageError(f"older_than={older_than!r} is not a number of days: give 0 or more")
    if opened.endpoint != connection.name:
        raise UsageError(
            f"corpus {str(corpus)!r} was crawled from {opened.endpoint!r}, not "
            f"{connection.name!r}: recheck it there"
        )
    words = _Words(connection, each, limits, progress or Silent(), clock)
    with opened.lock(), guarded_logs(*connection.secrets), opened.state() as state:
        tell_signing(connection)
        with saved(opened.path):
            return _recheck(opened, state, words, older_than)


def _recheck(corpus: Corpus, state: State, words: _Words, older_than: int) -> RecheckSummary:
    checked_before = _checked_before(state, older_than, int(words.clock()))
    before, count = state.calls(), RecheckCount()
    halt = Halt(Allowance(words.limits))
    contact = Contact(words.connection, halt, has_answered=True)
    try:
        finish(_inspect(corpus, state, words, contact, count, checked_before), halt)
    except LimitReached:
        purge(corpus, state, words.progress)
        raise
    if not older_than and not count.failed:
        with state.transaction():
            state.forget(_BEGAN)
    deleted = purge(corpus, state, words.progress)
    calls = _calls_since(before, state.calls())
    return RecheckSummary.of(count, calls=calls, images_deleted=deleted)


async def _inspect(
    corpus: Corpus,
    state: State,
    words: _Words,
    contact: Contact,
    count: RecheckCount,
    checked_before: int,
) -> None:
    halt, limits = contact.halt, words.limits
    with halt.on_signals(), halt.after(limits.seconds, limits.hours_passed()):
        async with open_session(
            words.connection, watch=contact, sleep=halt.sleep, linger=halt.linger
        ) as flickr:
            inspector = Inspector(
                ledger=Ledger(state, flickr.tally),
                client=flickr.client,
                wanted=frozenset(corpus.plan.license_ids),
                halt=halt,
                progress=words.progress,
                count=count,
                checked_before=checked_before,
                clock=words.clock,
                each=words.each,
            )
            await inspector.run()


def _checked_before(state: State, older_than: int, now: int) -> int:
    """The moment before which a check no longer counts; kept while a recheck of all is under way.

    A recheck of all photos has no other way to know, when it is resumed, which ones it has done.
    """
    if older_than:
        return now - older_than * DAY_S
    began = state.reminder(_BEGAN)
    if began is None or not now - RESUMED_WITHIN_S <= began <= now + 1:
        began = now + 1  # so that what was checked a moment ago counts as before it
        with state.transaction():
            state.remind(_BEGAN, began)
    return began


def _calls_since(before: dict[str, int], now: dict[str, int]) -> dict[str, int]:
    new = {cause: count - before.get(cause, 0) for cause, count in now.items()}
    return {
        cause.removeprefix(_PREFIX): count
        for cause, count in new.items()
        if cause.startswith(_PREFIX) and count
    }
