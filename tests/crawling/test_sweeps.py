from __future__ import annotations

from collections import Counter
from datetime import timedelta
from random import Random

import pytest
from fake_flickr import JANUARY, FakeFlickr, at_seconds, candidate
from greed import greedily
from hypothesis import given, settings
from hypothesis import strategies as st
from memory_crawl import Crash, Looker, accepted, crawl_in_pieces, crawl_once, some_photos

from flickrexif.corpus import Corpus, CrawlPlan
from flickrexif.crawling.completeness import completeness_of
from flickrexif.crawling.select import rank_of
from flickrexif.errors import Interrupted
from flickrexif.sandbox.dice import roll

FIRST, SECOND = "date-taken-asc", "date-posted-desc"


def plan_of(**words):
    return CrawlPlan("2020-01", licenses="4,5", size="none", **words)


def tenth_by_sort(photo_id, sort):
    return roll(photo_id, sort) < 0.1


def asked_by(flickr, sort):
    return Counter(
        (query.license_id, query.taken_from, query.taken_to)
        for query, page in flickr.asked
        if query.sort == sort and page == 1
    )


def captures(path):
    with Corpus.open(path).state() as state:
        return state.captures("2020-01")


def windows(path, sweep):
    with Corpus.open(path).state() as state:
        rows = [row for row in state.window_rows("2020-01") if row.sweep == sweep]
    return {(row.license_id, row.taken_from, row.taken_to): row.outcome for row in rows}


def wanted(photos, plan, kinds=None):
    ranked = [
        (photo.photo_id, photo.owner_id, (kinds or {}).get(photo.photo_id, "sound"))
        for photo in sorted(photos, key=lambda photo: rank_of(photo.photo_id, seed=plan.seed))
    ]
    return sorted(greedily(ranked, per_owner=plan.per_user_month, per_month=None)[0])


def test_the_second_sweep_asks_the_leaves_of_the_first_in_another_order(tmp_path):
    flickr = FakeFlickr(some_photos(6_000, licenses=(4,)))
    crawl_once(tmp_path, plan_of(), Looker(flickr, {}))
    leaves = {ends for ends, outcome in windows(tmp_path, 1).items() if outcome == "listed"}
    assert set(windows(tmp_path, 1).values()) == {"listed", "split"}
    assert set(windows(tmp_path, 2)) == leaves
    assert len(leaves) == sum(asked_by(flickr, SECOND).values())
    assert (5, JANUARY.first, JANUARY.last) in asked_by(flickr, SECOND)  # the empty one too
    seen = captures(tmp_path)
    assert (seen.first, seen.second, seen.both) == (6_000, 6_000, 6_000)


def test_with_one_pass_there_is_no_second_sweep(tmp_path):
    flickr = FakeFlickr(some_photos(500))
    crawl_once(tmp_path, plan_of(passes=1), Looker(flickr, {}))
    assert {query.sort for query, _ in flickr.asked} == {FIRST}
    assert completeness_of(captures(tmp_path)) is None


def test_a_sampled_month_is_listed_once(tmp_path):
    flickr = FakeFlickr(some_photos(500))
    crawl_once(tmp_path, plan_of(per_month=20), Looker(flickr, {}))
    assert {query.sort for query, _ in flickr.asked} == {FIRST}


def test_what_one_order_hides_the_other_shows(tmp_path):
    photos = some_photos(2_000, owners=40, seed=1)
    flickr = FakeFlickr(photos, forgets=tenth_by_sort)
    crawl_once(tmp_path, plan_of(), Looker(flickr, {}))
    seen, told = captures(tmp_path), completeness_of(captures(tmp_path))
    assert 1_750 < seen.first < 1_850
    assert 1_960 < told.listed < 2_000
    assert told.low <= told.listed / 2_000 <= told.high
    assert abs(told.estimated - 2_000) < 8
    shown = [
        photo
        for photo in photos
        if not all(tenth_by_sort(photo.photo_id, sort) for sort in (FIRST, SECOND))
    ]
    assert len(shown) == told.listed
    assert accepted(tmp_path) == wanted(shown, plan_of())


def test_a_leaf_that_looks_full_under_the_other_order_is_split(tmp_path):
    class PoorIndex(FakeFlickr):
        def found(self, query):
            found = super().found(query)
            return found[::8] if query.sort == FIRST else found

    flickr = PoorIndex(some_photos(6_000, licenses=(4,)))
    crawl_once(tmp_path, plan_of(), Looker(flickr, {}))
    assert set(windows(tmp_path, 1).values()) == {"listed"}
    assert windows(tmp_path, 2)[4, "2020-01-01 00:00:00", "2020-01-31 23:59:59"] == "split"
    assert captures(tmp_path).second == 6_000


def test_a_burst_that_is_cut_shows_other_photos_from_its_other_end(tmp_path):
    photos = at_seconds([100_000] * 7_000)
    flickr = FakeFlickr(photos)
    crawl_once(tmp_path, plan_of(), Looker(flickr, {}))
    assert list(windows(tmp_path, 1).values()).count("cut") == 1
    assert list(windows(tmp_path, 2).values()).count("cut") == 1
    seen = captures(tmp_path)
    assert (seen.first, seen.second, seen.both) == (4_000, 4_000, 1_000)


def test_a_photo_uploaded_after_the_first_sweep_was_not_missed_by_it(tmp_path):
    photos = some_photos(300)
    newest = max(photo.uploaded_at for photo in photos)
    late = [
        candidate(
            9_000 + n,
            JANUARY.first + timedelta(days=n),
            owner_id=f"late{n}",
            uploaded_at=newest + 1 + n,
        )
        for n in range(20)
    ]
    hidden = photos[7].photo_id

    class Growing(FakeFlickr):
        async def search(self, query, page):
            if query.sort == SECOND and len(self.photos) == len(photos):
                self.photos = photos + late
                self.__post_init__()
            return await super().search(query, page)

    flickr = Growing(photos, forgets=lambda photo_id, sort: (photo_id, sort) == (hidden, FIRST))
    crawl_once(tmp_path, plan_of(), Looker(flickr, {}))
    assert accepted(tmp_path) == wanted(photos + late, plan_of())
    seen = captures(tmp_path)
    assert (seen.second - seen.both, completeness_of(seen).share) == (1, 1)
    assert len(windows(tmp_path, 1)) == 2


@settings(max_examples=10)
@given(
    number=st.integers(0, 300),
    seed=st.integers(0, 1000),
    concurrency=st.integers(1, 8),
    pieces=st.lists(
        st.tuples(st.integers(0, 60), st.sampled_from([Crash, Interrupted])), max_size=3
    ),
)
def test_interrupted_sweeps_end_the_same(tmp_path_factory, number, seed, concurrency, pieces):
    photos, plan, rng = some_photos(number, seed=seed), plan_of(per_user_month=3), Random(seed)
    kinds = {photo.photo_id: "bare" for photo in photos if rng.random() < 0.5}
    flickr = FakeFlickr(photos, cap=100_000, per_page=20, forgets=tenth_by_sort)
    path = tmp_path_factory.mktemp("corpus")
    crawl_in_pieces(path, plan, Looker(flickr, kinds, rng, concurrency), pieces)
    shown = [
        photo
        for photo in photos
        if not all(tenth_by_sort(photo.photo_id, sort) for sort in (FIRST, SECOND))
    ]
    assert accepted(path) == wanted(shown, plan, kinds)
    for sort in (FIRST, SECOND):
        repeats = [count - 1 for count in asked_by(flickr, sort).values()]
        assert sum(repeats) <= len(pieces) * concurrency


def test_a_settled_month_is_not_asked_again(tmp_path):
    flickr = FakeFlickr(some_photos(400))
    looker = Looker(flickr, {})
    crawl_once(tmp_path, plan_of(), looker)
    asked = len(flickr.asked)
    crawl_once(tmp_path, plan_of(), looker)
    assert len(flickr.asked) == asked


def test_an_archive_that_floods_a_month_is_asked_ten_times(tmp_path):
    people = some_photos(200, owners=20, seed=4)
    flood = [
        candidate(10_000 + n, JANUARY.first + timedelta(seconds=300 * n), owner_id="archive")
        for n in range(5_000)
    ]
    bare = {photo.photo_id: "bare" for photo in flood}
    looker = Looker(FakeFlickr(people + flood), bare)
    pieces = [(80, Interrupted), (15, Crash), (12, Interrupted), (7, Crash)]
    crawl_in_pieces(tmp_path, plan_of(per_user_month=50), looker, pieces)
    assert len(set(looker.looked_at) & set(bare)) == 10
    assert set(accepted(tmp_path)) == {photo.photo_id for photo in people}
    with Corpus.open(tmp_path).state() as state:
        reasons = {tally.reason: tally.count for tally in state.tallies()}
    assert (reasons["no_exif"], reasons["barren_owner"]) == (10, 4_990)


@pytest.mark.parametrize("passes", [0, 3, True, 1.0])
def test_passes_are_one_or_two(passes):
    from flickrexif.errors import UsageError

    with pytest.raises(UsageError, match="passes"):
        plan_of(passes=passes)
