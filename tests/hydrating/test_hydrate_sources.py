"""What images may be fetched for: corpora, releases, tables; and what is none of these."""

from __future__ import annotations

import hashlib
import json
import shutil

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from told_photos import images_in, write_table

from flickrexif.corpus import Corpus, CrawlPlan
from flickrexif.errors import UsageError
from flickrexif.exif.cameras import identify_columns
from flickrexif.exif.normalize import RECORD_SCHEMA, normalize
from flickrexif.flickr import Connection
from flickrexif.hydrating import HydratePlan, hydrate
from flickrexif.hydrating.released import record_of
from flickrexif.labels import label
from flickrexif.release import BuildPlan, build, verify

NOWHERE = Connection.embedded("http://127.0.0.1:1/services/rest/", "http://127.0.0.1:1/i")
IMAGES = ("width", "height", "sha256", "duplicate_of", "double_compressed", "jpeg_first_quality")


# Tables


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".parquet", ".CSV"])
def test_a_table_of_any_form_becomes_a_corpus(rows, tmp_path, open_box, ending):
    table = write_table(tmp_path / f"t{ending.lower()}", rows).rename(tmp_path / f"t{ending}")
    plan = HydratePlan(to=tmp_path / "c")
    with open_box() as (_, connection):
        assert hydrate(table, plan, connection=connection).saved == 36
        write_table(tmp_path / "other.jsonl", rows[::-1])  # the same photos in another form
        again = hydrate(tmp_path / "other.jsonl", plan, connection=connection)
        assert (again.saved, again.already) == (0, 36)
        assert hydrate(tmp_path / "c", connection=connection).already == 36
    label(tmp_path / "c", min_photos=3, min_owners=2)
    photos = pl.read_parquet(tmp_path / "c" / "photos.parquet")
    assert photos["sha256"].null_count() == 0
    assert photos["make"].to_list() == [row["Make"] for row in rows]
    assert set(photos["license"]) == {"LicenseRef-Unknown"}


def test_three_columns_are_enough(rows, tmp_path, open_box):
    few = [{name: row[name] for name in ("Flickr ID", "url", "owner")} for row in rows[:3]]
    table = write_table(tmp_path / "t.csv", few)
    with open_box() as (_, connection):
        assert hydrate(table, HydratePlan(to=tmp_path / "c"), connection=connection).saved == 3


def test_rows_without_an_owner_are_told(rows, tmp_path, open_box, caplog):
    table = write_table(tmp_path / "t.csv", [*rows[:2], rows[2] | {"owner": ""}])
    with open_box() as (_, connection):
        assert hydrate(table, HydratePlan(to=tmp_path / "c"), connection=connection).photos == 2
    assert f"1 rows of {str(table)!r} tell no owner and are left out" in caplog.messages


def test_blank_lines_are_passed_and_counted_in_the_numbers_of_rows(rows, tmp_path, open_box):
    table = write_table(tmp_path / "t.csv", rows[:2])
    head, *lines = table.read_text().splitlines()
    table.write_text("\n".join([head, "", lines[0], "", lines[1], "", ""]))
    with open_box() as (_, connection):
        assert hydrate(table, HydratePlan(to=tmp_path / "c"), connection=connection).saved == 2
    table.write_text("\n".join([head, "", lines[0], "x" + lines[1]]))
    with pytest.raises(UsageError, match="of row 3: mend"):
        hydrate(table, HydratePlan(to=tmp_path / "d"), connection=NOWHERE)


def test_an_empty_folder_may_be_named(rows, tmp_path, open_box):
    (tmp_path / "c").mkdir()
    table = write_table(tmp_path / "t.csv", rows[:2])
    with open_box() as (_, connection):
        assert hydrate(table, HydratePlan(to=tmp_path / "c"), connection=connection).saved == 2


# Releases


def test_a_release_becomes_the_corpus_that_it_was_made_of(release, crawled, tmp_path, open_box):
    with open_box() as (box, connection):
        plan = HydratePlan(to=tmp_path / "c")
        summary = hydrate(release, plan, connection=connection)
        assert box.requests.keys() == {"image:-"}
        assert (summary.dead, summary.failed) == ({}, {})
    told = pl.read_parquet(release / "photos" / "*.parquet")
    assert summary.saved == told.height > 100
    images = images_in(crawled)
    assert images_in(tmp_path / "c") == {one: images[one] for one in told["photo_id"]}
    label(tmp_path / "c")
    photos = pl.read_parquet(tmp_path / "c" / "photos.parquet")
    before = pl.read_parquet(crawled / "photos.parquet")
    before = before.join(photos.select("photo_id"), on="photo_id", how="semi")
    same = [name for name in photos.columns if name != "duplicate_of"]
    assert photos.select(same).equals(before.select(same))
    assert len({*photos["exif_source"]}) == 2  # so both kinds of records came back
    assert Corpus.open(tmp_path / "c").plan.seed == 4


def test_a_masked_release_is_built_of_it_with_the_same_splits(release, tmp_path, open_box):
    with open_box() as (_, connection):
        hydrate(release, HydratePlan(to=tmp_path / "c"), connection=connection)
    label(tmp_path / "c")
    plan = BuildPlan("1.0.0", kind="masked", allow_noncommercial=True, crop=32)
    build(tmp_path / "c", plan, out=tmp_path / "masked")
    assert verify(tmp_path / "masked") == []
    manifest = json.loads((tmp_path / "masked" / "manifest.json").read_text())
    assert manifest["corpus"]["synthetic"]
    first = json.loads((release / "manifest.json").read_text())
    assert manifest["attributes"]
    for name in manifest["attributes"]:
        columns = ["photo_id", "label"]
        now = pl.read_parquet(tmp_path / "masked" / name / "test-*.parquet", columns=columns)
        was = pl.read_parquet(release / name / "test-*.parquet", columns=columns)
        assert set(now["photo_id"]) <= set(was["photo_id"])
        classes = first["attributes"][name]["classes"], manifest["attributes"][name]["classes"]
        told = now.join(was, on="photo_id", suffix="_was")
        for _, new, old in told.rows():
            assert classes[1][new] == classes[0][old]


def test_a_metadata_release_of_it_is_the_one_it_came_from(release, tmp_path, open_box):
    with open_box() as (_, connection):
        hydrate(release, HydratePlan(to=tmp_path / "c"), connection=connection)
    label(tmp_path / "c")
    plan = BuildPlan("1.0.0", kind="metadata", allow_noncommercial=True)
    build(tmp_path / "c", plan, out=tmp_path / "again")
    for path in sorted(release.rglob("*.parquet")):
        again = tmp_path / "again" / path.relative_to(release)
        assert pl.read_parquet(again).equals(pl.read_parquet(path))


PARTS = st.integers(1, 2**32 - 1)
RECORDS = st.fixed_dictionaries(
    {f"{tag}_{part}": PARTS for tag in ("exposure", "aperture", "focal_length")
     for part in ("num", "den")}
    | {
        "year": st.none() | st.integers(1990, 2026),
        "iso": st.none() | st.integers(1, 2**31 - 1),
        "flash": st.sampled_from([None, 0, 16, 25]),
        "make": st.sampled_from(["Canon", "NIKON CORPORATION", "Zeiss Ikon"]),
    }
)  # fmt: skip


def normal(records):
    return identify_columns(normalize(pl.DataFrame(records, schema=RECORD_SCHEMA))).drop("camera")


@settings(max_examples=10)
@given(st.lists(RECORDS, min_size=1, max_size=40))
def test_a_record_s_normal_form_is_the_row_it_was_made_of(drawn):
    """Of any Exif rationals: the exact values come back, and the prints with them."""
    given = [
        dict.fromkeys(RECORD_SCHEMA.names())
        | {name: value for name, value in one.items() if name != "year"}
        | {"source": "file", "model": "EOS 40D"}
        | ({} if one["year"] is None else {"date_time_original": f"{one['year']}:03:09 10:00:00"})
        for one in drawn
    ]
    rows = normal(given)
    records = [record_of(row | {"exif_source": "file"}) for row in rows.rows(named=True)]
    back = [{name: getattr(one, name) for name in RECORD_SCHEMA.names()} for one in records]
    assert normal(back).equals(rows)


# What is none


def refused(source, plan, match, connection=NOWHERE):
    with pytest.raises(UsageError, match=match) as told:
        hydrate(source, plan, connection=connection)
    assert "\n" not in str(told.value)


@pytest.fixture
def to(tmp_path):
    """Where a corpus would be made; nothing is, and nothing is left beside it."""
    yield tmp_path / "sub" / "c"
    assert not (tmp_path / "sub").exists() or not list((tmp_path / "sub").iterdir())


@pytest.mark.parametrize("column", ["Flickr ID", "url", "owner"])
def test_a_table_without_a_column_is_refused(rows, tmp_path, to, column):
    told = [{name: row[name] for name in row if name != column} for row in rows]
    table = write_table(tmp_path / "t.csv", told)
    refused(table, HydratePlan(to=to), f"has no column '{column}': name a table with the columns")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"Flickr ID": "x1"}, "column 'Flickr ID' of row 1"),
        ({"sha256": "abc"}, "tells a sha256 of photo .* that is none"),
    ],
)
def test_a_value_that_is_none_is_refused(rows, tmp_path, to, change, told):
    refused(write_table(tmp_path / "t.csv", [rows[0] | change]), HydratePlan(to=to), told)


def test_a_table_without_rows_is_refused(rows, tmp_path, to):
    table = tmp_path / "t.csv"
    table.write_text(",".join(rows[0]) + "\n")
    refused(table, HydratePlan(to=to), "has no row with an owner")


def test_a_table_of_other_addresses_is_refused(rows, tmp_path, to):
    told = [row | {"url": "https://example.org/a.jpg"} for row in rows]
    refused(write_table(tmp_path / "t.csv", told), HydratePlan(to=to), "no photo an image's addres")


def test_photos_of_a_sandbox_are_not_asked_of_flickr(release, to):
    flickr = Connection(api_key="0" * 32)
    refused(release, HydratePlan(to=to), "--endpoint or --sandbox", connection=flickr)


@pytest.mark.parametrize("name", ["missing", "missing.csv", "folder", "folder.csv", "notes.txt"])
def test_what_is_no_source_is_refused(tmp_path, to, name):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "notes.txt").write_text("mine")
    refused(tmp_path / name, HydratePlan(to=to), "is no source|cannot be read")


def test_a_table_or_release_needs_a_place(rows, release, tmp_path):
    table = write_table(tmp_path / "t.csv", rows)
    for source in (table, release):
        refused(source, HydratePlan(), "name the one to make of it by --to")


@pytest.mark.parametrize("file", ["photos", "manifest.json"])
def test_a_damaged_release_is_refused(release, tmp_path, to, file):
    damaged = shutil.copytree(release, tmp_path / "r")
    path = damaged / file
    path = next(path.iterdir()) if path.is_dir() else path
    path.write_bytes(path.read_bytes()[:-30])
    refused(damaged, HydratePlan(to=to), "is damaged")


def test_a_release_without_its_photos_is_refused(release, tmp_path, to):
    bare = shutil.copytree(release, tmp_path / "r")
    shutil.rmtree(bare / "photos")
    refused(bare, HydratePlan(to=to), "is damaged")


def test_a_licence_that_nobody_knows_leaves_nothing_half_made(release, tmp_path, to):
    odd = shutil.copytree(release, tmp_path / "r")
    path = next((odd / "photos").iterdir())
    table = pl.read_parquet(path).with_columns(license_id=pl.lit(99, pl.Int16))
    table.write_parquet(path)
    manifest = json.loads((odd / "manifest.json").read_text())
    told = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest["files"][f"photos/{path.name}"]["sha256"] = told
    (odd / "manifest.json").write_text(json.dumps(manifest))
    with_host = Connection.embedded("http://127.0.0.1:1/services/rest/", "http://127.0.0.1:1/i")
    refused(odd, HydratePlan(to=to), "licence id 99 is unknown", connection=with_host)


def test_a_crawled_corpus_is_refused(crawled):
    refused(crawled, HydratePlan(), "was crawled: its images come by")


def test_a_corpus_is_not_hydrated_into_another(imported, to):
    refused(imported, HydratePlan(to=to), "leave out --to")
    with pytest.raises(Exception, match="does not answer"):
        hydrate(imported, HydratePlan(to=imported), connection=NOWHERE)


def test_another_thing_in_its_place_is_left_alone(rows, imported, tmp_path):
    table = write_table(tmp_path / "t.csv", rows[:5])
    (tmp_path / "file").write_text("mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes").write_text("mine")
    Corpus.create(tmp_path / "asked", CrawlPlan("2020-01"), endpoint="x")
    for name, told in [
        ("file", "is a file: name a folder"),
        ("full", "is not empty and is no corpus"),
        ("asked", "was not made of"),
        ("corpus", "was not made of"),  # of splits
    ]:
        refused(table, HydratePlan(to=tmp_path / name), told)
    assert (tmp_path / "full" / "notes").read_text() == "mine"
    assert not (imported / "images").exists()


def test_a_corpus_of_another_table_is_refused(rows, tmp_path, open_box):
    one, other = (write_table(tmp_path / f"{n}.csv", rows[n:5]) for n in (0, 1))
    with open_box() as (_, connection):
        hydrate(one, HydratePlan(to=tmp_path / "c"), connection=connection)
        refused(other, HydratePlan(to=tmp_path / "c"), "was not made of .* as it is now")


def test_a_size_is_one_of_those_that_can_be_asked_for():
    with pytest.raises(UsageError, match="'original' is no size to fetch: use one of as-given"):
        HydratePlan(size="original")
