"""Simulated pairs are what they say: one subject, two cameras, and the planted faults alone."""

from __future__ import annotations

import hashlib
import io
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from flickrexif.errors import UsageError
from flickrexif.exif.read import read_exif
from paircams.cli import main
from paircams.sandbox import FAULTS, parse_faults, simulate
from paircams.sandbox.plan import light_of, plan_pair
from paircams.sandbox.view import canvas_size

if TYPE_CHECKING:
    from pathlib import Path

SIZE = 320
"""Enough for what does not look at details."""


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sound pairs."""
    return simulate(tmp_path_factory.mktemp("sound") / "set", pairs=2, longest_px=SIZE).folder


def test_the_same_words_give_the_same_bytes_and_another_seed_others(
    sound: Path, tmp_path: Path
) -> None:
    again = simulate(tmp_path / "again", pairs=2, longest_px=SIZE).folder
    other = simulate(tmp_path / "other", pairs=2, longest_px=SIZE, seed=1).folder
    assert digests(again) == digests(sound)
    photos = {name for name in digests(sound) if name.endswith(".jpg")}
    assert len(photos) == 4
    assert not {digests(other)[name] for name in photos} & set(digests(sound).values())


def upright(path: Path) -> Image.Image:
    return ImageOps.exif_transpose(Image.open(path)).convert("L")


def correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a.ravel().astype(float), b.ravel().astype(float))[0, 1])


def test_the_true_homography_lays_one_photo_of_a_pair_upon_the_other(sound: Path) -> None:
    truth = json.loads((sound / "faults.json").read_text())
    for subject, rows in truth["homographies"].items():
        phone = upright(sound / subject / "smartphone.jpg")
        camera = upright(sound / subject / "camera.jpg")
        back = np.linalg.inv(np.array(rows))
        laid = phone.transform(
            camera.size,
            Image.Transform.PERSPECTIVE,
            (back / back[2, 2]).ravel()[:8].tolist(),
            Image.Resampling.BILINEAR,
        )
        middle = np.s_[60:-60, 60:-60]
        there = np.asarray(camera)[middle]
        as_told = correlation(np.asarray(laid)[middle], there)
        assert as_told > 0.9
        assert as_told > correlation(np.asarray(phone)[middle], there) + 0.2


def test_the_files_tell_two_cameras_and_the_difference_of_their_clocks(sound: Path) -> None:
    gaps = set()
    for folder in sorted(path for path in sound.iterdir() if path.is_dir()):
        phone, camera = (
            read_exif((folder / f"{side}.jpg").read_bytes()) for side in ("smartphone", "camera")
        )
        assert phone.model != camera.model
        assert phone.exposure_num
        assert camera.aperture_num
        gaps.add((camera.date_time_original or "")[:13] == (phone.date_time_original or "")[:13])
    assert len(gaps) == 1


@given(st.integers(0, 10**6), st.integers(0, 40))
def test_light_and_view_of_a_pair_agree_as_in_life(seed: int, number: int) -> None:
    pair = plan_pair(seed, number, 640)
    assert not pair.phone.settings.flash_fired
    assert not pair.camera.settings.flash_fired
    assert abs(light_of(pair.phone.settings) - light_of(pair.camera.settings)) < 1.5
    assert 0.75 < pair.camera.focal_35mm / pair.phone.focal_35mm < 1.35
    width, height = pair.camera.frame
    corners = np.array([[0, 0, 1], [width, 0, 1], [0, height, 1], [width, height, 1]]).T
    seen = pair.camera.homography @ corners
    canvas = np.array(canvas_size(pair.camera.frame))[:, None]
    assert ((seen[:2] / seen[2] >= 0) & (seen[:2] / seen[2] <= canvas)).all()


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_changes_the_files_of_its_own_subjects_alone(
    sound: Path, tmp_path: Path, kind: str
) -> None:
    made = simulate(tmp_path / "set", pairs=2, faults={kind: 1}, longest_px=SIZE)
    (planted,) = made.planted
    before, after = digests(sound), digests(made.folder)
    changed = {
        name[:3]
        for name in before.keys() | after.keys()
        if name[0].isdigit() and before.get(name) != after.get(name)
    }
    expected = set(planted.subjects) or {"001", "002"}
    assert changed <= expected
    assert changed
    assert len(planted.subjects) == FAULTS[kind].subjects
    told = json.loads((made.folder / "faults.json").read_text())["faults"]
    assert [(fault["kind"], tuple(fault["subjects"])) for fault in told] == [
        (kind, planted.subjects)
    ]


def test_faults_stand_in_subjects_of_their_own(tmp_path: Path) -> None:
    wanted = {"empty": 2, "swapped": 1, "missing": 1}
    made = simulate(tmp_path / "set", pairs=5, faults=wanted, longest_px=SIZE)
    named = [subject for fault in made.planted for subject in fault.subjects]
    assert len(named) == len(set(named)) == 5
    assert sum((made.folder / name / "camera.jpg").stat().st_size == 0 for name in named[:2]) == 2


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ({"pairs": 1, "faults": {"swapped": 1}}, "2 or more"),
        ({"faults": {"sabotage": 1}}, "no fault 'sabotage'"),
        ({"faults": {"stripped-side": 1, "clock": 1}}, "'stripped-side' and 'clock' contradict"),
        ({"longest_px": 20}, "20 pixels"),
    ],
)
def test_words_that_do_not_fit_are_refused_before_anything_is_written(
    tmp_path: Path, words: dict, named: str
) -> None:
    with pytest.raises(UsageError, match=named):
        simulate(tmp_path / "set", **words)
    assert not (tmp_path / "set").exists()


def test_a_folder_with_anything_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("")
    with pytest.raises(UsageError, match="name a new folder"):
        simulate(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@given(st.dictionaries(st.sampled_from(sorted(FAULTS)), st.integers(1, 99)))
def test_counts_of_faults_are_read_as_they_are_written(wanted: dict[str, int]) -> None:
    assert parse_faults([f"{kind}:{count}" for kind, count in wanted.items()]) == wanted


@pytest.mark.parametrize("text", ["empty:0", "empty:x", "empty:-1", "empty:²"])
def test_a_count_that_is_no_positive_number_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="KIND:N"):
        parse_faults([text])


def test_a_re_encoded_file_is_the_phones_picture(tmp_path: Path) -> None:
    made = simulate(tmp_path / "set", pairs=1, faults={"re-encoded": 1}, longest_px=SIZE)
    phone, again = (made.folder / "001" / f"{side}.jpg" for side in ("smartphone", "camera"))
    assert phone.read_bytes() != again.read_bytes()
    difference = np.asarray(upright(phone), float) - np.asarray(upright(again), float)
    assert np.abs(difference).mean() < 4


def test_the_command_plants_and_tells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--pairs", "2", "--fault", "gps", "--fault", "empty:1", "--longest-px", str(SIZE)]
    with pytest.raises(SystemExit) as left:
        main(["sandbox", str(tmp_path / "set"), *words, "--json"])
    assert left.value.code == 0
    told = json.loads(capsys.readouterr().out)
    assert {fault["kind"] for fault in told["planted"]} == {"gps", "empty"}
    with pytest.raises(SystemExit) as left:
        main(["sandbox", "--list-faults"])
    assert left.value.code == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == list(FAULTS)


def test_a_photo_that_was_taken_upright_is_stored_lying_with_its_tag(tmp_path: Path) -> None:
    upright_pairs = [n for n in range(12) if plan_pair(0, n, SIZE).phone.orientation == 6]
    assert upright_pairs
    made = simulate(tmp_path / "set", pairs=upright_pairs[0] + 1, longest_px=SIZE)
    file = (made.folder / f"{upright_pairs[0] + 1:03}" / "camera.jpg").read_bytes()
    with Image.open(io.BytesIO(file)) as stored:
        assert stored.width > stored.height
        assert ImageOps.exif_transpose(stored).height == stored.width
