from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flickrexif.corpus.months import Month
from flickrexif.crawling.windows import NARROWEST, Window, list_window
from flickrexif.flickr.search import Candidate, SearchPage

JANUARY = Month(2020, 1)
SECONDS = 31 * 24 * 3600


def candidate(photo_id: int, taken_at: datetime) -> Candidate:
    return Candidate(
        photo_id=photo_id,
        owner_id="1@N00",
        owner_name=None,
        path_alias=None,
        license_id=4,
        taken_at=taken_at,
        is_taken_known=True,
        taken_granularity=0,
        uploaded_at=0,
        media="photo",
        original_format="jpg",
        original_url=None,
        large_url=None,
        medium_url=None,
        original_width=None,
        original_height=None,
    )


@dataclass
class Flickr:
    """Searches like Flickr: past ``cap`` it repeats itself or clamps the page; totals are off."""

    moments: list[int]
    cap: int = 4000
    clamps: bool = False
    repeats: bool = True
    total_share: float = 1.0
    short_share: float = 1.0
    per_page: int = 500
    calls: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        start = JANUARY.first
        moments = enumerate(sorted(self.moments), start=1)
        self.photos = [candidate(n, start + timedelta(seconds=s)) for n, s in moments]

    async def search(self, query, page):
        self.calls.append(page)
        first = bisect_left(self.photos, query.taken_from, key=taken_at)
        found = self.photos[first : bisect_right(self.photos, query.taken_to, key=taken_at)]
        told = found[: self.cap]
        last = max(1, -(-len(told) // self.per_page))
        answered = min(page, last) if self.clamps else page
        start = (answered - 1) * self.per_page
        if self.repeats and not self.clamps and len(found) > self.cap:
            start %= max(1, last * self.per_page)
        rows = told[start : start + self.per_page]
        short = max(1, int(len(rows) * self.short_share)) if len(rows) == self.per_page else None
        total = int(len(found) * self.total_share)
        pages = -(-total // self.per_page)
        return SearchPage(answered, pages, self.per_page, total, tuple(rows[:short]), 0)

    def list_all(self):
        """As the crawler does: list a window, split it when it is full."""

        async def listing(window):
            told = await list_window(window, self.search)
            found = {photo.photo_id for photo in told.candidates}
            if told.is_full and window.length > NARROWEST:
                for half in window.halves():
                    found |= await listing(half)
            return found

        return asyncio.run(listing(Window.of_month(JANUARY, 4)))


def taken_at(photo):
    return photo.taken_at


def spread(number, seed=0, within=SECONDS):
    return [Random(seed * 7919 + n).randrange(within) for n in range(number)]


@given(st.integers(2, 10**7), st.integers(0, 10**6))
def test_halves_neither_overlap_nor_leave_a_gap(length, start):
    first = JANUARY.first + timedelta(seconds=start)
    window = Window(4, first, first + timedelta(seconds=length - 1))
    early, late = window.halves()
    assert (early.first, late.last) == (window.first, window.last)
    assert early.last + timedelta(seconds=1) == late.first
    assert abs(early.length - late.length) <= timedelta(seconds=1)


@pytest.mark.parametrize("clamps", [True, False])
@pytest.mark.parametrize("total_share", [0.05, 0.5, 0.93, 1.0, 1.08])
def test_a_crowded_month_is_listed_whole(clamps, total_share):
    flickr = Flickr(spread(9_000), clamps=clamps, total_share=total_share)
    assert len(flickr.list_all()) == 9_000
    assert len(flickr.calls) < 60


@settings(max_examples=40, deadline=None)
@given(
    number=st.integers(0, 900),
    cap=st.sampled_from([150, 400, 4000]),
    clamps=st.booleans(),
    total_share=st.floats(0.9, 1.1),
    seed=st.integers(0, 1000),
)
def test_any_month_is_listed_whole(number, cap, clamps, total_share, seed):
    flickr = Flickr(spread(number, seed), cap=cap, clamps=clamps, total_share=total_share)
    flickr.per_page = 50
    assert len(flickr.list_all()) == number


def test_a_list_that_just_ends_at_the_limit_is_split():
    flickr = Flickr(spread(9_000), repeats=False, total_share=0.4)
    assert len(flickr.list_all()) == 9_000


def test_a_small_month_costs_one_call():
    flickr = Flickr(spread(60))
    assert len(flickr.list_all()) == 60
    assert flickr.calls == [1]


def test_a_short_page_in_the_middle_is_not_the_end():
    flickr = Flickr(spread(1_200), short_share=0.99)
    flickr.list_all()
    assert flickr.calls[:3] == [1, 2, 3]


def test_a_total_that_tells_too_little_does_not_end_a_full_page():
    flickr = Flickr(spread(1_700), total_share=0.2)
    assert len(flickr.list_all()) == 1_700


def test_a_burst_that_cannot_be_split_is_cut_not_asked_for_ever():
    flickr = Flickr([100] * 4_500)
    assert len(flickr.list_all()) == 4_000
    assert len(flickr.calls) < 200


def test_a_total_that_always_lies_does_not_split_for_ever():
    class Liar(Flickr):
        async def search(self, query, page):
            answer = await super().search(query, page)
            return SearchPage(answer.page, 9999, 500, 367_971, answer.candidates, 0)

    flickr = Liar(spread(50))
    assert len(flickr.list_all()) == 50
    assert len(flickr.calls) < 3_100
