"""getExif answers of every vintage."""

from __future__ import annotations

import json

import pytest

from flickrexif.errors import UpstreamError
from flickrexif.exif import RawRecord, parse_exif_answer, parse_exif_xml


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


@pytest.mark.parametrize("raw", [None, of(""), of(None), "", [], True, {}, of("  "), of("0/0")])
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


def test_recorded_answers(oracle):
    read = {}
    for path in sorted((oracle / "flickr").glob("flickr.photos.getExif__*")):
        if "_err" in path.name:
            continue
        body = path.read_bytes()
        is_json = path.suffix == ".json"
        read[path.name] = parse_exif_answer(json.loads(body)) if is_json else parse_exif_xml(body)
    assert len(read) >= 9
    by_photo = {name.rsplit("_", 1)[1].split(".")[0]: record for name, record in read.items()}
    assert by_photo["52989708325"].focal_length_text == "35.0 mm"
    assert by_photo["52989708325"].aperture_text == "22.0"
    assert by_photo["54159643533"].focal_length_35mm == 18
    assert by_photo["3839885270"].iso_text is None
    assert by_photo["3839885270"].camera != by_photo["3839885270"].model
    assert (by_photo["4424"].aperture_num, by_photo["4424"].aperture_den) == (90, 10)
    assert by_photo["283148152"].is_empty
    assert all(record.source == "api" for record in read.values())
