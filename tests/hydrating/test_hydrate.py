"""Images of photos that a table told of, over real sockets."""

from __future__ import annotations

import hashlib

import polars as pl
import pytest
from raw_server import RawServer, answer, kept
from told_photos import asked, failures_of, images_in, row_of, url_of, write_table

from flickrexif.corpus import Corpus
from flickrexif.crawling import Limits
from flickrexif.errors import LimitReached, UpstreamError, UsageError
from flickrexif.flickr import Connection
from flickrexif.flickr.failures import Failure
from flickrexif.hydrating import HydratePlan, hydrate
from flickrexif.hydrating.fetching import lack_of
from flickrexif.labels import export_splits, label
from flickrexif.sandbox import Changes, Faults
from flickrexif.upkeep import takedown

RETRY = HydratePlan(retry_failed=True)


def files_of(box, photos, suffix="_b"):
    """What the image host answers for each photo."""
    import httpx

    return {
        photo.id: httpx.get(
            url_of(photo, suffix).replace("https://live.staticflickr.com", box.image_base)
        ).content
        for photo in photos
    }


# All is well


def test_images_go_into_the_imported_corpus(imported, photos, open_box):
    with open_box() as (box, connection):
        summary = hydrate(imported, connection=connection)
        assert sorted(asked(box)) == [photo.id for photo in photos]
        assert images_in(imported) == files_of(box, photos)
    assert (summary.photos, summary.saved, summary.already) == (36, 36, 0)
    assert (summary.dead, summary.failed, summary.requests) == ({}, {}, {"large": 36})
    assert summary.bytes == sum(map(len, images_in(imported).values()))
    assert failures_of(imported) == {}
    assert not list(imported.glob("state.sqlite-*"))
    with Corpus.open(imported).state(reading=True) as state:
        assert [(one.name, one.rows) for one in state.shards()] == [("0000-01-00000.parquet", 36)]
        assert state.accepted_photos()


def test_a_second_run_asks_for_nothing(imported, open_box):
    with open_box() as (_, connection):
        hydrate(imported, connection=connection)
    before = {path: path.read_bytes() for path in imported.rglob("*.parquet")}
    with open_box() as (box, connection):
        summary = hydrate(imported, connection=connection)
        assert not asked(box)
    assert (summary.photos, summary.saved, summary.already) == (36, 0, 36)
    assert {path: path.read_bytes() for path in imported.rglob("*.parquet")} == before
    assert "0 of them new" in summary.lines()[0]


def test_the_budget_of_the_machine_is_kept(imported, open_box, monkeypatch, tmp_path):
    import sqlite3
    from contextlib import closing
    from dataclasses import replace

    from flickrexif.flickr.budget import image_bucket_name
    from flickrexif.flickr.budgets import FILE_NAME, FOLDER_VARIABLE

    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path / "budgets"))
    with open_box() as (box, connection):
        hydrate(imported, connection=replace(connection, images_per_second=500.0))
        name = image_bucket_name(box.image_base)
    with closing(sqlite3.connect(tmp_path / "budgets" / FILE_NAME)) as db:
        assert db.execute("SELECT name FROM buckets").fetchall() == [(name,)]


def test_every_fault_is_waited_out(imported, photos, open_box):
    with open_box(faults=Faults.everywhere(0.2, slow_s=0.01)) as (box, connection):
        summary = hydrate(imported, connection=connection)
        assert sum(box.faults_met.values()) > 5
    assert (summary.saved, summary.dead, summary.failed) == (36, {}, {})
    assert summary.retries
    assert sum(summary.requests.values()) == 36 + sum(summary.retries.values())
    with open_box() as (box, _):
        assert images_in(imported) == files_of(box, photos)


# Photos that are no more


def each(by_kind):
    return [one for ids in by_kind.values() for one in ids]


@pytest.fixture
def lost(photos):
    """Two photos of each way to be gone: by redirect, 404, 410; and a private one."""
    by_kind = {rest: [one.id for one in photos if one.id % 3 == rest][:2] for rest in range(3)}
    private = [one.id for one in photos if one.id not in each(by_kind)][:1]
    return by_kind, private


def test_the_dead_are_told_by_kind_and_not_asked_for_again(imported, open_box, lost):
    by_kind, private = lost
    gone = each(by_kind)
    changes = Changes(deleted=gone, private=private)
    with open_box(changes=changes) as (box, connection):
        summary = hydrate(imported, connection=connection)
        assert sum(one in by_kind[0] for one in asked(box)) == 2 * 3  # a redirect is confirmed
        assert summary.dead == {"gone": 5, "moved": 2}
        assert (summary.saved, summary.failed) == (29, {})
        told = failures_of(imported)
        assert {told[one] for one in by_kind[0]} == {"moved: http_302"}
        assert {told[one] for one in (*by_kind[1], *private)} == {"gone: http_404"}
        assert {told[one] for one in by_kind[2]} == {"gone: http_410"}
        assert images_in(imported).keys().isdisjoint([*gone, *private])
        count = len(asked(box))
        again = hydrate(imported, connection=connection)
        assert len(asked(box)) == count
    assert (again.saved, again.already, again.dead) == (0, 29, summary.dead)
    assert failures_of(imported) == told
    with open_box() as (box, connection):  # they are back
        assert hydrate(imported, RETRY, connection=connection).saved == 7
        assert sorted(asked(box)) == sorted([*gone, *private])
    assert failures_of(imported) == {}
    with Corpus.open(imported).state(reading=True) as state:
        assert {(one.outcome, one.reason) for one in state.tallies()} == {("accepted", None)}
        assert [(one.name, one.rows) for one in state.shards()] == [
            ("0000-01-00000.parquet", 29), ("0000-01-00001.parquet", 7),
        ]  # fmt: skip


def test_a_photo_without_an_address_costs_no_request(rows, open_box, tmp_path):
    told = [rows[0] | {"url": "https://www.flickr.com/photos/x/1"}, rows[1] | {"url": None}]
    other = rows[2] | {"url": rows[3]["url"]}
    table = write_table(tmp_path / "t.csv", [*told, other, *rows[3:6]])
    with open_box() as (box, connection):
        summary = hydrate(table, HydratePlan(to=tmp_path / "c"), connection=connection)
        assert len(asked(box)) == 3
        assert (summary.saved, summary.dead) == (3, {"no_address": 3})
        again = hydrate(table, HydratePlan(to=tmp_path / "c"), connection=connection)
        assert len(asked(box)) == 3
    assert (again.already, again.dead) == (3, {"no_address": 3})
    assert failures_of(tmp_path / "c") == {rows[n]["Flickr ID"]: "no_address" for n in range(3)}


def test_a_corpus_without_any_address_is_refused(imported, open_box):
    other = Connection.at("http://127.0.0.1:1")
    with Corpus.open(imported).state() as state, state.transaction():
        state._sql.execute("UPDATE candidates SET image = NULL")
    before = (imported / "state.sqlite").read_bytes()
    with pytest.raises(UsageError, match="tells of no photo an image's address"):
        hydrate(imported, connection=other)
    assert not (imported / "failures.csv").exists()
    assert (imported / "state.sqlite").read_bytes() == before


@pytest.mark.parametrize(
    ("told", "lack"),
    [
        (Failure("refused", "gone", status=404), "gone: http_404"),
        (Failure("refused", "gone", status=410), "gone: http_410"),
        (Failure("refused", "redirected", status=302), "moved: http_302"),
        (Failure("body", "placeholder"), "moved: placeholder"),
        (Failure("refused", "http_403", status=403), "refused: http_403"),
        (Failure("refused", "http_451", status=451), "refused: http_451"),
        (Failure("refused", "too_large"), "broken: too_large"),
        (Failure("body", "truncated"), "broken: truncated"),
        (Failure("body", "wrong_size"), "broken: wrong_size"),
        (Failure("body", "html"), "failed: html"),
        (Failure("status", "", status=500), "failed: http_500"),
        (Failure("status", "", status=429), "failed: http_429"),
        (Failure("transport", "no answer (X)"), "failed: no answer (X)"),
    ],
)
def test_each_failure_has_its_kind(told, lack):
    assert lack_of(told) == lack


def test_an_address_that_nobody_told_may_just_not_be_there():
    failure = Failure("refused", "gone", status=404)
    assert lack_of(failure, is_derived=True) == "no_size: http_404"


def at_of(server):
    return Connection.at(server.url)


def one_row(rows, tmp_path, number=1):
    return write_table(tmp_path / "one.csv", rows[:number])


def jpeg(shade=90):
    import io

    from PIL import Image

    file = io.BytesIO()
    Image.new("L", (40, 30), shade).save(file, "JPEG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("sending", "lack", "requests"),
    [
        (answer(status="403 Forbidden"), "refused: http_403", 1),
        (answer(b"GIF89a...."), "moved: placeholder", 3),
        (answer(jpeg()[:-20]), "broken: truncated", 3),
        (answer(b"no picture"), "broken: not_jpeg", 3),
        (answer(status="301 Moved", Location="https://s.yimg.com/photo_unavailable.png"),
         "moved: http_301", 3),
    ],
)  # fmt: skip
def test_what_is_no_image_is_asked_for_as_often_as_it_takes(
    rows, tmp_path, sending, lack, requests
):
    plan, table = HydratePlan(to=tmp_path / "c"), one_row(rows, tmp_path)
    with RawServer([kept(sending)]) as server:
        summary = hydrate(table, plan, connection=at_of(server))
        assert len(server.asked) == requests
        assert failures_of(tmp_path / "c") == {rows[0]["Flickr ID"]: lack}
        hydrate(table, plan, connection=at_of(server))
        assert len(server.asked) == requests
        server.sendings[:] = [kept(answer(jpeg()))]
        again = HydratePlan(to=tmp_path / "c", retry_failed=True)
        assert hydrate(table, again, connection=at_of(server)).saved == 1
    assert summary.dead == {lack.partition(":")[0]: 1}
    assert any("is this the right Flickr?" in line for line in summary.lines())


def test_a_server_in_trouble_is_asked_again_by_the_next_run(rows, tmp_path):
    plan, table = HydratePlan(to=tmp_path / "c"), one_row(rows, tmp_path)
    with RawServer([kept(answer(status="500 Oh"))]) as server:
        summary = hydrate(table, plan, connection=at_of(server))
        assert (summary.failed, summary.dead) == ({"http_500": 1}, {})
        assert failures_of(tmp_path / "c") == {rows[0]["Flickr ID"]: "failed: http_500"}
        server.sendings[:] = [kept(answer(jpeg()))]
        assert hydrate(table, plan, connection=at_of(server)).saved == 1
    assert failures_of(tmp_path / "c") == {}


@pytest.mark.parametrize(
    ("status", "told"), [("403 Forbidden", "may be blocking"), ("503 Busy", "does not answer")]
)
def test_photo_after_photo_that_fails_is_an_outage_and_none_is_dead(rows, tmp_path, status, told):
    plan, table = HydratePlan(to=tmp_path / "c"), write_table(tmp_path / "t.csv", rows)
    with RawServer([kept(answer(status=status))]) as server:
        with pytest.raises(UpstreamError, match=told):
            hydrate(table, plan, connection=at_of(server))
        tried = failures_of(tmp_path / "c")
        assert 8 <= len(tried) < 36
        assert all(why.startswith("failed: http_") for why in list(tried.values())[:8])
        server.sendings[:] = [kept(answer(jpeg()))]
        summary = hydrate(table, plan, connection=at_of(server))
    assert summary.saved + sum(summary.dead.values()) == 36
    assert summary.saved >= 36 - (len(tried) - 8)


def test_an_outage_is_seen_past_photos_without_an_address(rows, tmp_path):
    told = [row | {"url": None} if at % 2 else row for at, row in enumerate(rows)]
    table = write_table(tmp_path / "t.csv", told)
    plan, busy = HydratePlan(to=tmp_path / "c"), kept(answer(status="503 Busy"))
    with RawServer([busy]) as server, pytest.raises(UpstreamError, match="8 photos in a row"):
        hydrate(table, plan, connection=at_of(server))


# What a file is told to be


def test_another_file_than_was_told_is_kept_out(rows, photos, open_box, tmp_path):
    with open_box() as (box, connection):
        sums = {
            one: hashlib.sha256(file).hexdigest() for one, file in files_of(box, photos).items()
        }
        told = [row | {"sha256": sums[row["Flickr ID"]].upper()} for row in rows]
        told[4]["sha256"] = "0" * 64
        table = write_table(tmp_path / "t.csv", told)
        summary = hydrate(table, HydratePlan(to=tmp_path / "c"), connection=connection)
        changed = rows[4]["Flickr ID"]
        assert failures_of(tmp_path / "c") == {changed: "changed: sha256"}
        assert images_in(tmp_path / "c").keys() == {photo.id for photo in photos} - {changed}
        again = HydratePlan(to=tmp_path / "c", retry_failed=True)
        assert hydrate(table, again, connection=connection).dead == {"changed": 1}
    assert (summary.saved, summary.dead) == (35, {"changed": 1})


# Sizes


def test_another_size_is_fetched_of_all(imported, photos, open_box):
    with open_box() as (box, connection):
        summary = hydrate(imported, HydratePlan(size="medium"), connection=connection)
        assert box.requests["image:-"] == 36
        assert summary.requests == {"medium": 36}
        with pytest.raises(UsageError, match="size='medium', not 'as-given'"):
            hydrate(imported, connection=connection)
        assert images_in(imported) == files_of(box, photos, "")


def test_a_size_that_is_not_there_is_no_loss(photos, open_box, tmp_path):
    small = [row_of(photo, "") for photo in photos[:3]]
    table = write_table(tmp_path / "t.csv", small)
    with open_box(changes=Changes(private=[photos[0].id])) as (_, connection):
        plan = HydratePlan(to=tmp_path / "c", size="large")
        assert hydrate(table, plan, connection=connection).dead == {"no_size": 1}


# Stopping and going on


def test_a_limit_keeps_what_came_and_the_next_run_goes_on(imported, open_box):
    with open_box() as (box, connection):
        with pytest.raises(LimitReached, match="have passed"):
            hydrate(imported, connection=connection, limits=Limits(max_hours=1e-5))
        saved = images_in(imported)
        assert len(saved) < 36
        count = len(asked(box))
        summary = hydrate(imported, connection=connection)
        assert set(asked(box)[count:]).isdisjoint(saved)
    assert summary.already + summary.saved == 36


def test_an_image_that_is_lost_while_it_waits_is_fetched_again(imported, photos, open_box):
    from flickrexif.corpus.rows import WaitingImage

    corpus, image = Corpus.open(imported), jpeg()
    digest = hashlib.sha256(image).hexdigest()
    with corpus.state() as state, state.transaction():
        state.add_late_image(photos[0].id, WaitingImage(image, digest, 40, 30, "image/jpeg"))
        state.tell_sha256(photos[0].id, digest)
    waiting = imported / "state.sqlite-images"
    waiting.write_bytes(bytes(waiting.stat().st_size))
    with open_box() as (_, connection):
        summary = hydrate(imported, connection=connection)
    assert summary.photos == 36  # it is still one of them
    assert (summary.saved, summary.dead) == (35, {"changed": 1})


def test_images_that_wait_get_their_shard_though_nothing_is_left_to_fetch(imported, photos):
    from flickrexif.corpus.rows import WaitingImage

    with Corpus.open(imported).state() as state, state.transaction():
        for shade, photo in enumerate(photos):
            image = jpeg(shade)
            digest = hashlib.sha256(image).hexdigest()
            state.add_late_image(photo.id, WaitingImage(image, digest, 40, 30, "image/jpeg"))
    assert images_in(imported) == {}
    summary = hydrate(imported, connection=Connection.at("http://127.0.0.1:1"))
    assert (summary.already, summary.saved, summary.requests) == (36, 0, {})
    assert images_in(imported) == {photo.id: jpeg(at) for at, photo in enumerate(photos)}


def test_what_was_taken_down_is_never_fetched(imported, photos, open_box):
    gone = photos[3].id
    takedown(imported, photos=[str(gone)])
    with open_box() as (box, connection):
        assert hydrate(imported, connection=connection).photos == 35
        assert gone not in asked(box)
    takedown(imported, photos=[str(photos[5].id)])
    assert images_in(imported).keys() == {one.id for one in photos} - {gone, photos[5].id}
    with open_box() as (_, connection):
        assert hydrate(imported, connection=connection).already == 34


# What later commands make of it


def test_label_fills_what_images_show_and_leaves_imported_labels(imported, open_box, tmp_path):
    export_splits(imported, tmp_path / "before")
    labels = (imported / "labels.parquet").read_bytes()
    with open_box() as (_, connection):
        hydrate(imported, connection=connection)
    told = label(imported)
    assert (told.photos, told.images, told.rows) == (36, 36, {"make": 36})
    photos = pl.read_parquet(imported / "photos.parquet")
    for column in ("width", "height", "sha256", "jpeg_quality", "bit_depth"):
        assert photos[column].null_count() == 0
    assert (imported / "labels.parquet").read_bytes() == labels
    export_splits(imported, tmp_path / "after")
    for path in (tmp_path / "before").iterdir():
        assert path.read_bytes() == (tmp_path / "after" / path.name).read_bytes()
    with pytest.raises(UsageError, match="leave bins out, or name a preset"):
        label(imported, bins={"iso": "full-stop"})
    label(imported, preset="auto", min_photos=5, min_owners=2)
    assert (imported / "labels.parquet").read_bytes() != labels
