from __future__ import annotations

from collections import Counter
from datetime import timedelta
from random import Random

import pytest
from fake_flickr import JANUARY, SECONDS, FakeFlickr
from greed import greedily
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_crawl import Crash, Looker, accepted, crawl_in_pieces, crawl_once, some_photos

from flickrexif.corpus import CrawlPlan
from flickrexif.corpus.months import Month
from flickrexif.crawling.sampling import (
    LONGEST_BLOCK,
    QUARTER,
    Coverage,
    quarter_of,
    ranks_below,
    rounds_of,
    sampled_rank,
)
from flickrexif.crawling.windows import Window
from flickrexif.errors import Interrupted

QUARTERS = SECONDS // 900
MONTHS = st.builds(Month, st.integers(1900, 2100), st.integers(1, 12))
KINDS = ["bare", "refused"]


def plan_of(per_month, *, seed=0, per_owner=4):
    return CrawlPlan(
        "2020-01",
        licenses="4,5",
        per_month=per_month,
        per_user_month=per_owner,
        seed=seed,
        size="none",
    )


def kinds_of(photos, seed, share=0.3):
    rng = Random(seed)
    return {photo.photo_id: rng.choice(KINDS) for photo in photos if rng.random() < share}


def wanted(photos, kinds, plan):
    """Greed by the sampled ranks over the whole month, as if all of it had been listed."""

    def rank(photo):
        return sampled_rank(photo.photo_id, photo.taken_at, month=JANUARY, seed=plan.seed)

    ranked = [
        (photo.photo_id, photo.owner_id, kinds.get(photo.photo_id, "sound"))
        for photo in sorted(photos, key=rank)
    ]
    return sorted(greedily(ranked, per_owner=plan.per_user_month, per_month=plan.per_month)[0])


@given(MONTHS, st.integers())
def test_every_quarter_hour_is_in_one_round_and_rounds_double(month, seed):
    rounds = rounds_of(month, seed=seed)
    days = (month.next().first - month.first).days
    assert sorted(quarter for some in rounds for quarter in some) == list(range(days * 96))
    assert [len(some) for some in rounds[:-1]] == [8 << n for n in range(len(rounds) - 1)]
    assert all(list(some) == sorted(some) for some in rounds)


def test_rounds_depend_on_the_seed_and_on_the_month():
    rounds = {rounds_of(JANUARY, seed=seed)[0] for seed in range(5)}
    rounds.add(rounds_of(Month(2020, 3), seed=0)[0])
    assert len(rounds) == 6


@given(st.integers(0, SECONDS - 1), st.integers(1, 2**62), st.integers())
def test_a_rank_begins_with_the_round_of_its_quarter_hour(second, photo_id, seed):
    taken_at = JANUARY.first + timedelta(seconds=second)
    rank = sampled_rank(photo_id, taken_at, month=JANUARY, seed=seed)
    quarter = quarter_of(taken_at, JANUARY)
    number = next(n for n, some in enumerate(rounds_of(JANUARY, seed=seed)) if quarter in some)
    assert ranks_below(number - 1) <= rank < ranks_below(number) < 2**63


def test_a_photo_without_a_date_comes_last():
    rank = sampled_rank(7, None, month=JANUARY, seed=0)
    last = len(rounds_of(JANUARY, seed=0)) - 1
    assert ranks_below(last - 1) <= rank < ranks_below(last)


def list_quarters(moments, quarters, *, told=400):
    """Ask for quarter hours of a month whose photos lie at these seconds; windows in order."""
    known, asked = Coverage(JANUARY, 4), []

    def ask(window, most):
        start = (window.first - JANUARY.first).total_seconds()
        rows = sum(start <= moment < start + window.length.total_seconds() for moment in moments)
        full = rows > most
        outcome = ("cut" if window.is_narrowest else "split") if full else "listed"
        known.add(window, outcome, rows)
        asked.append((window, outcome))

    ask(Window.of_month(JANUARY, 4), told / 4)
    for quarter in quarters:
        while window := known.next_window(quarter):
            ask(window, told)
    return asked


@settings(max_examples=60)
@given(
    number=st.integers(0, 3_000),
    bursts=st.lists(st.integers(0, SECONDS - 1), max_size=3),
    seed=st.integers(0, 100),
    some=st.sets(st.integers(0, QUARTERS - 1), max_size=60),
)
def test_whatever_is_asked_covers_what_is_needed_and_nothing_is_asked_twice(
    number, bursts, seed, some
):
    rng = Random(seed)
    moments = [rng.randrange(SECONDS) for _ in range(number)]
    moments += [moment for moment in bursts for _ in range(700)]
    asked = list_quarters(moments, sorted(some))
    assert max(Counter(window for window, _ in asked).values()) == 1
    done = [window for window, outcome in asked if outcome != "split"]
    for quarter in some:
        for second in (0, 450, 899):
            moment = JANUARY.first + quarter * QUARTER + timedelta(seconds=second)
            assert any(window.first <= moment <= window.last for window in done)


def test_a_month_that_is_listed_at_once_is_asked_no_more():
    assert len(list_quarters([5, 10], range(QUARTERS))) == 1


def test_blocks_are_as_long_as_one_call_may_be():
    rng = Random(0)
    moments = [rng.randrange(SECONDS) for _ in range(60_000)]  # 20 a quarter hour
    asked = list_quarters(moments, sorted(rounds_of(JANUARY, seed=0)[0]), told=4_000)
    assert {window.length / QUARTER for window, _ in asked[1:]} == {16}
    sparse = list_quarters(moments[:500], sorted(rounds_of(JANUARY, seed=0)[0]), told=400)
    assert {window.length / QUARTER for window, _ in sparse[1:]} <= {LONGEST_BLOCK, 1024, 928}


@settings(max_examples=15)
@given(
    number=st.integers(0, 400),
    seed=st.integers(0, 1000),
    per_month=st.integers(1, 40),
    concurrency=st.integers(1, 8),
    pieces=st.lists(
        st.tuples(st.integers(0, 60), st.sampled_from([Crash, Interrupted])), max_size=3
    ),
)
def test_what_is_accepted_depends_on_the_plan_and_the_catalogue_alone(
    tmp_path_factory, number, seed, per_month, concurrency, pieces
):
    photos, plan = some_photos(number, seed=seed), plan_of(per_month, seed=seed)
    kinds = kinds_of(photos, seed)
    flickr = FakeFlickr(photos, cap=120, per_page=20)
    looker = Looker(flickr, kinds, Random(seed), concurrency)
    path = tmp_path_factory.mktemp("corpus")
    crawl_in_pieces(path, plan, looker, pieces)
    assert accepted(path) == wanted(photos, kinds, plan)
    repeated = len(looker.looked_at) - len(set(looker.looked_at))
    assert repeated <= len(pieces) * concurrency


def test_two_orders_of_arrival_look_at_the_same_photos(tmp_path):
    photos, plan = some_photos(3_000, owners=60, seed=5), plan_of(50)
    kinds = kinds_of(photos, 5)
    looked_at = []
    for n, concurrency in enumerate((1, 3, 8)):
        looker = Looker(FakeFlickr(photos), kinds, Random(n), concurrency)
        crawl_once(tmp_path / str(n), plan, looker)
        assert accepted(tmp_path / str(n)) == wanted(photos, kinds, plan)
        looked_at.append(sorted(looker.looked_at))
    assert looked_at[0] == looked_at[1] == looked_at[2]


def test_a_resumed_sample_asks_nothing_twice(tmp_path):
    photos, plan = some_photos(6_000, owners=300, seed=2), plan_of(150)
    whole, pieces = FakeFlickr(photos), FakeFlickr(photos)
    crawl_once(tmp_path / "whole", plan, Looker(whole, {}))
    looker = Looker(pieces, {}, concurrency=1)
    crawl_in_pieces(tmp_path / "pieces", plan, looker, [(n, Interrupted) for n in (3, 9, 40, 60)])
    assert accepted(tmp_path / "pieces") == accepted(tmp_path / "whole")
    assert len(pieces.asked) <= len(whole.asked) + 4 * 9


def test_a_dense_month_costs_a_fraction_of_its_listing(tmp_path):
    photos = some_photos(60_000, owners=5_000, licenses=(4,), seed=1)
    sampled, whole = FakeFlickr(photos, past_end="clamps"), FakeFlickr(photos, past_end="clamps")
    crawl_once(tmp_path / "sampled", plan_of(100), Looker(sampled, {}))
    assert len(accepted(tmp_path / "sampled")) == 100
    plan = CrawlPlan("2020-01", licenses="4", passes=1, per_user_month=1, size="none")
    with pytest.raises(Interrupted):  # once it is listed
        crawl_once(tmp_path / "whole", plan, StopsLooking(whole, {}))
    assert len(whole.asked) > 120
    assert len(sampled.asked) < 0.12 * len(whole.asked)


def by_day(number, seed):
    """Photos of many owners, most of them taken by day, some in bursts, of two licences."""
    rng, photos = Random(seed), []
    while len(photos) < number:
        hour = min(max(rng.gauss(14, 4), 0), 23)
        second = rng.randrange(31) * 86_400 + int(hour * 3600)
        license_id = rng.choice((4, 4, 4, 5))
        for n in range(rng.choice((1, 1, 1, 8))):
            taken_at = JANUARY.first + timedelta(seconds=second + 40 * n)
            photos.append((len(photos) + 1, taken_at, license_id))
    return photos


def test_every_photo_of_a_month_is_about_equally_likely():
    """What the smallest ranks of many seeds hold, by licence, by time of day and by photo."""
    photos, per_month, seeds = by_day(1_500, 0), 75, 250
    drawn = Counter()
    for seed in range(seeds):

        def rank(photo, seed=seed):
            return sampled_rank(photo[0], photo[1], month=JANUARY, seed=seed)

        drawn.update(sorted(photos, key=rank)[:per_month])
    for group in (lambda photo: photo[2], lambda photo: photo[1].hour // 4):
        members, times = Counter(map(group, photos)), Counter()
        for photo, number in drawn.items():
            times[group(photo)] += number
        for which, number in members.items():
            fair = seeds * per_month * number / len(photos)
            assert number < 100 or abs(times[which] / fair - 1) < 0.1
    times = [drawn[photo] for photo in photos]
    mean = seeds * per_month / len(photos)
    variance = sum((number - mean) ** 2 for number in times) / len(photos)
    assert 0.8 < variance / mean < 1.2
    assert min(times) >= 1
    assert max(times) < 3 * mean


class StopsLooking(Looker):
    async def evaluate(self, photo, *, consent):
        raise Interrupted("enough")


def test_a_month_with_fewer_photos_than_asked_is_listed_whole(tmp_path):
    photos, plan = some_photos(900, owners=40, seed=3), plan_of(10_000)
    flickr = FakeFlickr(photos)
    crawl_once(tmp_path, plan, Looker(flickr, {}))
    assert accepted(tmp_path) == wanted(photos, {}, plan)
    assert len(flickr.asked) < 12


def test_a_full_month_lists_no_further_round(tmp_path):
    photos = some_photos(60_000, owners=5_000, licenses=(4,), seed=1)
    flickr = FakeFlickr(photos)
    crawl_once(tmp_path, plan_of(20), Looker(flickr, {}))
    first = {JANUARY.first + quarter * QUARTER for quarter in rounds_of(JANUARY, seed=0)[0]}
    blocks = {query.taken_from for query, _ in flickr.asked if query.license_id == 4} - {
        JANUARY.first
    }
    assert len(blocks) <= 8
    assert all(any(start <= quarter for quarter in first) for start in blocks)
