"""Counts that triggers keep are those that counting gives, whatever was done."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_states import MONTHS, accepted, candidate, emptied, window

from flickrexif.corpus.rows import Captures, Outcome, Removal, Tally
from flickrexif.corpus.state import State

PHOTOS = range(1, 13)
OWNERS = ("1@N00", "2@N00", "3@N00")


def owner_of(photo_id):
    return OWNERS[photo_id % 3]


def month_of(photo_id):
    return MONTHS[photo_id % 2]


photos = st.sampled_from(PHOTOS)
STEPS = st.one_of(
    st.tuples(st.just("list"), st.sampled_from((1, 2)), st.lists(photos, max_size=8)),
    st.tuples(st.just("accept"), photos),
    st.tuples(st.just("reject"), photos, st.sampled_from(["gone", "no_exif"])),
    st.tuples(st.just("fail"), photos),
    st.tuples(st.just("hide"), photos),
    st.tuples(st.just("reject_hidden"), st.sampled_from(MONTHS)),
    st.tuples(st.just("reopen")),
    st.tuples(st.just("remove"), st.lists(photos, max_size=4)),
    st.tuples(st.just("license"), photos, st.sampled_from((4, 9))),
    st.tuples(st.just("take_down"), st.sampled_from(["photo", "owner"]), photos),
    st.tuples(st.just("reject_taken_down"), st.sampled_from(MONTHS)),
    st.tuples(st.just("roll_back"), photos),
)


def do(state, step):
    match step:
        case "list", sweep, ids:
            for month in MONTHS:
                of_month = [candidate(n, rank=n, owner=owner_of(n), month=month,
                                      reason="gone" if n == 5 else None)
                            for n in ids if month_of(n) == month]  # fmt: skip
                state.add_window(window(month, sweep=sweep), of_month)
        case "accept", photo:
            state.add_outcome(accepted(photo, owner_of(photo)))
        case "reject", photo, reason:
            state.add_outcome(Outcome(photo, owner_of(photo), "rejected", reason))
        case "fail", photo:
            state.add_outcome(Outcome(photo, owner_of(photo), "failed", "HTTP 500"))
        case "hide", photo:
            hidden = Outcome(photo, owner_of(photo), "rejected", "exif_hidden", consent="hidden")
            state.add_outcome(hidden)
        case "reject_hidden", month:
            state.reject_hidden(month)
        case ("reopen",):
            state.reopen_failed()
        case "remove", ids:
            state.remove(ids, "taken_down")
        case "license", photo, license_id:
            state.set_license(photo, license_id)
        case "take_down", kind, photo:
            subject = str(photo) if kind == "photo" else owner_of(photo)
            state.add_removal(Removal(kind, subject, "asked for", 0, ""))
        case "reject_taken_down", month:
            state.reject_taken_down(month)


def counted(state):
    found = state._sql.execute(
        "SELECT printf('%04d-%02d', month / 100, month % 100), license_id, outcome, reason, "
        "COUNT(*) FROM candidates GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"
    )
    return [Tally(*row) for row in found]


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    state = State(tmp_path_factory.mktemp("counted") / "state.sqlite")
    yield state
    state.close()


@settings(max_examples=120, deadline=None)
@given(steps=st.lists(STEPS, max_size=25))
def test_tallies_and_captures_are_exact_after_any_operations(shared, steps):
    state = emptied(shared)
    assert state.tallies() == []
    seen = {}
    for step in steps:
        if step[0] == "roll_back":
            state._sql.execute("BEGIN")
            do(state, ("accept", step[1]))
            state._sql.execute("ROLLBACK")
            continue
        with state.transaction():
            do(state, step)
        if step[0] == "list":
            for photo in step[2]:
                seen.setdefault(photo, set()).add(step[1])
    assert state.tallies() == counted(state)
    for month in MONTHS:
        sets = Counter(frozenset(seen[photo]) for photo in seen if month_of(photo) == month)
        both = sets[frozenset({1, 2})]
        first, second = (sets[frozenset({sweep})] + both for sweep in (1, 2))
        assert state.captures(month) == Captures(month, first, second, both)
    total = sum(tally.count for tally in state.tallies())
    assert total == len(seen) == sum(len(list(state.standings(month))) for month in MONTHS)
