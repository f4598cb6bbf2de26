from __future__ import annotations

from random import Random

from greed import BARREN_AFTER, greedily
from hypothesis import given
from hypothesis import strategies as st

from flickrexif.corpus.rows import Standing
from flickrexif.crawling.select import given_up, is_full, next_wave, rank_of

KINDS = st.sampled_from(["sound", "bare", "bare", "refused"])
PHOTOS = st.lists(st.tuples(st.sampled_from("ABCD"), KINDS), max_size=90)
CAPS = {"per_owner": st.integers(1, 15), "per_month": st.none() | st.integers(1, 20)}


def by_greed(photos, **caps):
    ranked = [(number, owner, kind) for number, (owner, kind) in enumerate(photos)]
    return greedily(ranked, **caps)


class Month:
    """Candidates 0, 1, 2, ... in rank order, looked at as waves ask for them."""

    def __init__(self, photos):
        self.photos, self.verdicts, self.looked_at = photos, [None] * len(photos), []

    def standings(self):
        return [
            Standing(n, owner, self.verdicts[n], self.verdicts[n] == "rejected" and kind == "bare")
            for n, (owner, kind) in enumerate(self.photos)
        ]

    def look_at(self, number, *, fails=False):
        self.looked_at.append(number)
        sound = self.photos[number][1] == "sound"
        self.verdicts[number] = "failed" if fails else "accepted" if sound else "rejected"

    def reopen(self):
        self.verdicts = [None if verdict == "failed" else verdict for verdict in self.verdicts]

    @property
    def accepted(self):
        return [n for n, verdict in enumerate(self.verdicts) if verdict == "accepted"]


def wave(month, **caps):
    due = next_wave(month.standings(), **caps)
    return [photo for owned in due.values() for photo in owned]


@given(photos=PHOTOS, seed=st.integers(), most_at_once=st.integers(1, 60), **CAPS)
def test_any_order_of_arrival_accepts_what_greed_by_rank_accepts(
    photos, seed, most_at_once, per_owner, per_month
):
    """Waves are looked at in any order, broken off anywhere, and begun anew."""
    caps, month, rng = {"per_owner": per_owner, "per_month": per_month}, Month(photos), Random(seed)
    while due := wave(month, **caps):
        rng.shuffle(due)
        for photo in due[:most_at_once]:
            month.look_at(photo)
    accepted, looked_at = by_greed(photos, **caps)
    assert month.accepted == accepted
    assert sorted(month.looked_at) == looked_at


@given(photos=PHOTOS, seed=st.integers(), share=st.floats(0, 0.6), **CAPS)
def test_photos_that_fail_for_now_change_nothing_in_the_end(
    photos, seed, share, per_owner, per_month
):
    caps, month, rng = {"per_owner": per_owner, "per_month": per_month}, Month(photos), Random(seed)
    for run_share in (share, share, 0):
        month.reopen()
        while due := wave(month, **caps):
            for photo in due:
                month.look_at(photo, fails=rng.random() < run_share)
    accepted, looked_at = by_greed(photos, **caps)
    assert month.accepted == accepted
    assert sorted(set(month.looked_at)) == looked_at


@given(photos=PHOTOS, **CAPS)
def test_who_is_given_up_is_not_looked_at_again(photos, per_owner, per_month):
    caps, month = {"per_owner": per_owner, "per_month": per_month}, Month(photos)
    while due := wave(month, **caps):
        for photo in due:
            month.look_at(photo)
    left = given_up(month.standings())
    for photo in left:
        month.verdicts[photo.photo_id] = "rejected"
        month.photos[photo.photo_id] = (photo.owner_id, "refused")
    assert wave(month, **caps) == []
    assert month.accepted == by_greed(photos, **caps)[0]


def test_an_archive_is_given_up_after_ten_bare_photos():
    month = Month([("archive", "bare")] * 500 + [("B", "sound")])
    waves = []
    while due := wave(month, per_owner=50, per_month=None):
        waves.append(due)
        for photo in due:
            month.look_at(photo)
    assert waves == [[*range(BARREN_AFTER), 500]]
    assert [photo.photo_id for photo in given_up(month.standings())] == list(range(10, 500))


def test_an_owner_with_one_accepted_photo_is_not_given_up():
    photos = [("A", "bare")] * 9 + [("A", "sound")] + [("A", "bare")] * 20 + [("A", "sound")]
    assert by_greed(photos, per_owner=2, per_month=None)[0] == [9, 30]
    month = Month(photos)
    while due := wave(month, per_owner=2, per_month=None):
        for photo in due:
            month.look_at(photo)
    assert month.accepted == [9, 30]
    assert given_up(month.standings()) == []


def test_photos_come_by_owner_in_the_order_of_their_ranks():
    photos = [Standing(n, owner, None) for n, owner in enumerate("BABAC")]
    due = next_wave(photos, per_owner=2, per_month=None)
    assert list(due.items()) == [("B", [0, 2]), ("A", [1, 3]), ("C", [4])]


def test_a_failed_or_removed_photo_keeps_its_place():
    for verdict in ("failed", "removed", "accepted"):
        photos = [Standing(0, "A", verdict), Standing(1, "A", None)]
        assert next_wave(photos, per_owner=1, per_month=None) == {}
        assert next_wave(photos, per_owner=2, per_month=1) == {}
        assert is_full(photos, per_month=1)
    photos = [Standing(0, "A", "rejected"), Standing(1, "A", None)]
    assert next_wave(photos, per_owner=1, per_month=None) == {"A": [1]}
    assert not is_full(photos, per_month=1)


@given(st.integers(1, 2**63 - 1), st.integers())
def test_a_rank_fits_and_depends_on_the_seed(photo_id, seed):
    rank = rank_of(photo_id, seed=seed)
    assert 0 <= rank < 2**63
    assert rank == rank_of(photo_id, seed=seed)
    assert rank != rank_of(photo_id, seed=seed + 1)


def test_ranks_are_even():
    low = sum(rank_of(n, seed=0) < 2**62 for n in range(4000))
    assert 1850 < low < 2150
