"""How a crawl is told to stand, from beside it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from standing_candidates import add_candidates

from flickrexif.console import to_json
from flickrexif.corpus import Corpus, CrawlPlan
from flickrexif.crawling import crawl, status
from flickrexif.crawling.rates import keep_rates
from flickrexif.errors import UsageError
from flickrexif.flickr import Connection
from flickrexif.flickr.budget import bucket_name, image_bucket_name
from flickrexif.flickr.budgets import BudgetStore
from flickrexif.flickr.pace import BucketState, Moment

KEY = "0123456789abcdef0123456789abcdef"
FLICKR = Connection(api_key=KEY)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FIVE = CrawlPlan("2020-01..2020-05", per_user_month=10)


@pytest.fixture
def make(tmp_path):
    """Makes a corpus, and its state by what a function writes into it."""

    def made(plan, write=None):
        corpus = Corpus.create(tmp_path / "corpus", plan, endpoint=FLICKR.name)
        if write is not None:
            with corpus.state() as state, state.transaction():
                write(state)
        return corpus

    return made


def each_kind(state):
    """A settled month, one with failures, one that is looked at, one that is listed, one new."""
    for number, month in enumerate(("2020-01", "2020-02", "2020-03"), start=1):
        add_candidates(state, month, "accepted", number=10)
        add_candidates(state, month, "rejected", "no_exif", number=2 * number)
        state.spend(month, "list", 60)
        state.spend(month, "look", 600)
    add_candidates(state, "2020-02", "failed", "http_500", number=3)
    add_candidates(state, "2020-03", number=20, owner="2@N00")
    add_candidates(state, "2020-04", number=50, sweeps=(1,))
    state.spend("2020-04", "list", 30)
    state.settle_month("2020-01")


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


def test_each_month_has_its_state_and_its_counts(make):
    told = status(make(FIVE, each_kind).path)
    assert [month.state for month in told.months] == [
        "settled", "failed", "looking", "listing", "waiting"
    ]  # fmt: skip
    settled, failed, looking, listing, waiting = told.months
    assert (settled.listed, settled.accepted, settled.expected, settled.rejected) == (12, 10, 10, 2)
    assert (failed.failed, failed.expected) == (3, 10)
    assert 10 < looking.expected <= 20
    assert (listing.listed, listing.expected, listing.completeness) == (50, None, None)
    assert (waiting.listed, waiting.expected) == (0, None)
    assert settled.completeness.share == 1
    assert told.accepted == 30 < told.expected
    assert "photos failed for now: 3, which the next run tries again" in told.lines()


def test_the_share_counts_those_that_were_looked_at(make):
    def write(state):
        add_candidates(state, "2020-01", "accepted", number=6, license_id=4)
        add_candidates(state, "2020-01", "accepted", number=2, license_id=9)
        for reason in ("no_exif", "gone", "image_redirected", "image_truncated"):
            add_candidates(state, "2020-01", "rejected", reason, license_id=9)
        unseen = ("not_jpeg", "taken_unknown", "exif_hidden", "barren_owner", "taken_down")
        for reason in unseen:
            add_candidates(state, "2020-01", "rejected", reason, number=7, license_id=9)
        add_candidates(state, "2020-02", "failed", "http_500", number=5)
        add_candidates(state, "2020-02", "removed", number=5)

    told = status(make(FIVE, write).path)
    assert (told.acceptance.accepted, told.acceptance.looked_at) == (8, 12)
    assert told.months[0].acceptance.share == pytest.approx(8 / 12)
    assert told.months[1].acceptance.share is None
    shares = {one.license: one.acceptance.share for one in told.licenses}
    assert shares == {"CC-BY-2.0": 1, "CC0-1.0": pytest.approx(2 / 6)}
    assert "  CC0-1.0: 33.3 % (2 of 6)" in told.lines()


def test_many_months_share_a_line_unless_all_are_wanted(make):
    plan = CrawlPlan("2020-01..2023-12")

    def write(state):
        for month in [str(month) for month in plan.each_month][:20]:
            add_candidates(state, month, "accepted", number=3)
            state.settle_month(month)

    told = status(make(plan, write).path)
    folded, whole = told.lines(), told.lines(all_months=True)
    assert folded[1].split()[:5] == ["2020-01..2021-08", "20", "settled", "60", "60"]
    assert folded[2].split()[:3] == ["2021-09..2023-12", "28", "waiting"]
    assert folded[3].split()[:3] == ["all", "60", "60"]
    assert [line[:7] for line in whole[1:49]] == [str(month) for month in plan.each_month]
    assert len(folded) + 46 == len(whole)


def test_a_sampled_month_is_as_far_as_its_photos(make):
    def write(state):
        add_candidates(state, "2020-01", "accepted", number=25, sweeps=(1,))
        add_candidates(state, "2020-01", number=400, sweeps=(1,))
        state.spend("2020-01", "list", 30)
        state.spend("2020-01", "look", 100)

    told = status(make(CrawlPlan("2020-01", per_month=100), write).path)
    assert told.is_sampled
    assert told.months[0].expected == 100
    assert told.seconds_left == pytest.approx(3 * 130)
    assert told.lines()[1].endswith("sampled")


# A crawl that runs


def test_a_running_crawl_has_an_end_in_local_time(make):
    corpus = make(FIVE, each_kind)
    resting = status(corpus.path, now=NOON)
    with corpus.lock():
        running = status(corpus.path, now=NOON)
    assert (resting.is_running, resting.ends_at) == (False, None)
    assert resting.lines()[-1].startswith("no crawl is running: about ")
    assert running.seconds_left == resting.seconds_left > 600
    ends_at = datetime.fromisoformat(running.ends_at)
    assert (ends_at - NOON).total_seconds() == pytest.approx(running.seconds_left, abs=1)
    assert ends_at.utcoffset() == NOON.astimezone().utcoffset()
    assert running.lines()[-1].endswith(f"{ends_at:%a %Y-%m-%d %H:%M}")


def test_nothing_is_foretold_too_early(make):
    corpus = make(FIVE)
    assert status(corpus.path).seconds_left is None
    assert status(corpus.path).lines()[-1] == (
        "no crawl is running: too early to tell how long it will take"
    )


def test_looking_does_not_keep_a_crawl_from_beginning(make):
    corpus = make(FIVE)
    assert not corpus.is_locked
    with corpus.lock():
        assert corpus.is_locked
    assert not corpus.is_locked


# What a look leaves behind


@pytest.mark.parametrize("write", [None, each_kind], ids=["new", "begun"])
def test_a_look_changes_nothing_and_makes_nothing(write, make):
    corpus = make(FIVE, write)
    before = contents(corpus.path)
    status(corpus.path)
    with corpus.lock():
        status(corpus.path)
    assert contents(corpus.path) == before


def test_a_look_beside_a_resumed_crawl_leaves_its_log_alone(make):
    """The log of an open state goes with the last reader when its writer lost its locks."""
    corpus = make(FIVE, each_kind)
    look = [
        sys.executable,
        "-c",
        "import sys; from flickrexif.crawling import status; print(status(sys.argv[1]).accepted)",
        str(corpus.path),
    ]
    with corpus.lock(), corpus.state() as state:
        for more in range(3):
            seen = subprocess.run(look, capture_output=True, text=True, check=True)
            assert int(seen.stdout) == 30 + more
            with state.transaction():
                add_candidates(state, "2020-05", "accepted")
    assert status(corpus.path).accepted == 33


def test_what_is_no_corpus_is_refused_and_left_alone(tmp_path):
    with pytest.raises(UsageError, match="not a corpus"):
        status(tmp_path / "nothing")
    assert list(tmp_path.iterdir()) == []


# Budgets


def stored(path, **buckets):
    """Budgets as some crawl has left them."""
    store = BudgetStore(path, clock=lambda: Moment(1000.0, 1000.0))
    for name, tokens, slowdown in buckets.values():
        state = BucketState(tokens, Moment(1000.0, 1000.0), slowdown)
        store.update(name, lambda _, state=state: state)
    return store


def test_budgets_are_told_as_they_stand_without_the_key(make, tmp_path):
    corpus = make(FIVE, lambda state: keep_rates(state, replace(FLICKR, images_per_second=0.5)))
    with stored(
        tmp_path / "budgets.sqlite",
        api=(bucket_name("api", KEY), 41.5, 1.0),
        images=(image_bucket_name(FLICKR.image_base), -3.0, 0.25),
    ) as store:
        told = status(corpus.path, connection=FLICKR, store=store)
    api, images = told.budgets
    assert (api.tokens, api.per_hour, api.slowdown) == (41.5, 3200, 1)
    assert (images.tokens, images.per_hour, images.slowdown) == (-3, 1800, 0.25)
    lines = told.lines()
    assert "budget of API: 41 requests at hand, 3,200 an hour" in lines
    assert (
        "budget of image host: 0 requests at hand, 450 an hour, slowed from 1,800 by HTTP 429"
    ) in lines
    assert KEY not in to_json(told) + "\n".join(lines)


def test_budgets_of_another_flickr_are_not_told(make, tmp_path):
    corpus = make(FIVE, lambda state: keep_rates(state, FLICKR))
    elsewhere = Connection(api_key=KEY, rest_url="https://flickr.test/rest/")
    with BudgetStore(tmp_path / "budgets.sqlite") as store:
        assert status(corpus.path, connection=elsewhere, store=store).budgets == ()
        assert len(status(corpus.path, connection=FLICKR, store=store).budgets) == 2
    assert not (tmp_path / "budgets.sqlite").exists()


def test_a_crawl_keeps_the_rates_that_it_was_given(open_box, tmp_path):
    plan = CrawlPlan("2020-01", per_month=2, size="none")
    with open_box() as (_, unlimited):
        crawl(tmp_path / "corpus", plan, connection=unlimited)
        told = status(tmp_path / "corpus", connection=unlimited)
    assert told.budgets == ()
    assert told.seconds_left == 0
    assert told.lines()[-1] == "no crawl is running: every month is settled"
    assert told.accepted == 2


def test_the_status_is_plain_json(make):
    found = json.loads(to_json(status(make(FIVE, each_kind).path)))
    assert found["months"][0]["acceptance"] == {
        "accepted": 10,
        "looked_at": 12,
        "share": pytest.approx(10 / 12),
    }
    assert found["budgets"] == []
