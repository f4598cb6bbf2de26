"""Names of makers and models; what is a smartphone is in test_smartphones.py."""

from __future__ import annotations

import csv
import subprocess
import sys
from importlib import metadata

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from flickrexif.exif.camera_tables import read_table
from flickrexif.exif.cameras import identify, identify_columns, makers, model_names
from flickrexif.exif.lensfun import camera_database_version, lensfun_cameras
from flickrexif.exif.smartphones import maker_verdicts
from flickrexif.exif.spelling import fold_make, fold_model, without_brand


@pytest.mark.parametrize(
    ("make", "model", "brand", "name"),
    [
        ("NIKON CORPORATION", "NIKON D750", "Nikon", "D750"),
        ("NIKON CORP.", "NIKON D750", "Nikon", "D750"),
        ("NIKON", "E990", "Nikon", "Coolpix 990"),
        ("NIKON", "COOLPIX S9900", "Nikon", "COOLPIX S9900"),
        ("Canon", "Canon EOS 300D DIGITAL", "Canon", "EOS 300D"),
        ("Canon", "Canon EOS REBEL T2i", "Canon", "EOS Rebel T2i"),
        ("Canon", "Canon", "Canon", "Canon"),
        ("SONY", "ILCE-7M3", "Sony", "Alpha 7 III"),
        ("samsung", "SM-G973F", "Samsung", "SM-G973F"),
        ("SAMSUNG", "SAMSUNG-SM-N900A", "Samsung", "SM-N900A"),
        ("FUJIFILM", "FinePixS2Pro", "Fujifilm", "FinePix S2 Pro"),
        ("FUJI PHOTO FILM CO., LTD.", "SP-2000", "Fujifilm", "SP-2000"),
        ("OLYMPUS OPTICAL CO.,LTD", "C2040Z", "Olympus", "C-2040 Zoom"),
        ("OLYMPUS OPTICAL CO.,LTD", "C860L,D360L", "Olympus", "C860L,D360L"),
        ("OLYMPUS CORPORATION", "E-M10MarkIII", "Olympus", "E-M10 III"),
        ("OLYMPUS CORPORATION", "E-M10 Mark III", "Olympus", "E-M10 III"),
        ("RICOH IMAGING COMPANY, LTD.", "PENTAX K-3", "Pentax", "K-3"),
        ("RICOH IMAGING COMPANY, LTD.", "RICOH GR III", "Ricoh", "GR III"),
        ("JK Imaging, Ltd.", "KODAK PIXPRO FZ201", "Kodak", "PIXPRO FZ201"),
        ("KYOCERA", "CONTAX i4R", "Contax", "i4R"),
        ("HMD Global", "Nokia 8.3 5G", "Nokia", "8.3 5G"),
        ("casio computer co., ltd", "EX-Z70", "Casio", "EX-Z70"),
        ("LEICA CAMERA AG", "LEICA Q (Typ 116)", "Leica", "Q (Typ 116)"),
        ("Apple", "iPhone 13 mini", "Apple", "iPhone 13 mini"),
        ("Nobody Ltd", "X1", None, "X1"),
        ("NIKON CORPOÍATION", "NIKON D70", None, "NIKON D70"),
        ("Ltd.", "X1", None, "X1"),
        ("...", "X1", None, "X1"),
        (None, "X1", None, "X1"),
        (None, None, None, None),
    ],
)
def test_names(make, model, brand, name):
    camera = identify(make, model)
    assert (camera.make, camera.model) == (brand, name)


@pytest.mark.parametrize(
    ("make", "model", "flickr_name", "brand", "name"),
    [
        ("NIKON CORPORATION", "NIKON D750", "Nikon D750", "Nikon", "D750"),
        ("samsung", "SM-G900F", "Samsung Galaxy S5", "Samsung", "Galaxy S5"),
        ("SONY", "ILCE-7M3", "Sony a7 III", "Sony", "Alpha 7 III"),
        ("samsung", "SM-G900F", "Nokia 3310", "Samsung", "SM-G900F"),
        ("samsung", "SM-G900F", "Samsung", "Samsung", "SM-G900F"),
        ("NIKON CORPOÍATION", "NIKON D70", "Nikon D70", "Nikon", "D70"),
        ("Nobody Ltd", "X1", "Nobody X1", None, "X1"),
        (None, None, "Konica Minolta Z1", "Konica Minolta", None),
    ],
)
def test_flickrs_name_fills_gaps_and_overrules_nothing(make, model, flickr_name, brand, name):
    camera = identify(make, model, flickr_name=flickr_name)
    assert (camera.make, camera.model) == (brand, name)


def test_columns_keep_rows_and_order():
    frame = pl.DataFrame(
        {"make": ["Canon", None, "Apple", "Canon"], "model": ["Canon R5", None, "iPhone X", None]},
    ).with_row_index("place")
    got = identify_columns(frame)
    assert got.columns == [*frame.columns, "make_canonical", "model_canonical", "is_smartphone"]
    assert got["place"].to_list() == [0, 1, 2, 3]
    assert got["make_canonical"].to_list() == ["Canon", None, "Apple", "Canon"]
    assert got["is_smartphone"].to_list() == [False, None, True, False]


def test_all_rows_of_a_pair_get_the_most_frequent_name_of_flickr():
    told = ["Samsung B", None, "Samsung C", "Samsung C", "Samsung B", "", "Samsung D"]
    frame = pl.DataFrame({"make": "samsung", "model": "SM-G900F", "camera": told})
    for order in (frame, frame.reverse(), frame.lazy()):
        got = identify_columns(order).lazy().collect()
        assert got["model_canonical"].to_list() == ["B"] * len(told)  # ties go by letters


def test_an_empty_name_is_no_name_however_frequent():
    told = ["", "", "Samsung B", ""]
    frame = pl.DataFrame({"make": "samsung", "model": "SM-G900F", "camera": told})
    assert identify_columns(frame)["model_canonical"].to_list() == ["B"] * len(told)


TEXTS = st.none() | st.sampled_from(["", "Canon", "samsung", "SM-G900F", "Samsung S5", "iPhone 6"])
ROWS = st.lists(st.tuples(TEXTS, TEXTS, TEXTS), max_size=12)


@given(ROWS, st.randoms(use_true_random=False))
def test_lazy_equals_eager_whatever_the_order(rows, random):
    columns = pl.Schema({"make": pl.String, "model": pl.String, "camera": pl.String})
    frame = pl.DataFrame(rows, schema=columns, orient="row").with_row_index("place")
    eager = identify_columns(frame)
    lazy = identify_columns(frame.lazy()).collect(engine="streaming")
    assert_frame_equal(eager, lazy)
    assert_frame_equal(eager.select(frame.columns), frame)
    places = random.sample(range(len(rows)), len(rows))
    assert_frame_equal(identify_columns(frame[places]), eager[places])


@given(st.none() | st.text(), st.none() | st.text(), st.none() | st.text())
def test_any_text_is_named_or_unknown(make, model, flickr_name):
    camera = identify(make, model, flickr_name=flickr_name)
    assert camera.make in {None, *maker_verdicts()}
    assert camera.make is not None or camera.is_smartphone is None
    assert (camera.model is None) == (model is None)


@given(st.sampled_from(lensfun_cameras()))
def test_names_do_not_depend_on_case(camera):
    upper = identify(camera.make.upper(), camera.model.upper())
    lower = identify(camera.make.lower(), camera.model.lower())
    assert (upper.make, upper.is_smartphone) == (lower.make, lower.is_smartphone)
    if (upper.make, fold_model(without_brand(camera.model, upper.make))) in model_names():
        assert upper.model == lower.model


def test_the_database_is_read_without_native_code():
    """lensfunpy's own functions name cameras in the language of the process."""
    code = (
        "import sys; from flickrexif.exif.cameras import identify; "
        "print(identify('NIKON', 'E990').model, 'lensfunpy' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    assert run.stdout.split("\n")[0] == "Coolpix 990 False"


def test_the_database_tells_its_version():
    assert camera_database_version() == f"lensfunpy {metadata.version('lensfunpy')}"


def test_every_maker_has_one_row_and_every_row_a_maker():
    rows = list(read_table("makers.csv"))
    assert len({fold_make(row["maker"]) for row in rows}) == len(rows)
    assert set(makers().values()) == set(maker_verdicts())
    assert all(row["source"] for row in rows)


def test_aliases_are_unique_sourced_and_needed():
    rows = list(read_table("makes.csv"))
    keys = [fold_make(row["alias"]) for row in rows]
    assert all(keys)
    assert sorted(keys) == sorted(set(keys))
    assert all(row["source"] for row in rows)
    by_lensfun = {}
    for camera in lensfun_cameras():
        by_lensfun.setdefault(fold_make(camera.make), set()).add(camera.maker)
    needless = [
        r["alias"] for r, key in zip(rows, keys, strict=True) if by_lensfun.get(key) == {r["maker"]}
    ]
    assert needless == []


def test_observed_makes(oracle):
    path = oracle / "exif" / "make_variants_observed.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    known = sum(int(row["n_files"]) for row in rows if identify(row["make_in_exif"], None).make)
    share = known / sum(int(row["n_files"]) for row in rows)
    print(f"\nmakes known: {share:.1%} of files")
    assert share > 0.97
    for row in rows:
        ours, theirs = identify(row["make_in_exif"], None).make, row["lensfun_canonical"]
        if ours and theirs and "/" not in theirs:
            assert ours == theirs, row
