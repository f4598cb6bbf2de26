"""``flickrexif exif`` as its user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import piexif
import pytest
from exif_files import ASCII, FILES, FULL, MAKE, app1, jpeg, tiff

from flickrexif.errors import UsageError
from flickrexif.exif.file_labels import FileLabels, label_files
from flickrexif.exif.pieces import ByteRange


@pytest.fixture
def exif(run):
    return run.under("exif")


def written(name, data):
    path = Path(name)
    path.write_bytes(data)
    return path


def test_one_file_is_told_line_by_line(exif):
    written("photo.heic", FILES["heic"])
    code, out, err = exif("photo.heic")
    assert (code, err) == (0, "")
    assert [line.split(maxsplit=1) for line in out.splitlines()[1:-2]] == [
        ["Make", "Canon"],
        ["Model", "Canon EOS 40D"],
        ["Camera", "Canon EOS 40D"],
        ["Smartphone", "no"],
        ["Exposure", "1/60"],
        ["Aperture", "5.6"],
        ["ISO", "Speed         400"],
        ["Focal", "Length      35.0 mm"],
        ["Focal", "Length 35mm 56 mm"],
    ]
    assert out.splitlines()[-2].split(maxsplit=1) == ["Flash", "Off, Did not fire"]
    assert out.splitlines()[-1].split(maxsplit=1) == ["Taken", "2012:03:04 05:06:07"]


def test_many_files_are_a_table_in_their_order(exif):
    for name, data in FILES.items():
        written(name, data)
    code, out, _ = exif(*FILES)
    assert code == 0
    head, *rows = out.splitlines()
    assert head.split()[:3] == ["file", "make", "model"]
    assert [row.split()[0] for row in rows] == [*FILES]
    assert all("Canon EOS 40D" in row and "1/60" in row for row in rows)
    assert len({row.index("2012:03:04") for row in rows}) == 1


def test_json_is_an_object_a_line(exif):
    written("a.jpg", FILES["jpeg"])
    written("cut.heic", FILES["heic-far"][:70_000])
    code, out, _ = exif("--json", "a.jpg", "cut.heic")
    assert code == 0
    first, second = map(json.loads, out.splitlines())
    assert [*first] == [*FileLabels.__dataclass_fields__]
    assert (first["model"], first["is_smartphone"], first["year"]) == ("Canon EOS 40D", False, 2012)
    assert (first["fault"], first["needs"]) == (None, None)
    assert second["fault"] == "truncated"
    assert second["needs"] == {"start": 500_107, "end": len(FILES["heic-far"])}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (jpeg(), "no EXIF"),
        (b"%PDF-1.7" + bytes(90), "no image file of a kind that is read here"),
        (b"", "no image file of a kind that is read here"),
        (jpeg(app1(tiff([(0x0112, 3, (6,))]))), "EXIF without any of these tags"),
        (jpeg(app1(b"none")), "EXIF damaged, a directory of it cannot be read"),
        (FILES["heic-far"][:70_000], "the file ends before its EXIF does; bytes 500107-500320"),
    ],
)
def test_what_is_amiss_is_told_and_no_error(exif, data, told):
    written("file", data)
    code, out, err = exif("file")
    assert (code, err) == (0, "")
    first, second = out.splitlines()
    assert first == "file"
    assert second.strip().startswith(told)
    assert told in exif("file", "file")[1]


def test_a_damaged_file_is_told_with_the_tags_that_are_sound(exif):
    written("cut.jpg", FILES["jpeg"][:-30])
    code, out, _ = exif("cut.jpg")
    assert code == 0
    assert "Canon EOS 40D" in out
    assert "the file ends before its EXIF does" in out


@pytest.mark.parametrize("name", ["nowhere.jpg", "."])
def test_a_file_that_is_none_is_refused_in_one_line(exif, name):
    written("there.jpg", FILES["jpeg"])
    code, out, err = exif("there.jpg", name)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert f"'{name}'" in err
    assert err.count("\n") == 1


def test_a_file_that_is_gone_by_then_is_a_usage_error(here):
    with pytest.raises(UsageError, match=r"'gone\.jpg' cannot be read"):
        label_files([Path("gone.jpg")])


def test_nothing_personal_is_shown(exif):
    block = piexif.dump(
        {
            "0th": {
                piexif.ImageIFD.Make: "Canon",
                piexif.ImageIFD.Artist: "Ada Owner",
                piexif.ImageIFD.Copyright: "Ada Owner",
            },
            "Exif": {
                piexif.ExifIFD.BodySerialNumber: "0420424242",
                piexif.ExifIFD.CameraOwnerName: "Ada Owner",
                piexif.ExifIFD.ISOSpeedRatings: 400,
            },
            "GPS": {piexif.GPSIFD.GPSLatitude: ((51, 1), (28, 1), (38, 1))},
        }
    )
    written("mine.jpg", b"\xff\xd8\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block)
    for words in (("mine.jpg",), ("mine.jpg", "mine.jpg"), ("--json", "mine.jpg")):
        _, out, _ = exif(*words)
        assert "Canon" in out
        assert not any(word in out for word in ("Ada", "0420424242", "51", "28"))


def test_a_text_does_not_steer_the_terminal(exif):
    written("evil.jpg", jpeg(app1(tiff([(MAKE, ASCII, b"\x1b[2J\x9bred\0")]))))
    _, out, _ = exif("evil.jpg")
    assert "\x1b" not in out
    assert "\x9b" not in out
    assert "[2J" in out


def test_the_call_gives_what_the_command_prints(here):
    path = written("photo.jpg", jpeg(app1(FULL))[:-50])
    (labels,) = label_files([path])
    assert labels.make_canonical == "Canon"
    assert labels.needs == ByteRange(len(jpeg(app1(FULL))) - 50, len(jpeg(app1(FULL))) - 6)
    assert label_files([]) == []
