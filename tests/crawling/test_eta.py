"""What a crawl is told to have left, from what it has done."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
import virtual_time
from hypothesis import given
from hypothesis import strategies as st
from small_renderer import SmallRenderer

from flickrexif.corpus import CrawlPlan
from flickrexif.crawling import status
from flickrexif.crawling.eta import MonthWork, OwnerStanding, Supply, estimate, expect
from flickrexif.crawling.stopwatch import LONGEST_GAP_S, Stopwatch
from flickrexif.flickr import Connection
from flickrexif.progress import Silent
from flickrexif.sandbox import Catalogue, Sandbox

DONE = MonthWork(list_s=100, look_s=400, listed=1.0, looked=200, looks_left=0)
NEW = MonthWork()
COUNTS = st.integers(0, 50)
OWNERS = st.lists(st.builds(OwnerStanding, COUNTS, COUNTS, COUNTS, COUNTS), max_size=8)


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


# Months and speeds


def test_months_to_come_take_as_long_as_those_done():
    left = estimate([DONE, DONE, NEW, NEW, NEW])
    assert (left.seconds, left.looks, left.months_to_list) == (1500, 600, 3)


def test_a_month_at_work_is_counted_by_what_is_left_of_it():
    listing = MonthWork(list_s=25)
    assert estimate([DONE, listing]).seconds == 75 + 400
    looking = MonthWork(list_s=100, look_s=100, listed=1.0, looked=50, looks_left=150)
    assert estimate([DONE, looking]).seconds == pytest.approx(300)
    assert estimate([looking, NEW]).seconds == pytest.approx(300 + 100 + 400)


def test_a_listing_that_takes_longer_than_usual_is_about_to_end():
    assert estimate([DONE, MonthWork(list_s=500)]).months_to_list == 0


def test_a_sampled_month_tells_by_its_share():
    third = MonthWork(list_s=10, look_s=30, listed=1 / 3, looked=20, looks_left=40)
    assert estimate([third]).seconds == pytest.approx(20 + 60)
    assert estimate([third, NEW]).seconds == pytest.approx(20 + 60 + 30 + 90)


def test_nothing_is_told_before_a_month_is_listed():
    assert estimate([]) is None
    assert estimate([NEW, NEW]) is None
    assert estimate([MonthWork(list_s=60), NEW]) is None
    fresh = MonthWork(list_s=60, listed=1.0, looks_left=10)
    assert estimate([fresh, NEW]) is None


def test_an_empty_month_leaves_nothing_to_look_at():
    empty = MonthWork(list_s=60, look_s=1, listed=1.0, looks_left=0)
    assert estimate([empty, NEW]).seconds == 60


def test_a_finished_crawl_has_nothing_left():
    assert estimate([DONE] * 48).seconds == 0


def test_recent_months_count_more_for_the_speed():
    slow = replace(DONE, look_s=4000)
    newly_slow, formerly_slow = (
        estimate([*months, NEW]).seconds for months in ([DONE, slow], [slow, DONE])
    )
    assert formerly_slow < 100 + 2200 < newly_slow


@pytest.mark.parametrize(("tokens", "seconds"), [(0, 1000), (400, 600), (10_000, 500)])
def test_the_budgets_let_no_more_through_than_they_let_through(tokens, seconds):
    supply = Supply(per_s=1.0, tokens=tokens, used_by_listing=300, used_by_looking=700)
    assert estimate([DONE, NEW], [supply]).seconds == seconds


@given(done=st.integers(1, 20), new=st.integers(0, 20), factor=st.floats(0.1, 100))
def test_an_estimate_scales_with_the_time_spent(done, new, factor):
    months = [DONE] * done + [NEW] * new
    slower = [replace(m, list_s=m.list_s * factor, look_s=m.look_s * factor) for m in months]
    assert estimate(slower).seconds == pytest.approx(estimate(months).seconds * factor)


# Looks to come in a month


def expected(owners, *, per_owner=10, share=0.5):
    found = expect(owners, per_owner=per_owner, share=share, barren_after=10)
    return found.looks, found.accepted


def test_full_owners_have_nothing_to_come():
    assert expected([OwnerStanding(10, 3, 0, 500), OwnerStanding(6, 0, 4, 500)]) == (0, 0)


def test_an_unknown_owner_carries_exif_in_all_photos_or_in_none():
    assert expected([OwnerStanding(0, 0, 0, 4)]) == (4, 2)
    assert expected([OwnerStanding(0, 0, 0, 500)], per_owner=4) == (0.5 * 4 + 0.5 * 10, 2)


def test_a_barren_owner_is_given_up():
    looks, accepted = expected([OwnerStanding(0, 8, 0, 500)])
    assert looks == pytest.approx(accepted + 2 * (1 - 0.5 / 9))
    assert expected([OwnerStanding(0, 10, 0, 500)])[0] < 0.5


def test_a_known_owner_goes_by_what_is_known():
    looks, accepted = expected([OwnerStanding(5, 5, 0, 500)])
    assert (looks, accepted) == (10, 5)
    assert expected([OwnerStanding(5, 5, 0, 4)]) == (4, 2)


@given(OWNERS, st.integers(1, 20), st.floats(0.01, 1))
def test_no_more_is_expected_than_there_is_room_and_photos(owners, per_owner, share):
    looks, accepted = expected(owners, per_owner=per_owner, share=share)
    rooms = [max(0, per_owner - owner.accepted - owner.failed) for owner in owners]
    assert 0 <= accepted <= sum(rooms) * 1.001
    assert accepted <= looks * 1.001
    assert looks <= sum(owner.open for owner in owners) * 1.001


# The stopwatch


def test_time_goes_to_the_phase_at_work():
    clock = Clock()
    watch = Stopwatch(clock)
    clock.now += 5
    assert watch.take() == {}
    watch.turn_to("2020-01", "list")
    clock.now += 10
    watch.turn_to("2020-01", "look")
    clock.now += 3
    assert watch.take() == {("2020-01", "list"): 10, ("2020-01", "look"): 3}
    clock.now += 4
    assert watch.take() == {("2020-01", "look"): 4}


def test_a_phase_that_began_is_told_at_once():
    watch = Stopwatch(Clock())
    watch.turn_to("2020-01", "list")
    assert watch.take() == {("2020-01", "list"): 0}


def test_a_pause_counts_little_and_a_clock_that_jumps_back_not_at_all():
    clock = Clock()
    watch = Stopwatch(clock)
    watch.turn_to("2020-01", "look")
    clock.now += 8 * 3600
    assert watch.take() == {("2020-01", "look"): LONGEST_GAP_S}
    clock.now -= 3600
    assert watch.take() == {("2020-01", "look"): 0}
    clock.now += 2
    assert watch.take() == {("2020-01", "look"): 2}


# A whole crawl


def predictions(folder, box, **words):
    """A year of the sandbox at Flickr's rates: when it was asked, what was told; and its length."""
    embedded = Connection.embedded(box.rest_url, box.image_base)
    flickr = replace(embedded, calls_per_hour=3_200, images_per_second=1.0, concurrency=3)
    plan, told = CrawlPlan("2020-01..2020-12", **words), []

    async def work(loop):
        with virtual_time.store_at(folder / "budgets.sqlite", loop) as store:
            began, path = loop.now, folder / "corpus"
            crawl = virtual_time.crawl(path, plan, box, flickr, store, Silent())
            running = asyncio.create_task(crawl)
            while not (await asyncio.wait([running], timeout=30))[0]:
                seen = status(path, connection=flickr, store=store)
                assert seen.is_running
                told.append((loop.now - began, seen.seconds_left))
            await running

    return told, virtual_time.run(work)


@pytest.mark.parametrize(
    "words",
    [{"per_month": 30}, pytest.param({"per_user_month": 4}, marks=pytest.mark.long)],
    ids=str,
)
def test_a_crawl_takes_as_long_as_it_tells(words, tmp_path):
    catalogue = Catalogue(0, photos=7_000)
    with Sandbox(catalogue=catalogue, renderer=SmallRenderer(), workers=0) as box:
        told, total = predictions(tmp_path, box, **words)
    for share in (0.25, 0.5, 0.75):
        at, left = min(told, key=lambda one: abs(one[0] - share * total))
        assert left == pytest.approx(total - at, rel=0.2)
    assert total > 600
