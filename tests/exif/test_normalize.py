"""The print rule, and one photo by two ways."""

from __future__ import annotations

from dataclasses import asdict

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flickrexif.exif import RawRecord, parse_exif_answer
from flickrexif.exif.flash import FLASH_FIRED, FLASH_WORDS
from flickrexif.exif.normalize import RECORD_SCHEMA, normalize, print_decimal
from flickrexif.sandbox import Catalogue

LABELS = ("make", "model", "exposure", "aperture", "iso_speed", "focal_length", "flash")
WHOLE = st.integers(1, 2**32 - 1)
PLAUSIBLE = st.tuples(st.integers(1, 30_000), st.sampled_from([1, 10, 16, 20, 100, 256, 1000]))
RATIOS = st.one_of(
    PLAUSIBLE, st.tuples(st.just(1), st.integers(1, 64_000)), st.tuples(WHOLE, WHOLE)
)


def table(*records):
    return normalize(pl.DataFrame([asdict(one) for one in records], schema=RECORD_SCHEMA))


def of_file(**fields):
    return table(RawRecord(source="file", **fields)).row(0, named=True)


def of_answer(**fields):
    return table(RawRecord(source="api", **fields)).row(0, named=True)


def rounded(ratio):
    return float(f"{ratio[0] / ratio[1]:.10g}")


def c_exposure(seconds):
    if 0 < seconds < 0.25001:
        return f"1/{int(0.5 + 1 / seconds)}"
    return f"{seconds:.1f}".removesuffix(".0")


def c_f_number(f_number):
    return f"{f_number:.2f}" if f_number < 1 else f"{f_number:.1f}"


@settings(max_examples=60, deadline=None)
@given(st.lists(RATIOS, min_size=50, max_size=400))
def test_rationals_print_as_exiftool_prints_them(ratios):
    ratios = [ratio for ratio in ratios if 1e-6 < ratio[0] / ratio[1] < 1e6]
    records = [
        RawRecord("file", exposure_num=n, exposure_den=d, aperture_num=n, aperture_den=d,
                  focal_length_num=n, focal_length_den=d)
        for n, d in ratios
    ]  # fmt: skip
    if not records:
        return
    got = table(*records)
    values = [rounded(ratio) for ratio in ratios]
    assert got["exposure"].to_list() == [c_exposure(value) for value in values]
    assert got["aperture"].to_list() == [c_f_number(value) for value in values]
    assert got["focal_length"].to_list() == [f"{value:.1f} mm" for value in values]
    assert got["f_number"].to_list() == [n / d for n, d in ratios]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=200), st.integers(1, 3))
def test_decimals_round_as_c_rounds(values, decimals):
    got = pl.DataFrame({"value": values}).select(print_decimal(pl.col("value"), decimals))
    assert got["value" if "value" in got.columns else got.columns[0]].to_list() == [
        f"{value:.{decimals}f}" for value in values
    ]


@pytest.mark.parametrize(
    ("value", "text"), [(1.25, "1.2"), (0.05, "0.1"), (1.15, "1.1"), (0.25, "0.2"), (0.75, "0.8")]
)
def test_ties_and_near_ties(value, text):
    assert pl.select(print_decimal(pl.lit(value), 1)).item() == text


@settings(max_examples=60, deadline=None)
@given(RATIOS, RATIOS, RATIOS, st.integers(1, 409_600), st.sampled_from(sorted(FLASH_WORDS)))
def test_file_and_answer_give_the_same_labels(exposure, aperture, focal_length, iso, flash):
    file = of_file(
        make="Canon",
        model="Canon EOS 40D",
        exposure_num=exposure[0],
        exposure_den=exposure[1],
        aperture_num=aperture[0],
        aperture_den=aperture[1],
        focal_length_num=focal_length[0],
        focal_length_den=focal_length[1],
        iso=iso,
        flash=flash,
        date_time_original="2020:02:03 04:05:06",
    )
    answer = of_answer(
        make="Canon",
        model="Canon EOS 40D",
        exposure_text=c_exposure(rounded(exposure)),
        aperture_text=c_f_number(rounded(aperture)),
        focal_length_text=f"{rounded(focal_length):.1f} mm",
        iso_text=str(iso),
        flash_text=FLASH_WORDS[flash],
        date_time_original="2020:02:03 04:05:06",
    )
    plausible = all(1e-5 < n / d < 1e6 for n, d in (exposure, aperture, focal_length))
    big_enough = aperture[0] / aperture[1] >= 0.1 and focal_length[0] / focal_length[1] >= 0.1
    if plausible and big_enough:
        assert [file[name] for name in (*LABELS, "year")] == [
            answer[name] for name in (*LABELS, "year")
        ]


def test_the_sandbox_says_the_same_in_its_answers_and_in_its_files():
    catalogue = Catalogue(3, photos=400, owners=30)
    photos = [photo for photo in catalogue if photo.camera and photo.settings and photo.has_exif]
    answers = [
        parse_exif_answer(
            {
                "photo": {
                    "exif": [
                        {"tagspace": row[0], "tag": row[2], "raw": {"_content": row[4]}}
                        for row in map(_plain, catalogue.exif_tags(photo))
                    ]
                }
            }
        )
        for photo in photos
    ]
    files = [
        RawRecord(
            source="file",
            make=photo.camera.make,
            model=photo.camera.model,
            exposure_num=photo.settings.exposure[0],
            exposure_den=photo.settings.exposure[1],
            aperture_num=photo.settings.f_number[0],
            aperture_den=photo.settings.f_number[1],
            focal_length_num=photo.settings.focal_length[0],
            focal_length_den=photo.settings.focal_length[1],
            iso=photo.settings.iso,
            flash=photo.settings.flash,
        )
        for photo in photos
    ]
    assert len(photos) > 100
    assert table(*answers).select(LABELS).equals(table(*files).select(LABELS))


def _plain(row):
    return row if isinstance(row, tuple) else tuple(getattr(row, name) for name in row.__slots__)


def test_ten_digits_come_before_the_fraction():  # as exiftool; the exact value is 1/652.5
    got = of_file(exposure_num=12, exposure_den=7830)
    assert (got["exposure"], got["exposure_seconds"]) == ("1/652", 12 / 7830)


@pytest.mark.parametrize(
    ("text", "label", "seconds"),
    [
        ("1/60", "1/60", 1 / 60),
        ("10/600", "1/60", 1 / 60),
        ("0.5", "0.5", 0.5),
        ("30", "30", 30.0),
        ("1.0", "1", 1.0),
        ("0", None, None),
        ("0/0", None, None),
        ("undef", None, None),
        ("1/0", None, None),
        ("-1/60", None, None),
        ("1/60 s and more", None, None),
    ],
)
def test_exposure_texts(text, label, seconds):
    got = of_answer(exposure_text=text)
    assert (got["exposure"], got["exposure_seconds"]) == (label, seconds)


@pytest.mark.parametrize(
    ("text", "label"),
    [("5.6", "5.6"), ("4", "4.0"), ("0.95", "0.95"), ("0", None), ("0.0", None), ("inf", None)],
)
def test_aperture_texts(text, label):
    assert of_answer(aperture_text=text)["aperture"] == label


@pytest.mark.parametrize(
    ("text", "label"),
    [("100", "100"), ("100, 200", "100"), ("200 0", "200"), ("100.0", "100"), ("0", None),
     ("Auto", None), ("100abc", None)],
)  # fmt: skip
def test_iso_texts(text, label):
    assert of_answer(iso_text=text)["iso_speed"] == label


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"flash": 16}, "Off, Did not fire"),
        ({"flash": 2}, None),
        ({"flash_text": "On, Fired"}, "On, Fired"),
        ({"flash_text": "Unknown (0x2)"}, None),
        ({}, None),
    ],
)
def test_flash(fields, words):
    assert of_answer(**fields)["flash"] == words


def test_what_fired():
    fired = {words for words, did in FLASH_FIRED.items() if did}
    assert {"Fired", "On, Fired", "Auto, Fired", "On, Red-eye reduction"} <= fired
    assert not {"No Flash", "On, Did not fire", "Off, Red-eye reduction"} & fired


@pytest.mark.parametrize(
    ("text", "year"),
    [
        ("2011:03:08 16:23:00", 2011),
        ("0000:00:00 00:00:00", None),
        ("2004/05/09 10:00:00", None),
        ("05.10.2009 11:16", None),
        ("1970:01:01 00:00:00", None),
        (None, None),
    ],
)
def test_years(text, year):
    assert of_file(date_time_original=text)["year"] == year


def test_lazy_frames_and_other_columns_pass():
    raw = pl.DataFrame([asdict(RawRecord("file", make="Canon"))], schema=RECORD_SCHEMA)
    lazy = normalize(raw.with_columns(photo_id=7).lazy()).collect()
    assert lazy["photo_id"].to_list() == [7]
    assert "exposure_num" not in lazy.columns
