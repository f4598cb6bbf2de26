"""Takedowns: out of the corpus at once, with every byte, and never in again."""

from __future__ import annotations

import hashlib
import shutil
from functools import partial

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from marked_renderer import mark_of

from flickrexif.corpus import Corpus
from flickrexif.corpus.images import write_shard
from flickrexif.corpus.rows import CandidateRow, ImageRun, Outcome, WaitingImage, WindowRow
from flickrexif.crawling import CrawlPlan, crawl
from flickrexif.errors import FlickrexifError, UsageError
from flickrexif.exif import RawRecord
from flickrexif.labels import label
from flickrexif.release import BuildPlan, build
from flickrexif.upkeep import takedown, takedowns, undo_takedown


def ids_of(photos):
    return [photo.photo_id for photo in photos]


def standing(corpus):
    with Corpus.open(corpus).state() as state:
        return ids_of(state.accepted_photos())


def tables(corpus):
    return {shard.name: pq.read_table(shard) for shard in Corpus.open(corpus).image_shards()}


def test_photos_leave_with_every_byte_and_the_others_stay(corpus, accepted, left_of):
    taken = ids_of(accepted[5:9])
    before = tables(corpus)
    summary = takedown(corpus, photos=taken, reason="asked by mail", clock=lambda: 1.8e9)
    assert (summary.dropped, summary.images_deleted) == (4, 4)
    assert summary.recorded == tuple(map(str, taken))
    others = [id_ for id_ in ids_of(accepted) if id_ not in taken]
    assert standing(corpus) == others
    assert left_of(corpus, ids_of(accepted)) == set(others)
    for name, table in tables(corpus).items():
        kept = [row for row in before[name].to_pylist() if row["photo_id"] not in taken]
        assert table.to_pylist() == kept
    told = [(one.kind, one.subject, one.reason, one.at) for one in takedowns(corpus)]
    assert told == [("photo", str(id_), "asked by mail", 1_800_000_000) for id_ in sorted(taken)]


def test_an_owner_leaves_with_all_photos(corpus, accepted, left_of):
    owner = accepted[0].owner_id
    theirs = {photo.photo_id for photo in accepted if photo.owner_id == owner}
    assert len(theirs) > 1
    summary = takedown(corpus, owners=[owner])
    assert (summary.recorded, summary.dropped) == ((owner,), len(theirs))
    assert not left_of(corpus, theirs)
    assert not theirs & set(standing(corpus))


def test_the_shards_are_those_that_a_crawl_without_the_photos_writes(corpus, accepted, tmp_path):
    taken = set(ids_of(accepted[::7]))
    takedown(corpus, photos=taken)
    opened = Corpus.open(corpus)
    with opened.state() as state:
        known = {shard.name: shard for shard in state.shards()}
    for shard in opened.image_shards():
        rows = {row["photo_id"]: row for row in pq.read_table(shard).to_pylist()}
        path = tmp_path / shard.name
        written = write_shard(path, sorted(rows), partial(images_of, rows))
        assert path.read_bytes() == shard.read_bytes()
        assert written == known[shard.name]


def images_of(rows, ids):
    columns = ("image", "sha256", "width", "height", "mime")
    return ImageRun.of(WaitingImage(*(rows[id_][name] for name in columns)) for id_ in ids)


def test_a_shard_whose_photos_all_leave_is_deleted(corpus, accepted):
    name, table = next(iter(tables(corpus).items()))
    takedown(corpus, photos=table["photo_id"].to_pylist())
    assert not (corpus / "images" / name).exists()
    assert name not in tables(corpus)
    label(corpus, min_photos=20, min_owners=3)


def test_taking_down_again_changes_nothing(corpus, accepted):
    photo, owner = accepted[0].photo_id, accepted[-1].owner_id
    takedown(corpus, photos=[photo, photo], owners=[owner], reason="first")
    before, listed = standing(corpus), takedowns(corpus)
    summary = takedown(corpus, photos=[str(photo)], owners=[owner], reason="second")
    assert (summary.recorded, summary.known) == ((), (str(photo), owner))
    assert (summary.dropped, summary.images_deleted) == (0, 0)
    assert (standing(corpus), takedowns(corpus)) == (before, listed)


def test_what_the_corpus_does_not_have_never_comes_in(crawled, later, accepted, tmp_path):
    corpus, plan = tmp_path / "corpus", Corpus.open(crawled).plan
    photo, owner = accepted[0], accepted[-1].owner_id
    with later() as (_, connection):
        Corpus.create(corpus, plan, endpoint=connection.name)
        summary = takedown(corpus, photos=[photo.photo_id], owners=[owner])
        assert (len(summary.recorded), summary.dropped) == (2, 0)
        told = crawl(corpus, plan, connection=connection)
    assert photo.photo_id not in standing(corpus)
    with Corpus.open(corpus).state() as state:
        assert owner not in {one.owner_id for one in state.accepted_photos()}
    assert told.rejected["taken_down"] > 1


def test_waiting_images_go_too(tmp_path, left_of):
    """Images of a month that the crawl has not closed lie in a file beside the state."""
    corpus = Corpus.create(tmp_path / "corpus", CrawlPlan("2020-01"), endpoint="sandbox:seed=0")
    ids = list(range(1001, 1041))
    keep_waiting(corpus, ids)
    assert left_of(corpus.path, ids) == set(ids)
    summary = takedown(corpus.path, photos=ids[::2], owners=["3@N00"])
    gone = {id_ for id_ in ids if id_ % 2 or owner_of(id_) == "3@N00"}
    assert (summary.dropped, summary.images_deleted) == (len(gone), 0)
    assert left_of(corpus.path, ids) == set(ids) - gone
    with corpus.state() as state:
        assert set(state.waiting("2020-01")) == set(ids) - gone


def test_images_that_once_waited_stand_in_their_shard_alone(tmp_path, left_of):
    corpus = Corpus.create(tmp_path / "corpus", CrawlPlan("2020-01"), endpoint="sandbox:seed=0")
    ids = list(range(1001, 1041))
    keep_waiting(corpus, ids)
    corpus.images_folder.mkdir()
    with corpus.state() as state:
        shard = write_shard(corpus.images_folder / "2020-01-00000.parquet", ids, state.images)
        with state.transaction():
            state.close_photos(ids, shard)
    takedown(corpus.path, photos=ids[:9])
    assert left_of(corpus.path, ids) == set(ids[9:])
    assert not left_of(corpus.path / "state.sqlite", ids)
    assert not (corpus.path / "state.sqlite-images").exists()


def keep_waiting(corpus, ids):
    """Accept photos whose images, small and large ones, wait for their shard."""
    window = WindowRow("2020-01", 4, "2020-01-01 00:00:00", "2020-01-31 23:59:59", 1, "listed",
                       len(ids), len(ids), 0)  # fmt: skip
    with corpus.state() as state, state.transaction():
        state.add_window(window, [candidate(id_) for id_ in ids])
        for id_ in ids:
            content = mark_of(id_) + bytes(id_ % 3 * 30_000)
            sha256 = hashlib.sha256(content).hexdigest()
            image = WaitingImage(content, sha256, 9, 9, "image/jpeg")
            exif = RawRecord(source="api", make="Canon")
            state.add_outcome(Outcome(id_, owner_of(id_), "accepted", exif=exif, image=image))


def owner_of(photo_id):
    return f"{photo_id % 7}@N00"


def candidate(photo_id):
    return CandidateRow(
        photo_id=photo_id,
        rank=photo_id,
        month="2020-01",
        owner_id=owner_of(photo_id),
        owner_name=None,
        license_id=4,
        taken_at="2020-01-05 12:00:00",
        uploaded_at=1_578_000_000,
        page_url=f"https://www.flickr.test/photos/x/{photo_id}",
        original_url=None,
        image_url=None,
    )


def test_files_that_a_dying_crawl_left_are_swept_away(corpus, accepted, left_of):
    taken = accepted[0].photo_id
    shard = Corpus.open(corpus).image_shards()[0]
    shutil.copy(shard, shard.with_name("2020-01-00007.parquet"))
    shutil.copy(shard, shard.with_name(".2020-01-00008.parquet.4711.partial"))
    mine = shard.with_name("my notes.parquet")
    mine.write_text("keep")
    takedown(corpus, photos=[taken])
    assert not left_of(corpus, [taken])
    assert mine.read_text() == "keep"
    assert len(list(shard.parent.iterdir())) == len(tables(corpus)) + 1


def test_a_damaged_shard_is_named_and_finished_when_it_is_mended(corpus, accepted, left_of):
    shard = Corpus.open(corpus).image_shards()[0]
    whole = shard.read_bytes()
    shard.write_bytes(whole[:-200])
    taken = pq.read_table(pa.BufferReader(whole))["photo_id"].to_pylist()[:2]
    with pytest.raises(FlickrexifError, match=r"2020-01-00000\.parquet' is damaged .* restore it"):
        takedown(corpus, photos=taken)
    assert not set(taken) & set(standing(corpus))
    shard.write_bytes(whole)
    takedown(corpus, photos=taken)
    assert not left_of(corpus, taken)


def test_striking_off_the_list_brings_no_photo_back(corpus, accepted, later):
    photo, owner, unknown = accepted[0].photo_id, accepted[-1].owner_id, "77"
    takedown(corpus, photos=[photo, unknown], owners=[owner])
    before = standing(corpus)
    summary = undo_takedown(corpus, photos=[photo, unknown, 78], owners=[owner])
    assert (summary.struck, summary.unknown) == ((str(photo), unknown, owner), ("78",))
    assert any("do not come back" in line for line in summary.lines())
    assert takedowns(corpus) == []
    with later() as (_, connection):
        crawl(corpus, Corpus.open(corpus).plan, connection=connection)
    assert standing(corpus) == before


def test_the_next_build_is_without_them_though_nobody_labelled_again(
    corpus, accepted, tmp_path, left_of
):
    label(corpus, min_photos=20, min_owners=3)
    taken = ids_of(accepted[::5])
    takedown(corpus, photos=taken)
    build(corpus, BuildPlan("1.0.0", "metadata"), out=tmp_path / "release")
    shown = pq.read_table(tmp_path / "release" / "photos", partitioning=None)
    assert not set(shown["photo_id"].to_pylist()) & set(taken)
    assert label(corpus, min_photos=20, min_owners=3).photos == len(accepted) - len(taken)


def test_words_that_name_nothing_are_refused_with_nothing_recorded(corpus, accepted, tmp_path):
    for words, told in (
        ({}, "nothing is named"),
        ({"photos": [accepted[0].photo_id, "x"]}, "'x' names no photo"),
        ({"photos": [1], "owners": ["anna"]}, "'anna' names no photo"),
    ):
        with pytest.raises(UsageError, match=told):
            takedown(corpus, **words)
    assert takedowns(corpus) == []
    with pytest.raises(UsageError, match="is not a corpus"):
        takedown(tmp_path, photos=[1])


def test_a_running_crawl_keeps_it_out(corpus):
    with Corpus.open(corpus).lock(), pytest.raises(UsageError, match="is running"):
        takedown(corpus, photos=[1])
