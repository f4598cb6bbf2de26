"""Published files and the published table, made into a corpus."""

from __future__ import annotations

import json

import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_splits import COLUMNS, FIRST_ID, change, publish, row_of

from flickrexif.corpus import Corpus
from flickrexif.corpus.schema import LABELS, PHOTOS
from flickrexif.crawling import crawl, status
from flickrexif.errors import UsageError
from flickrexif.flickr import Connection
from flickrexif.labels import export_splits, import_splits, inspect_splits, label
from flickrexif.labels.attributes import attribute
from flickrexif.labels.proof import prove
from flickrexif.labels.published import file_name, read_splits
from flickrexif.labels.repair import repair
from flickrexif.release import BuildPlan, build, verify
from flickrexif.upkeep import takedown


@pytest.fixture
def published(tmp_path):
    return publish(tmp_path / "published")


@pytest.fixture
def imported(published, tmp_path):
    table = published.table(tmp_path / "table.csv")
    summary = import_splits([published.folder], table=table, corpus=tmp_path / "corpus")
    return summary.corpus


def take(published, tmp_path, rows=None, **more):
    table = published.table(tmp_path / "table.csv", rows)
    return import_splits([published.folder], table=table, corpus=tmp_path / "corpus", **more)


# What is made


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet", ".CSV"])
def test_the_same_corpus_whatever_the_table_s_form(published, tmp_path, suffix):
    frame = pl.DataFrame(published.rows)
    frame.write_csv(tmp_path / "plain.csv")
    table = published.table(tmp_path / f"table{suffix.lower()}").rename(tmp_path / f"t{suffix}")
    for name, path in (("one", tmp_path / "plain.csv"), ("other", table)):
        import_splits([published.folder], table=path, corpus=tmp_path / name)
    for file in ("photos.parquet", "labels.parquet", "labels.json", "corpus.toml"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "other" / file).read_bytes()


def test_photos_are_as_the_table_tells_and_nothing_is_guessed(published, imported):
    assert pq.read_schema(imported / "photos.parquet").names == PHOTOS.names
    assert pq.read_schema(imported / "labels.parquet").equals(LABELS)
    photos = pl.read_parquet(imported / "photos.parquet")
    assert photos["photo_id"].to_list() == sorted(row["Flickr ID"] for row in published.rows)
    row = photos.row(0, named=True)
    told = published.rows[0]
    assert row["owner_id"] == told["owner"]
    assert row["page_url"] == f"https://www.flickr.com/photos/{told['owner']}/{told['Flickr ID']}"
    assert row["image_url"] == told["url"]
    assert (row["license"], row["exif_source"]) == ("LicenseRef-Unknown", "api")
    assert row["license_url"].startswith("https://")
    assert (row["make"], row["exposure"], row["f_number"]) == ("Canon", told["Exposure"], 5.6)
    assert (row["iso"], row["focal_length_mm"], row["make_canonical"]) == (100, 50.0, "Canon")
    for unknown in ("month", "uploaded_at", "taken_at", "owner_name", "flash", "year", "sha256"):
        assert photos[unknown].null_count() == photos.height


def test_values_are_normalised_as_flickr_s_texts_are(published, tmp_path):
    odd = row_of(7, Exposure="10/600", Aperture=" 8 ", Make="SONY\0junk", Model="  ", url=None)
    odd |= {"ISO Speed": "250, 0, 0", "Focal Length": "50"}
    take(published, tmp_path, [*published.rows, odd])
    row = pl.read_parquet(tmp_path / "corpus" / "photos.parquet").row(0, named=True)
    assert (row["photo_id"], row["make"], row["model"]) == (7, "SONY", None)
    assert (row["exposure"], row["aperture"], row["iso_speed"]) == ("1/60", "8.0", "250")
    assert (row["focal_length"], row["image_url"]) == ("50.0 mm", None)


def test_addresses_of_pages_are_no_images(published, tmp_path):
    pages = [row | {"url": f"https://www.flickr.com/photos/x/{row['Flickr ID']}"}
             for row in published.rows]  # fmt: skip
    take(published, tmp_path, pages)
    photos = pl.read_parquet(tmp_path / "corpus" / "photos.parquet")
    assert photos["image_url"].null_count() == photos.height


def test_the_import_tells_what_it_came_to(published, tmp_path):
    lines = take(published, tmp_path).lines()
    assert lines[0].endswith("36 photos by 14 owners, licences unknown")
    assert lines[1:] == ["make: 2 classes, 24 rows", "exposure: 3 classes, 36 rows"]
    told = json.loads((tmp_path / "corpus" / "labels.json").read_text(encoding="utf-8"))
    assert told["preset"] == "imported"
    assert told["attributes"]["exposure"]["classes"] == ["1/1000", "1/100", "1/60"]
    assert told["attributes"]["exposure"]["encoder_classes"] == ["1/100", "1/1000", "1/60"]
    assert told["attributes"]["make"]["splits"]["test"] == {"Canon": 4, "NIKON": 4}


def test_rows_of_the_table_that_cannot_be_used_are_counted(published, tmp_path):
    more = [published.rows[0], row_of(5, owner=" "), row_of(6, owner=None)]
    summary = take(published, tmp_path, published.rows + more)
    assert (summary.photos, summary.repeated, summary.ownerless) == (36, 1, 2)
    assert "1 rows of the table tell a photo again and were left out" in summary.lines()
    assert "2 rows of the table tell no owner and were left out" in summary.lines()


def test_rows_of_a_file_without_a_photo_are_kept_and_told(published, tmp_path):
    summary = take(published, tmp_path, published.rows[5:])
    assert summary.attributes["make"].without_photo == 5
    assert "  5 rows have no photo in the table" in summary.lines()
    labels = pl.read_parquet(tmp_path / "corpus" / "labels.parquet")
    assert labels.height == 24 + 36


def test_labels_that_the_table_contradicts_are_counted(published, tmp_path):
    rows = [row | {"Make": "SONY"} if at < 3 else row for at, row in enumerate(published.rows)]
    summary = take(published, tmp_path, rows)
    assert (summary.attributes["make"].unlike, summary.attributes["make"].compared) == (3, 24)
    assert summary.attributes["exposure"].unlike == 0
    assert "  3 of 24 rows are not what the table's values say" in summary.lines()


# Back again


def test_what_is_imported_is_exported_byte_by_byte(published, imported, tmp_path):
    summary = export_splits(imported, tmp_path / "out")
    for path in summary.files.values():
        assert path.read_bytes() == (published.folder / path.name).read_bytes()


def test_the_published_files_come_back_byte_by_byte(oracle, tmp_path):
    folder = oracle / "splits"
    files = [folder / file_name(attribute(name))
             for name in ("make", "model", "smartphone_model", "flash")]  # fmt: skip
    test = read_splits(files[1]).splits["test"].photo_ids  # with the 45 that leak
    table = tmp_path / "table.parquet"
    pl.DataFrame([row_of(photo, owner=f"{photo}@N00") for photo in test]).write_parquet(table)
    summary = import_splits([folder], table=table, corpus=tmp_path / "corpus")
    assert [(one.attribute, one.flaw, one.count) for one in summary.faults] == [
        ("model", "photo-in-two-splits", 45),
        ("model", "owner-in-two-splits", 45),
    ]
    assert summary.attributes["model"].without_photo == 44_000 - 8_800 - 45
    export_splits(tmp_path / "corpus", tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {path.name for path in files}
    for path in files:
        assert (tmp_path / "out" / path.name).read_bytes() == path.read_bytes()


def test_classes_that_no_photo_has_come_back_too(published, tmp_path):
    change(published.folder, "make", label_encoder_classes=["Canon", "NIKON", "Zeiss"])
    take(published, tmp_path)
    export_splits(tmp_path / "corpus", tmp_path / "out")
    name = file_name(attribute("make"))
    assert (tmp_path / "out" / name).read_bytes() == (published.folder / name).read_bytes()


# Leaks


def leak(published):
    """Let the first photo of test stand in train too, and an owner of test in validation."""
    told = change(published.folder, "make")
    change(published.folder, "make", train_ids=[told["test_ids"][0], *told["train_ids"][1:]])
    rows = {row["Flickr ID"]: row for row in published.rows}
    rows[told["val_ids"][0]]["owner"] = rows[told["test_ids"][3]]["owner"]
    return told


def test_leaks_are_imported_as_they_are_and_told(published, tmp_path):
    leak(published)
    summary = take(published, tmp_path)
    assert {(one.attribute, one.flaw) for one in summary.faults} >= {
        ("make", "photo-in-two-splits"), ("make", "owner-in-two-splits"),
    }  # fmt: skip
    assert any(line.startswith("FOUND make: photo") for line in summary.lines())
    assert inspect_splits([tmp_path / "corpus"])[0].leaks["train-test"] == {"Canon": 1}


def test_a_repair_keeps_test_and_drops_what_leaks(published, tmp_path):
    told = leak(published)
    summary = take(published, tmp_path, mend=True)
    assert summary.faults == ()
    dropped = summary.attributes["make"].dropped
    assert dropped.leaked == 1
    assert dropped.astride >= 1
    labels = pl.read_parquet(tmp_path / "corpus" / "labels.parquet")
    made = labels.filter(pl.col("attribute") == "make")
    assert made.height == 24 - dropped.leaked - dropped.astride - dropped.levelled
    test = made.filter(pl.col("split") == "test")
    assert test["photo_id"].to_list() == told["test_ids"]
    assert all(one.faults == () for one in inspect_splits([tmp_path / "corpus"]))
    assert any("dropped 1 rows of photos that stand elsewhere" in one for one in summary.lines())


def test_an_attribute_of_which_nothing_sound_is_left_is_left_out(published, tmp_path):
    rows = [row | {"owner": "one@N00"} for row in published.rows]
    change(published.folder, "make", test_ids=[], encoded_test_labels=[])
    change(published.folder, "make", encoded_val_labels=[0, 0, 0, 0])
    summary = take(published, tmp_path, rows, mend=True)
    told = json.loads((tmp_path / "corpus" / "labels.json").read_text(encoding="utf-8"))
    assert told["attributes"].keys() == {"make", "exposure"}
    assert told["attributes"]["make"]["classes"] == ["Canon"]
    assert summary.attributes["make"].rows == 4


ROW = st.fixed_dictionaries(
    {
        "attribute": st.sampled_from(["make", "iso"]),
        "photo_id": st.integers(1, 12),
        "owner_id": st.sampled_from([*"vwxyz", None]),
        "label": st.sampled_from("ab"),
        "split": st.sampled_from(["train", "validation", "test"]),
    }
)


@settings(max_examples=50)  # of twelve photos by five owners
@given(st.lists(ROW, min_size=1, max_size=40))
def test_whatever_is_repaired_is_sound(rows):
    owner = {row["photo_id"]: row["owner_id"] for row in rows}
    rows = [row | {"owner_id": owner[row["photo_id"]]} for row in rows]
    labels = pl.DataFrame(rows, schema_overrides={"owner_id": pl.String})
    mended, dropped = repair(labels, 0)
    assert prove(mended) == []
    assert mended.height == labels.height - sum(
        one.leaked + one.astride + one.levelled for one in dropped.values()
    )
    assert repair(mended, 0)[0].equals(mended)


# What later commands make of it


def test_a_metadata_release_is_built_and_whole(imported, tmp_path):
    build(imported, BuildPlan("1.0.0", kind="metadata"), out=tmp_path / "release")
    assert verify(tmp_path / "release") == []
    photos = pl.read_parquet(tmp_path / "release" / "photos" / "*.parquet")
    assert photos.height == 36
    assert set(photos["license"]) == {"LicenseRef-Unknown"}
    card = (tmp_path / "release" / "README.md").read_text(encoding="utf-8")
    assert "nothing was crawled" in card
    assert "Splits are owner-disjoint" not in card
    assert "`none` size" not in card


def test_leaks_of_a_release_are_found_by_verify(published, tmp_path):
    leak(published)
    take(published, tmp_path)
    build(tmp_path / "corpus", BuildPlan("1.0.0", kind="metadata"), out=tmp_path / "release")
    rules = {finding.rule for finding in verify(tmp_path / "release")}
    assert rules == {"photo-in-two-splits", "owner-in-two-splits"}


@pytest.mark.parametrize("kind", ["masked", "images"])
def test_pixels_of_unknown_licences_are_refused(imported, tmp_path, kind):
    with pytest.raises(UsageError, match="36 licence is unknown"):
        build(imported, BuildPlan("1.0.0", kind=kind), out=tmp_path / "release")


def test_it_has_a_status_and_takes_photos_down(imported, tmp_path):
    found = status(imported)
    assert (found.accepted, found.months) == (36, ())
    assert list(found.lines())
    takedown(imported, photos=[str(FIRST_ID)])
    assert status(imported).accepted == 35
    summary = export_splits(imported, tmp_path / "out")
    assert summary.removed == 1
    release = build(imported, BuildPlan("1.0.0", kind="metadata"), out=tmp_path / "release")
    assert release.lines()
    assert verify(tmp_path / "release") == []


def test_it_can_be_labelled_anew(imported):
    before = pl.read_parquet(imported / "photos.parquet")
    label(imported, preset="paper", min_photos=5, min_owners=2)
    assert pl.read_parquet(imported / "photos.parquet").equals(before)


def test_no_crawl_goes_on_in_it(imported):
    plan = Corpus.open(imported).plan
    with pytest.raises(UsageError, match="'imported' are of an imported corpus"):
        crawl(imported, plan, connection=Connection(api_key="0" * 32))


# Bad input


@pytest.mark.parametrize("column", COLUMNS)
def test_a_table_without_a_published_column_is_refused(published, tmp_path, column):
    rows = [{key: value for key, value in row.items() if key != column} for row in published.rows]
    with pytest.raises(UsageError, match=f"has no column '{column}'"):
        take(published, tmp_path, rows)
    assert not (tmp_path / "corpus").exists()


@pytest.mark.parametrize("bad", ["abc", "12.0", "", "-4", "0", "1e9", "99999999999999999999", "٤"])
def test_an_id_that_is_none_is_named_with_its_row(published, tmp_path, bad):
    rows = [row | {"Flickr ID": str(row["Flickr ID"])} for row in published.rows]
    rows[2]["Flickr ID"] = bad
    with pytest.raises(UsageError, match="column 'Flickr ID' of row 3: mend or drop that row"):
        take(published, tmp_path, rows)
    assert not (tmp_path / "corpus").exists()


def test_a_photo_of_two_owners_is_refused(published, tmp_path):
    rows = [*published.rows, published.rows[0] | {"owner": "other@N00"}]
    with pytest.raises(UsageError, match=f"two owners of photo {FIRST_ID}"):
        take(published, tmp_path, rows)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("table.txt", b"x", "is no table that can be read"),
        ("table.csv", b"", "cannot be read"),
        ("table.csv", b"\xff\xfe\x00\x01", "has no column|cannot be read"),
        ("table.jsonl", b"{nonsense", "cannot be read"),
        ("table.parquet", b"PAR1nonsense", "cannot be read"),
        ("table.parquet", None, "cannot be read"),
        ("table.csv", None, "cannot be read"),
    ],
)
def test_a_table_that_is_none_is_refused(published, tmp_path, name, content, words):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=words) as refused:
        import_splits([published.folder], table=tmp_path / name, corpus=tmp_path / "corpus")
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "corpus").exists()


def test_classes_that_are_no_numbers_are_refused(published, tmp_path):
    change(published.folder, "exposure", label_encoder_classes=["1/60", "quick", "1/100"])
    with pytest.raises(UsageError, match=r"'Exposure' has a class that is no number .*'quick'"):
        take(published, tmp_path)
    assert not (tmp_path / "corpus").exists()


def test_a_folder_that_exists_is_left_alone(published, tmp_path):
    (tmp_path / "corpus").mkdir()
    with pytest.raises(UsageError, match="exists and is not imported into"):
        take(published, tmp_path)
    assert not list((tmp_path / "corpus").iterdir())


def test_nothing_is_left_beside_a_corpus(imported):
    assert {path.name for path in imported.parent.iterdir()} == {
        "published", "table.csv", "corpus",
    }  # fmt: skip
    assert not list(imported.rglob("*.partial"))
