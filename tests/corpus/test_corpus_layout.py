from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_states import accepted, candidate, keep

from flickrexif.corpus import Corpus, CrawlPlan
from flickrexif.corpus.images import rewrite_shard, write_shard
from flickrexif.corpus.words import parse_words, words_text
from flickrexif.errors import UsageError

PLAN = CrawlPlan("2020-01..2020-03", per_month=100)


def everything(path):
    return sorted(entry.relative_to(path) for entry in path.rglob("*"))


def test_a_corpus_is_found_again_with_its_words(tmp_path):
    made = Corpus.create(tmp_path / "corpus", PLAN, endpoint="sandbox:seed=0")
    assert Corpus.open(tmp_path / "corpus") == made
    assert Corpus.create(tmp_path / "corpus", PLAN, endpoint="sandbox:seed=0") == made


@given(
    seed=st.integers(-(2**60), 2**60),
    per_month=st.none() | st.integers(1, 10**9),
    size=st.sampled_from(["large", "none"]),
    endpoint=st.text(st.characters(codec="utf-8", exclude_categories=["Cs"])),
)
def test_words_survive_the_file(tmp_path_factory, seed, per_month, size, endpoint):
    import tomllib

    plan = CrawlPlan("2020-01", seed=seed, per_month=per_month, size=size)
    words = tomllib.loads(words_text(plan, endpoint))
    file = tmp_path_factory.getbasetemp() / "corpus.toml"
    assert parse_words(words, file) == (plan, endpoint)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"licenses": "4"}, "made with licenses='permissive', not '4'"),
        ({"months": "2020-01..2020-04"}, r"months='2020-01\.\.2020-03', not '2020-01\.\.2020-04'"),
        ({"per_month": None}, "per_month=100, not None"),
        ({"seed": 1}, "seed=0, not 1"),
    ],
)
def test_a_resume_with_other_words_is_refused_by_name(tmp_path, change, told):
    Corpus.create(tmp_path, PLAN, endpoint="here")
    words = {"months": PLAN.months, "per_month": PLAN.per_month, **change}
    with pytest.raises(UsageError, match=told) as caught:
        Corpus.create(tmp_path, CrawlPlan(**words), endpoint="here")
    assert str(caught.value).endswith("use the same words or another folder")


def test_another_endpoint_is_refused(tmp_path):
    Corpus.create(tmp_path, PLAN, endpoint="here")
    with pytest.raises(UsageError, match="endpoint='here', not 'there'"):
        Corpus.create(tmp_path, PLAN, endpoint="there")


def test_a_folder_with_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    before = everything(tmp_path)
    with pytest.raises(UsageError, match="not empty"):
        Corpus.create(tmp_path, PLAN, endpoint="here")
    with pytest.raises(UsageError, match="is a file"):
        Corpus.create(tmp_path / "thesis.tex", PLAN, endpoint="here")
    assert everything(tmp_path) == before


def test_a_kill_while_the_words_were_written_does_no_harm(tmp_path):
    (tmp_path / ".corpus.toml.123.partial").write_text("schema")
    assert Corpus.create(tmp_path, PLAN, endpoint="here").plan == PLAN


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (None, "not a corpus"),
        ("schema_version = 1\n", "schema_version 1"),
        ("schema_version = 2\n", "damaged"),
        ('schema_version = 2\nmonths = "2020-01"\nendpoint = "x"\ncolour = 1\n', "damaged"),
        ("schema_version", "cannot be read"),
    ],
)
def test_what_is_no_corpus_is_not_opened(tmp_path, words, told):
    if words is not None:
        (tmp_path / "corpus.toml").write_text(words)
    with pytest.raises(UsageError, match=told):
        Corpus.open(tmp_path)


def test_a_broken_state_is_told(tmp_path):
    corpus = Corpus.create(tmp_path, PLAN, endpoint="here")
    (tmp_path / "state.sqlite").write_bytes(b"not a database, but long enough" * 100)
    with pytest.raises(UsageError, match=r"state\.sqlite"):
        corpus.image_shards()


def test_an_empty_corpus_has_typed_columns(tmp_path):
    corpus = Corpus.create(tmp_path, PLAN, endpoint="here")
    accepted = corpus.accepted()
    assert accepted.height == 0
    assert accepted.columns[:2] == ["photo_id", "page_url"]
    assert str(accepted.schema["license_id"]) == "Int64"
    assert corpus.image_shards() == []
    assert corpus.accepted().height == 0


def test_one_crawl_at_a_time(tmp_path):
    corpus = Corpus.create(tmp_path, PLAN, endpoint="here")
    with corpus.lock(), pytest.raises(UsageError, match="another crawl"), corpus.lock():
        pass
    with corpus.lock():
        pass


def test_the_lock_of_a_killed_process_is_lifted(tmp_path):
    Corpus.create(tmp_path, PLAN, endpoint="here")
    code = (
        "import sys, time, pathlib; from flickrexif.corpus import Corpus\n"
        "with Corpus.open(pathlib.Path(sys.argv[1])).lock():\n"
        "    print('locked', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE
    ) as holder:
        holder.stdout.readline()
        with pytest.raises(UsageError), Corpus.open(tmp_path).lock():
            pass
        holder.kill()
    with Corpus.open(tmp_path).lock():
        pass


@pytest.fixture
def with_shard(tmp_path):
    """A corpus of one shard with photos 1 and 2."""
    corpus = Corpus.create(tmp_path / "corpus", PLAN, endpoint="here")
    corpus.images_folder.mkdir()
    with corpus.state() as state:
        keep(state, accepted(1), accepted(2), candidates=[candidate(1), candidate(2)])
        shard = write_shard(corpus.images_folder / "2020-01-00000.parquet", [1, 2], state.images)
        with state.transaction():
            state.close_photos([1, 2], shard)
    return corpus


def test_readers_do_not_see_removed_photos(with_shard):
    assert with_shard.accepted()["photo_id"].to_list() == [1, 2]
    with with_shard.state() as state, state.transaction():
        state.remove([1], "gone")
    assert with_shard.accepted()["photo_id"].to_list() == [2]
    assert with_shard.removed_ids() == {1}


def test_a_shard_that_is_lost_or_altered_is_told_to_those_who_ask(with_shard):
    (shard,) = with_shard.image_shards(verified=True)
    content = shard.read_bytes()
    shard.write_bytes(content[:-1] + b"x")
    with pytest.raises(UsageError, match=r"2020-01-00000\.parquet.* restore it"):
        with_shard.image_shards(verified=True)
    shard.unlink()
    with pytest.raises(UsageError, match=r"2020-01-00000\.parquet.* restore it"):
        with_shard.image_shards(verified=True)
    assert with_shard.image_shards() == [shard]


def test_a_shard_that_is_still_to_be_purged_may_be_rewritten_already(with_shard):
    (shard,) = with_shard.image_shards()
    with with_shard.state() as state, state.transaction():
        state.remove([1], "gone")
    rewrite_shard(shard, without={1})
    assert with_shard.image_shards(verified=True) == [shard]


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ('months = "2020-01..2020-03"', 'months = ["2020-01"]'),
        ("per_month = 100", 'per_month = "many"'),
        ("seed = 0", "seed = 0\ncolour = 3"),
    ],
)
def test_damaged_words_are_told_with_their_file(tmp_path, was, becomes):
    Corpus.create(tmp_path, PLAN, endpoint="here")
    file = tmp_path / "corpus.toml"
    assert was in file.read_text()
    file.write_text(file.read_text().replace(was, becomes))
    with pytest.raises(UsageError, match=r"corpus\.toml' is damaged .* crawl anew"):
        Corpus.open(tmp_path)


def made(path, plan, *, endpoint="here"):
    corpus = Corpus.create(path, plan, endpoint=endpoint)
    with corpus.state() as state:
        keep(state, candidates=[candidate(1)])
    return corpus


def refuse_by_words(corpus, told):
    before = {file: file.read_bytes() for file in corpus.path.rglob("*")}
    for reading in (False, True):
        with pytest.raises(UsageError, match=told) as caught, corpus.state(reading=reading):
            pass
        assert len(str(caught.value).splitlines()) == 1
    assert {file: file.read_bytes() for file in corpus.path.rglob("*")} == before


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"per_user_month": 3}, r"per_user_month=3, 'corpus\.toml' beside it says 10"),
        ({"seed": 5}, r"seed=5, 'corpus\.toml' beside it says 0"),
        ({"endpoint": "there"}, r"endpoint='there', 'corpus\.toml' beside it says 'here'"),
    ],
)
def test_the_state_of_another_corpus_is_refused_by_word(tmp_path, words, told):
    endpoint = words.pop("endpoint", "here")
    other = made(tmp_path / "other", CrawlPlan("2020-01", size="none", **words), endpoint=endpoint)
    mine = made(tmp_path / "mine", CrawlPlan("2020-01", size="none"))
    for name in ("state.sqlite", "state.sqlite.sha256"):
        shutil.copy(other.path / name, mine.path / name)
    refuse_by_words(mine, rf"mine/state\.sqlite' was made with {told}: restore")


def test_words_edited_by_hand_are_refused(tmp_path):
    corpus = made(tmp_path, PLAN)
    file = tmp_path / "corpus.toml"
    text = file.read_text()
    file.write_text(text.replace("per_month = 100", "per_month = 1000"))
    told = r"per_month=100, 'corpus\.toml' beside it says 1000: restore"
    refuse_by_words(Corpus.open(tmp_path), told)
    file.write_text(text + "# a remark\n")
    with Corpus.open(tmp_path).state(reading=True) as state:
        assert state.captures("2020-01").first == 1
    assert corpus == Corpus.open(tmp_path)


@pytest.mark.parametrize("words", ["", "{", "[]", '"x"', "7"])
def test_words_in_the_state_that_are_none_are_refused(tmp_path, words):
    corpus = made(tmp_path, PLAN)
    with corpus.state() as state:
        state._sql.execute("UPDATE made_with SET words = ?", (words,))
    refuse_by_words(corpus, r"words that are not those in 'corpus\.toml'")
