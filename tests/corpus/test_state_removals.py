from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_states import accepted, candidate, emptied, keep, verdicts, window

from flickrexif.corpus.rows import AcceptedPhoto, Outcome, Removal, ShardRow, Tally
from flickrexif.corpus.state import State
from flickrexif.errors import FlickrexifError

SHARD = ShardRow("2020-01-00000.parquet", "2020-01", 3, "ab")
OWNERS = {1: "2@N00", 2: "1@N00", 3: "2@N00", 4: "1@N00"}


@pytest.fixture
def state(tmp_path):
    """Photos 1, 2 and 3 stand in a shard, 4 waits for one, 5 is undecided."""
    state = State(tmp_path / "state.sqlite")
    listed = [candidate(n, owner=OWNERS.get(n, "1@N00")) for n in range(1, 6)]
    keep(state, *(accepted(n, owner) for n, owner in OWNERS.items()), candidates=listed)
    with state.transaction():
        state.close_photos([1, 2, 3], SHARD)
    yield state
    state.close()


def standing(state, **words):
    return [photo.photo_id for photo in state.accepted_photos(**words)]


def remove(state, *photo_ids):
    with state.transaction():
        state.remove(photo_ids, "gone")


def test_accepted_photos_come_by_owner_and_id(state):
    assert standing(state) == [2, 4, 1, 3]
    assert standing(state, after="1@N00") == [1, 3]
    assert standing(state, after="2@N00") == []
    assert next(state.accepted_photos()) == AcceptedPhoto(
        2, "1@N00", 4, "2020-01", "2020-01-02 03:04:05", 1_580_000_000, None
    )
    assert [photo.photo_id for photo in state.accepted_among([3, 5, 99, 1])] == [3, 1]


def test_nothing_is_sorted_to_tell_them(state):
    from flickrexif.corpus.removals import _ACCEPTED_PHOTOS

    plan = state._sql.execute(f"EXPLAIN QUERY PLAN {_ACCEPTED_PHOTOS}", (None, "")).fetchall()
    told = " ".join(str(step[-1]) for step in plan)
    assert "accepted_candidates" in told
    assert "TEMP B-TREE" not in told


def test_photos_checked_lately_are_not_due(state):
    with state.transaction():
        state.set_checked([2, 3], 1000)
    assert standing(state, checked_before=1000) == [4, 1]
    assert standing(state, checked_before=1001) == [2, 4, 1, 3]
    assert [photo.checked_at for photo in state.accepted_photos()] == [1000, None, None, 1000]


def test_a_removed_photo_is_gone_for_readers_and_known_for_good(state):
    remove(state, 1, 4, 5)
    assert standing(state) == [2, 3]
    assert sorted(row[0] for row in state.accepted()) == [2, 3]
    assert state.waiting("2020-01") == []
    assert state.removed_ids() == {1, 4, 5}
    assert verdicts(state)[1] == "removed"
    for table in ("waiting_images", "exif"):
        found = state._sql.execute(f"SELECT photo_id FROM {table} ORDER BY 1").fetchall()
        assert found == ([] if table == "waiting_images" else [(2,), (3,)])
    keep(state, candidates=[candidate(1)], kept_window=window(sweep=2))
    assert standing(state) == [2, 3]


def test_a_photo_under_another_licence_is_counted_there(state):
    with state.transaction():
        state.set_license(1, 9)
    assert next(state.accepted_photos(after="1@N00")).license_id == 9
    assert state.tallies() == [
        Tally("2020-01", 4, None, None, 1),
        Tally("2020-01", 4, "accepted", None, 3),
        Tally("2020-01", 9, "accepted", None, 1),
    ]


def test_bytes_stand_in_a_shard_until_it_is_rewritten(state):
    remove(state, 1, 4)
    assert state.unpurged() == {SHARD.name: [1]}
    smaller = ShardRow(SHARD.name, "2020-01", 2, "cd")
    with state.transaction():
        state.replace_shard(SHARD.name, smaller, [1])
    assert (state.unpurged(), state.shards()) == ({}, [smaller])
    assert sorted(row[0] for row in state.accepted()) == [2, 3]


def test_a_shard_goes_with_its_last_photo(state):
    remove(state, 1, 2, 3)
    with state.transaction():
        state.replace_shard(SHARD.name, None, [1, 2, 3])
    assert (state.unpurged(), state.shards()) == ({}, [])
    assert state.removed_ids() == {1, 2, 3}


@pytest.mark.parametrize("shard", [None, SHARD])
def test_a_shard_that_does_not_fit_is_refused(state, shard):
    remove(state, 1)
    with pytest.raises(FlickrexifError, match=r"2020-01-00000\.parquet"), state.transaction():
        state.replace_shard(SHARD.name, shard, [1])
    assert (state.unpurged(), state.shards()) == ({SHARD.name: [1]}, [SHARD])


def test_takedowns_are_kept_once(state):
    first = Removal("owner", "2@N00", "asked for", 5, "by letter")
    with state.transaction():
        state.add_removal(Removal("photo", "77", "asked for", 7, ""))
        state.add_removal(first)
        state.add_removal(Removal("owner", "2@N00", "again", 6, ""))
    assert state.removals() == [first, Removal("photo", "77", "asked for", 7, "")]
    assert state.removed_ids() == {77, 1, 3}
    with state.transaction():
        state.drop_removal("owner", "2@N00")
    assert state.removed_ids() == {77}


def test_what_a_takedown_names_is_never_accepted(state):
    keep(
        state,
        Outcome(8, "3@N00", "failed", "HTTP 500"),
        candidates=[candidate(6), candidate(7, owner="3@N00"), candidate(8, owner="3@N00"),
                    candidate(9, month="2020-02", owner="3@N00")],
    )  # fmt: skip
    with state.transaction():
        state.add_removal(Removal("owner", "3@N00", "asked for", 5, ""))
        state.add_removal(Removal("photo", "5", "asked for", 5, ""))
        state.reject_taken_down("2020-01")
    undecided = {n for n, verdict in verdicts(state).items() if verdict is None}
    assert undecided == {6}
    assert verdicts(state, "2020-02") == {9: None}
    assert state.removed_ids() == {5, 7, 8, 9}


def test_copies_of_other_owners_are_counted(state):
    """Photos 5 and 6 are copies of 2, which is of the same owner as 5; 7 and 8 are one owner's."""
    assert state.duplicates() == 0
    same = accepted(2, OWNERS[2]).image.content
    keep(
        state,
        accepted(5, "1@N00", content=same),
        accepted(6, "3@N00", content=same),
        accepted(7, "4@N00", content=b"own"),
        accepted(8, "4@N00", content=b"own"),
        candidates=[candidate(6, owner="3@N00"), *(candidate(n, owner="4@N00") for n in (7, 8))],
    )
    assert state.duplicates() == 3
    remove(state, 6)
    assert state.duplicates() == 0


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    state = State(tmp_path_factory.mktemp("left") / "state.sqlite")
    yield state
    state.close()


@settings(max_examples=40, deadline=None)
@given(
    removed=st.sets(st.sampled_from(range(1, 21))),
    named=st.sets(st.sampled_from(range(1, 30))),
    owners=st.sets(st.sampled_from(["1@N00", "2@N00", "3@N00"])),
)
def test_what_left_stays_out_whatever_comes_after(shared, removed, named, owners):
    owner_of = {n: f"{n % 3 + 1}@N00" for n in range(1, 21)}
    listed = [candidate(n, owner=owner_of[n], rank=n) for n in owner_of]
    state = emptied(shared)
    keep(state, *(accepted(n, owner_of[n]) for n in owner_of if n % 2), candidates=listed)
    with state.transaction():
        state.close_photos(state.waiting("2020-01"), None)
        for subject in named:
            state.add_removal(Removal("photo", str(subject), "", 0, ""))
        for subject in owners:
            state.add_removal(Removal("owner", subject, "", 0, ""))
        state.remove(removed, "gone")
        state.reject_taken_down("2020-01")
        state.reopen_failed()
    keep(state, candidates=listed, kept_window=window(sweep=2))
    gone = removed | named | {n for n, owner in owner_of.items() if owner in owners}
    assert state.removed_ids() == gone
    stands = verdicts(state)
    assert {n for n, verdict in stands.items() if verdict == "removed"} == removed
    assert not {n for n, verdict in stands.items() if verdict is None} & gone


def test_nothing_deleted_is_left_in_the_file(tmp_path, state):
    def marked(number):
        return b"%d are these bytes. " % number * (1 if number % 2 else 3_000)

    ids = range(100, 140)
    keep(state, *(accepted(n, content=marked(n)) for n in ids),
         candidates=[candidate(n) for n in ids])  # fmt: skip
    with state.transaction():
        state.close_photos([n for n in ids if n < 120], None)
    remove(state, *(n for n in ids if n >= 120))
    state.close()
    for file in tmp_path.iterdir():
        content = file.read_bytes()
        assert not [n for n in ids if b"%d are these bytes." % n in content]
    assert (tmp_path / "state.sqlite").stat().st_size < 200_000
