"""What EXIF says of time, light and lens: computed as declared, unknown where it is absent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pair_scenes import CAMERA, PHONE, Album, camera_view, exif, jpeg, phone_view

from flickrexif.exif.record import RawRecord
from paircams import validate
from paircams.checks.conditions import exposure_value
from paircams.checks.edits import EDITORS

SECONDS = st.tuples(st.integers(1, 30), st.integers(1, 8000))


def record(seconds: tuple[int, int], iso: int | None = 100, f_number: int = 28) -> RawRecord:
    return RawRecord(
        "file",
        exposure_num=seconds[0],
        exposure_den=seconds[1],
        aperture_num=f_number,
        aperture_den=10,
        iso=iso,
    )


def test_sunny_16_is_ev_15() -> None:
    """f/16 and 1/125 s at ISO 100 is the daylight rule: log2(256 x 125) = 14.97."""
    assert exposure_value(record((1, 125), f_number=160)) == pytest.approx(14.966, abs=0.001)


@given(SECONDS, st.sampled_from([50, 100, 400, 3200]))
def test_twice_the_time_or_the_iso_is_one_ev_less(seconds: tuple[int, int], iso: int) -> None:
    value = exposure_value(record(seconds, iso))
    assert value is not None
    assert exposure_value(record((2 * seconds[0], seconds[1]), iso)) == pytest.approx(value - 1)
    assert exposure_value(record(seconds, 2 * iso)) == pytest.approx(value - 1)


def test_without_a_setting_the_exposure_is_unknown() -> None:
    assert exposure_value(record((1, 125), iso=None)) is None
    assert exposure_value(RawRecord("file", iso=100)) is None


@pytest.mark.parametrize(
    ("software", "is_editor"),
    [
        ("Adobe Photoshop Lightroom 6.0 (Windows)", True),
        ("GIMP 2.10.34", True),
        ("Snapseed 2.0", True),
        ("darktable 4.6.0", True),
        ("Adobe Photoshop CS6 (Windows)", True),
        ("iOS 17.1", False),
        ("Ver.1.02 ", False),
        ("HDR+ 1.0.220943774z", False),
        ("G991BXXU5CVDD", False),
        ("NIKON D750 Ver.1.10", False),
    ],
)
def test_editors_are_told_from_firmware(software: str, is_editor: bool) -> None:
    assert bool(EDITORS.search(software)) is is_editor


def at(album: Album, subject: int, phone: str, camera: str) -> None:
    album.add(
        subject,
        phone=jpeg(phone_view(subject), exif(PHONE, phone)),
        camera=jpeg(camera_view(subject), exif(CAMERA, camera)),
    )


def test_clocks_of_two_cameras_are_learnt_over_days_where_a_day_has_few(album: Album) -> None:
    """Two pairs a day, the camera an hour ahead: each day alone tells nothing."""
    for subject in range(1, 7):
        day = f"2024:05:0{1 + subject // 2}"
        at(album, subject, f"{day} 12:00:00", f"{day} 13:00:{subject:02}")
    assert validate(album.root, only=["capture-gap"]).findings == ()
    at(album, 6, "2024:05:04 12:00:00", "2024:05:04 14:00:00")
    (finding,) = validate(album.root, only=["capture-gap"]).findings
    assert finding.subject_idx == "006"
    assert finding.value == pytest.approx(3600, abs=10)


def test_a_pair_on_the_wrong_sides_does_not_turn_the_clock_round(album: Album) -> None:
    for subject in range(1, 7):
        at(album, subject, f"2024:05:01 12:0{subject}:00", f"2024:05:01 13:0{subject}:00")
    album.add(3, phone=album.camera(3).read_bytes(), camera=album.phone(3).read_bytes())
    assert validate(album.root, only=["capture-gap"]).findings == ()


def test_too_few_pairs_tell_no_clock_and_no_gap(album: Album) -> None:
    for subject in range(3, 7):
        album.phone(subject).unlink()
    at(album, 1, "2024:05:01 12:00:00", "2024:05:01 19:00:00")
    assert validate(album.root, only=["capture-gap"]).findings == ()
