"""Real files of many cameras against exiftool's reading of them."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import asdict

import polars as pl
import pytest

from flickrexif.exif import RawRecord, needs_more, read_exif
from flickrexif.exif.flash import FLASH_WORDS
from flickrexif.exif.normalize import RECORD_SCHEMA, normalize

TRUTH_COLUMNS = {
    "make": "make",
    "model": "model",
    "exposure": "exposure_time_print",
    "aperture": "f_number_print",
    "iso_speed": "iso",
    "focal_length": "focal_length_print",
    "flash": "flash_print",
}
ZEROS = {"0", "0.0 mm"}
"""What exiftool prints for a zero; here it is unknown."""
MISSING_ALLOWED = 1
"""Per tag: one file keeps its EXIF behind the bytes that are stored of it."""


def truths(oracle):
    with (oracle / "exif" / "truth.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["gt_solid"] == "true"]


def content(oracle, row):
    return (oracle / "exif" / "files" / row["name"]).read_bytes()


def wanted(row, name):
    text = row[TRUTH_COLUMNS[name]]
    if name == "flash" and text.startswith("Unknown ("):  # two values: the first one counts
        return FLASH_WORDS[int(text.removeprefix("Unknown (").split()[0])]
    return None if text in ZEROS or not text else text


def labels(records):
    return normalize(pl.DataFrame([asdict(one) for one in records], schema=RECORD_SCHEMA))


def test_labels_are_exiftools(oracle):
    rows = truths(oracle)
    table = labels([read_exif(content(oracle, row)) for row in rows])
    score = {name: Counter() for name in TRUTH_COLUMNS}
    wrong = []
    for row, got in zip(rows, table.iter_rows(named=True), strict=True):
        for name, tally in score.items():
            want = wanted(row, name)
            kind = "equal" if got[name] == want else "missing" if got[name] is None else "wrong"
            tally[kind] += 1
            if kind == "wrong":
                wrong.append((row["name"], name, want, got[name]))
    card = "\n".join(f"{name}: {dict(tally)}" for name, tally in score.items())
    assert len(rows) > 250
    assert not wrong, f"{wrong}\n{card}"
    assert all(tally["missing"] <= MISSING_ALLOWED for tally in score.values()), card


def test_exact_values_are_exiftools(oracle):
    rows = truths(oracle)
    table = labels([read_exif(content(oracle, row)) for row in rows])
    pairs = {"exposure_seconds": "exposure_time", "f_number": "f_number"}
    for name, column in pairs.items():
        for row, got in zip(rows, table[name], strict=True):
            if got is not None:
                assert got == pytest.approx(float(row[column]), rel=1e-9), row["name"]


def test_dates_are_exiftools(oracle):
    rows = truths(oracle)
    records = [read_exif(content(oracle, row)) for row in rows]
    for row, record in zip(rows, records, strict=True):
        if record.date_time_original:
            assert record.date_time_original == row["datetime_original"].strip()


@pytest.mark.parametrize("size", [512, 4096, 65536])
def test_a_head_never_says_otherwise_and_knows_what_it_needs(oracle, size):
    for row in truths(oracle):
        data = content(oracle, row)
        whole, head = read_exif(data), data[:size]
        for name, value in asdict(read_exif(head)).items():
            assert value in (None, getattr(whole, name)), row["name"]
        for _ in range(4):
            reach = needs_more(head)
            if reach is None:
                break
            assert reach > len(head)
            head = data[:reach]
        assert read_exif(head) == whole, row["name"]


def test_most_heads_of_64_kib_are_enough_at_once(oracle):
    rows = [row for row in truths(oracle) if row["type"] == "JPEG"]
    datas = [content(oracle, row) for row in rows]
    enough = sum(read_exif(data[:65536]) == read_exif(data) for data in datas)
    assert enough >= 0.98 * len(datas)


def test_nothing_personal_is_in_a_record():
    words = ("gps", "serial", "owner", "artist", "copyright", "software", "host")
    assert not [name for name in asdict(RawRecord("file")) if any(w in name for w in words)]
