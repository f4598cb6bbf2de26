"""Every fault is found by its own check, and by no other."""

from __future__ import annotations

import io
import os
import struct
from typing import TYPE_CHECKING, Any

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
from PIL import Image, ImageCms, ImageEnhance, ImageOps

from paircams import Report, validate
from paircams.checks import CHECKS, RULES

if TYPE_CHECKING:
    from collections.abc import Callable

NIKON = ("NIKON CORPORATION", "NIKON D750")
MOTO_G = ("Motorola", "XT1032")


def found(report: Report) -> set[str]:
    return {finding.check for finding in report.findings}


def resaved(photo: Image.Image, quality: int) -> bytes:
    return jpeg(photo, exif(CAMERA, taken_at(3)), quality)


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
    """Subject 3 is subject 2 once more, both cameras' photos."""
    album.add(
        3,
        phone=jpeg(phone_view(2), exif(PHONE, taken_at(3)), 85),
        camera=resaved(camera_view(2), 80),
    )


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


def other_subject(album: Album) -> None:
    album.add(3, camera=jpeg(camera_view(90), exif(CAMERA, taken_at(3))))


def turn(album: Album) -> None:
    lying = camera_view(3).transpose(Image.Transpose.ROTATE_90)
    album.add(3, camera=jpeg(lying, exif(CAMERA, taken_at(3))))


def mirror(album: Album) -> None:
    album.add(3, camera=jpeg(ImageOps.mirror(camera_view(3)), exif(CAMERA, taken_at(3))))


def zoom(album: Album) -> None:
    closer = camera_view(3).crop((120, 90, 340, 255)).resize((440, 330))
    album.add(3, camera=jpeg(closer, exif(CAMERA, taken_at(3))))


def tagged(tags: dict[str, dict[int, Any]], **image: Any) -> Callable[[Album], None]:
    def plant(album: Album) -> None:
        view = camera_view(3).resize(image.get("size", (440, 330)))
        album.add(3, camera=jpeg(view, exif(CAMERA, taken_at(3), tags)))

    return plant


def settings(*, seconds: tuple[int, int], focal_35mm: int, flash: int) -> dict[str, dict[int, Any]]:
    tags = piexif.ExifIFD
    told = {
        tags.ExposureTime: seconds,
        tags.FNumber: (28, 10),
        tags.ISOSpeedRatings: 100,
        tags.FocalLengthIn35mmFilm: focal_35mm,
        tags.Flash: flash,
    }
    return {"Exif": told}


def settle(**camera: Any) -> Callable[[Album], None]:
    """Both photos tell their settings; the camera's differ by ``camera``."""
    usual = {"seconds": (1, 125), "focal_35mm": 28, "flash": 16}

    def plant(album: Album) -> None:
        album.add(
            3,
            phone=jpeg(phone_view(3), exif(PHONE, taken_at(3), settings(**usual))),
            camera=jpeg(camera_view(3), exif(CAMERA, taken_at(3), settings(**usual | camera))),
        )

    return plant


def save_in_other_colours(album: Album) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    with Image.open(io.BytesIO(camera_photo(3))) as image:
        image.save(album.camera(3), quality=90, exif=image.info["exif"], icc_profile=profile)


def compress_twice(album: Album) -> None:
    coarse = Image.open(io.BytesIO(jpeg(camera_view(3), quality=60)))
    album.add(3, camera=jpeg(coarse, exif(CAMERA, taken_at(3)), 95))


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
    (one_camera_twice, "same-camera"),
    (swap, "swapped-sides"),
    (camera_for_phone, "smartphone-side"),
    (phone_for_camera, "camera-side"),
    (late, "capture-gap"),
    (tell_place, "private-tags"),
    (other_subject, "subject"),
    (turn, "rotated"),
    (mirror, "mirrored"),
    (zoom, "framing"),
    (settle(seconds=(1, 1000)), "exposure"),
    (settle(focal_35mm=85), "field-of-view"),
    (settle(flash=1), "flash"),
    (tagged({"0th": {piexif.ImageIFD.Software: "GIMP 2.10.34"}}), "edited"),
    (tagged({}, size=(440, 290)), "cropped"),
    (tagged({}, size=(400, 300)), "resolution"),
    (compress_twice, "resaved"),
    (save_in_other_colours, "sides-differ"),
]
"""Copies of a photo of another subject are two faults at once: see `use_file_twice`."""


def test_a_sound_album_has_no_findings(album: Album) -> None:
    report = validate(album.root)
    assert report.findings == ()
    assert (report.pairs, report.photos, report.passed) == (6, 12, True)


@pytest.mark.parametrize(
    ("plant", "check"), FAULTS, ids=[f"{check}-{plant.__name__}" for plant, check in FAULTS]
)
def test_each_fault_is_found_once_by_its_own_check(
    album: Album, plant: Callable[[Album], None], check: str
) -> None:
    plant(album)
    (finding,) = validate(album.root).findings
    assert finding.check == check
    assert finding.subject_idx == (None if check == "sides-differ" else "003")
    severities = {declared.id: declared.severity for declared in CHECKS}
    assert finding.severity == severities[check]


def test_every_check_has_a_fault_planted_for_it() -> None:
    elsewhere = {
        *("row", "columns", "outside", "unknown-model", "coloured-model"),
        *("rejected", "swapped", "unsure"),
    }
    planted = (
        {check for _, check in FAULTS}
        | elsewhere
        | {"shared-file", "near-duplicate", "license", "telltale"}
    )
    assert planted == {check.id for check in CHECKS}
    assert {check.rule for check in CHECKS} == set(RULES)
    assert len(CHECKS) == len({check.id for check in CHECKS})


def test_a_file_in_two_subjects_is_named_and_its_pair_fails(album: Album) -> None:
    use_file_twice(album)
    assert found(validate(album.root)) == {"shared-file", "subject"}


def test_a_subject_that_is_in_twice_is_found_on_both_sides(album: Album) -> None:
    use_picture_twice(album)
    findings = validate(album.root).findings
    assert {(f.check, f.subject_idx) for f in findings} == {("near-duplicate", "003")}
    assert {f.side for f in findings} == {"smartphone", "camera"}


def test_a_shared_word_on_two_subjects_is_for_review(album: Album) -> None:
    word = scene(77).resize((240, 180)).crop((0, 0, 80, 60))
    views = phone_view(3), camera_view(90)
    for view in views:
        view.paste(word, (200, 150))
    phone, camera = (exif(device, taken_at(3)) for device in (PHONE, CAMERA))
    album.add(3, phone=jpeg(views[0], phone), camera=jpeg(views[1], camera))
    (finding,) = validate(album.root).findings
    assert (finding.check, finding.severity) == ("unsure", "warning")
    assert finding.value is not None
    assert finding.value >= 12


def test_a_subject_without_a_licence_among_licensed_ones_is_found(album: Album) -> None:
    rows = ["subject_idx,smartphone,camera,license\n"]
    rows += [
        f"{n},{n:03}/smartphone.jpg,{n:03}/camera.jpg,{'CC0-1.0' if n != 3 else ''}\n"
        for n in range(1, 7)
    ]
    (album.root / "pairs.csv").write_text("".join(rows))
    (finding,) = validate(album.root, only=["license"]).findings
    assert (finding.rule, finding.subject_idx) == ("P012", "3")


def test_a_heic_of_a_kind_that_is_not_decoded_here_is_called_heic(album: Album) -> None:
    """The box says HEIC, no decoder knows what follows; the file is named and the rest judged."""
    album.camera(3).write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200))
    report = validate(album.root)
    (finding,) = report.findings
    assert (finding.check, finding.file) == ("undecodable", "003/camera.jpg")
    assert "convert it to JPEG" in finding.message
    assert len(report.verdicts) == 5


def test_all_files_of_a_device_that_were_jpegs_before_are_found(album: Album) -> None:
    """The first three tell that the others have to be examined as well."""
    for subject in range(1, 7):
        with Image.open(io.BytesIO(jpeg(camera_view(subject), quality=60))) as coarse:
            album.add(subject, camera=jpeg(coarse, exif(CAMERA, taken_at(subject)), 95))
    findings = validate(album.root, only=["resaved"]).findings
    assert [finding.file for finding in findings] == [f"{n:03}/camera.jpg" for n in range(1, 7)]
    assert all(finding.value == pytest.approx(60, abs=3) for finding in findings)


def test_photos_exchanged_between_two_subjects_name_each_other(album: Album) -> None:
    album.add(3, camera=camera_photo(5))
    album.add(5, camera=camera_photo(3))
    report = validate(album.root)
    assert {(f.check, f.subject_idx, f.evidence["partner"]) for f in report.findings} == {
        ("swapped", "003", "005"),
        ("swapped", "005", "003"),
    }
    assert {v.subject_idx: v.partner for v in report.verdicts if v.partner} == {
        "003": "005",
        "005": "003",
    }


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
        ("006", "subject"),
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


@pytest.mark.parametrize("size", [(1, 1), (2000, 1), (3000, 2)])
def test_a_photo_too_small_to_be_matched_is_told_so(album: Album, size: tuple[int, int]) -> None:
    Image.new("RGB", size).save(album.camera(3))
    [finding] = [one for one in validate(album.root).findings if one.check == "undecodable"]
    assert (finding.rule, finding.file) == ("P002", "003/camera.jpg")
    assert f"too small to be matched ({size[0]} x {size[1]} px)" in finding.message


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
    (finding,) = (f for f in validate(album.root).findings if f.severity == "error")
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
    report = validate(album.root, only=["P012"])
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
    (finding,) = validate(album.root, only=["capture-gap"]).findings
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
    report = validate(album.root, profile=profile, only=["P010"])
    assert (found(report) == {"capture-gap"}) is warned


def test_a_set_whose_files_tell_the_side_is_warned_of_as_a_whole(album: Album) -> None:
    for subject in range(1, 7):
        album.add(subject, camera=jpeg(camera_view(subject), quality=60))
    findings = validate(album.root, only=["P014"]).findings
    assert {finding.check for finding in findings} == {"telltale"}
    assert {(finding.subject_idx, finding.file) for finding in findings} == {(None, None)}
    told = " ".join(finding.message for finding in findings)
    assert "having EXIF" in told
    assert "quantisation" in told
    assert "format" not in told
