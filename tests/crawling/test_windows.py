from __future__ import annotations

import asyncio
from datetime import timedelta
from random import Random

import pytest
from fake_flickr import JANUARY, SECONDS, FakeFlickr, at_seconds, spread
from hypothesis import given, settings
from hypothesis import strategies as st

from flickrexif.crawling.windows import Window, list_window
from flickrexif.flickr.failures import Failure, RequestFailed
from flickrexif.flickr.search import SearchPage

PAST_END = ["repeats", "clamps", "empty", "refuses"]


def list_all(flickr, **words):
    """As the crawler does: list a window, halve it when it is full; what was found and cut."""
    cut = []

    async def listing(window):
        told = await list_window(window, flickr.search, most_rows=flickr.cap, **words)
        found = {photo.photo_id for photo in told.candidates}
        if told.is_full and window.is_narrowest:
            cut.append(window)
        elif told.is_full:
            for half in window.halves():
                found |= await listing(half)
        return found

    return asyncio.run(listing(Window.of_month(JANUARY, 4))), cut


def list_one(flickr, *, seconds=SECONDS):
    last = JANUARY.first + timedelta(seconds=seconds - 1)
    return asyncio.run(list_window(Window(4, JANUARY.first, last), flickr.search))


def off_by(share):
    return lambda found, query: int(found * share)


@given(st.integers(2, 10**7), st.integers(0, 10**6))
def test_halves_neither_overlap_nor_leave_a_gap(length, start):
    first = JANUARY.first + timedelta(seconds=start)
    window = Window(4, first, first + timedelta(seconds=length - 1))
    early, late = window.halves()
    assert (early.first, late.last) == (window.first, window.last)
    assert early.last + timedelta(seconds=1) == late.first
    assert abs(early.length - late.length) <= timedelta(seconds=1)


@pytest.mark.parametrize("past_end", PAST_END)
@pytest.mark.parametrize("share", [0.05, 0.5, 0.83, 1.0, 1.17, 2.0])
def test_a_crowded_month_is_listed_whole_whatever_its_total_says(past_end, share):
    flickr = FakeFlickr(spread(9_000), past_end=past_end, tell=off_by(share))
    assert list_all(flickr) == (flickr.shown, [])
    assert len(flickr.asked) < (60 if share < 2 else 180)
    assert max(flickr.calls_by_window().values()) <= 10


@settings(max_examples=150)
@given(
    number=st.integers(0, 900),
    cap=st.sampled_from([150, 400, 4000]),
    past_end=st.sampled_from(PAST_END),
    share=st.floats(0.5, 2.0),
    gone=st.floats(0.0, 0.4),
    sort=st.sampled_from(["date-taken-asc", "date-posted-desc"]),
    seed=st.integers(0, 1000),
)
def test_any_month_is_listed_whole(number, cap, past_end, share, gone, sort, seed):
    hidden = frozenset(Random(seed).sample(range(1, number + 1), int(number * gone)))
    flickr = FakeFlickr(spread(number, seed), cap=cap, past_end=past_end, per_page=50)
    flickr.tell, flickr.gone = off_by(share), hidden
    assert list_all(flickr, sort=sort) == (flickr.shown, [])


@pytest.mark.parametrize("past_end", PAST_END)
@pytest.mark.parametrize("number", [3_999, 4_000, 4_001])
@pytest.mark.parametrize("share", [0.5, 1.0])
def test_nothing_is_lost_at_the_very_limit(past_end, number, share):
    flickr = FakeFlickr(spread(number), past_end=past_end, tell=off_by(share))
    assert list_all(flickr) == (flickr.shown, [])


def test_a_small_month_costs_one_call():
    flickr = FakeFlickr(spread(200))
    assert list_all(flickr) == (flickr.shown, [])
    assert flickr.pages == [1]


def test_an_empty_month_costs_one_call():
    flickr = FakeFlickr([])
    assert list_all(flickr) == (set(), [])
    assert flickr.pages == [1]


@pytest.mark.parametrize("past_end", ["clamps", "empty"])
def test_a_longer_list_costs_one_call_past_its_end(past_end):
    flickr = FakeFlickr(spread(1_700), past_end=past_end)
    assert list_all(flickr) == (flickr.shown, [])
    assert flickr.pages == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "gone",
    [
        range(500, 501),  # a page of 499
        range(501, 502),
        range(40, 190),  # a page of 350
        range(501, 651),
        range(501, 900),
        range(1, 480),  # a page of 21
        range(501, 1_001),  # an empty page
        range(501, 2_001),  # three empty pages
    ],
)
@pytest.mark.parametrize("past_end", ["clamps", "empty"])
@pytest.mark.parametrize("share", [0.83, 1.0, 1.17])
def test_photos_that_are_gone_end_no_list_early(gone, past_end, share):
    flickr = FakeFlickr(spread(2_600), past_end=past_end, tell=off_by(share), gone=frozenset(gone))
    assert list_all(flickr) == (flickr.shown, [])
    assert len(flickr.asked) < 60


def test_few_rows_are_not_believed_when_the_total_tells_of_more():
    photos = spread(900, within=24 * 3600)
    flickr = FakeFlickr(photos, past_end="empty", gone=frozenset(range(1, 440)))
    assert not list_one(flickr, seconds=24 * 3600).is_full
    assert flickr.pages == [1, 2, 3]


def test_a_total_that_tells_a_part_does_not_end_a_full_page():
    flickr = FakeFlickr(spread(1_700), tell=off_by(0.1))
    assert list_all(flickr) == (flickr.shown, [])


def test_a_wide_window_that_gives_clearly_less_than_it_promises_is_split():
    flickr = FakeFlickr(spread(900), tell=off_by(2.0))
    assert list_one(flickr).is_full
    assert not list_one(flickr, seconds=24 * 3600).is_full


@pytest.mark.parametrize("past_end", PAST_END)
def test_a_full_day_is_seen_by_its_last_page_at_once(past_end):
    flickr = FakeFlickr(spread(9_000, within=24 * 3600), past_end=past_end)
    assert list_one(flickr, seconds=24 * 3600).is_full
    assert flickr.pages == [1, 8]


def test_a_total_that_tells_too_much_of_a_day_is_found_out():
    flickr = FakeFlickr(spread(1_200, within=24 * 3600), past_end="clamps", tell=off_by(4))
    listing = list_one(flickr, seconds=24 * 3600)
    assert (len(listing.candidates), listing.is_full) == (1_200, False)
    assert flickr.pages == [1, 8, 2]


@pytest.mark.parametrize("past_end", PAST_END)
@pytest.mark.parametrize("share", [0.5, 1.0, 1.17])
def test_a_burst_that_cannot_be_split_is_cut_not_asked_for_ever(past_end, share):
    flickr = FakeFlickr(
        at_seconds([100_000] * 4_500 + [5, 2_000_000]), past_end=past_end, tell=off_by(share)
    )
    found, cut = list_all(flickr)
    assert len(found) == 4_002
    assert [window.length <= timedelta(minutes=1) for window in cut] == [True]
    assert len(flickr.asked) < 160


def test_a_crowded_minute_is_cut_to_what_is_told():
    flickr = FakeFlickr(at_seconds([n % 60 for n in range(12_000)]))
    found, cut = list_all(flickr)
    assert len(cut) == 2
    assert len(found) == 8_000


@pytest.mark.parametrize("seconds", [0, 1, SECONDS - 2, SECONDS - 1])
def test_the_ends_of_a_month_belong_to_it(seconds):
    flickr = FakeFlickr(at_seconds([*range(seconds, seconds + 1), 1_000_000]))
    assert list_all(flickr) == ({1, 2}, [])
    query, _ = flickr.asked[0]
    assert (query.taken_from.isoformat(), query.taken_to.isoformat()) == (
        "2020-01-01T00:00:00",
        "2020-01-31T23:59:59",
    )


def test_a_burst_at_the_end_of_a_month_is_listed_whole():
    flickr = FakeFlickr(at_seconds([SECONDS - 1] * 3_000 + [SECONDS - 100] * 3_000))
    assert list_all(flickr) == (flickr.shown, [])


def test_a_total_that_always_lies_does_not_split_for_ever():
    flickr = FakeFlickr(spread(50), tell=lambda found, query: 367_971)
    assert list_all(flickr) == (flickr.shown, [])
    assert len(flickr.asked) < 200


class Answers:
    """What a script of answers says, page by page: ``(answered page, ids, total)``."""

    def __init__(self, *script):
        self.script, self.pages = list(script), []

    async def search(self, query, page):
        self.pages.append(page)
        answered, ids, total = self.script.pop(0)
        rows = tuple(photo for photo in spread(2_000) if photo.photo_id in set(ids))
        return SearchPage(answered, -(-total // 500), 500, total, rows, 0)


def test_a_row_that_moved_to_the_next_page_is_no_repeating_list():
    flickr = Answers((1, range(1, 501), 502), (2, [500, 501, 502], 502), (2, [500, 501, 502], 502))
    listing = list_one(flickr)
    assert (len(listing.candidates), listing.is_full) == (502, False)


def test_an_answer_to_another_question_is_not_taken_for_the_end():
    flickr = Answers((1, range(1, 501), 1_900), (3, range(1_001, 1_501), 1_900))
    assert list_one(flickr).is_full


def test_a_clamp_to_a_page_long_past_is_not_believed():
    flickr = Answers(
        (1, range(1, 501), 1_900),
        (2, range(501, 1_001), 1_900),
        (1, range(1, 501), 1_900),
        (4, range(1_501, 1_901), 1_900),
        (4, range(1_501, 1_901), 1_900),
    )
    listing = list_one(flickr)
    assert (len(listing.candidates), flickr.pages) == (1_400, [1, 2, 3, 4, 5])


@pytest.mark.parametrize("past_end", ["repeats", "refuses"])
def test_a_limit_lower_than_the_known_one_is_noticed(past_end):
    flickr = FakeFlickr(spread(1_800), cap=1_000, past_end=past_end)
    assert list_one(flickr).is_full
    assert flickr.pages == [1, 2, 3]


def test_an_offset_that_is_refused_at_once_is_raised():
    class Refusing:
        async def search(self, query, page):
            raise RequestFailed(Failure("api", "Excessive photo offset in search", code=20))

    with pytest.raises(RequestFailed):
        list_one(Refusing())
