"""Every fault is found by its own check, and by no other."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

import piexif
import pytest
from pair_scenes import (
    CAMERA,
    PHONE,
    Album,
    camera_photo,
    camera_view,
    exif,
    jpeg,
    phone_photo,
    phone_view,
    scene,
    taken_at,
)
from PIL import Image, ImageEnhance

from paircams import Report, validate
from paircams.checks import CHECKS

if TYPE_CHECKING:
    from collections.abc import Callable

NIKON = ("NIKON CORPORATION", "NIKON D750")
MOTO_G = ("Motorola", "XT1032")


def found(report: Report) -> set[str]:
    return {finding.check for finding in report.findings}


def resaved(photo: Image.Image, quality: int) -> bytes:
    return jpeg(photo.resize((220, 165)), exif(CAMERA, taken_at(3)), quality)


def lose_camera(album: Album) -> None:
    album.camera(3).unlink()


def add_second_camera(album: Album) -> None:
    album.camera(3, "png").write_bytes(jpeg(scene(90)))


def add_stranger(album: Album) -> None:
    (album.camera(3).parent / "IMG_0001.jpg").write_bytes(jpeg(scene(90)))


def empty(album: Album) -> None:
    album.camera(3).write_bytes(b"")


def cut_short(album: Album) -> None:
    whole = album.camera(3).read_bytes()
    album.camera(3).write_bytes(whole[: len(whole) * 2 // 3])


def text_for_photo(album: Album) -> None:
    album.camera(3).write_text("not a photo")


def copy_across(album: Album) -> None:
    album.add(3, camera=phone_photo(3))


def resave_across(album: Album) -> None:
    album.add(3, camera=resaved(phone_view(3), 70))


def edit_across(album: Album) -> None:
    brighter = ImageEnhance.Brightness(phone_view(3)).enhance(1.15)
    album.add(3, camera=resaved(brighter, 90))


def turn_across(album: Album) -> None:
    """The pixels lie on their side and the orientation tag stands them up again."""
    tags = exif(CAMERA, taken_at(3), {"0th": {piexif.ImageIFD.Orientation: 6}})
    lying = phone_view(3).transpose(Image.Transpose.ROTATE_90)
    album.add(3, camera=jpeg(lying, tags))


def use_file_twice(album: Album) -> None:
    album.add(3, camera=camera_photo(2))


def use_picture_twice(album: Album) -> None:
    album.add(3, camera=resaved(camera_view(2), 80))


def one_camera_twice(album: Album) -> None:
    album.add(3, camera=jpeg(camera_view(3), exif(PHONE, taken_at(3))))


def swap(album: Album) -> None:
    album.add(3, phone=camera_photo(3), camera=phone_photo(3))


def camera_for_phone(album: Album) -> None:
    album.add(3, phone=jpeg(phone_view(3), exif(NIKON, taken_at(3))))


def phone_for_camera(album: Album) -> None:
    album.add(3, camera=jpeg(camera_view(3), exif(MOTO_G, taken_at(3))))


def late(album: Album) -> None:
    album.add(3, camera=jpeg(camera_view(3), exif(CAMERA, "2024:05:01 12:14:00")))


def tell_place(album: Album) -> None:
    latitude = {piexif.GPSIFD.GPSLatitude: ((35, 1), (41, 1), (22, 1))}
    album.add(3, phone=jpeg(phone_view(3), exif(PHONE, taken_at(3), {"GPS": latitude})))


FAULTS: list[tuple[Callable[[Album], None], str]] = [
    (lose_camera, "missing"),
    (add_second_camera, "surplus"),
    (add_stranger, "unplaced"),
    (empty, "undecodable"),
    (cut_short, "undecodable"),
    (text_for_photo, "undecodable"),
    (copy_across, "identical"),
    (resave_across, "re-encoded"),
    (edit_across, "re-encoded"),
    (turn_across, "re-encoded"),
    (use_file_twice, "shared-file"),
    (use_picture_twice, "near-duplicate"),
    (one_camera_twice, "same-camera"),
    (swap, "swapped-sides"),
    (camera_for_phone, "smartphone-side"),
    (phone_for_camera, "camera-side"),
    (late, "capture-gap"),
    (tell_place, "private-tags"),
]


def test_a_sound_album_has_no_findings(album: Album) -> None:
    report = validate(album.root)
    assert report.findings == ()
    assert (report.pairs, report.photos, report.passed) == (6, 12, True)


@pytest.mark.parametrize(("plant", "check"), FAULTS, ids=[plant.__name__ for plant, _ in FAULTS])
def test_each_fault_is_found_once_by_its_own_check(
    album: Album, plant: Callable[[Album], None], check: str
) -> None:
    plant(album)
    (finding,) = validate(album.root).findings
    assert finding.check == check
    assert finding.subject_idx == "003"
    severities = {declared.id: declared.severity for declared in CHECKS}
    assert finding.severity == severities[check]


def test_every_check_has_a_fault_planted_for_it() -> None:
    planted = {check for _, check in FAULTS} | {"row", "outside", "telltale"}
    assert planted == {check.id for check in CHECKS}
    assert len(CHECKS) == len({check.id for check in CHECKS})


def test_five_faults_at_once_are_all_found(album: Album) -> None:
    album.add(1, camera=phone_photo(1))
    album.add(2, phone=b"")
    album.camera(4).unlink()
    album.add(5, phone=camera_photo(5), camera=phone_photo(5))
    album.add(6, camera=camera_photo(3))
    findings = validate(album.root).findings
    assert {(finding.subject_idx, finding.check) for finding in findings} == {
        ("001", "identical"),
        ("002", "undecodable"),
        ("004", "missing"),
        ("005", "swapped-sides"),
        ("006", "shared-file"),
    }


def test_cameras_are_named_once_in_messages(album: Album) -> None:
    swap(album)
    (finding,) = validate(album.root).findings
    assert finding.message.startswith("Canon PowerShot A95 is on the smartphone side and Apple ")


def test_one_camera_under_two_spellings_is_one_camera(album: Album) -> None:
    shouted = exif(("NIKON CORPORATION", "NIKON D750"), taken_at(3))
    plain = exif(("Nikon", "D750"), taken_at(3))
    album.add(3, phone=jpeg(phone_view(3), shouted), camera=jpeg(camera_view(3), plain))
    assert found(validate(album.root)) == {"same-camera"}


def test_absent_exif_is_no_verdict(album: Album) -> None:
    album.add(3, phone=jpeg(phone_view(3)), camera=jpeg(camera_view(3)))
    assert validate(album.root).findings == ()


def test_broken_exif_is_no_verdict_on_the_picture(album: Album) -> None:
    album.add(3, camera=jpeg(camera_view(3), b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\1" * 300))
    assert validate(album.root).findings == ()


def test_a_subject_with_three_photos_is_not_judged_as_a_pair(album: Album) -> None:
    album.add(3, camera=phone_photo(3))
    album.camera(3, "png").write_bytes(camera_photo(3))
    (finding,) = validate(album.root).findings
    assert (finding.check, finding.value, finding.limit) == ("surplus", 2.0, 1.0)


def test_an_empty_file_is_called_empty(album: Album) -> None:
    empty(album)
    (finding,) = validate(album.root).findings
    assert "empty" in finding.message


def test_a_pipe_in_place_of_a_photo_is_undecodable(album: Album) -> None:
    album.camera(3).unlink()
    os.mkfifo(album.camera(3))
    (finding,) = validate(album.root).findings
    assert (finding.check, finding.file) == ("undecodable", "003/camera.jpg")


def test_a_picture_too_large_to_decode_is_a_finding(album: Album) -> None:
    photo = bytearray(camera_photo(3))
    frame = photo.index(b"\xff\xc0")
    photo[frame + 5 : frame + 9] = struct.pack(">HH", 20_000, 20_000)
    album.camera(3).write_bytes(photo)
    (finding,) = validate(album.root).findings
    assert finding.check == "undecodable"
    assert "megapixels" in finding.message


def test_a_heic_photo_is_read(album: Album) -> None:
    album.phone(3).unlink()
    phone_view(3).save(album.phone(3, "heic"), "HEIF", exif=exif(NIKON, taken_at(3)))
    (finding,) = validate(album.root).findings
    assert (finding.check, finding.file) == ("smartphone-side", "003/smartphone.heic")


@pytest.mark.parametrize(
    ("ifd", "tag", "value", "name"),
    [
        ("0th", piexif.ImageIFD.Artist, "Jane Roe", "Artist"),
        ("Exif", piexif.ExifIFD.BodySerialNumber, "SN4711", "BodySerialNumber"),
        ("Exif", piexif.ExifIFD.CameraOwnerName, "Jane Roe", "CameraOwnerName"),
        ("GPS", piexif.GPSIFD.GPSDateStamp, "2024:05:01", "GPSDateStamp"),
    ],
)
def test_private_tags_are_named_and_their_values_are_not(
    album: Album, ifd: str, tag: int, value: str, name: str
) -> None:
    tags = exif(CAMERA, taken_at(3), {ifd: {tag: value}})
    album.add(3, camera=jpeg(camera_view(3), tags))
    report = validate(album.root)
    (finding,) = report.findings
    assert name in finding.message
    assert value not in report.to_json()


def test_an_embedded_thumbnail_is_private(album: Album) -> None:
    small = jpeg(camera_view(3).resize((80, 60)))
    album.add(3, camera=jpeg(camera_view(3), exif(CAMERA, taken_at(3), thumbnail=small)))
    (finding,) = validate(album.root).findings
    assert "Thumbnail" in finding.message


def test_private_names_in_xmp_are_found(album: Album) -> None:
    packet = b"<x:xmpmeta><rdf:Description aux:SerialNumber='4711'/></x:xmpmeta>"
    camera_view(3).save(album.camera(3), "JPEG", xmp=packet, exif=exif(CAMERA, taken_at(3)))
    findings = validate(album.root).findings
    assert [finding.check for finding in findings] == ["private-tags"]
    assert "XMP aux:SerialNumber" in findings[0].message
    assert "4711" not in findings[0].message


def test_a_gps_block_that_holds_its_version_alone_is_not_private(album: Album) -> None:
    version = {"GPS": {piexif.GPSIFD.GPSVersionID: (2, 3, 0, 0)}}
    album.add(3, phone=jpeg(phone_view(3), exif(PHONE, taken_at(3), version)))
    assert validate(album.root).findings == ()


def test_clocks_that_differ_alike_for_all_pairs_are_no_fault(album: Album) -> None:
    for subject in range(1, 7):
        wrong_zone = f"2024:05:01 19:{subject:02}:30"
        album.add(subject, camera=jpeg(camera_view(subject), exif(CAMERA, wrong_zone)))
    assert validate(album.root).findings == ()
    late(album)
    (finding,) = validate(album.root).findings
    assert (finding.check, finding.subject_idx) == ("capture-gap", "003")


@pytest.mark.parametrize(
    ("profile", "minutes", "warned"),
    [("strict", 1, False), ("strict", 3, True), ("paper", 9, False), ("lenient", 50, False)],
)
def test_profiles_differ_in_the_gap_they_tolerate(
    album: Album, profile: str, minutes: int, warned: bool
) -> None:
    later = f"2024:05:01 12:{3 + minutes:02}:00"
    album.add(3, camera=jpeg(camera_view(3), exif(CAMERA, later)))
    assert (found(validate(album.root, profile=profile)) == {"capture-gap"}) is warned


def test_a_set_whose_files_tell_the_side_is_warned_of_as_a_whole(album: Album) -> None:
    for subject in range(1, 7):
        album.add(subject, camera=jpeg(camera_view(subject), quality=60))
    findings = validate(album.root).findings
    assert {finding.check for finding in findings} == {"telltale"}
    assert {(finding.subject_idx, finding.file) for finding in findings} == {(None, None)}
    told = " ".join(finding.message for finding in findings)
    assert "having EXIF" in told
    assert "quantisation" in told
    assert "format" not in told
