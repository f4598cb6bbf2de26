"""getExif answers of every vintage."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections import Counter
from contextlib import suppress
from dataclasses import asdict

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flickrexif.errors import UpstreamError
from flickrexif.exif import RawRecord, parse_exif_answer, parse_exif_xml
from flickrexif.exif.normalize import RECORD_SCHEMA, normalize


def tag(space, name, raw, label="x"):
    return {"tagspace": space, "tagspaceid": 0, "tag": name, "label": label, "raw": raw}


def of(text):
    return {"_content": text}


def answer(*tags, camera="Nikon D90"):
    return {"photo": {"id": "1", "camera": camera, "exif": list(tags)}, "stat": "ok"}


MODERN = [
    tag("IFD0", "Make", of("NIKON CORPORATION ")),
    tag("IFD0", "Model", of("NIKON D90")),
    tag("ExifIFD", "ExposureTime", of("1\\/60")),
    tag("ExifIFD", "FNumber", of("2.8 ")),
    tag("ExifIFD", "ISO", of("250")),
    tag("ExifIFD", "FocalLength", of("28.0 mm")),
    tag("ExifIFD", "FocalLengthIn35mmFormat", of("42 mm")),
    tag("ExifIFD", "Flash", of("Off, Did not fire")),
    tag("ExifIFD", "DateTimeOriginal", of("2011:03:08 16:23:00")),
]
MODERN_RECORD = RawRecord(
    source="api",
    make="NIKON CORPORATION",
    model="NIKON D90",
    camera="Nikon D90",
    exposure_text="1/60",
    aperture_text="2.8",
    iso_text="250",
    focal_length_text="28.0 mm",
    focal_length_35mm=42,
    flash_text="Off, Did not fire",
    date_time_original="2011:03:08 16:23:00",
)


def test_a_modern_answer():
    assert parse_exif_answer(answer(*MODERN)) == MODERN_RECORD


def test_other_tagspaces_and_labels_say_nothing():
    strangers = [
        tag("IFD1", "Make", of("Thumb")),
        tag("XMP-tiff", "Model", of("Other")),
        tag("Canon", "FNumber", of("9.9"), label="Aperture"),
        tag("Panasonic", "ExposureTime", of("1/2")),
        tag("ExifIFD", "ApertureValue", of("1.4"), label="Aperture"),
    ]
    assert parse_exif_answer(answer(*strangers, *MODERN)) == MODERN_RECORD
    assert parse_exif_answer(answer(*MODERN, *strangers)) == MODERN_RECORD


def test_settings_in_the_main_directory_count_only_where_there_are_no_others():
    stray = tag("IFD0", "ExposureTime", of("1/999"))
    assert parse_exif_answer(answer(stray, *MODERN)) == MODERN_RECORD
    assert parse_exif_answer(answer(stray)).exposure_text == "1/999"


def test_the_numeric_form_before_2010():
    old = answer(
        tag("TIFF", "271", of("Canon")),
        tag("TIFF", "272", of("Canon EOS 20D")),
        tag("EXIF", "33434", of("10/600")),
        tag("EXIF", "33437", of("90/10"), label="Aperture"),
        tag("EXIF", "37378", of("63/10"), label="Aperture"),
        tag("EXIF", "34855", of("100")),
        tag("EXIF", "37385", of("16")),
        tag("EXIF", "37386", of("500/10")),
        tag("EXIF", "41989", of("80")),
        tag("GPS", "4", of("64/1, 42/1")),
    )
    assert parse_exif_answer(old) == RawRecord(
        source="api",
        make="Canon",
        model="Canon EOS 20D",
        camera="Nikon D90",
        exposure_text="10/600",
        aperture_num=90,
        aperture_den=10,
        iso_text="100",
        flash=16,
        focal_length_num=500,
        focal_length_den=10,
        focal_length_35mm=80,
    )


@pytest.mark.parametrize("raw", [5.6, of(5.6), of("5.6"), "5.6", of(" 5.6\0x")])
def test_a_raw_may_be_a_number_or_bare(raw):
    assert parse_exif_answer(answer(tag("ExifIFD", "FNumber", raw))).aperture_text == "5.6"


@pytest.mark.parametrize(
    "raw",
    [
        *(None, of(""), of(None), "", [], True, {}, of("  "), of("0/0"), of("1/9999999999")),
        *([of("5.6")], of(of("5.6")), of(["5.6"]), of(10**5000), of("9" * 10**6)),
    ],
    ids=range(15),
)
def test_an_empty_raw_is_nothing(raw):
    assert parse_exif_answer(answer(tag("ExifIFD", "FNumber", raw), camera="")).is_empty


def test_a_filled_tag_wins_over_an_empty_one():
    tags = [tag("ExifIFD", "ISO", of("")), tag("ExifIFD", "ISO", of("100"))]
    assert parse_exif_answer(answer(*tags)).iso_text == "100"


def test_the_first_of_two_filled_tags_counts():
    tags = [tag("ExifIFD", "ISO", of("100")), tag("ExifIFD", "ISO", of("200"))]
    assert parse_exif_answer(answer(*tags)).iso_text == "100"


def test_an_iso_that_does_not_fit_is_read_from_the_sensitivity():
    tags = [
        tag("ExifIFD", "ISO", of("65535")),
        tag("ExifIFD", "SensitivityType", of("Recommended Exposure Index")),
        tag("ExifIFD", "StandardOutputSensitivity", of("51200")),
        tag("ExifIFD", "RecommendedExposureIndex", of("102400")),
    ]
    assert parse_exif_answer(answer(*tags)).iso_text == "102400"
    assert parse_exif_answer(answer(tags[0])).iso_text == "65535"


@pytest.mark.parametrize("body", [{}, {"photo": {}}, {"photo": {"exif": None}}, answer(camera="")])
def test_no_tags_are_an_empty_record(body):
    assert parse_exif_answer(body).is_empty


def test_a_failure_is_no_record():
    with pytest.raises(UpstreamError, match="'Permission denied'"):
        parse_exif_answer({"stat": "fail", "code": 2, "message": "Permission denied"})
    with pytest.raises(UpstreamError, match="Permission denied"):
        parse_exif_xml(b'<rsp stat="fail"><err code="2" msg="Permission denied" /></rsp>')
    with pytest.raises(UpstreamError, match="no XML"):
        parse_exif_xml(b"oops")


def test_xml_says_the_same_as_json():
    tags = "".join(
        f'<exif tagspace="{one["tagspace"]}" tag="{one["tag"]}" label="y">'
        f"<raw>{one['raw']['_content']}</raw><clean>other</clean></exif>"
        for one in MODERN
    )
    photo = f'<photo id="1" camera="Nikon D90">{tags}</photo>'
    assert parse_exif_xml(photo.encode()) == MODERN_RECORD
    assert parse_exif_xml(f'<rsp stat="ok">{photo}</rsp>'.encode()) == MODERN_RECORD


def test_a_single_tag_may_stand_without_its_list():
    body = {"photo": {"exif": tag("ExifIFD", "ISO", of("250"))}, "stat": "ok"}
    assert parse_exif_answer(body) == RawRecord("api", iso_text="250")


def test_of_repeated_tags_the_first_filled_one_counts():
    repeated = [tag("ExifIFD", "FNumber", of(raw)) for raw in (" ", "2.8", "9.9")]
    assert parse_exif_answer(answer(*repeated, camera="")) == RawRecord("api", aperture_text="2.8")


def test_an_exif_directory_without_settings_hides_none():
    body = answer(
        tag("IFD0", "FNumber", of("2.8")), tag("ExifIFD", "ExifVersion", of("0230")),
        tag("ExifIFD", "SensitivityType", of("Unknown")), camera="",
    )  # fmt: skip
    assert parse_exif_answer(body) == RawRecord("api", aperture_text="2.8")


@pytest.mark.parametrize(
    ("name", "raw", "column", "value"),
    ids=range(9),
    argvalues=[
        ("37385", "99999999999999999999", "flash", None),
        ("37385", "\u0663", "flash", None),  # a digit, but of no flash code
        ("37385", 25, "flash", 25),
        ("41989", "9" * 5000, "focal_length_35mm", None),
        ("41989", "35.5 mm", "focal_length_35mm", None),
        ("41989", "35.0", "focal_length_35mm", 35),
        ("FocalLengthIn35mmFormat", "0 mm", "focal_length_35mm", None),
        ("9" * 5000, "7", "iso_text", None),
        ("271", "\ud800", "make", None),  # TIFF's tag in the wrong space
    ],
)
def test_numbers_beyond_their_type_are_nothing(name, raw, column, value):
    record = parse_exif_answer(answer(tag("EXIF", name, raw)))
    assert getattr(record, column) == value


def test_half_a_surrogate_pair_can_be_stored():
    record = parse_exif_answer(json.loads(r'{"exif": [{"tagspace": "IFD0", "tag": "Make", "raw":'
                                          r' "Ca\ud800non \ud83d\udcf7"}]}'))  # fmt: skip
    assert record.make == "Ca?non \N{CAMERA}"
    assert RawRecord.from_json(record.to_json().encode().decode()) == record


@pytest.mark.parametrize(
    "photo",
    [
        *(None, [], "photo", 7, {"exif": "tags"}, {"exif": 7}, {"exif": {"a": [1]}}),
        *({"exif": [None, [], "tag", 7]}, {"exif": [{}]}, {"exif": [[tag("IFD0", "Make", "x")]]}),
        {"exif": [{"tagspace": ["IFD0"], "tag": "Make", "raw": "x"}]},
        {"exif": [{"tagspace": "IFD0", "tag": {"Make": 1}, "raw": "x"}], "camera": ["x"]},
    ],
)
def test_other_things_than_tags_are_nothing(photo):
    assert parse_exif_answer({"photo": photo, "stat": "ok"}).is_empty


@pytest.mark.parametrize("body", [None, [], "", 7, [{"photo": {}}]])
def test_a_body_that_is_no_object_is_no_answer(body):
    with pytest.raises(UpstreamError, match="no object"):
        parse_exif_answer(body)


WORDS = st.sampled_from(
    ["photo", "exif", "tagspace", "tag", "raw", "_content", "camera", "stat", "ok", "fail", "code",
     "IFD0", "ExifIFD", "TIFF", "EXIF", "Make", "FNumber", "ISO", "Flash", "271", "33437", "37385",
     "90/10", "1\\/60", "65535", "SensitivityType", "41989", "1/0", "inf", "nan"]
)  # fmt: skip
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), WORDS)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=5), st.dictionaries(st.one_of(WORDS, st.text()), inner, max_size=5)
    ),
    max_leaves=40,
)
ENTRIES = st.fixed_dictionaries(
    {
        "tagspace": st.sampled_from(["IFD0", "ExifIFD", "EXIF", "TIFF", "IFD1"]),
        "tag": st.one_of(WORDS, SCALARS),
        "raw": st.one_of(JSON, st.builds(of, JSON)),
    }
)


BODIES = st.one_of(JSON, st.fixed_dictionaries({"photo": JSON}),
                   st.fixed_dictionaries({"exif": st.lists(st.one_of(ENTRIES, JSON))}))  # fmt: skip


def usable(*records):
    """The records can be stored, read again and normalised; gives their normalised rows."""
    for record in records:
        assert RawRecord.from_json(record.to_json().encode().decode()) == record
    return normalize(pl.DataFrame(list(map(asdict, records)), schema=RECORD_SCHEMA)).rows()


@settings(max_examples=25)  # of 6 answers in the mean, whose records are normalised at once
@given(st.lists(BODIES, min_size=1))
def test_no_answer_raises_anything_else(bodies):
    records = []
    for body in bodies:
        with suppress(UpstreamError):
            records.append(parse_exif_answer(body))
    usable(*records)


@given(st.lists(st.tuples(WORDS, WORDS, st.text(st.characters(codec="utf-8")))), st.data())
def test_no_xml_raises_anything_else(entries, data):
    root = ET.Element("rsp")
    photo = ET.SubElement(root, "photo", camera="x")
    for space, name, raw in entries:
        ET.SubElement(ET.SubElement(photo, "exif", tagspace=space, tag=name), "raw").text = raw
    body = bytearray(ET.tostring(root))
    for _ in range(data.draw(st.integers(0, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        record = parse_exif_xml(bytes(body[: data.draw(st.integers(0, len(body)))]))
    except UpstreamError:
        return
    usable(record)


ENTITIES = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))  # a billion times e0
BOMBS = {
    "nested": f'<!DOCTYPE rsp [<!ENTITY e0 "lol">{ENTITIES}]><rsp>&e9;</rsp>',
    "quadratic": f'<!DOCTYPE rsp [<!ENTITY e "{"x" * 10**5}">]><rsp>{"&e;" * 10**5}</rsp>',
    "foreign": '<!DOCTYPE rsp [<!ENTITY e SYSTEM "file:///etc/passwd">]><rsp>&e;</rsp>',
    "empty": "<!DOCTYPE rsp><rsp/>",
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("bomb", BOMBS)
def test_entities_are_not_expanded(bomb, encoding):
    body = f'<?xml version="1.0" encoding="{encoding}"?>{BOMBS[bomb]}'.encode(encoding)
    with pytest.raises(UpstreamError, match="document type"):
        parse_exif_xml(body)


@pytest.mark.parametrize("encoding", ["no", "idna", "utf-7", "utf-32"])
def test_other_encodings_are_no_answer(encoding):
    with pytest.raises(UpstreamError, match="getExif answer"):
        parse_exif_xml(f'<?xml version="1.0" encoding="{encoding}"?><rsp/>'.encode())


@pytest.mark.parametrize(
    "body",
    [b"", b"\0", b"{}", b"<rsp>", b"<rsp/><rsp/>", b"<html><body/></html>", b"<rsp>\xff</rsp>"],
)
def test_other_bytes_are_no_answer(body):
    with pytest.raises(UpstreamError, match="getExif answer"):
        parse_exif_xml(body)


def test_a_deep_tree_is_walked():
    deep = b"<rsp>" + b"<photo>" * 200_000 + b"</photo>" * 200_000 + b"</rsp>"
    assert parse_exif_xml(deep).is_empty


def test_a_failure_without_words_is_a_failure():
    with pytest.raises(UpstreamError, match="getExif answered with failure"):
        parse_exif_xml(b'<rsp stat="fail"/>')
    with pytest.raises(UpstreamError, match="getExif answered with failure"):
        parse_exif_answer({"stat": "fail", "message": ["x"] * 1000, "code": {"a": 1}})


# Recorded answers

SCORED = {
    "Make": "make", "Model": "model", "ExposureTime": "exposure", "FNumber": "aperture",
    "ISO": "iso", "FocalLength": "focal_length", "Flash": "flash",
    "DateTimeOriginal": "date_time_original", "FocalLengthIn35mmFormat": "focal_length_35mm",
}  # fmt: skip
NUMERIC = {"271": "Make", "272": "Model", "33434": "ExposureTime", "33437": "FNumber",
           "34855": "ISO", "37386": "FocalLength", "37385": "Flash", "36867": "DateTimeOriginal",
           "41989": "FocalLengthIn35mmFormat"}  # fmt: skip
COUNTED = {"IFD0", "TIFF", "ExifIFD", "EXIF"}


def recorded(oracle):
    """Name, and the tags as (tagspace, tag, raw), of each answer that is no failure."""
    for path in sorted((oracle / "flickr").glob("flickr.photos.getExif__*")):
        if "_err" in path.name:
            continue
        if path.suffix == ".json":
            body = json.loads(path.read_bytes())
            photo = body.get("photo", body)
            tags = [(one["tagspace"], one["tag"], one["raw"]["_content"]) for one in photo["exif"]]
        else:
            tags = [
                (one.get("tagspace"), one.get("tag"), one.findtext("raw"))
                for one in ET.parse(path).iter("exif")
            ]
        yield path, tags


def parsed(path):
    body = path.read_bytes()
    return parse_exif_answer(json.loads(body)) if path.suffix == ".json" else parse_exif_xml(body)


def told(record, column):
    fields = asdict(record)
    if fields.get(f"{column}_num"):
        return f"{fields[f'{column}_num']}/{fields[f'{column}_den']}"
    if column == "focal_length_35mm" and fields[column]:
        return f"{fields[column]} mm"
    return fields.get(f"{column}_text") or fields.get(column)


def test_scorecard_of_the_recorded_answers(oracle):
    card, wrong = {name: Counter() for name in SCORED}, []
    for path, tags in recorded(oracle):
        record = parsed(path)
        for name, column in SCORED.items():
            values = [
                raw.strip()
                for space, number, raw in tags
                if NUMERIC.get(number, number) == name and space in COUNTED
            ]
            want, got = values[0] if values else None, told(record, column)
            kind = "equal" if got == want else "missing" if got is None else "wrong"
            card[name][kind if want or got else "absent"] += 1
            if kind != "equal":
                wrong.append((path.name, name, want, got))
    shown = "\n".join(f"{name}: {dict(tally)}" for name, tally in card.items())
    print(shown)
    assert not wrong, f"{wrong}\n{shown}"
    assert all(tally["equal"] >= 1 for tally in card.values()), shown
    assert card["Make"]["equal"] >= 7


def test_other_tagspaces_of_the_recorded_answers_say_nothing(oracle):
    """Whatever stands in them, before or behind the tags that count."""
    strangers = 0
    for path, tags in recorded(oracle):
        record = parsed(path)
        spaces = {space for space, _, _ in tags} - COUNTED | {"IFD1", "XMP-exif", "GPS"}
        poison = [tag(space, name, of("9.9")) for space in spaces for name in (*SCORED, *NUMERIC)]
        kept = [tag(*one[:2], of(one[2])) for one in tags if one[0] in COUNTED]
        strangers += len(tags) - len(kept)
        for entries in (kept, poison + kept, kept + poison):
            assert parse_exif_answer(answer(*entries, camera=record.camera)) == record, path.name
    assert strangers > 150


def test_recorded_answers_of_every_vintage(oracle):
    read = {path.name: parsed(path) for path, _ in recorded(oracle)}
    assert len(read) >= 9
    by_photo = {name.rsplit("_", 1)[1].split(".")[0]: record for name, record in read.items()}
    assert by_photo["3839885270"].iso_text is None
    assert by_photo["3839885270"].camera != by_photo["3839885270"].model
    assert (by_photo["4424"].aperture_num, by_photo["4424"].aperture_den) == (90, 10)
    assert by_photo["283148152"].is_empty
    assert all(record.source == "api" for record in read.values())


def test_recorded_failures(oracle):
    failures = sorted((oracle / "flickr").glob("flickr.photos.getExif__*_err*"))
    assert len(failures) >= 2
    for path in failures:
        with pytest.raises(UpstreamError, match=r"Photo not found|Permission denied"):
            parsed(path)
