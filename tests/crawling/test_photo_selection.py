from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from flickrexif.corpus.rows import Standing
from flickrexif.crawling.select import next_wave, rank_of

PHOTOS = st.lists(st.tuples(st.sampled_from("ABCD"), st.booleans()), max_size=60)


def greedily(photos, per_owner, per_month):
    """What the rule says, word by word: by rank, one after the other."""
    placed, accepted = Counter(), []
    for photo_id, (owner, is_sound) in enumerate(photos):
        month_is_full = per_month is not None and len(accepted) >= per_month
        if placed[owner] < per_owner and not month_is_full and is_sound:
            placed[owner] += 1
            accepted.append(photo_id)
    return accepted


def by_waves(photos, per_owner, per_month, rng, most_at_once):
    """Evaluate waves in any order, stopping and starting again anywhere."""
    verdicts, looked_at = dict.fromkeys(range(len(photos))), Counter()

    def standings():
        return [Standing(n, photos[n][0], verdict) for n, verdict in verdicts.items()]

    while due := next_wave(standings(), per_owner=per_owner, per_month=per_month):
        wave = [photo for owned in due.values() for photo in owned]
        rng.shuffle(wave)
        for photo in wave[:most_at_once]:
            verdicts[photo] = "accepted" if photos[photo][1] else "rejected"
            looked_at[photo] += 1
    accepted = [photo for photo, verdict in verdicts.items() if verdict == "accepted"]
    return accepted, looked_at


@given(
    photos=PHOTOS,
    per_owner=st.integers(1, 5),
    per_month=st.none() | st.integers(1, 20),
    seed=st.integers(),
    most_at_once=st.integers(1, 60),
)
def test_any_order_of_arrival_accepts_what_greed_by_rank_accepts(
    photos, per_owner, per_month, seed, most_at_once
):
    accepted, looked_at = by_waves(photos, per_owner, per_month, Random(seed), most_at_once)
    assert accepted == greedily(photos, per_owner, per_month)
    assert max(looked_at.values(), default=1) == 1


@given(photos=PHOTOS, per_owner=st.integers(1, 5), per_month=st.none() | st.integers(1, 20))
def test_nothing_is_looked_at_that_greed_would_not_look_at(photos, per_owner, per_month):
    _, looked_at = by_waves(photos, per_owner, per_month, Random(0), 60)
    last = max(greedily(photos, per_owner, per_month), default=len(photos))
    if per_month is not None and len(greedily(photos, per_owner, per_month)) >= per_month:
        assert max(looked_at) <= last


def test_photos_come_by_owner_in_the_order_of_their_ranks():
    photos = [Standing(n, owner, None) for n, owner in enumerate("BABAC")]
    due = next_wave(photos, per_owner=2, per_month=None)
    assert list(due.items()) == [("B", [0, 2]), ("A", [1, 3]), ("C", [4])]


def test_a_failed_photo_keeps_its_place():
    photos = [Standing(0, "A", "failed"), Standing(1, "A", None)]
    assert next_wave(photos, per_owner=1, per_month=None) == {}
    photos = [Standing(0, "A", "rejected"), Standing(1, "A", None)]
    assert next_wave(photos, per_owner=1, per_month=None) == {"A": [1]}


@given(st.integers(1, 2**63 - 1), st.integers())
def test_a_rank_fits_and_depends_on_the_seed(photo_id, seed):
    rank = rank_of(photo_id, seed=seed)
    assert 0 <= rank < 2**63
    assert rank == rank_of(photo_id, seed=seed)
    assert rank != rank_of(photo_id, seed=seed + 1)


def test_ranks_are_even():
    low = sum(rank_of(n, seed=0) < 2**62 for n in range(4000))
    assert 1850 < low < 2150
