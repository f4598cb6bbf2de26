"""What a crawl tells while it works."""

from __future__ import annotations

import logging

import pytest
from standing_candidates import add_candidates

from flickrexif.corpus import Corpus, CrawlPlan
from flickrexif.corpus.months import Month
from flickrexif.corpus.rows import Outcome
from flickrexif.crawling import crawl
from flickrexif.crawling.bulletin import REFRESH_S, Bulletin
from flickrexif.progress import Bar

PLAN = CrawlPlan("2020-01..2020-03")
MARCH = Month(2020, 3)


class Told:
    """A progress that remembers."""

    def __init__(self):
        self.started, self.notes, self.units = [], [], 0

    def start(self, what, total, unit, *, done=0):
        self.started.append((what, total, unit, done))

    def advance(self, units=1):
        self.units += units

    def tell(self, note, *, about=None):
        self.notes.append((note, about))

    def close(self):
        self.started.append("closed")


@pytest.fixture
def state(tmp_path):
    with Corpus.create(tmp_path, PLAN, endpoint="here").state() as state:
        yield state


def begun(state):
    """Two months done in 700 s each, the third begun."""
    with state.transaction():
        for month in ("2020-01", "2020-02"):
            add_candidates(state, month, "accepted", number=10)
            state.spend(month, "list", 100)
            state.spend(month, "look", 600)
            state.settle_month(month)
        add_candidates(state, "2020-03", "accepted", number=4)
        add_candidates(state, "2020-03", number=50)
        state.spend("2020-03", "list", 100)
        state.spend("2020-03", "look", 240)
        state.add_calls({"api search": 4, "api exif": 2, "image large": 24})


def outcome(verdict):
    return Outcome(1, "1@N00", verdict)


def test_a_month_is_told_with_its_place_what_it_costs_and_what_is_left(state):
    begun(state)
    told = Told()
    Bulletin(PLAN, state, told).looking(MARCH)
    assert told.started == [("2020-03 (3 of 3)", None, "photos", 4)]
    assert told.notes == [("0.25 API calls each, about 6 min left", 10)]


def test_a_listing_is_told_in_windows(state):
    begun(state)
    told = Told()
    Bulletin(PLAN, state, told).listing("listing 2020-03 again", MARCH, 8)
    assert told.started == [("listing 2020-03 again (3 of 3)", 8, "windows", 0)]
    assert told.notes[0][1] is None


def test_only_accepted_photos_move_it(state):
    told = Told()
    bulletin = Bulletin(PLAN, state, told)
    bulletin.looking(MARCH)
    for verdict in ("accepted", "rejected", "failed", "accepted"):
        bulletin.looked(outcome(verdict))
    assert told.units == 2


def test_estimates_are_made_anew_now_and_then(state):
    now, told = [0.0], Told()
    bulletin = Bulletin(PLAN, state, told, clock=lambda: now[0])
    bulletin.looking(MARCH)
    assert told.notes == [("", None)]
    begun(state)
    for _ in range(5):
        bulletin.looked(outcome("accepted"))
    now[0] += REFRESH_S
    bulletin.looked(outcome("accepted"))
    assert [about for _, about in told.notes] == [None, 10]


def test_a_crawl_tells_lines_that_read_well(open_box, tmp_path, caplog):
    plan = CrawlPlan("2020-01..2020-02", per_user_month=2, size="none")
    with (
        open_box() as (_, connection),
        caplog.at_level(logging.INFO, "flickrexif"),
        Bar(log_every_s=0) as bar,
    ):
        crawl(tmp_path / "corpus", plan, connection=connection, progress=bar)
    lines = [line for line in caplog.messages if line.startswith("2020-02 (2 of 2): ")]
    assert len(lines) > 5
    assert " of about " in lines[-1]
    assert " API calls each, about " in lines[-1]
    assert any(line.startswith("listing 2020-01 (1 of 2): ") for line in caplog.messages)
