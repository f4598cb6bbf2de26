"""What a crawl asks again and again is answered from indexes, however many candidates there are."""

from __future__ import annotations

import pytest
from small_states import accepted, candidate, keep, window

from flickrexif.corpus.rows import Outcome, Removal, ShardRow
from flickrexif.corpus.state import State

SHARD = ShardRow("2020-01-00000.parquet", "2020-01", 1, "ab")
HIDDEN = Outcome(2, "1@N00", "rejected", "exif_hidden", consent="hidden")


def replace(state):
    state.remove([1], "gone")
    state.replace_shard(SHARD.name, None, [1])


QUESTIONS = {
    "standings": lambda state: list(state.standings("2020-01")),
    "standings below": lambda state: list(state.standings("2020-01", below=5)),
    "standings by owner": lambda state: state.standings_by_owner("2020-01"),
    "open photos": lambda state: state.open_photos([1, 2]),
    "outcomes": lambda state: state.add_outcome(accepted(2)),
    "hidden": lambda state: state.add_outcome(HIDDEN),
    "hidden of a month": lambda state: state.reject_hidden("2020-01"),
    "failed": lambda state: state.reopen_failed(),
    "waiting": lambda state: (state.waiting("2020-01"), state.waiting_count()),
    "settling": lambda state: state.settle_month("2020-01"),
    "listing": lambda state: state.add_window(window(), [candidate(1), candidate(9)]),
    "tallies": lambda state: (state.tallies(), state.captures("2020-01")),
    "newest upload": lambda state: state.newest_upload("2020-01"),
    "duplicates": lambda state: state.duplicates(),
    "accepted by owner": lambda state: list(state.accepted_photos(after="0")),
    "accepted among": lambda state: state.accepted_among([1, 2]),
    "removed": lambda state: state.removed_ids(),
    "taken down": lambda state: state.reject_taken_down("2020-01"),
    "unpurged": lambda state: state.unpurged(),
    "replacing a shard": replace,
}  # fmt: skip


@pytest.fixture
def state(tmp_path):
    state = State(tmp_path / "state.sqlite")
    keep(state, accepted(1), candidates=[candidate(n) for n in (1, 2, 3)])
    with state.transaction():
        state.close_photos([1], SHARD)
        state.add_removal(Removal("owner", "7@N00", "", 0, ""))
    yield state
    state.close()


def plans(state, ask):
    """The steps of every statement that ``ask`` sends."""
    asked = []
    state._sql.set_trace_callback(asked.append)
    with state.transaction():
        ask(state)
    state._sql.set_trace_callback(None)
    asked = [
        text for text in asked if text.lstrip()[:6] in ("SELECT", "UPDATE", "INSERT", "DELETE")
    ]
    assert asked
    return [step for text in asked for *_, step in state._sql.execute(f"EXPLAIN QUERY PLAN {text}")]


@pytest.mark.parametrize("name", QUESTIONS)
def test_no_question_goes_through_all_candidates(name, state):
    for step in plans(state, QUESTIONS[name]):
        assert "SCAN candidates" not in step or "INDEX" in step
        assert "INDEX candidates_by_owner" not in step or "month=?" in step


@pytest.mark.parametrize("name", ["standings", "standings by owner"])
def test_standings_are_read_from_the_index_alone(name, state):
    steps = plans(state, QUESTIONS[name])
    assert any("candidates USING COVERING INDEX candidates_by_owner" in step for step in steps)
