from __future__ import annotations

import sqlite3

import pytest

from flickrexif.corpus.rows import CandidateRow, Outcome, ShardRow, WaitingImage, WindowRow
from flickrexif.corpus.state import State
from flickrexif.exif.record import RawRecord
from flickrexif.flickr.budget import BucketState

WINDOW = WindowRow("2020-01", 4, "2020-01-01 00:00:00", "2020-01-31 23:59:59", "listed", 2, 2, 0)
IMAGE = WaitingImage(b"\xff\xd8\xff", "00", 4, 3, "image/jpeg")
EXIF = RawRecord("api", make="Pictor", iso_text="100")


@pytest.fixture
def state(tmp_path):
    state = State(tmp_path / "state.sqlite")
    yield state
    state.close()


def candidate(photo_id, *, rank=0, owner="1@N00", month="2020-01", reason=None):
    return CandidateRow(
        photo_id=photo_id,
        rank=rank,
        month=month,
        owner_id=owner,
        owner_name=None,
        license_id=4,
        taken_at="2020-01-02 03:04:05",
        uploaded_at=1_580_000_000,
        page_url=f"https://www.flickr.test/photos/{owner}/{photo_id}/",
        original_url=None,
        image_url="https://live.flickr.test/1.jpg",
        reason=reason,
    )


def verdicts(state, month="2020-01"):
    return {photo.photo_id: photo.verdict for photo in state.standings(month)}


def test_a_window_and_its_candidates_come_together_or_not_at_all(state):
    with pytest.raises(sqlite3.IntegrityError), state.transaction():
        state.add_window(WINDOW, [candidate(1), candidate(2, owner=None)])
    assert (state.windows("2020-01"), verdicts(state)) == ({}, {})
    with state.transaction():
        state.add_window(WINDOW, [candidate(1, rank=9), candidate(2, rank=3, reason="gone")])
    assert list(state.windows("2020-01").values()) == ["listed"]
    assert list(verdicts(state).items()) == [(2, "rejected"), (1, None)]


def test_a_candidate_listed_again_stays_as_it_is(state):
    with state.transaction():
        state.add_window(WINDOW, [candidate(1)])
        state.add_outcome(Outcome(1, "1@N00", "accepted", exif=EXIF, image=IMAGE))
        state.add_window(WINDOW, [candidate(1, reason="gone"), candidate(1, month="2020-02")])
    assert verdicts(state) == {1: "accepted"}
    assert verdicts(state, "2020-02") == {}


def test_an_owner_who_hides_exif_is_rejected_everywhere(state):
    with state.transaction():
        state.add_window(WINDOW, [candidate(n) for n in (1, 2, 3)])
        state.add_window(WINDOW, [candidate(4, month="2020-02"), candidate(5, owner="2@N00")])
        state.add_outcome(Outcome(1, "1@N00", "failed", "HTTP 500"))
        state.add_outcome(Outcome(2, "1@N00", "rejected", "exif_hidden", consent="hidden"))
    assert verdicts(state) == {1: "rejected", 2: "rejected", 3: "rejected", 5: None}
    assert verdicts(state, "2020-02") == {4: "rejected"}
    with state.transaction():
        state.add_window(WINDOW, [candidate(6, month="2020-03")])
        state.reject_hidden("2020-03")
    assert verdicts(state, "2020-03") == {6: "rejected"}
    assert state.consents(["1@N00", "2@N00"]) == {"1@N00": "hidden"}


def test_failed_photos_keep_their_exif_and_come_up_again(state):
    with state.transaction():
        state.add_window(WINDOW, [candidate(1)])
        state.add_outcome(Outcome(1, "1@N00", "failed", "HTTP 500", exif=EXIF))
        state.settle_month("2020-01")
    assert state.settled_months() == set()
    with state.transaction():
        assert state.reopen_failed() == 1
    assert verdicts(state) == {1: None}
    assert state.open_photos([1])[0].exif == EXIF


def test_photos_are_accepted_for_readers_once_their_shard_is_closed(state):
    with state.transaction():
        state.add_window(WINDOW, [candidate(2), candidate(1)])
        for photo_id in (2, 1):
            state.add_outcome(Outcome(photo_id, "1@N00", "accepted", exif=EXIF, image=IMAGE))
    assert (state.waiting("2020-01"), state.accepted()) == ([1, 2], [])
    assert state.image(2) == IMAGE
    with state.transaction():
        state.close_photos([1, 2], ShardRow("2020-01-00000.parquet", "2020-01", 2, "ab"))
        state.settle_month("2020-01")
    assert [row[0] for row in state.accepted()] == [1, 2]
    assert state.waiting("2020-01") == []
    assert state.shards() == [ShardRow("2020-01-00000.parquet", "2020-01", 2, "ab")]
    assert state.settled_months() == {"2020-01"}
    assert state._sql.execute("SELECT COUNT(*) FROM waiting_images").fetchone() == (0,)


def test_budgets_and_counts_are_kept(tmp_path, state):
    with state.transaction():
        state.keep_budget("api:x", BucketState(-2.5, 1e9, 0.5))
        state.add_calls({"api search": 2})
        state.add_calls({"api search": 3, "image head": 1})
    again = State(tmp_path / "state.sqlite")
    assert again.budget("api:x") == BucketState(-2.5, 1e9, 0.5)
    assert again.budget("api:y") is None
    assert again.calls() == {"api search": 5, "image head": 1}
    again.close()
