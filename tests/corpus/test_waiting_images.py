"""Images that wait in the file beside the state: theirs byte by byte, and nobody else's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_states import EXIF, accepted, candidate, keep, verdicts, waiting

from flickrexif.corpus.rows import ShardRow
from flickrexif.corpus.state import State
from flickrexif.errors import UsageError

IDS = range(1, 9)
SHARD = ShardRow("2020-01-00000.parquet", "2020-01", 1, "ab")


def content_of(photo_id):
    return Random(photo_id).randbytes(1_000 * photo_id)


def photo(photo_id):
    return accepted(photo_id, content=content_of(photo_id))


@pytest.fixture
def path(tmp_path):
    """A closed state in which photos 1 to 4 of 8 wait."""
    state = State(tmp_path / "state.sqlite")
    keep(state, *map(photo, range(1, 5)), candidates=map(candidate, IDS))
    state.close()
    return tmp_path / "state.sqlite"


def images_file(path):
    return path.with_name(f"{path.name}-images")


def bytes_of(path):
    return images_file(path).read_bytes() if images_file(path).exists() else b""


def accepted_in(path):
    """The accepted photos, each with its whole image, of a state opened for writing."""
    state = State(path)
    stand = {n for n, verdict in verdicts(state).items() if verdict == "accepted"}
    assert set(state.waiting("2020-01")) == stand
    for photo_id in stand:
        assert waiting(state, photo_id) == photo(photo_id).image
    state.close()
    return stand


def remove(state, *photo_ids):
    with state.transaction():
        state.remove(photo_ids, "gone")


def roll_back(state, outcome, *, removed):
    with state.transaction():
        state.add_outcome(outcome)
        state.remove(removed, "gone")
        raise KeyError


def test_they_lie_beside_the_state_and_not_in_it(path):
    assert bytes_of(path) == b"".join(map(content_of, range(1, 5)))
    assert content_of(4)[:50] not in path.read_bytes()
    assert accepted_in(path) == {1, 2, 3, 4}


def test_readers_find_them_and_change_nothing(path):
    with images_file(path).open("ab") as file:
        file.write(b"of a commit under way")
    before = bytes_of(path)
    state = State.reading(path)
    assert waiting(state, 3) == photo(3).image
    state.close()
    assert bytes_of(path) == before


def test_a_transaction_that_fails_takes_its_bytes_back(path):
    state, before = State(path), bytes_of(path)
    with pytest.raises(KeyError):
        roll_back(state, photo(5), removed=[1])
    assert bytes_of(path) == before
    keep(state, photo(6))
    state.close()
    assert bytes_of(path) == before + content_of(6)
    assert accepted_in(path) == {1, 2, 3, 4, 6}


def test_bytes_are_durable_before_the_commit_that_names_them(path):
    state, done = State(path), []
    sync = state._staging.sync
    state._staging.sync = lambda: (sync(), done.append("images"))
    state._sql.set_trace_callback(done.append)
    keep(state, photo(5))
    state._sql.set_trace_callback(None)
    insert = next(n for n, what in enumerate(done) if "INTO waiting_images" in what)
    assert insert < done.index("images") < done.index("COMMIT")
    state.close()


def test_a_kill_leaves_a_tail_that_the_next_writer_cuts(path):
    code = (
        "import os, pathlib, sys; sys.path.insert(0, sys.argv[2])\n"
        "from test_waiting_images import *\n"
        "state = State(pathlib.Path(sys.argv[1]))\n"
        "keep(state, photo(5))\n"
        "state._sql.execute('BEGIN'); state.add_outcome(photo(6)); os._exit(9)"
    )
    here = str(Path(__file__).parent)
    subprocess.run([sys.executable, "-c", code, str(path), here], check=False)
    assert bytes_of(path).endswith(content_of(6))
    assert accepted_in(path) == {1, 2, 3, 4, 5}
    assert bytes_of(path) == b"".join(map(content_of, range(1, 6)))


def test_what_leaves_is_wiped_at_once_and_the_file_goes_with_the_last(path):
    state = State(path)
    remove(state, 2, 4)
    assert bytes_of(path) == content_of(1) + bytes(2_000) + content_of(3) + bytes(4_000)
    assert waiting(state, 3) == photo(3).image
    remove(state, 1, 3)
    assert bytes_of(path) == b""
    state.close()
    assert not images_file(path).exists()


def test_what_a_kill_has_not_let_be_wiped_the_next_writer_wipes(path):
    before = bytes_of(path)
    state = State(path)
    remove(state, 1, 3, 4)
    state.close()
    images_file(path).write_bytes(before)
    assert accepted_in(path) == {2}
    assert bytes_of(path) == bytes(1_000) + content_of(2)


def test_an_image_fetched_again_takes_the_place_of_the_first(path):
    state = State(path)
    other = accepted(1, content=b"another one")
    keep(state, other)
    assert waiting(state, 1) == other.image
    assert content_of(1)[:50] not in bytes_of(path)
    state.close()


def test_nothing_waits_once_a_shard_is_closed(path):
    state = State(path)
    with state.transaction():
        state.close_photos([1, 2, 3, 4], SHARD)
    assert bytes_of(path) == b""
    keep(state, photo(5))
    assert bytes_of(path) == content_of(5)
    state.close()


def lose(file):
    file.unlink()


def cut(file):
    file.write_bytes(file.read_bytes()[:-1])


def flip(file):
    content = bytearray(file.read_bytes())
    content[-7] ^= 1
    file.write_bytes(content)


def exchange(file):
    file.write_bytes(Random(0).randbytes(file.stat().st_size))


@pytest.mark.parametrize(
    ("damage", "left"),
    [(lose, set()), (cut, {1, 2, 3}), (flip, {1, 2, 3}), (exchange, set())],
)
def test_photos_whose_image_is_lost_are_looked_at_again(path, damage, left, caplog):
    damage(images_file(path))
    assert accepted_in(path) == left
    assert f"{4 - len(left)} images that waited" in caplog.text
    state = State(path)
    assert {n for n, verdict in verdicts(state).items() if verdict is None} == {*IDS} - left
    assert {one.exif for one in state.open_photos([1, 2, 3, 4])} == {EXIF}
    assert state.tallies()[0].count == 8 - len(left)
    keep(state, *map(photo, {1, 2, 3, 4} - left))
    state.close()
    caplog.clear()
    assert accepted_in(path) == {1, 2, 3, 4}
    assert not caplog.text


def test_damage_since_the_opening_is_told_and_mended_by_the_next_run(path):
    state = State(path)
    flip(images_file(path))
    told = r"state\.sqlite-images' is damaged \(the image of photo 4 .*: run the same command"
    with pytest.raises(UsageError, match=told):
        state.images([1, 2, 3, 4])
    cut(images_file(path))
    with pytest.raises(UsageError, match=told):
        state.images([3, 4])
    state.close()
    assert accepted_in(path) == {1, 2, 3}


def test_a_state_that_is_refused_costs_no_image(path):
    before, content = bytes_of(path), path.read_bytes()
    path.write_bytes(content[:-4096])
    with pytest.raises(UsageError, match=r"state\.sqlite' is damaged"):
        State(path)
    path.write_bytes(content)
    assert bytes_of(path) == before
    assert accepted_in(path) == {1, 2, 3, 4}


def test_a_file_of_images_that_cannot_be_opened_is_named_and_nothing_is_undecided(path):
    images_file(path).rename(path.with_name("away"))
    images_file(path).mkdir()
    with pytest.raises(UsageError, match=r"cannot be opened .*state\.sqlite-images.* mend that"):
        State(path)
    images_file(path).rmdir()
    path.with_name("away").rename(images_file(path))
    assert accepted_in(path) == {1, 2, 3, 4}


photos = st.sampled_from(IDS)
STEPS = st.one_of(
    st.tuples(st.just("accept"), st.lists(photos, max_size=3, unique=True)),
    st.tuples(st.just("fail"), photos),
    st.tuples(st.just("remove"), st.lists(photos, max_size=3, unique=True)),
    st.tuples(st.just("close"), st.none()),
    st.tuples(st.just("open"), st.none()),
)


@settings(max_examples=40)
@given(steps=st.lists(STEPS, max_size=12))
def test_every_byte_that_no_photo_owns_is_zero(tmp_path_factory, steps):
    path = tmp_path_factory.mktemp("steps") / "state.sqlite"
    state = State(path)
    state._sql.execute("PRAGMA synchronous = OFF")
    keep(state, candidates=map(candidate, IDS))
    expected, closed = set(), set()
    for step, which in steps:
        if step == "accept":
            keep(state, *(photo(photo_id) for photo_id in which if photo_id not in closed))
            expected |= set(which) - closed
        elif step == "fail":
            with pytest.raises(KeyError):
                roll_back(state, photo(which), removed=expected)
        elif step == "remove":
            remove(state, *which)
            expected -= set(which)
        elif step == "close":
            with state.transaction():
                state.close_photos(state.waiting("2020-01"), SHARD)
            closed, expected = closed | expected, set()
        else:
            state.close()
            state = State(path)
        content = bytes_of(path)
        for photo_id in state.waiting("2020-01"):
            assert waiting(state, photo_id) == photo(photo_id).image
        for photo_id in expected:
            assert content.count(content_of(photo_id)) == 1
            content = content.replace(content_of(photo_id), b"")
        assert not content.strip(b"\0")
        assert expected or not content
    state.close()
