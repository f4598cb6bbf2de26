"""Two folders are paired by time and content, once each, and what is left over is told."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
from pair_scenes import CAMERA, PHONE, camera_view, exif, jpeg, phone_view

from flickrexif.errors import UsageError
from paircams import match, validate

if TYPE_CHECKING:
    from pathlib import Path

SUBJECTS = range(1, 6)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Five subjects, the camera's clock an hour ahead, its files named in another order."""
    phones, cameras = tmp_path / "phone", tmp_path / "camera"
    phones.mkdir()
    cameras.mkdir()
    for n in SUBJECTS:
        taken = f"2024:05:01 12:{n:02}:00", f"2024:05:01 13:{n:02}:20"
        (phones / f"IMG_{n}.jpg").write_bytes(jpeg(phone_view(n), exif(PHONE, taken[0])))
        (cameras / f"DSC{9 - n}.jpg").write_bytes(jpeg(camera_view(n), exif(CAMERA, taken[1])))
    return phones, cameras


def rows(manifest: Path) -> list[dict[str, str]]:
    with manifest.open(newline="") as file:
        return list(csv.DictReader(file))


def test_pairs_are_found_and_validate(folders: tuple[Path, Path], tmp_path: Path) -> None:
    proposal = match(*folders)
    assert proposal.manifest == tmp_path / "pairs.csv"
    assert proposal.clock_s == 3620
    assert [(row["smartphone"], row["camera"]) for row in rows(proposal.manifest)] == [
        (f"phone/IMG_{n}.jpg", f"camera/DSC{9 - n}.jpg") for n in SUBJECTS
    ]
    report = validate(proposal.manifest)
    assert report.passed
    assert {verdict.same_subject for verdict in report.verdicts} == {"pass"}


def test_content_wins_over_names_and_time(folders: tuple[Path, Path]) -> None:
    phones, cameras = folders
    stray = jpeg(camera_view(1), exif(CAMERA, "2024:05:01 19:00:00"))
    (cameras / "DSC8.jpg").write_bytes(stray)
    proposal = match(phones, cameras)
    (late,) = (pair for pair in proposal.pairs if pair.smartphone == "phone/IMG_1.jpg")
    assert (late.camera, late.by) == ("camera/DSC8.jpg", "content")
    assert late.apart_s == pytest.approx(21_520)


def test_what_does_not_match_is_guessed_by_time_or_left(folders: tuple[Path, Path]) -> None:
    phones, cameras = folders
    blurred = jpeg(
        camera_view(3).resize((12, 9)).resize((440, 330)), exif(CAMERA, "2024:05:01 13:03:20")
    )
    (cameras / "DSC6.jpg").write_bytes(blurred)
    (cameras / "x.jpg").write_bytes(jpeg(camera_view(70)))
    (cameras / "empty.jpg").write_bytes(b"")
    proposal = match(phones, cameras)
    (guess,) = (pair for pair in proposal.pairs if pair.by == "time")
    assert (guess.smartphone, guess.camera) == ("phone/IMG_3.jpg", "camera/DSC6.jpg")
    assert proposal.left == ("camera/x.jpg",)
    assert proposal.unreadable == ("camera/empty.jpg",)


def test_a_photo_is_used_once(folders: tuple[Path, Path]) -> None:
    phones, cameras = folders
    (phones / "IMG_1b.jpg").write_bytes((phones / "IMG_1.jpg").read_bytes())
    proposal = match(phones, cameras)
    used = [pair.camera for pair in proposal.pairs]
    assert len(used) == len(set(used)) == 5


def test_a_manifest_that_is_there_is_not_overwritten(folders: tuple[Path, Path]) -> None:
    empty = folders[0].parent / "empty"
    empty.mkdir()
    with pytest.raises(UsageError, match="holds no photos"):
        match(folders[0], empty)
    match(*folders)
    with pytest.raises(UsageError, match="is there already"):
        match(*folders)
    with pytest.raises(UsageError, match="above both"):
        match(*folders, out=folders[0] / "pairs.csv")
    with pytest.raises(UsageError, match="both folders are one"):
        match(folders[0], folders[0])
