from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections import Counter
from dataclasses import replace

import pyarrow.parquet as pq
import pytest
from greed import greedily

from flickrexif.corpus import Corpus
from flickrexif.crawling import CrawlPlan, crawl, status
from flickrexif.crawling.limits import Limits
from flickrexif.crawling.sampling import sampled_rank
from flickrexif.crawling.select import BARREN_AFTER, rank_of
from flickrexif.errors import AccessError, LimitReached, UpstreamError, UsageError
from flickrexif.exif.record import RawRecord
from flickrexif.flickr import PERMISSIVE
from flickrexif.sandbox import Catalogue, Faults, Quirks

PLAN = CrawlPlan("2020-01..2020-02", per_user_month=4)
KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def crowd():
    return Catalogue(1, photos=3_000, owners=60, first_month="2020-01", last_month="2020-01")


@pytest.fixture(scope="module")
def small_crowd():
    return Catalogue(1, photos=1_800, owners=40, first_month="2020-01", last_month="2020-01")


def shards(path):
    corpus = Corpus.open(path)
    return {
        shard.name: hashlib.sha256(shard.read_bytes()).hexdigest()
        for shard in corpus.image_shards()
    }


def accepted(path):
    return Corpus.open(path).accepted().drop("raw_exif", "exif_source").rows()


def told_accepted(catalogue, plan=PLAN, *, longest=1024):
    """Greed by rank over what the catalogue knows, without any request."""
    return sorted(
        photo_id
        for month in plan.each_month
        for photo_id in greedily(
            ranked(catalogue, month, plan, longest),
            per_owner=plan.per_user_month,
            per_month=plan.per_month,
        )[0]
    )


def ranked(catalogue, month, plan, longest):
    """The month's photos in rank order, as greed takes them."""

    def rank(photo):
        if plan.per_month is None:
            return rank_of(photo.id, seed=plan.seed)
        return sampled_rank(photo.id, photo.taken, month=month, seed=plan.seed)

    def kind(photo):
        is_told = (
            photo.visible == "public"
            and photo.license in plan.license_ids
            and not photo.taken_unknown
            and photo.taken_granularity < 5
            and not photo.owner.hides_exif
            and (plan.size == "none" or max(photo.width, photo.height) >= longest)
        )
        return "refused" if not is_told else "sound" if photo.camera is not None else "bare"

    photos = catalogue.search(taken_from=month.first, taken_to=month.last)
    return [(photo.id, photo.owner.nsid, kind(photo)) for photo in sorted(photos, key=rank)]


@pytest.fixture(scope="module")
def reference(tmp_path_factory, catalogue):
    """A crawl without faults, one request at a time."""
    from small_renderer import SmallRenderer

    from flickrexif.flickr import Connection
    from flickrexif.sandbox import Sandbox

    path = tmp_path_factory.mktemp("reference") / "corpus"
    with Sandbox(catalogue=catalogue, renderer=SmallRenderer(), workers=0) as box:
        connection = Connection.embedded(box.rest_url, box.image_base)
        summary = crawl(path, PLAN, connection=replace(connection, concurrency=1))
        return path, summary, box.requests, box.log


def test_the_photos_accepted_are_those_the_rule_names(reference, catalogue):
    path, summary, _, _ = reference
    wanted = told_accepted(catalogue)
    assert len(wanted) > 40
    assert [row[0] for row in accepted(path)] == wanted
    assert summary.accepted == len(wanted)
    assert summary.failed == 0


def test_the_counts_agree_with_the_server(reference):
    _, summary, requests, _ = reference
    assert summary.api_calls == {
        "search": requests["flickr.photos.search"],
        "exif": requests["flickr.photos.getExif"],
    }
    assert summary.image_requests["large"] == requests["image:b"]
    assert summary.image_requests["head"] == requests["image:o:range"]
    listed = sum(month.listed for month in summary.months)
    assert listed == sum(
        count
        for month in summary.months
        for count in (month.accepted, month.rejected, month.failed, month.unneeded)
    )
    assert summary.calls_per_accepted == sum(summary.api_calls.values()) / summary.accepted
    assert any("accepted" in line for line in summary.lines())


def test_the_rows_say_what_the_catalogue_says(reference, catalogue):
    path, _, _, _ = reference
    for row in Corpus.open(path).accepted().iter_rows(named=True):
        photo = catalogue.photo(row["photo_id"])
        assert row["owner_id"] == photo.owner.nsid
        assert row["license_id"] == photo.license
        assert row["license_id"] in PERMISSIVE
        assert row["taken_at"] == f"{photo.taken:%Y-%m-%d %H:%M:%S}"
        assert row["uploaded_at"] == photo.uploaded
        assert row["image_url"].startswith("https://live.flickr.test/")
        assert row["page_url"].startswith("https://www.flickr.test/photos/")
        exif = RawRecord.from_json(row["raw_exif"])
        assert (exif.source, exif.make) == (row["exif_source"], photo.camera.make.strip())
        assert exif.model == photo.camera.model.strip()


def test_the_shards_hold_the_accepted_images(reference):
    path, _, _, log = reference
    tables = [pq.read_table(shard) for shard in Corpus.open(path).image_shards()]
    ids = [photo_id for table in tables for photo_id in table["photo_id"].to_pylist()]
    assert sorted(ids) == [row[0] for row in accepted(path)]
    for table in tables:
        assert table["photo_id"].to_pylist() == sorted(table["photo_id"].to_pylist())
        for content, sha256 in zip(table["image"], table["sha256"], strict=True):
            assert hashlib.sha256(content.as_py()).hexdigest() == sha256.as_py()
    told = status(path)
    assert (told.image_shards, told.accepted) == (len(tables), len(ids))
    assert {month.state for month in told.months} == {"settled"}
    assert log


def test_nothing_is_asked_twice(reference):
    _, _, _, log = reference
    assert max(Counter((path, tuple(sorted(query.items()))) for path, query in log).values()) <= 2
    files = Counter(path for path, _ in log if path.endswith("_b.jpg"))
    assert set(files.values()) == {1}


def test_an_owner_is_asked_before_any_of_their_files_is_read(reference, catalogue):
    _, _, _, log = reference
    asked, hidden_asked = set(), Counter()
    for path, query in log:
        if query.get("method") == "flickr.photos.getExif":
            owner = catalogue.photo(int(query["photo_id"])).owner
            asked.add(owner.nsid)
            hidden_asked[owner.nsid] += owner.hides_exif
        match = re.search(r"/(\d+)_[0-9a-f]+_o\.", path)
        if match:
            owner = catalogue.photo(int(match[1])).owner
            assert owner.nsid in asked
            assert not owner.hides_exif
    assert any(owner.hides_exif for owner in catalogue.owners())
    assert max(hidden_asked.values()) <= 1


def test_a_second_run_costs_nothing(reference, open_box):
    path, summary, _, _ = reference
    before = shards(path)
    with open_box() as (box, connection):
        assert crawl(path, PLAN, connection=connection) == summary
        assert box.requests.total() == 0
    assert shards(path) == before


def test_many_at_once_give_the_same_bytes(reference, open_box, tmp_path):
    with open_box() as (_, connection):
        crawl(tmp_path / "corpus", PLAN, connection=connection)
    assert shards(tmp_path / "corpus") == shards(reference[0])
    assert accepted(tmp_path / "corpus") == accepted(reference[0])


def test_faults_change_nothing_but_the_cost(reference, open_box, tmp_path):
    faults = Faults.everywhere(0.15, seed=1, slow_s=0.05)
    with open_box(faults=faults) as (box, connection):
        summary = crawl(tmp_path / "corpus", PLAN, connection=connection)
        assert box.faults_met.total() > 10
    assert shards(tmp_path / "corpus") == shards(reference[0])
    assert accepted(tmp_path / "corpus") == accepted(reference[0])
    assert sum(summary.retries.values()) > 10
    assert summary.failed == 0


@pytest.mark.parametrize(
    ("cap", "quirks"),
    [
        (300, Quirks()),
        pytest.param(300, Quirks(repeats_past_cap=False), marks=pytest.mark.long),
        pytest.param(300, Quirks(clamps_page=False), marks=pytest.mark.long),
        pytest.param(4000, Quirks(), marks=pytest.mark.long),
        (4000, Quirks(understated_total=False, short_pages=False)),
    ],
)
def test_a_crowded_month_is_listed_whole(cap, quirks, crowd, open_box, tmp_path):
    plan = CrawlPlan("2020-01", per_user_month=1, size="none")
    with open_box(catalogue=crowd, result_cap=cap, quirks=quirks) as (box, connection):
        summary = crawl(tmp_path / "corpus", plan, connection=connection)
        searches = box.requests["flickr.photos.search"]
    assert [row[0] for row in accepted(tmp_path / "corpus")] == told_accepted(crowd, plan)
    known = [photo for photo in crowd if photo.license in PERMISSIVE]
    told = sum(photo.visible == "public" and f"{photo.taken:%Y-%m}" == "2020-01" for photo in known)
    assert told <= summary.months[0].listed < 1.02 * told
    assert (summary.windows.get("split", 0) > 5) == (cap == 300)
    assert searches < (150 if cap == 300 else 40)


@pytest.mark.parametrize("per_month", [5, 60])
def test_a_sampled_month_is_what_greed_by_the_sampled_ranks_gives(
    per_month, small_crowd, open_box, tmp_path
):
    plan = CrawlPlan("2020-01", per_month=per_month, per_user_month=2, size="none", seed=3)
    with open_box(catalogue=small_crowd, result_cap=600) as (_, connection):
        summary = crawl(tmp_path / "corpus", plan, connection=connection)
    assert [row[0] for row in accepted(tmp_path / "corpus")] == told_accepted(small_crowd, plan)
    assert summary.months[0].completeness is None


def test_a_second_pass_finds_most_of_what_the_first_forgot(crowd, open_box, tmp_path):
    found = {}
    for passes in (1, 2):
        path = tmp_path / str(passes)
        plan = CrawlPlan("2020-01", per_user_month=1, size="none", passes=passes)
        with open_box(catalogue=crowd, quirks=Quirks(forgotten_rows=0.1)) as (_, connection):
            found[passes] = crawl(path, plan, connection=connection).months[0]
    with open_box(catalogue=crowd) as (_, connection):
        plan = CrawlPlan("2020-01", per_user_month=1, size="none", passes=1)
        truth = crawl(tmp_path / "truth", plan, connection=connection).months[0].listed
    assert found[1].completeness is None
    assert 0.87 < found[1].listed / truth < 0.93
    assert 0.98 < found[2].listed / truth < 1
    told = found[2].completeness
    assert told.low <= found[2].listed / truth <= told.high
    assert abs(told.estimated / truth - 1) < 0.01


def test_an_archive_is_given_up(crowd, open_box, tmp_path):
    plan = CrawlPlan("2020-01", per_user_month=40, size="none")
    with open_box(catalogue=crowd) as (box, connection):
        summary = crawl(tmp_path / "corpus", plan, connection=connection)
        asked = Counter(
            crowd.photo(int(photo_id[1])).owner.nsid
            for path, query in box.log
            if (photo_id := re.search(r"(\d{9,})", query.get("photo_id", path)))
        )
    archives = [owner.nsid for owner in crowd.owners() if owner.floods]
    assert [asked[nsid] for nsid in archives] == [BARREN_AFTER]
    assert summary.rejected["barren_owner"] > 0
    assert [row[0] for row in accepted(tmp_path / "corpus")] == told_accepted(crowd, plan)


def test_calls_stay_far_below_one_a_photo(open_box, tmp_path):
    usual = Catalogue(0)
    plan = CrawlPlan("2020-01..2020-06", size="none")
    with open_box(catalogue=usual) as (box, connection):
        summary = crawl(tmp_path / "corpus", plan, connection=connection)
        calls = sum(n for cause, n in box.requests.items() if cause.startswith("flickr."))
    assert [row[0] for row in accepted(tmp_path / "corpus")] == told_accepted(usual, plan)
    assert summary.accepted > 1_200
    assert calls < 0.3 * summary.accepted


def test_a_flickr_without_quirks_gives_the_same(reference, open_box, tmp_path):
    with open_box(quirks=Quirks.none()) as (_, connection):
        crawl(tmp_path / "corpus", PLAN, connection=connection)
    assert accepted(tmp_path / "corpus") == accepted(reference[0])


@pytest.mark.parametrize(
    ("words", "paid", "free"),
    [
        ({"size": "none"}, "image:o:range", "image:b"),
        ({"size": "original"}, "image:o", "image:b"),
        ({"size": "medium-800"}, "image:c", "image:b"),
        ({"exif_from": "api"}, "flickr.photos.getExif", "image:o:range"),
        (
            {"exif_from": "file", "ignore_hidden_exif": True},
            "image:o:range",
            "flickr.photos.getExif",
        ),
        ({"per_month": 7}, "image:b", "image:c"),
    ],
)
def test_the_words_of_the_plan_are_kept(words, paid, free, open_box, tmp_path):
    with open_box() as (box, connection):
        plan = replace(PLAN, months="2020-01", **words)
        summary = crawl(tmp_path / "corpus", plan, connection=connection)
        assert box.requests[paid] > 0
        assert box.requests[free] == 0
    assert summary.accepted > (6 if "per_month" in words else 30)
    if "per_month" in words:
        assert summary.accepted == 7
    corpus = Corpus.open(tmp_path / "corpus")
    assert corpus.accepted().height == summary.accepted
    assert len(corpus.image_shards()) == (0 if plan.size == "none" else 1)


def test_a_refused_key_stops_at_once(open_box, tmp_path):
    with open_box(expired_keys=frozenset({KEY})) as (box, connection):
        refused = replace(connection, api_key=KEY, concurrency=1)
        with pytest.raises(AccessError, match="API key") as caught:
            crawl(tmp_path / "corpus", PLAN, connection=refused)
        assert box.requests.total() == 1
    assert KEY not in str(caught.value)


def test_a_flickr_that_is_down_is_told_and_resumed(reference, open_box, tmp_path):
    path = tmp_path / "corpus"
    with open_box() as (_, connection), pytest.raises(LimitReached):
        crawl(path, PLAN, connection=connection, limits=Limits(max_calls=10))
    with pytest.raises(UpstreamError, match="saved"):
        crawl(path, PLAN, connection=connection)
    with open_box() as (_, connection):
        crawl(path, PLAN, connection=connection)
    assert shards(path) == shards(reference[0])


def test_images_that_fail_for_now_are_tried_by_the_next_run(reference, open_box, tmp_path):
    path = tmp_path / "corpus"
    broken = Faults(
        script=((lambda asked: re.search(r"7_[0-9a-f]+_b", asked.path) is not None, "500"),),
        persistence=10**6,
    )
    with open_box(faults=broken) as (_, connection):
        first = crawl(path, PLAN, connection=connection)
    closed = shards(path)
    with open_box() as (box, connection):
        second = crawl(path, PLAN, connection=connection)
        assert box.requests["flickr.photos.search"] == 0
    assert first.failed > 0
    assert (second.failed, second.accepted) == (0, reference[1].accepted)
    assert closed.items() < shards(path).items()
    tables = [pq.read_table(shard) for shard in Corpus.open(path).image_shards()]
    assert sum(table.num_rows for table in tables) == second.accepted
    assert accepted(path) == accepted(reference[0])


def test_the_key_is_nowhere_in_the_corpus(open_box, tmp_path):
    with open_box() as (_, connection):
        plan = replace(PLAN, months="2020-01", per_month=3)
        crawl(tmp_path / "corpus", plan, connection=replace(connection, api_key=KEY))
    files = [file for file in (tmp_path / "corpus").rglob("*") if file.is_file()]
    assert len(files) >= 3
    assert all(KEY.encode() not in file.read_bytes() for file in files)


def test_a_stranger_folder_is_refused_before_anything_is_asked(open_box, tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with open_box() as (box, connection):
        with pytest.raises(UsageError):
            crawl(tmp_path, PLAN, connection=connection)
        assert box.requests.total() == 0
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_crawl_runs_where_a_loop_runs_already(open_box, tmp_path):
    async def notebook(connection):
        plan = replace(PLAN, months="2020-01", per_month=2)
        return crawl(tmp_path / "corpus", plan, connection=connection)

    with open_box() as (_, connection):
        assert asyncio.run(notebook(connection)).accepted == 2


def test_the_summary_is_plain_data(reference):
    from dataclasses import asdict

    assert json.loads(json.dumps(asdict(reference[1])))["accepted"] == reference[1].accepted
