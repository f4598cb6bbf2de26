"""Every photo is labelled or not, for one reason, per attribute."""

from __future__ import annotations

import json
from collections import Counter

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_corpora import ACCEPTED

from flickrexif.corpus.schema import PHOTOS
from flickrexif.exif import RawRecord
from flickrexif.labels.attributes import attribute, attributes_under
from flickrexif.labels.coverage import TAGS, why_unlabelled, with_tags
from flickrexif.labels.label import label_photos
from flickrexif.labels.photos import photos_table
from flickrexif.labels.select import Rules

AUTO = Rules("auto", min_photos=20, min_owners=4)


def accepted_of(records):
    rows = [
        (number, f"https://www.flickr.test/{number}", f"o{number % 25}", None, 4, None, 0,
         "2020-01", None, record.source, record.to_json())
        for number, record in enumerate(records)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=ACCEPTED, orient="row")


def tagged(records):
    accepted = accepted_of(records)
    return with_tags(photos_table(accepted, []), accepted)


def reasons(name, records, *, preset="auto", bins=None):
    one = {one.name: one for one in attributes_under(preset, bins or {})}[name]
    why = pl.when(one.expression.is_null()).then(why_unlabelled(one, is_tagged=True))
    return tagged(records).select(why=why)["why"].to_list()


def file(**fields):
    return RawRecord(source="file", **fields)


def test_every_source_column_has_its_tags():
    columns = {one.source_column for one in attributes_under("auto", {})}
    columns |= {
        one.source_column for one in attributes_under("auto", {"focal_length": "35mm-common"})
    }
    assert columns == set(TAGS)
    assert columns <= set(PHOTOS.names)


@pytest.mark.parametrize(
    ("name", "record", "reason"),
    [
        ("exposure", file(), "no tag"),
        ("exposure", file(exposure_num=0, exposure_den=1), "zero or unreadable value"),
        ("exposure", file(exposure_num=1, exposure_den=0), "zero or unreadable value"),
        ("exposure", file(exposure_text="bulb"), "zero or unreadable value"),
        ("exposure", file(exposure_num=1, exposure_den=60), None),
        ("iso", file(iso=0), "zero or unreadable value"),
        ("iso", file(iso_text="400"), None),
        ("focal_length", file(focal_length_num=0, focal_length_den=1), "zero or unreadable value"),
        ("flash", file(flash_text="a candle"), "zero or unreadable value"),
        ("flash", file(flash=0x10), None),
        ("year", file(date_time_original="0000:00:00 00:00:00"), "zero or unreadable value"),
        ("make", file(model="X"), "no tag"),
        ("make", file(make="Nobody & Sons"), "unknown maker"),
        ("model", file(make="Canon"), "no tag"),
        ("model", file(model="X"), "unknown maker"),
        ("smartphone_model", file(make="NIKON CORPORATION", model="NIKON D90"), "no smartphone"),
        ("smartphone_model", file(make="Nobody & Sons", model="X"), "unknown device"),
        ("is_smartphone", file(make="Nobody & Sons", model="X"), "unknown device"),
        ("is_smartphone", file(), "no tag"),
        ("is_smartphone", file(make="Apple", model="iPhone X"), None),
    ],
)  # fmt: skip
def test_reasons(name, record, reason):
    assert reasons(name, [record]) == [reason]


def test_reasons_of_the_paper_preset_and_of_bins():
    sony = file(make="SONY", model="ILCE-7M3")
    kodak = file(make="EASTMAN KODAK COMPANY", model="KODAK Z712 IS ZOOM DIGITAL CAMERA")
    samsung, phone = file(make="samsung", model="SM-G973F"), file(make="Apple", model="iPhone X")
    of_both = "maker of smartphones and cameras"
    records = [sony, kodak, samsung, phone]
    assert reasons("is_smartphone", records, preset="paper") == [of_both, of_both, of_both, None]
    assert reasons("is_smartphone", records) == [None] * 4
    red_eye = [file(flash=0x41), file(flash=0x01)]
    assert reasons("flash", red_eye, preset="paper") == ["not among the published words", None]
    slow = [file(exposure_num=600, exposure_den=1), file(exposure_num=1, exposure_den=61)]
    outside = ["outside the bins", None]
    assert reasons("exposure", slow, bins={"exposure": "third-stop"}) == outside


RECORDS = st.builds(
    RawRecord,
    source=st.just("file"),
    make=st.sampled_from([None, "Canon", "Apple", "Nobody"]),
    model=st.sampled_from([None, "iPhone X", "Canon EOS 5D"]),
    exposure_num=st.sampled_from([None, 0, 1]),
    exposure_den=st.sampled_from([60, 125]),
    iso=st.sampled_from([None, 0, 100, 200, 777]),
    flash=st.sampled_from([None, 0x10, 0x01, 0x33]),
    date_time_original=st.sampled_from([None, "", "2020:01:01 00:00:00", "2021:01:01 00:00:00"]),
)


@settings(max_examples=12)  # of 120 records in the mean
@given(st.lists(RECORDS, min_size=60, max_size=400), st.data())
def test_the_counts_add_up_to_the_photos_and_are_those_of_the_rows(records, data):
    photos = tagged(records)
    copies = data.draw(st.sets(st.integers(1, len(records) - 1), max_size=5))
    of = [0 if number in copies else None for number in range(len(records))]
    photos = photos.with_columns(duplicate_of=pl.Series(of, dtype=pl.Int64))
    labels, summary = label_photos(photos, AUTO, 0)
    told = summary.as_json()
    assert list(told["coverage"]) == [one.name for one in attributes_under("auto", {})]
    for name, coverage in told["coverage"].items():
        unlabelled = coverage["unlabelled"]
        rows = labels.filter(pl.col("attribute") == name).height
        assert coverage["labelled"] == rows
        assert rows + sum(unlabelled.values()) == len(records)
        assert unlabelled.get("copy of another photo", 0) == len(copies)
        assert list(unlabelled.values()) == sorted(unlabelled.values(), reverse=True)
        assert 0 not in unlabelled.values()
        dropped = told["left_out_classes"].get(name) or (
            told["attributes"].get(name, {}).get("dropped_classes", {})
        )
        sizes = sum(size["photos"] for size in dropped.values())
        assert unlabelled.get("of a dropped class", 0) == sizes
        kept = told["attributes"].get(name, {}).get("kept_classes", {})
        if kept:
            spare = sum(size["photos"] for size in kept.values()) - rows
            assert unlabelled.get("more than the class needs", 0) == spare
    no_iso = Counter(
        "no tag" if record.iso is None else "zero or unreadable value"
        for number, record in enumerate(records)
        if number not in copies and not record.iso
    )
    found = told["coverage"]["iso"]["unlabelled"]
    assert {reason: found.get(reason, 0) for reason in no_iso} == no_iso
    assert json.loads(json.dumps(told)) == told


def test_a_table_without_tags_tells_less(simulated):
    blank = simulated.with_columns(exposure=pl.lit(None, pl.String))
    _, summary = label_photos(blank, AUTO, 0)
    found = summary.each["exposure"].coverage.unlabelled
    assert found == {"no tag, or an unreadable value": blank.height}
    assert attribute("exposure").source_column == "exposure"
