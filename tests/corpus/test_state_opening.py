from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys

import pytest
from small_states import accepted, candidate, everything, keep, verdicts

from flickrexif.corpus import Corpus, CrawlPlan
from flickrexif.corpus.state import State
from flickrexif.errors import UsageError

PLAN = CrawlPlan("2020-01..2020-02")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.sqlite"


@pytest.fixture
def corpus(tmp_path):
    return Corpus.create(tmp_path / "corpus", PLAN, endpoint="here")


def files(folder):
    return sorted(entry.name for entry in folder.iterdir())


def fill(path, *photo_ids):
    state = State(path)
    keep(state, *map(accepted, photo_ids), candidates=[candidate(n) for n in photo_ids])
    return state


def test_a_closed_state_is_one_file_and_its_checksum(path):
    state = fill(path, 1)
    with state.transaction():
        state.close_photos([1], None)
    state.close()
    assert files(path.parent) == ["state.sqlite", "state.sqlite.sha256"]
    digest, name = path.with_name("state.sqlite.sha256").read_text().split()
    assert (digest, name) == (hashlib.sha256(path.read_bytes()).hexdigest(), "state.sqlite")


def test_there_is_no_checksum_while_it_is_written(path):
    fill(path, 1).close()
    state = State(path)
    assert not path.with_name("state.sqlite.sha256").exists()
    state.close()
    assert path.with_name("state.sqlite.sha256").exists()


def test_a_state_that_others_have_open_gets_no_checksum(path):
    one, other = fill(path, 1), State(path)
    other.close()
    assert not path.with_name("state.sqlite.sha256").exists()
    keep(one, candidates=[candidate(2)])
    one.close()
    State(path).close()


def test_reading_makes_no_file(corpus):
    with corpus.state(reading=True) as state:
        assert everything(state)["tallies"] == []
    assert corpus.removed_ids() == set()
    assert corpus.accepted().is_empty()
    assert files(corpus.path) == ["corpus.toml"]


def test_reading_changes_nothing(path):
    fill(path, 1).close()
    before = {name: (path.parent / name).read_bytes() for name in files(path.parent)}
    state = State.reading(path)
    assert verdicts(state) == {1: "accepted"}
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        keep(state, candidates=[candidate(2)])
    state.close()
    assert {name: (path.parent / name).read_bytes() for name in files(path.parent)} == before


def test_a_reader_sees_what_a_writer_has_committed(corpus):
    with corpus.lock(), corpus.state() as writer:
        keep(writer, candidates=[candidate(1)])
        with corpus.state(reading=True) as reader:
            assert verdicts(reader) == {1: None}
            keep(writer, accepted(1))
            assert verdicts(reader) == {1: "accepted"}
        keep(writer, candidates=[candidate(2)])
    with corpus.state(reading=True) as reader:
        assert set(verdicts(reader)) == {1, 2}


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_corpus_on_a_read_only_disk_can_be_read(path):
    fill(path, 1).close()
    path.chmod(0o444)
    path.parent.chmod(0o555)
    try:
        state = State.reading(path)
        assert verdicts(state) == {1: "accepted"}
        state.close()
    finally:
        path.parent.chmod(0o755)


def test_a_killed_run_leaves_all_that_was_committed(path):
    code = (
        "import os, pathlib, sys; sys.path.insert(0, sys.argv[2])\n"
        "from small_states import *; from flickrexif.corpus.state import State\n"
        "state = State(pathlib.Path(sys.argv[1]))\n"
        "for n in range(1, 51): keep(state, accepted(n), candidates=[candidate(n)])\n"
        "state._sql.execute('BEGIN'); state.add_outcome(accepted(50)); state.remove([1], 'gone')\n"
        "os._exit(9)"
    )
    here = os.path.dirname(__file__)  # noqa: PTH120
    subprocess.run([sys.executable, "-c", code, str(path), here], check=False)
    assert "state.sqlite-wal" in files(path.parent)
    state = State(path)
    assert verdicts(state) == dict.fromkeys(range(1, 51), "accepted")
    state.close()


def test_a_version_before_is_refused(path):
    fill(path, 1).close()
    path.with_name("state.sqlite.sha256").unlink()
    sql = sqlite3.connect(path)
    sql.execute("PRAGMA user_version = 2")
    sql.close()
    for opens in (State, State.reading):
        with pytest.raises(UsageError, match=r"version 2, this is 3: .* another folder"):
            opens(path)


def test_tables_of_another_make_are_refused(path):
    fill(path, 1).close()
    path.with_name("state.sqlite.sha256").unlink()
    sql = sqlite3.connect(path)
    sql.execute("ALTER TABLE calls ADD COLUMN more INTEGER")
    sql.close()
    with pytest.raises(UsageError, match="tables"):
        State(path)


def test_a_state_lost_beside_its_images_is_not_made_anew(corpus):
    corpus.images_folder.mkdir()
    (corpus.images_folder / "2020-01-00000.parquet").write_bytes(b"")
    for reading in (True, False):
        with (
            pytest.raises(UsageError, match=r"state\.sqlite' is missing.* another folder"),
            corpus.state(reading=reading),
        ):
            pass
    assert "state.sqlite" not in files(corpus.path)


def test_a_log_without_its_file_is_not_played_into_a_new_one(path):
    state = fill(path, 1)
    path.unlink()
    for opens in (State, State.reading):
        with pytest.raises(UsageError, match=r"its log 'state\.sqlite-wal' is there"):
            opens(path)
    state.close(is_sound=False)


def test_a_file_that_cannot_be_opened_is_named(path):
    path.mkdir()
    for opens in (State, State.reading):
        with pytest.raises(UsageError, match=r"state\.sqlite' cannot be opened"):
            opens(path)


def logged(path, before, after):
    """A copy of a state whose log holds ``after``, its file ``before`` only."""
    state = fill(path, *before)
    state._sql.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for photo_id in after:
        keep(state, candidates=[candidate(photo_id)])
    copy = path.parent / "copy"
    copy.mkdir()
    for name in ("state.sqlite", "state.sqlite-wal", "state.sqlite-images"):
        shutil.copy(path.with_name(name), copy / name)
    state.close()
    return copy / "state.sqlite"


@pytest.mark.parametrize("place", ["header", "first", "middle", "last"])
@pytest.mark.parametrize("damage", ["flip", "cut", "zero"])
def test_a_broken_log_gives_the_last_state_that_is_whole(path, place, damage):
    copy = logged(path, [1], [2, 3, 4, 5, 6])
    log = copy.with_name("state.sqlite-wal")
    content = bytearray(log.read_bytes())
    at = {"header": 5, "first": 60, "middle": len(content) // 2, "last": len(content) - 100}[place]
    if damage == "flip":
        content[at] ^= 0x10
    elif damage == "cut":
        del content[at:]
    else:
        content[at : at + 4096] = bytes(len(content[at : at + 4096]))
    log.write_bytes(content)
    state = State(copy)
    found = verdicts(state)
    assert found == {1: "accepted"} | dict.fromkeys(range(2, len(found) + 1))
    assert (len(found) == 1) == (place in ("header", "first"))
    assert len(found) < 6
    keep(state, candidates=[candidate(9)])
    state.close()


def test_a_lost_log_gives_what_was_folded(path):
    copy = logged(path, [1], [2, 3])
    copy.with_name("state.sqlite-wal").unlink()
    state = State(copy)
    assert verdicts(state) == {1: "accepted"}
    state.close()
