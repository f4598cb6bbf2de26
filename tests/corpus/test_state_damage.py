"""States damaged at random places: told, or without any effect on what is read."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from random import Random

import pytest
from small_states import MONTHS, accepted, candidate, everything, keep, window

from flickrexif.corpus import Corpus, CrawlPlan
from flickrexif.corpus.rows import Outcome, Removal, ShardRow
from flickrexif.errors import UsageError

PAGE = 4096
CASES = 40


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A corpus with a state of some 200 pages, and everything it says."""
    path = tmp_path_factory.mktemp("whole") / "corpus"
    corpus = Corpus.create(path, CrawlPlan("2020-01..2020-02"), endpoint="here")
    with corpus.state() as state:
        for index, month in enumerate(MONTHS):
            ids = [5_000 * (index + 1) + n for n in range(1_500)]
            listed = [candidate(n, owner=f"{n % 90}@N00", month=month, rank=n * 7919 % 9973)
                      for n in ids]  # fmt: skip
            keep(state, candidates=listed, kept_window=window(month))
            outcomes = [accepted(n, f"{n % 90}@N00") for n in ids[::4]]
            keep(state, *outcomes, *(Outcome(n, "1@N00", "rejected", "gone") for n in ids[1::4]))
        with state.transaction():
            closed = state.waiting(MONTHS[0])
            shard = ShardRow("2020-01-00000.parquet", "2020-01", len(closed), "ab")
            state.close_photos(closed, shard)
            state.settle_month(MONTHS[0])
            state.add_removal(Removal("owner", "3@N00", "asked for", 1, ""))
        told = everything(state)
    return corpus, told


def flip(rng, content, start=0, end=None):
    content[rng.randrange(start, end or len(content))] ^= 1 << rng.randrange(8)


def flip_in_header(rng, content):
    flip(rng, content, end=100)


def flip_in_page_header(rng, content):
    """Of any page but the first: its kind, its first free byte, its count of cells."""
    page = rng.randrange(1, len(content) // PAGE) * PAGE
    flip(rng, content, page, page + 8)


def zero_page(rng, content):
    page = rng.randrange(len(content) // PAGE) * PAGE
    content[page : page + PAGE] = bytes(PAGE)


def noisy_page(rng, content):
    page = rng.randrange(len(content) // PAGE) * PAGE
    content[page : page + PAGE] = rng.randbytes(PAGE)


def swap_pages(rng, content):
    one, other = (page * PAGE for page in rng.sample(range(len(content) // PAGE), 2))
    kept = content[one : one + PAGE]
    content[one : one + PAGE] = content[other : other + PAGE]
    content[other : other + PAGE] = kept


def truncate(rng, content):
    del content[rng.randrange(len(content)) :]


def truncate_at_page(rng, content):
    del content[rng.randrange(len(content) // PAGE) * PAGE :]


STRUCTURAL = [
    flip_in_header,
    flip_in_page_header,
    zero_page,
    noisy_page,
    swap_pages,
    truncate,
    truncate_at_page,
]


def outcome_of(corpus, told, *, reading):
    """``told`` when the damage is, ``harmless`` when what is read is the same, or ``used``."""
    try:
        with corpus.state(reading=reading) as state:
            return "harmless" if everything(state) == told else "used"
    except UsageError as error:
        message = str(error)
        assert "state.sqlite" in message
        assert "restore" in message or "another folder" in message
        assert len(message.splitlines()) == 1
        return "told"


def outcomes(whole, damage, folder, *, sealed, reading=False, cases=CASES):
    corpus, told = whole
    found = Counter()
    for seed in range(cases):
        copy = Corpus.open(shutil.copytree(corpus.path, folder / str(seed)))
        file = copy.path / "state.sqlite"
        if not sealed:
            file.with_name("state.sqlite.sha256").unlink()
        content = bytearray(file.read_bytes())
        damage(Random(f"{damage.__name__}{seed}"), content)
        file.write_bytes(content)
        found[outcome_of(copy, told, reading=reading)] += 1
        shutil.rmtree(copy.path)
    return found


@pytest.mark.parametrize("damage", [flip, *STRUCTURAL])
@pytest.mark.parametrize("reading", [False, True])
def test_every_damage_between_two_runs_is_told(whole, damage, reading, tmp_path):
    found = outcomes(whole, damage, tmp_path, sealed=True, reading=reading, cases=10)
    assert found == {"told": 10}


@pytest.mark.parametrize("damage", STRUCTURAL)
def test_structural_damage_after_a_kill_is_told_or_harmless(whole, damage, tmp_path):
    """Of the header, bytes that a reader does not use are most."""
    found = outcomes(whole, damage, tmp_path, sealed=False)
    assert found["used"] == 0
    assert found["told"] > (CASES // 4 if damage is flip_in_header else CASES - 3)


def test_most_single_bits_flipped_after_a_kill_are_told_or_harmless(whole, tmp_path):
    """A killed run leaves no checksum: of 1,500 such bits 175 were an address or date, and used."""
    found = outcomes(whole, flip, tmp_path, sealed=False, cases=60)
    assert found["told"] > 25
    assert found["used"] < 15


def test_an_undamaged_copy_is_read(whole, tmp_path):
    def nothing(rng, content):
        pass

    for sealed in (True, False):
        assert outcomes(whole, nothing, tmp_path, sealed=sealed, cases=1) == {"harmless": 1}


def test_a_checksum_that_is_damaged_itself_is_told(whole, tmp_path):
    corpus, told = whole
    copy = Corpus.open(shutil.copytree(corpus.path, tmp_path / "copy"))
    (copy.path / "state.sqlite.sha256").write_bytes(b"\xff\x00")
    assert outcome_of(copy, told, reading=True) == "told"


def test_damage_met_while_reading_is_told(whole, tmp_path):
    """A crawl has the file open, so that it is not checked again."""
    corpus, _ = whole
    copy = Corpus.open(shutil.copytree(corpus.path, tmp_path / "copy"))
    (copy.path / "state.sqlite.sha256").unlink()
    content = bytearray((copy.path / "state.sqlite").read_bytes())
    for page in range(3, len(content) // PAGE):
        content[page * PAGE : page * PAGE + 8] = b"\xff" * 8
    (copy.path / "state.sqlite").write_bytes(content)
    with copy.lock(), pytest.raises(UsageError, match=r"state\.sqlite' is damaged"):
        copy.accepted()


def test_other_errors_of_sqlite_are_left_as_they_are(whole, tmp_path):
    corpus, _ = whole
    copy = Corpus.open(shutil.copytree(corpus.path, tmp_path / "copy"))
    with pytest.raises(sqlite3.IntegrityError), copy.state() as state, state.transaction():
        state._sql.execute("INSERT INTO calls VALUES ('x', -1)")
