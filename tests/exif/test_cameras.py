"""Makers, models, and what is a smartphone."""

from __future__ import annotations

import csv
from collections import Counter

import polars as pl
import pytest

from flickrexif.exif.cameras import identify, identify_columns, makes, model_rules


@pytest.mark.parametrize(
    ("make", "model", "brand", "name"),
    [
        ("NIKON CORPORATION", "NIKON D750", "Nikon", "D750"),
        ("NIKON", "COOLPIX P7000", "Nikon", "COOLPIX P7000"),
        ("Canon", "Canon EOS 40D", "Canon", "EOS 40D"),
        ("Canon", "Canon", "Canon", "Canon"),
        ("samsung", "SM-G973F", "Samsung", "SM-G973F"),
        ("OLYMPUS OPTICAL CO.,LTD", "C2040Z", "Olympus", "C2040Z"),
        ("RICOH IMAGING COMPANY, LTD.", "PENTAX K-3", "Pentax", "K-3"),
        ("RICOH IMAGING COMPANY, LTD.", "RICOH GR III", "Ricoh", "GR III"),
        ("JK Imaging, Ltd.", "KODAK PIXPRO FZ201", "Kodak", "PIXPRO FZ201"),
        ("casio computer co., ltd", "EX-Z70", "Casio", "EX-Z70"),
        ("Nobody Ltd", "X1", None, "X1"),
        (None, "X1", None, "X1"),
        (None, None, None, None),
    ],
)
def test_names(make, model, brand, name):
    camera = identify(make, model)
    assert (camera.make, camera.model) == (brand, name)


@pytest.mark.parametrize(
    ("make", "model", "verdict"),
    [
        ("Apple", "iPhone 13 mini", True),
        ("Apple", "iPad Pro", False),
        ("Apple", "Something new", None),
        ("Google", "Pixel 4", True),
        ("samsung", "SM-A515F", True),
        ("samsung", "SM-T510", False),
        ("SAMSUNG", "NX300", False),
        ("SAMSUNG", "SAMSUNG-SGH-X1", None),
        ("Sony", "XQ-AT51", True),
        ("SONY", "ILCE-7M3", False),
        ("HUAWEI", "ELE-L29", True),
        ("Canon", "Canon EOS R5", False),
        ("OnePlus", "HD1903", True),
        ("NIKON CORPORATION", None, False),
        ("Nokia", "6230", None),
        ("Unheard", "of", None),
    ],
)
def test_verdicts(make, model, verdict):
    assert identify(make, model).is_smartphone is verdict


def test_precision_and_recall(oracle):
    """Precision 0.99 at least both ways; what is found is told in the message."""
    tally = Counter()
    with (oracle / "exif" / "device_truth.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["device"] != "unknown":
                verdict = identify(row["make"] or None, row["model"] or None).is_smartphone
                tally[row["device"] == "smartphone", verdict] += 1
    phones = tally[True, True] / (tally[True, True] + tally[False, True])
    others = tally[False, False] / (tally[False, False] + tally[True, False])
    recall = tally[True, True] / sum(tally[True, verdict] for verdict in (True, False, None))
    told = sum(tally[False, verdict] for verdict in (True, False, None))
    assert phones >= 0.99, tally
    assert others >= 0.99, tally
    assert recall >= 0.95, tally
    assert tally[False, False] / told >= 0.9, tally


def test_frequent_makes_are_known(oracle):
    with (oracle / "exif" / "make_variants_observed.csv").open(
        encoding="utf-8", newline=""
    ) as file:
        rows = list(csv.DictReader(file))
    known = sum(int(row["n_files"]) for row in rows if identify(row["make_in_exif"], None).make)
    assert known / sum(int(row["n_files"]) for row in rows) > 0.95
    for row in rows:
        ours, theirs = identify(row["make_in_exif"], None).make, row["lensfun_canonical"]
        if ours and theirs and "/" not in theirs:
            assert ours == theirs, row


def test_the_tables_are_sound():
    assert {make.kind for make in makes().values()} == {"camera", "phone", "mixed"}
    mixed = {make.canonical for make in makes().values() if make.kind == "mixed"}
    assert set(model_rules()) <= mixed


def test_columns_keep_rows_and_order():
    frame = pl.DataFrame(
        {"make": ["Canon", None, "Apple", "Canon"], "model": ["Canon R5", None, "iPhone X", None]},
    ).with_row_index("place")
    got = identify_columns(frame)
    assert got["place"].to_list() == [0, 1, 2, 3]
    assert got["make_canonical"].to_list() == ["Canon", None, "Apple", "Canon"]
    assert got["is_smartphone"].to_list() == [False, None, True, False]
