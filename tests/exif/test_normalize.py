"""One photo by two ways, and what is not a value."""

from __future__ import annotations

from dataclasses import asdict, replace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flickrexif.exif import RawRecord, parse_exif_answer
from flickrexif.exif.flash import FLASH_FIRED, FLASH_WORDS
from flickrexif.exif.normalize import RECORD_SCHEMA, normalize
from flickrexif.sandbox import Catalogue

LABELS = ("make", "model", "exposure", "aperture", "iso_speed", "focal_length", "flash", "year")
LARGEST = 2**32 - 1
WHOLE = st.integers(1, LARGEST)
PLAUSIBLE = st.tuples(st.integers(1, 30_000), st.sampled_from([1, 10, 16, 20, 100, 256, 1000]))
RATIOS = st.one_of(
    st.tuples(st.none(), st.none()),
    PLAUSIBLE,
    st.tuples(st.just(1), st.integers(1, 64_000)),
    st.tuples(WHOLE, WHOLE),
    st.tuples(st.integers(0, LARGEST), st.integers(0, 3)),
)


def table(*records):
    return normalize(pl.DataFrame([asdict(one) for one in records], schema=RECORD_SCHEMA))


def of_file(**fields):
    return table(RawRecord(source="file", **fields)).row(0, named=True)


def of_answer(**fields):
    return table(RawRecord(source="api", **fields)).row(0, named=True)


# What exiftool prints of a tag, whatever it holds


def perl_number(numerator, denominator):
    """exiftool's value of a rational: ten digits, or a word."""
    if not denominator:
        return "inf" if numerator else "undef"
    return f"{numerator / denominator:.10g}"


def exiftool_exposure(numerator, denominator):
    text = perl_number(numerator, denominator)
    if not denominator:
        return text
    value = float(text)
    if 0 < value < 0.25001:
        return f"1/{int(0.5 + 1 / value)}"
    return f"{value:.1f}".removesuffix(".0")


def exiftool_f_number(numerator, denominator):
    text = perl_number(numerator, denominator)
    if not denominator or not numerator:
        return text
    return f"{float(text):.2f}" if float(text) < 1 else f"{float(text):.1f}"


def exiftool_focal_length(numerator, denominator):
    text = perl_number(numerator, denominator)
    return f"{float(text) if denominator else 0:.1f} mm"


def exiftool_flash(codes):
    if len(codes) > 1:
        return f"Unknown ({' '.join(map(str, codes))})"
    return FLASH_WORDS.get(codes[0], f"Unknown (0x{codes[0]:x})")


TAGS = st.fixed_dictionaries(
    {
        "make": st.sampled_from([None, "Canon", "NIKON CORPORATION"]),
        "model": st.sampled_from([None, "Canon EOS 40D"]),
        "exposure": RATIOS,
        "aperture": RATIOS,
        "focal_length": RATIOS,
        "iso": st.lists(st.one_of(st.integers(0, 65535), WHOLE), max_size=2),
        "flash": st.lists(
            st.one_of(st.sampled_from(sorted(FLASH_WORDS)), st.integers(0, 65535)), max_size=2
        ),
        "date_time_original": st.one_of(
            st.none(), st.text("0123456789:/. ", max_size=19),
            st.datetimes().map(lambda at: f"{at:%Y:%m:%d %H:%M:%S}"),
        ),
    }
)  # fmt: skip
PHOTOS = st.lists(TAGS, min_size=1, max_size=3) | st.lists(TAGS, min_size=40, max_size=60)
"""Few photos or many: a query of the whole normalisation costs the same for either."""
PRINTS = {"exposure": exiftool_exposure, "aperture": exiftool_f_number,
          "focal_length": exiftool_focal_length}  # fmt: skip


def from_file(tags):
    fields = {name: tags[name] for name in ("make", "model", "date_time_original")}
    for name in PRINTS:
        numerator, denominator = tags[name]
        if numerator and denominator:
            fields |= {f"{name}_num": numerator, f"{name}_den": denominator}
    return RawRecord("file", iso=first(tags["iso"]) or None, flash=first(tags["flash"]), **fields)


def from_answer(tags):
    fields = {name: tags[name] for name in ("make", "model", "date_time_original")}
    for name, prints in PRINTS.items():
        if tags[name][0] is not None:
            fields[f"{name}_text"] = prints(*tags[name])
    if tags["iso"]:
        fields["iso_text"] = ", ".join(map(str, tags["iso"]))
    if tags["flash"]:
        fields["flash_text"] = exiftool_flash(tags["flash"])
    return RawRecord("api", **fields)


def first(values):
    return values[0] if values else None


@settings(max_examples=35)  # of 25 photos in the mean
@given(PHOTOS)
def test_file_and_answer_give_the_same_labels(photos):
    files = table(*map(from_file, photos)).select(LABELS)
    answers = table(*map(from_answer, photos)).select(LABELS)
    assert answers.rows() == files.rows()


@settings(max_examples=25)  # of 25 photos in the mean
@given(PHOTOS)
def test_labels_printed_again_are_the_same(photos):
    """What an answer's labels say, read as another answer."""
    once = table(*map(from_answer, photos))
    again = table(
        *(
            RawRecord(
                "api",
                make=row["make"],
                model=row["model"],
                exposure_text=row["exposure"],
                aperture_text=row["aperture"],
                iso_text=row["iso_speed"],
                focal_length_text=row["focal_length"],
                flash_text=row["flash"],
            )
            for row in once.iter_rows(named=True)
        )
    )
    assert again.select(LABELS[:-1]).rows() == once.select(LABELS[:-1]).rows()


INT64 = st.integers(-(2**63), 2**63 - 1)
ANYTHING = st.one_of(
    st.none(),
    st.text(max_size=30),
    st.sampled_from(["1e400", "-0.0", "1e-320", "5e-324", "1e308", "inf", "-inf", "nan", "+5.6",
                     "0x10", "1/0", "0/0", "1" * 400, "0." + "0" * 400 + "1", "9999999999/1",
                     "65535, 65535", "Unknown (16 0)", "Unknown (99999999999 0)", "undef"]),
    st.floats().map(str),
    st.integers().map(str),
)  # fmt: skip


RECORDS = st.fixed_dictionaries(
    {name: INT64 if kind.is_integer() else ANYTHING for name, kind in RECORD_SCHEMA.items()}
)


@settings(max_examples=35)  # of 16 records in the mean
@given(st.lists(RECORDS, min_size=1, max_size=3) | st.lists(RECORDS, min_size=20, max_size=40))
def test_values_are_right_or_null_whatever_is_in_a_record(records):
    got = normalize(pl.DataFrame(records, schema=RECORD_SCHEMA))
    for row in got.iter_rows(named=True):
        for name in ("exposure_seconds", "f_number", "focal_length_mm"):
            value = row[name]
            assert value is None or 1 / LARGEST <= value <= LARGEST
        assert row["iso"] is None or row["iso_speed"] == str(row["iso"])
        assert (row["exposure"] is None) == (row["exposure_seconds"] is None)
        if row["exposure"] and not row["exposure"].startswith("1/"):
            seconds = row["exposure_seconds"]
            assert abs(float(row["exposure"]) - seconds) < 0.0501 + 1e-9 * seconds
        assert row["flash"] in {None, *FLASH_FIRED}
        assert row["year"] is None or 1990 <= row["year"] <= 2100


@pytest.mark.parametrize(
    ("numerator", "denominator"),
    [(0, 1), (1, 0), (0, 0), (-1, 60), (1, -60), (2**63 - 1, 1), (2**32, 1), (1, 2**32),
     (10**12, 1), (1, 10**18)],
)  # fmt: skip
def test_what_no_exif_rational_means_is_null(numerator, denominator):
    names = ("exposure", "aperture", "focal_length")
    got = of_file(**{f"{name}_num": numerator for name in names},
                  **{f"{name}_den": denominator for name in names})  # fmt: skip
    exact = ("exposure_seconds", "f_number", "focal_length_mm")
    assert [got[name] for name in (*names, *exact)] == [None] * 6


def test_exact_values_are_kept_beside_their_prints():
    got = of_file(exposure_num=33333, exposure_den=10**6, aperture_num=14, aperture_den=5,
                  focal_length_num=173, focal_length_den=32)  # fmt: skip
    assert (got["exposure_seconds"], got["f_number"]) == (0.033333, 2.8)
    assert (got["focal_length_mm"], got["focal_length"]) == (5.40625, "5.4 mm")


def test_a_denominator_that_all_rows_share_divides_exactly():
    """Polars multiplies by the inverse of a literal, which is another number."""
    tenths = list(range(1, 2000))
    records = [asdict(RawRecord("file", aperture_num=tenth)) for tenth in tenths]
    raw = pl.DataFrame(records, schema=RECORD_SCHEMA).lazy().with_columns(aperture_den=pl.lit(10))
    got = normalize(raw).collect()
    assert got["f_number"].to_list() == [tenth / 10 for tenth in tenths]


@pytest.mark.parametrize(
    ("text", "value"),
    [("5.6", 5.6), ("5.6 mm", 5.6), ("0.3m", 0.3), ("90/10", 9.0), ("1/3", 1 / 3), ("+5.6", 5.6),
     ("1/12000", 1 / 12000), ("001/060", 1 / 60), ("1/+60", None), ("1/00000000060", None),
     (" 5.6", None), ("\u0661/\u0666", None), ("\u0665", None)],
)  # fmt: skip
def test_a_text_tells_one_value_whatever_the_tag(text, value):
    got = of_answer(exposure_text=text, aperture_text=text, focal_length_text=text)
    assert [got[name] for name in ("exposure_seconds", "f_number", "focal_length_mm")] == [
        value
    ] * 3


def test_what_prints_as_zero_has_no_label():
    got = of_file(aperture_num=28, aperture_den=57147402, focal_length_num=1, focal_length_den=99)
    assert (got["aperture"], got["focal_length"]) == (None, None)
    assert got["f_number"] == 28 / 57147402


@settings(max_examples=15)
@given(st.lists(TAGS, min_size=1, max_size=20))
def test_streaming_gives_the_same(photos):
    records = [record for tags in photos for record in (from_file(tags), from_answer(tags))]
    raw = pl.DataFrame([asdict(one) for one in records], schema=RECORD_SCHEMA)
    raw = raw.with_row_index("photo_id")
    eager, lazy = normalize(raw), normalize(raw.lazy())
    assert lazy.collect_schema() == eager.schema
    assert lazy.collect(engine="streaming").sort("photo_id").equals(eager)
    parts = pl.concat([normalize(part) for part in raw.iter_slices(7)])
    assert parts.equals(eager)


def test_a_table_streams_to_parquet(tmp_path):
    catalogue = Catalogue(3, photos=300, owners=30)
    cameras = [photo for photo in catalogue if photo.camera and photo.settings]
    raw = pl.DataFrame(
        [asdict(replace(RawRecord("file"), make=photo.camera.make, iso=photo.settings.iso,
                        exposure_num=photo.settings.exposure[0],
                        exposure_den=photo.settings.exposure[1])) for photo in cameras],
        schema=RECORD_SCHEMA,
    )  # fmt: skip
    raw.write_parquet(tmp_path / "raw.parquet")
    normalize(pl.scan_parquet(tmp_path / "raw.parquet")).sink_parquet(tmp_path / "normal.parquet")
    assert pl.read_parquet(tmp_path / "normal.parquet").equals(normalize(raw))
    assert normalize(raw)["exposure"].null_count() == 0


def test_no_python_runs_for_a_row():
    """A plan with a function of Python in it cannot be told from a slow one."""
    empty = pl.LazyFrame(schema=RECORD_SCHEMA)
    assert "python" not in normalize(empty).explain(optimized=False).casefold()


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
    assert table(*answers).select(LABELS[:-1]).equals(table(*files).select(LABELS[:-1]))


def _plain(row):
    return row if isinstance(row, tuple) else tuple(getattr(row, name) for name in row.__slots__)


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
    [("5.6", "5.6"), ("4", "4.0"), ("0.95", "0.95"), ("1.00", "1.00"), ("1.0", "1.0"), ("0", None),
     ("0.0", None), ("inf", None)],
)  # fmt: skip
def test_aperture_texts(text, label):
    assert of_answer(aperture_text=text)["aperture"] == label


@pytest.mark.parametrize(
    ("text", "label"),
    [("1", "1"), ("100", "100"), ("100, 200", "100"), ("200 0", "200"), ("100.0", "100"),
     ("0", None), ("Auto", None), ("100abc", None), ("\u0661", None), ("\u0661, 200", None)],
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
        ({"flash_text": "Unknown (16 0)"}, "Off, Did not fire"),
        ({"flash_text": "Unknown (\u0661 0)"}, None),
        ({"flash": 2, "flash_text": "Unknown (16 0)"}, None),
        ({"flash": 2, "flash_text": "On, Fired"}, "On, Fired"),
        ({"flash": 16, "flash_text": "On, Fired"}, "Off, Did not fire"),
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
