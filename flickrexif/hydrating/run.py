"""A hydration from its words to its summary."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flickrexif.corpus.images import groups
from flickrexif.corpus.purge import purge
from flickrexif.crawling.halt import Halt
from flickrexif.crawling.ledger import Ledger
from flickrexif.crawling.limits import NO_LIMITS, Allowance, Limits
from flickrexif.crawling.rates import keep_rates
from flickrexif.crawling.running import finish, saved
from flickrexif.errors import UsageError
from flickrexif.flickr.redaction import guarded_logs
from flickrexif.flickr.session import open_session
from flickrexif.flickr.sizes import SIZES
from flickrexif.hydrating.fetching import Fetcher
from flickrexif.hydrating.folder import PlainFolder
from flickrexif.hydrating.hydrator import BATCH_PHOTOS, Hydrator
from flickrexif.hydrating.plan import HydratePlan
from flickrexif.hydrating.sources import open_source, refuse_unreachable
from flickrexif.hydrating.summary import (
    FAILURES_FILE,
    HydrateSummary,
    RunCount,
    counted,
    run_requests,
    write_failures,
)
from flickrexif.progress import Progress, Silent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flickrexif.corpus.layout import Corpus
    from flickrexif.corpus.state import State
    from flickrexif.flickr.connection import Connection
    from flickrexif.hydrating.plan import HydrateSize
    from flickrexif.ids import PhotoId

LONGEST = "longest edge of fetched images, px"
"""The reminder in a corpus's state of the size that its images were fetched in; 0 is as given."""
AS_GIVEN = HydratePlan()


@dataclass(frozen=True, slots=True)
class _Words:
    plan: HydratePlan
    connection: Connection
    limits: Limits
    progress: Progress


def hydrate(
    source: Path | str,
    plan: HydratePlan = AS_GIVEN,
    *,
    connection: Connection,
    limits: Limits = NO_LIMITS,
    progress: Progress | None = None,
) -> HydrateSummary:
    """Fetch the images of the photos that ``source`` tells of; what it came to.

    ``source`` is a corpus that `import_splits` made, whose images go into it, or a release folder
    or a table with the published columns, of which the corpus ``plan.to`` is made first, with the
    release's labels. Each address is asked for once, within the budget that all crawls of this
    machine share; no key is needed. Images are kept as they were answered: whole JPEG files, with
    the SHA-256 that the source tells where it tells one. Nothing that a run has saved is fetched
    again, and no photo found dead is asked for again but by ``plan.retry_failed``. The list of
    photos without an image is kept in the corpus as failures.csv.

    Raises `UsageError` with nothing written (no such source; ``plan.to`` is something else; images
    of another size are there already), `UpstreamError` (the image host is down or refuses this
    machine), its child `LimitReached` (``limits``) and `Interrupted`. After the last three the same
    call resumes.
    """
    words = _Words(plan, connection, limits, progress or Silent())
    corpus = open_source(Path(source), plan, connection)
    with (
        corpus.lock(),
        guarded_logs(*connection.secrets),
        saved(corpus.path),
        corpus.state() as state,
    ):
        return _hydrate(corpus, state, words)


def _hydrate(corpus: Corpus, state: State, words: _Words) -> HydrateSummary:
    plan = words.plan
    before, (_, already), count = state.calls(), state.count_images(), RunCount()
    if not already:
        refuse_unreachable(corpus.path, _addresses(state), plan, words.connection)
    _keep_size(state, plan.size)
    photo_ids = state.lacking_ids(retry=plan.retry_failed)
    purge(corpus, state, words.progress)
    folder = None if plan.folder is None else PlainFolder(plan.folder)
    if folder is not None:
        _fill(folder, corpus, state, words.progress)
    failures = corpus.path / FAILURES_FILE
    with _told(state, failures):
        halt = Halt(Allowance(words.limits))
        finish(_fetch(corpus, state, words, halt, photo_ids, count, folder), halt)
    dead, failed = counted(lack for *_, lack in state.lacks())
    photos, _ = state.count_images()
    return HydrateSummary(
        corpus=corpus.path,
        photos=photos,
        already=already,
        saved=count.saved,
        bytes=count.bytes,
        dead=dead,
        failed=failed,
        requests=run_requests(before, state.calls(), "image "),
        retries=run_requests(before, state.calls(), "retry "),
        failures=failures,
        folder=plan.folder,
        files=0 if folder is None else folder.written,
    )


async def _fetch(
    corpus: Corpus,
    state: State,
    words: _Words,
    halt: Halt,
    photo_ids: list[PhotoId],
    count: RunCount,
    folder: PlainFolder | None,
) -> None:
    limits, (photos, _) = words.limits, state.count_images()
    with halt.on_signals(), halt.after(limits.seconds, limits.hours_passed()):
        async with open_session(words.connection, sleep=halt.sleep, linger=halt.linger) as flickr:
            ledger = Ledger(state, flickr.tally)
            ledger.commit(lambda: keep_rates(state, words.connection))
            words.progress.start("fetching images", photos, "photos", done=photos - len(photo_ids))
            await Hydrator(
                corpus=corpus,
                ledger=ledger,
                fetcher=Fetcher(flickr.host, words.plan.size),
                halt=halt,
                progress=words.progress,
                count=count,
                folder=folder,
            ).run(photo_ids)
            words.progress.close()


def _addresses(state: State) -> Iterator[tuple[PhotoId, str | None]]:
    for batch in groups(state.lacking_ids(retry=True), BATCH_PHOTOS):
        for photo in state.lacking(batch):
            yield photo.photo_id, photo.image_url


def _keep_size(state: State, size: HydrateSize) -> None:
    """Keep the size that images are fetched in; one size for all images of a corpus."""
    was = state.reminder(LONGEST)
    longest = 0 if size == "as-given" else SIZES[size].longest or 0
    _, images = state.count_images()
    if images and was is not None and was != longest:
        names = {one.longest: one.name for one in SIZES.values()} | {0: "as-given"}
        raise UsageError(
            f"images of this corpus were fetched with size={names[was]!r}, not {size!r}: "
            "use the same size or another folder"
        )
    with state.transaction():
        state.remind(LONGEST, longest)


def _fill(folder: PlainFolder, corpus: Corpus, state: State, progress: Progress) -> None:
    """Bring the plain folder up to what the corpus holds before anything is fetched."""
    folder.drop(state.removed_ids())
    shards = state.shards()
    progress.start("writing files", len(shards), "shards")
    for shard in shards:
        folder.take(corpus.images_folder / shard.name)
        progress.advance()
    progress.close()


@contextmanager
def _told(state: State, failures: Path) -> Iterator[None]:
    """Leave the list of photos without an image, however the work inside ends."""
    try:
        yield
    finally:
        write_failures(failures, state.lacks())
