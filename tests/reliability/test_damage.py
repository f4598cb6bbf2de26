"""Files of a corpus that were lost, damaged or exchanged between two runs."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import replace
from random import Random

import pytest
from corpus_worth import asked_of, worth_of
from lives import Life, wait_until
from small_flickr import PLAN, OpenBox

from flickrexif.corpus import Corpus
from flickrexif.crawling import crawl
from flickrexif.errors import FlickrexifError, UsageError
from flickrexif.labels import label

PAGE = 4096
REQUESTS_IN_FLIGHT = 16
"""Of eight photos, each with its head and its image."""


@pytest.fixture(scope="module")
def killed_in_february(small_catalogue, tmp_path_factory):
    """A corpus killed after its first month was closed; its log is not folded into its state."""
    folder = tmp_path_factory.mktemp("killed")
    corpus = folder / "corpus"
    with OpenBox(small_catalogue) as (_, connection):
        life = Life(corpus, PLAN, connection, folder / "life")
        wait_until(lambda: "2020-02" in life.phase, life)
        life.end()
    assert len(list(corpus.glob("images/*.parquet"))) == 1
    assert (corpus / "state.sqlite-wal").stat().st_size
    return corpus


@pytest.fixture
def half_crawled(killed_in_february, tmp_path):
    """A copy of it of one's own."""
    return shutil.copytree(killed_in_february, tmp_path / "corpus")


@pytest.fixture
def folded(half_crawled):
    """The same corpus with its whole state in one file."""
    sql = sqlite3.connect(half_crawled / "state.sqlite")
    sql.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    sql.close()
    assert not (half_crawled / "state.sqlite-wal").exists()
    return half_crawled


def empty(state):
    state.write_bytes(b"")


def cut_in_half(state):
    state.write_bytes(state.read_bytes()[: state.stat().st_size // 2 // PAGE * PAGE])


def cut_off_the_last_page(state):
    state.write_bytes(state.read_bytes()[:-PAGE])


def zeroed(state):
    state.write_bytes(bytes(state.stat().st_size))


def noise(state):
    state.write_bytes(Random(0).randbytes(state.stat().st_size))


def zeroed_pages(state):
    content = bytearray(state.read_bytes())
    for page in range(1, len(content) // PAGE, 3):
        content[page * PAGE : (page + 1) * PAGE] = bytes(PAGE)
    state.write_bytes(content)


def flipped_bits(state):
    rng, content = Random(1), bytearray(state.read_bytes())
    for _ in range(200):
        content[rng.randrange(PAGE, len(content))] ^= 1 << rng.randrange(8)
    state.write_bytes(content)


def another_database(state):
    state.unlink()
    sql = sqlite3.connect(state)
    sql.execute("CREATE TABLE letters (words TEXT)")
    sql.close()


def of_a_later_version(state):
    sql = sqlite3.connect(state)
    sql.execute("PRAGMA user_version = 99")
    sql.close()


def a_folder(state):
    state.unlink()
    state.mkdir()


def deleted(state):
    state.unlink()


DAMAGES = [
    empty,
    cut_in_half,
    cut_off_the_last_page,
    zeroed,
    noise,
    zeroed_pages,
    flipped_bits,
    another_database,
    of_a_later_version,
    a_folder,
    deleted,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_state_is_named_and_not_used(damage, folded, open_box):
    shards = {file: file.read_bytes() for file in folded.glob("images/*.parquet")}
    damage(folded / "state.sqlite")
    with open_box() as (box, connection):
        for use in (
            lambda: crawl(folded, PLAN, connection=connection),
            Corpus.open(folded).accepted,
        ):
            with pytest.raises(UsageError, match=r"state\.sqlite") as refused:
                use()
            assert "restore" in str(refused.value) or "another folder" in str(refused.value)
            assert len(str(refused.value).splitlines()) == 1
        assert box.requests.total() == 0
    assert {file: file.read_bytes() for file in folded.glob("images/*.parquet")} == shards


def no_log(corpus):
    (corpus / "state.sqlite-wal").unlink()
    (corpus / "state.sqlite-shm").unlink(missing_ok=True)


def half_a_log(corpus):
    log = corpus / "state.sqlite-wal"
    log.write_bytes(log.read_bytes()[: log.stat().st_size // 2])


def a_damaged_log(corpus):
    log = corpus / "state.sqlite-wal"
    content = bytearray(log.read_bytes())
    content[len(content) // 2] ^= 255
    log.write_bytes(content)


@pytest.mark.parametrize("loss", [no_log, half_a_log, a_damaged_log])
def test_a_lost_log_costs_requests_or_is_refused(loss, half_crawled, clean_run, open_box):
    loss(half_crawled)
    with open_box() as (box, connection):
        try:
            crawl(half_crawled, PLAN, connection=connection)
        except UsageError as refused:
            told = str(refused)
        else:
            told = None
    if told is not None:
        assert "state.sqlite" in told
        return
    assert worth_of(half_crawled) == clean_run(box.catalogue)[0]


def some_lost(images):
    images.write_bytes(images.read_bytes()[: images.stat().st_size // 2])


def some_altered(images):
    content = bytearray(images.read_bytes())
    content[len(content) // 3] ^= 1
    images.write_bytes(content)


def longer(images):
    images.write_bytes(images.read_bytes() + bytes(range(256)))


@pytest.fixture(scope="module")
def killed_with_images(small_catalogue, tmp_path_factory):
    """A corpus killed while images were waiting for their shard, and what it had asked."""
    folder = tmp_path_factory.mktemp("killed")
    corpus = folder / "corpus"
    images = corpus / "state.sqlite-images"
    with OpenBox(small_catalogue) as (box, connection):
        life = Life(corpus, PLAN, connection, folder / "life")
        assert wait_until(lambda: images.exists() and images.stat().st_size > 6_000, life)
        life.end()
        return corpus, asked_of(box)


@pytest.mark.parametrize("damage", [deleted, empty, noise, some_lost, some_altered, longer])
def test_waiting_images_that_are_lost_are_fetched_again(
    damage, killed_with_images, open_box, clean_run, tmp_path
):
    killed, asked_before = killed_with_images
    corpus = shutil.copytree(killed, tmp_path / "corpus")
    images = corpus / "state.sqlite-images"
    with Corpus.open(corpus).state(reading=True) as state:
        waiting = state.waiting_count()
    damage(images)
    with open_box() as (box, connection):
        crawl(corpus, PLAN, connection=connection)
        expected, asked_once = clean_run(box.catalogue)
        asked = asked_before + asked_of(box)
        assert (asked - asked_once).total() <= REQUESTS_IN_FLIGHT + waiting
    assert worth_of(corpus) == expected
    assert not images.exists()


WORDS = {
    "empty": lambda text: "",
    "no toml": lambda text: text + "]]]",
    "not utf-8": lambda text: b"\xff\xfe" + text.encode(),
    "cut": lambda text: text[: text.index("months")],
    "unknown word": lambda text: text + 'colour = "blue"\n',
    "wrong type": lambda text: text.replace("per_user_month = 4", 'per_user_month = "four"'),
    "no cap": lambda text: text.replace("per_user_month = 4", "per_user_month = 0"),
    "no month": lambda text: text.replace("2020-01..2020-02", "2020-13"),
    "no licence": lambda text: text.replace('"permissive"', '"17"'),
    "months as list": lambda text: text.replace('"2020-01..2020-02"', '["2020-01"]'),
    "later version": lambda text: text.replace("schema_version = ", "schema_version = 9"),
    "other Flickr": lambda text: text.replace("sandbox:", "https://elsewhere/"),
    "other words": lambda text: text.replace("per_user_month = 4", "per_user_month = 5"),
}


@pytest.mark.parametrize("name", WORDS)
def test_damaged_or_foreign_words_are_refused(name, folded, open_box):
    file = folded / "corpus.toml"
    text = file.read_text()
    damaged = WORDS[name](text)
    assert damaged != text
    file.write_bytes(damaged if isinstance(damaged, bytes) else damaged.encode())
    before = (folded / "state.sqlite").read_bytes()
    with open_box() as (box, connection):
        with pytest.raises(UsageError) as refused:
            crawl(folded, PLAN, connection=connection)
        assert box.requests.total() == 0
    told = str(refused.value)
    assert "corpus" in told
    assert len(told.splitlines()) == 1
    assert (folded / "state.sqlite").read_bytes() == before


def test_lost_words_are_refused_rather_than_made_anew(folded, open_box):
    (folded / "corpus.toml").unlink()
    with open_box() as (box, connection):
        with pytest.raises(UsageError, match="not empty"):
            crawl(folded, PLAN, connection=connection)
        assert box.requests.total() == 0


def test_a_crawl_of_other_words_is_refused_by_name(folded, open_box):
    other = {"months": "2020-01", "per_user_month": 5, "size": "none", "seed": 1, "licenses": "4"}
    with open_box() as (box, connection):
        for word, value in other.items():
            with pytest.raises(UsageError, match=word):
                crawl(folded, replace(PLAN, **{word: value}), connection=connection)
        assert box.requests.total() == 0


def a_lost_shard(shard):
    shard.unlink()


def a_cut_shard(shard):
    shard.write_bytes(shard.read_bytes()[:-100])


def an_altered_shard(shard):
    content = bytearray(shard.read_bytes())
    content[len(content) // 3] ^= 1
    shard.write_bytes(content)


def another_months_shard(shard):
    shutil.copy(shard.with_name("2020-02-00000.parquet"), shard)


@pytest.fixture(scope="module")
def whole(small_catalogue, tmp_path_factory):
    """A corpus whose crawl came to its end."""
    corpus = tmp_path_factory.mktemp("whole") / "corpus"
    with OpenBox(small_catalogue) as (_, connection):
        crawl(corpus, PLAN, connection=connection)
    return corpus


@pytest.mark.parametrize(
    "damage", [a_lost_shard, a_cut_shard, an_altered_shard, another_months_shard]
)
def test_a_damaged_shard_is_named(damage, whole, tmp_path):
    corpus = shutil.copytree(whole, tmp_path / "corpus")
    shard = corpus / "images" / "2020-01-00000.parquet"
    damage(shard)
    with pytest.raises(FlickrexifError, match=shard.name):
        label(corpus)
