from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest
from small_states import (
    EXIF,
    accepted,
    candidate,
    everything,
    image,
    keep,
    verdicts,
    waiting,
    window,
)

from flickrexif.corpus.rows import Captures, Outcome, ShardRow, Standing, Tally
from flickrexif.corpus.state import State
from flickrexif.exif.record import RawRecord

SHARD = ShardRow("2020-01-00000.parquet", "2020-01", 2, "ab")


@pytest.fixture
def state(tmp_path):
    state = State(tmp_path / "state.sqlite")
    yield state
    state.close()


def test_a_window_and_its_candidates_come_together_or_not_at_all(state):
    with pytest.raises(sqlite3.IntegrityError):
        keep(state, candidates=[candidate(1), candidate(2, owner=None)])
    assert (state.window_rows("2020-01"), verdicts(state)) == ([], {})
    keep(state, candidates=[candidate(1, rank=9), candidate(2, rank=3, reason="gone")])
    assert state.window_rows("2020-01") == [window()]
    assert list(verdicts(state).items()) == [(2, "rejected"), (1, None)]


def test_each_pass_has_windows_of_its_own(state):
    keep(state, candidates=[candidate(1)], kept_window=window(outcome="split"))
    keep(state, candidates=[candidate(1)], kept_window=window(sweep=2))
    assert state.window_rows("2020-01") == [window(outcome="split"), window(sweep=2)]
    assert state.window_tallies() == {"split": 1, "listed": 1}


def test_a_candidate_listed_again_is_only_seen_again(state):
    keep(state, accepted(1), candidates=[candidate(1)])
    again = [candidate(1, reason="gone", rank=7, owner="2@N00", license_id=5)]
    keep(state, candidates=again, kept_window=window(sweep=2))
    keep(state, candidates=[candidate(1, month="2020-02")], kept_window=window("2020-02", sweep=2))
    assert list(state.standings("2020-01")) == [Standing(1, "1@N00", "accepted", is_bare=False)]
    assert verdicts(state, "2020-02") == {}
    assert state.tallies() == [Tally("2020-01", 4, "accepted", None, 1)]
    assert state.captures("2020-01") == Captures("2020-01", 1, 1, 1)


def test_photos_of_another_month_are_not_captured_again(state):
    keep(state, candidates=[candidate(1)])
    keep(state, candidates=[candidate(1, month="2020-02")], kept_window=window("2020-02", sweep=2))
    assert state.captures("2020-01") == Captures("2020-01", 1, 0, 0)
    assert state.captures("2020-02") == Captures("2020-02", 0, 0, 0)


def test_standings_can_be_had_below_a_rank(state):
    keep(state, candidates=[candidate(n, rank=10 * n) for n in (1, 2, 3)])
    assert [photo.photo_id for photo in state.standings("2020-01", below=30)] == [1, 2]
    assert [photo.photo_id for photo in state.standings("2020-01", below=0)] == []


def test_equal_ranks_stand_by_id(state):
    keep(state, candidates=[candidate(n, rank=5, owner=f"{9 - n}@N00") for n in (3, 1, 2)])
    assert [photo.photo_id for photo in state.standings("2020-01")] == [1, 2, 3]


def test_bare_photos_are_those_rejected_without_exif(state):
    keep(
        state,
        Outcome(1, "1@N00", "rejected", "no_exif", exif=RawRecord("api")),
        Outcome(2, "1@N00", "rejected", "gone"),
        candidates=[candidate(n, rank=n) for n in (1, 2, 3)],
    )
    assert [photo.is_bare for photo in state.standings("2020-01")] == [True, False, False]


def test_an_owner_who_hides_exif_is_rejected_at_once_in_the_month(state):
    keep(state, candidates=[candidate(n) for n in (1, 2, 3)])
    other = [candidate(4, month="2020-02"), candidate(5, owner="2@N00")]
    keep(
        state,
        Outcome(1, "1@N00", "failed", "HTTP 500"),
        Outcome(2, "1@N00", "rejected", "exif_hidden", consent="hidden"),
        candidates=other,
    )
    assert verdicts(state) == {1: "rejected", 2: "rejected", 3: "rejected", 5: None}
    assert verdicts(state, "2020-02") == {4: None}
    with state.transaction():
        state.reject_hidden("2020-02")
    assert verdicts(state, "2020-02") == {4: "rejected"}
    assert state.consents(["1@N00", "2@N00"]) == {"1@N00": "hidden"}


def test_accepted_photos_of_an_owner_who_now_hides_exif_stay(state):
    keep(state, accepted(1), candidates=[candidate(1), candidate(2)])
    keep(state, Outcome(2, "1@N00", "rejected", "exif_hidden", consent="hidden"))
    assert verdicts(state) == {1: "accepted", 2: "rejected"}


def test_failed_photos_keep_their_exif_and_come_up_again(state):
    keep(state, Outcome(1, "1@N00", "failed", "HTTP 500", exif=EXIF), candidates=[candidate(1)])
    with state.transaction():
        state.settle_month("2020-01")
    assert state.settled_months() == set()
    with state.transaction():
        assert state.reopen_failed() == 1
    assert verdicts(state) == {1: None}
    assert state.open_photos([1])[0].exif == EXIF


def test_photos_are_accepted_for_readers_once_their_shard_is_closed(state):
    keep(state, accepted(2), accepted(1), candidates=[candidate(2), candidate(1)])
    assert (state.waiting("2020-01"), state.waiting_count()) == ([1, 2], 2)
    assert list(state.accepted()) == []
    assert waiting(state, 2) == accepted(2).image
    with state.transaction():
        state.close_photos([1, 2], SHARD)
        state.settle_month("2020-01")
    assert sorted(row[0] for row in state.accepted()) == [1, 2]
    assert (state.waiting("2020-01"), state.waiting_count()) == ([], 0)
    assert state.shards() == [SHARD]
    assert state.settled_months() == {"2020-01"}
    assert state._sql.execute("SELECT COUNT(*) FROM waiting_images").fetchone() == (0,)


def test_addresses_come_back_whole(state):
    keep(state, accepted(1), candidates=[candidate(1), candidate(2)])
    with state.transaction():
        state.close_photos([1], None)
    ((_, page, _, _, _, taken, _, month, url, _, _),) = state.accepted()
    assert page == "https://www.flickr.com/photos/1@N00/1/"
    assert (taken, month) == ("2020-01-02 03:04:05", "2020-01")
    assert url == "https://live.staticflickr.com/65535/1_0123456789_b.jpg"
    assert state.open_photos([1])[0].image_url == url


def test_counts_and_reminders_are_kept(tmp_path, state):
    with state.transaction():
        state.add_calls({"api search": 2})
        state.add_calls({"api search": 3, "image head": 1})
        state.spend("2020-01", "list", 1.5)
        state.spend("2020-01", "list", 2.0)
        state.spend("2020-01", "look", 0.25)
        state.remind("recheck", 7)
    again = State.reading(tmp_path / "state.sqlite", is_in_use=True)
    assert again.calls() == {"api search": 5, "image head": 1}
    assert again.spent() == {("2020-01", "list"): 3.5, ("2020-01", "look"): 0.25}
    assert (again.reminder("recheck"), again.reminder("other")) == (7, None)
    again.close()


def test_a_full_disk_leaves_what_was_there(tmp_path, state):
    keep(state, accepted(1), candidates=[candidate(1), candidate(2)])
    (pages,) = state._sql.execute("PRAGMA page_count").fetchone()
    state._sql.execute(f"PRAGMA max_page_count = {pages + 2}")
    long = Outcome(2, "1@N00", "accepted", exif=replace(EXIF, model="x" * 20_000), image=image())
    with pytest.raises(sqlite3.OperationalError, match="full"):
        keep(state, long)
    assert verdicts(state) == {1: "accepted", 2: None}
    assert (tmp_path / "state.sqlite-images").read_bytes() == accepted(1).image.content
    state._sql.execute("PRAGMA max_page_count = 100000")
    keep(state, long)
    assert verdicts(state) == {1: "accepted", 2: "accepted"}


def test_the_order_of_arrival_does_not_show(tmp_path):
    """Two crawls list and look at the same photos, one in the opposite order."""
    dumps = []
    for name, step in (("one", 1), ("other", -1)):
        state = State(tmp_path / name)
        lists = [
            (window(day=1), [candidate(n, rank=n, owner=f"{n % 3}@N00") for n in range(1, 9)]),
            (window(day=2), [candidate(n, rank=n, owner=f"{n % 3}@N00") for n in range(6, 20)]),
            (window(day=1, sweep=2), [candidate(n, owner="8@N00") for n in range(21, 25)]),
        ]
        for kept_window, rows in lists[::step]:
            keep(state, candidates=rows[::step], kept_window=kept_window)
        for number in range(1, 19)[::step]:
            owner = f"{number % 3}@N00"
            is_bare = number % 4 == 0
            bare = Outcome(number, owner, "rejected", "no_exif")
            keep(state, bare if is_bare else accepted(number, owner))
        dumps.append(everything(state))
        state.close()
    assert dumps[0] == dumps[1]


def test_of_several_names_of_an_owner_one_is_kept_whatever_the_order(tmp_path):
    names = ("Zoe", None, "Anna")
    for step in (1, -1):
        state = State(tmp_path / str(step))
        for number, name in enumerate(names[::step], start=1):
            row = candidate(number)
            alias = row.page_url.replace("1@N00", name or "1@N00")
            row = type(row)(**{**_fields(row), "owner_name": name, "page_url": alias})
            keep(state, accepted(number), candidates=[row])
        with state.transaction():
            state.close_photos([1, 2, 3], None)
        assert {row[3] for row in state.accepted()} == {"Zoe"}
        assert {row[1] for row in state.accepted()} == {
            f"https://www.flickr.com/photos/Zoe/{number}/" for number in (1, 2, 3)
        }
        state.close()


def _fields(row):
    return {name: getattr(row, name) for name in row.__slots__}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE candidates SET outcome = 'Accepted'",
        "UPDATE candidates SET outcome = NULL, reason = 'gone'",
        "UPDATE candidates SET seen = 4",
        "UPDATE candidates SET month = 202013",
        "UPDATE candidates SET sha256 = x'00'",
        "UPDATE candidates SET taken_at = '2020-01-01'",
        "UPDATE windows SET sweep = 3",
        "UPDATE tallies SET count = -1",
    ],
)
def test_what_cannot_be_is_not_written(state, change):
    keep(state, accepted(1), candidates=[candidate(1)])
    with pytest.raises(sqlite3.IntegrityError):
        state._sql.execute(change)


def test_a_waiting_image_comes_back(state):
    keep(state, accepted(1, content=b"x" * 5000), candidates=[candidate(1)])
    assert waiting(state, 1) == image(b"x" * 5000)
