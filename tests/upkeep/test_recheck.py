"""A recheck against the Flickr of later: who is gone leaves, with every byte; nobody else does."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from dataclasses import replace

import pytest

from flickrexif.corpus import Corpus
from flickrexif.crawling import crawl
from flickrexif.crawling.limits import Limits
from flickrexif.errors import LimitReached, UpstreamError, UsageError
from flickrexif.labels import label
from flickrexif.sandbox import Changes, Fault, Faults, Quirks
from flickrexif.upkeep import recheck

DAY = 86_400
NOW = 1_800_000_000.0


def state_of(corpus):
    """Every accepted photo with its licence, and every removed id."""
    with Corpus.open(corpus).state() as state:
        standing = {photo.photo_id: photo.license_id for photo in state.accepted_photos()}
        return standing, state.removed_ids(), state.unpurged()


def shard_ids(corpus):
    import pyarrow.parquet as pq

    shards = Corpus.open(corpus).image_shards()
    return [id_ for shard in shards for id_ in pq.read_table(shard)["photo_id"].to_pylist()]


@pytest.fixture
def changes(accepted):
    """Photos of several owners that were deleted, hidden, relicensed or marked unsafe."""
    ids = [photo.photo_id for photo in accepted]
    closed = Counter(photo.owner_id for photo in accepted).most_common()[-1][0]
    free = [photo.photo_id for photo in accepted if photo.license_id != 9][40:44]
    return Changes(
        deleted={ids[0], ids[13], ids[14]},
        private={ids[20]},
        relicensed={ids[30]: 2, ids[31]: 0, free[0]: 9, free[1]: 9},
        unsafe={ids[35]: 1, ids[36]: 2},
        closed={closed},
    )


def losses(changes, accepted):
    reserved = {id_ for id_, to in changes.relicensed.items() if to != 9}
    closed = {photo.photo_id for photo in accepted if photo.owner_id in changes.closed}
    return {*changes.deleted, *changes.private, *changes.unsafe, *reserved, *closed}


def test_what_flickr_lost_leaves_the_corpus_with_its_bytes(
    corpus, accepted, later, changes, left_of
):
    lost = losses(changes, accepted)
    assert left_of(corpus, lost) == lost
    with later(changes) as (_, connection):
        summary = recheck(corpus, connection=connection)
    standing, removed, unpurged = state_of(corpus)
    expected = {photo.photo_id: photo.license_id for photo in accepted}
    expected |= changes.relicensed
    assert standing == {id_: to for id_, to in expected.items() if id_ not in lost}
    assert (removed, unpurged) == (lost, {})
    assert left_of(corpus, lost) == set()
    assert sorted(shard_ids(corpus)) == sorted(standing)
    assert left_of(corpus, standing) == set(standing)
    gone = len(lost) - 4
    assert summary.dropped == {"gone": gone, "relicensed": 2, "unsafe": 2}
    assert (summary.checked, summary.relicensed, summary.failed) == (len(accepted), 2, 0)
    assert summary.images_deleted == len(lost)
    label(corpus)


def test_a_private_photo_is_told_like_a_missing_one(corpus, accepted, later):
    """Since July 2024."""
    photo = accepted[3].photo_id
    with later(Changes(private={photo}), quirks=Quirks.none()) as (_, connection):
        assert recheck(corpus, connection=connection).dropped == {"gone": 1}


def test_it_asks_far_less_than_once_per_photo(corpus, accepted, later):
    with later() as (box, connection):
        summary = recheck(corpus, connection=connection)
    assert summary.checked == len(accepted)
    assert summary.dropped == {}
    assert sum(summary.calls.values()) == box.requests.total()
    assert summary.calls_per_photo < 0.25
    assert set(summary.calls) <= {"search", "info"}


def test_checked_photos_are_left_in_peace_until_they_are_due(corpus, accepted, later):
    with later() as (box, connection):
        recheck(corpus, connection=connection, clock=lambda: NOW)
        asked = box.requests.total()
        summary = recheck(corpus, connection=connection, clock=lambda: NOW + 29 * DAY)
        assert (summary.checked, box.requests.total()) == (0, asked)
        assert summary.lines() == ["no photo was due: all were checked lately"]
        summary = recheck(corpus, connection=connection, clock=lambda: NOW + 31 * DAY)
        assert summary.checked == len(accepted)
        summary = recheck(corpus, connection=connection, older_than=0, clock=lambda: NOW + 32 * DAY)
        assert summary.checked == len(accepted)


def test_what_a_search_still_lists_is_found_gone_when_each_is_asked(corpus, accepted, later):
    gone = {photo.photo_id for photo in accepted[::3]}
    stale = Quirks(stale_rows=1.0)
    with later(Changes(deleted=gone), quirks=stale) as (_, connection):
        recheck(corpus, connection=connection)
        assert state_of(corpus)[1] < gone
        summary = recheck(corpus, connection=connection, older_than=0, each=True)
    assert state_of(corpus)[1] == gone
    assert set(summary.calls) == {"info"}


def test_faults_drop_nothing_and_the_next_run_finishes(corpus, accepted, later, changes):
    lost = losses(changes, accepted)
    kinds = (Fault.TOO_MANY, Fault.SERVER_ERROR, Fault.SERVICE_DOWN, Fault.DISCONNECT)
    faults = Faults(dict.fromkeys(kinds, 0.15), persistence=8)
    with later(changes, faults=faults) as (_, connection):
        summary = recheck(corpus, connection=replace(connection, retry_base_s=0.001))
        if summary.failed:
            recheck(corpus, connection=replace(connection, retry_base_s=0.001))
    assert state_of(corpus)[1] == lost


def test_a_flickr_that_is_down_drops_nothing(corpus, accepted, later):
    faults = Faults({Fault.SERVICE_DOWN: 1.0}, persistence=10_000)
    with (
        later(faults=faults) as (_, connection),
        pytest.raises(UpstreamError, match="run the same command later"),
    ):
        recheck(corpus, connection=replace(connection, retry_base_s=0.0001))
    assert state_of(corpus)[0].keys() == {photo.photo_id for photo in accepted}


def test_a_limit_on_calls_stops_it_and_the_next_run_goes_on(corpus, accepted, later, changes):
    words = {"limits": Limits(max_calls=10)}
    with later(changes) as (box, connection):
        for _ in range(2):
            with pytest.raises(LimitReached, match="max_calls=10 are spent"):
                recheck(corpus, connection=connection, **words)
            assert state_of(corpus)[2] == {}
        assert box.requests.total() == 20
        summary = recheck(corpus, connection=connection)
        asked = Counter(query["photo_id"] for _, query in box.log if "photo_id" in query)
    assert max(asked.values()) == 1
    assert state_of(corpus)[1] == losses(changes, accepted)
    assert summary.checked < len(accepted)


@pytest.mark.parametrize("older_than", [0, 30])
def test_resuming_asks_nothing_twice_also_when_all_are_rechecked(
    older_than, corpus, accepted, later
):
    with later() as (box, connection):
        recheck(corpus, connection=connection, clock=lambda: NOW - 90 * DAY)
        once = box.requests.total()
        words = {"connection": connection, "older_than": older_than}
        with pytest.raises(LimitReached):
            recheck(corpus, **words, limits=Limits(max_calls=10), clock=lambda: NOW)
        recheck(corpus, **words, clock=lambda: NOW + 60)
        assert box.requests.total() <= 2 * once + connection.concurrency
        begun_anew = recheck(corpus, connection=connection, older_than=0, clock=lambda: NOW + 61)
        assert begun_anew.checked == len(accepted)


def test_a_recheck_of_all_that_was_left_lying_begins_anew(corpus, accepted, later):
    with later() as (_, connection):
        words = {"connection": connection, "older_than": 0}
        with pytest.raises(LimitReached):
            recheck(corpus, **words, limits=Limits(max_calls=10), clock=lambda: NOW)
        summary = recheck(corpus, **words, clock=lambda: NOW + 8 * DAY)
    assert summary.checked == len(accepted)


def test_another_flickr_than_the_crawls_is_refused(corpus, later):
    with later() as (_, connection), pytest.raises(UsageError, match="was crawled from 'sandbox"):
        recheck(corpus, connection=replace(connection, name="https://api.flickr.com/"))


def test_bad_words_are_refused(corpus, tmp_path, later):
    with later() as (box, connection):
        with pytest.raises(UsageError, match="older_than=-1"):
            recheck(corpus, connection=connection, older_than=-1)
        with pytest.raises(UsageError, match="is not a corpus"):
            recheck(tmp_path / "nowhere", connection=connection)
        assert not box.requests


def test_it_runs_inside_a_running_loop(corpus, accepted, later):
    async def notebook(connection):
        return recheck(corpus, connection=connection)

    with later() as (_, connection):
        assert asyncio.run(notebook(connection)).checked == len(accepted)


def test_a_crawl_goes_on_after_a_recheck_and_brings_nothing_back(
    corpus, accepted, later, changes, crawled
):
    lost = losses(changes, accepted)
    with later(changes) as (_, connection):
        recheck(corpus, connection=connection)
        crawl(corpus, Corpus.open(corpus).plan, connection=connection)
    assert state_of(corpus)[1] == lost
    assert not lost & set(shard_ids(corpus))


def test_the_lines_tell_the_counts(corpus, accepted, later, changes):
    with later(changes) as (_, connection):
        lines = recheck(corpus, connection=connection).lines()
    assert re.fullmatch(
        r"\d+ photos checked, \d+ dropped: gone \d+, relicensed 2, unsafe 2", lines[0]
    )
    assert lines[1] == "2 stay under another licence, 0 failed for now"
    assert re.fullmatch(r"API calls: info \d+, search \d+; 0\.\d+ per photo checked", lines[3])
    assert lines[-1] == "run flickrexif label again before the next build"
