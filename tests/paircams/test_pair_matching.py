"""The cascade verifies what it should, by the step that should, and recovers a known view."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pair_scenes import camera_view, jpeg, phone_view, scene
from PIL import Image, ImageOps

from paircams.layout import PhotoFile
from paircams.limits import PROFILES
from paircams.matching import align
from paircams.matching.correlation import correlation
from paircams.matching.features import orb, strongest
from paircams.matching.geometry import mapped
from paircams.matching.matches import matched
from paircams.photo import Contents, examine

if TYPE_CHECKING:
    from paircams.matching import Alignment, Look

LIMITS = PROFILES["paper"]


def look(image: Image.Image, folder: Path, name: str) -> Look:
    path = folder / f"{name}.jpg"
    path.write_bytes(jpeg(image))
    file = PhotoFile("1", "camera", path.name, path)
    contents = examine(file, path.read_bytes()).contents
    assert isinstance(contents, Contents)
    assert contents.look is not None
    return contents.look


def seen(a: Image.Image, b: Image.Image, folder: Path) -> Alignment:
    return align(look(a, folder, "a"), look(b, folder, "b"), LIMITS)


def test_two_views_pass_and_their_shift_is_known(tmp_path: Path) -> None:
    """The camera's view begins 14 pixels to the right and 8 down, in frames of 440 x 330."""
    found = seen(phone_view(1), camera_view(1), tmp_path)
    assert (found.same_subject, found.view) == ("pass", "same")
    assert found.figures is not None
    assert found.figures.method == "orb"
    assert found.figures.inliers >= 100
    assert found.figures.rotation_deg == pytest.approx(0, abs=0.5)
    assert found.figures.scale == pytest.approx(1, abs=0.01)
    assert found.figures.shift == pytest.approx(np.hypot(14, 8) / 550, abs=0.003)
    assert found.figures.iou == pytest.approx(426 * 322 / (2 * 440 * 330 - 426 * 322), abs=0.01)
    assert found.figures.ncc is not None
    assert found.figures.ncc > 0.9


def test_the_matches_lie_on_the_homography(tmp_path: Path) -> None:
    figures = seen(phone_view(1), camera_view(1), tmp_path).figures
    assert figures is not None
    whole = np.array(figures.homography).reshape(3, 3)
    mine, other = (np.array([match[side] for match in figures.matches]) for side in (0, 1))
    assert len(mine) == 64
    assert np.abs(mapped(whole, mine) - other).max() < 0.02


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_turned_photos_are_rotated_by_what_they_were_turned(tmp_path: Path, turn: int) -> None:
    """Pillow turns counterclockwise, so the map from the upright photo is the other way round."""
    found = seen(phone_view(1), camera_view(1).rotate(turn, expand=True), tmp_path)
    assert (found.same_subject, found.view) == ("pass", "rotated")
    assert found.figures is not None
    apart = (found.figures.rotation_deg + turn + 180) % 360 - 180
    assert apart == pytest.approx(0, abs=1)


def test_a_mirrored_photo_is_found_by_the_last_step(tmp_path: Path) -> None:
    found = seen(phone_view(1), ImageOps.mirror(camera_view(1)), tmp_path)
    assert (found.same_subject, found.view) == ("pass", "mirrored")
    assert found.figures is not None
    assert found.figures.method == "orb mirrored"
    whole = np.array(found.figures.homography).reshape(3, 3)
    mine, other = (np.array([match[side] for match in found.figures.matches]) for side in (0, 1))
    assert np.abs(mapped(whole, mine) - other).max() < 0.02
    assert np.linalg.det(whole) < 0


def test_a_front_that_is_its_own_mirror_image_is_not_mirrored(tmp_path: Path) -> None:
    half = scene(5).crop((0, 0, 240, 360))
    front = Image.new("RGB", (480, 360))
    front.paste(half)
    front.paste(ImageOps.mirror(half), (240, 0))
    found = seen(front, front.crop((10, 6, 470, 351)), tmp_path)
    assert found.view == "same"


def test_what_orb_does_not_find_sift_does(tmp_path: Path) -> None:
    """A crop to 30 % of the side: ORB passes 0 to 1 of 21 real pairs there, SIFT 14."""
    large = textured(1600)
    found = seen(large, large.crop((500, 400, 980, 760)), tmp_path)
    assert found.same_subject == "pass"
    assert found.figures is not None
    assert found.figures.method == "sift"
    assert found.view == "framed otherwise"


def textured(width: int) -> Image.Image:
    """Detail on all scales."""
    chance = np.random.default_rng(3)
    sizes = [(width >> level, width * 3 // 4 >> level) for level in range(1, 7)]
    layers = [
        np.asarray(
            Image.fromarray(chance.integers(0, 256, size[::-1], np.uint8)).resize(
                (width, width * 3 // 4), Image.Resampling.BICUBIC
            ),
            dtype=np.float32,
        )
        for size in sizes
    ]
    return Image.fromarray(np.mean(layers, axis=0).clip(0, 255).astype(np.uint8)).convert("RGB")


def test_photos_of_two_subjects_fail(tmp_path: Path) -> None:
    found = seen(phone_view(1), camera_view(2), tmp_path)
    assert (found.same_subject, found.view) == ("fail", None)
    assert found.figures is None or found.figures.inliers < LIMITS.review_inliers


def test_a_shared_word_is_no_shared_subject(tmp_path: Path) -> None:
    """Two pictures with one small print: many matches agree, on next to nothing of the frame."""
    word = textured(1600).crop((0, 0, 90, 60))
    a, b = phone_view(1), camera_view(2)
    for picture in (a, b):
        picture.paste(word, (30, 30))
    found = seen(a, b, tmp_path)
    assert found.figures is not None
    assert found.figures.inliers >= LIMITS.review_inliers
    assert found.figures.hull_share < LIMITS.subject_hull_share
    assert found.same_subject == "review"


def test_flat_photos_have_nothing_to_match(tmp_path: Path) -> None:
    grey = Image.new("RGB", (400, 300), (128, 128, 128))
    assert seen(grey, grey, tmp_path).same_subject == "fail"
    assert (
        correlation(np.full((96, 128), 9, np.uint8), np.eye(96, 128, dtype=np.uint8), np.eye(3))
        is None
    )


def test_matches_are_mutual_and_told_once(tmp_path: Path) -> None:
    a, b = look(phone_view(1), tmp_path, "a").features, look(camera_view(1), tmp_path, "b").features
    mine, other = matched(a, b)
    back_other, back_mine = matched(b, a)
    there = {tuple(row) for row in np.hstack((mine, other)).tolist()}
    back = {tuple(row) for row in np.hstack((back_mine, back_other)).tolist()}
    assert len(there) == len(mine)
    assert len(there & back) > 0.8 * len(there)


def test_the_strongest_points_are_those_of_the_largest_response(tmp_path: Path) -> None:
    features = look(phone_view(1), tmp_path, "a").features
    few = strongest(features, 50)
    assert len(few.points) == len(few.descriptors) == 50
    assert few.responses.min() >= np.sort(features.responses)[-50]


def test_large_photos_are_looked_at_small_and_small_ones_as_they_are(tmp_path: Path) -> None:
    large = look(scene(1).resize((3000, 2000)), tmp_path, "large").features
    assert (large.width, large.height) == (640, 427)
    small = look(scene(1).resize((200, 150)), tmp_path, "small").features
    assert (small.width, small.height) == (200, 150)


def test_features_are_the_same_every_time() -> None:
    grey = np.asarray(scene(1).convert("L"))
    one, other = orb(grey), orb(grey)
    assert np.array_equal(one.descriptors, other.descriptors)


def test_without_opencv_the_line_that_installs_it_is_told(tmp_path: Path) -> None:
    """A folder that shadows cv2 with a module that cannot be imported, as a fresh machine has."""
    (tmp_path / "cv2.py").write_text("raise ImportError('No module named cv2')\n")
    (tmp_path / "album" / "1").mkdir(parents=True)
    for side in ("smartphone", "camera"):
        scene(1).save(tmp_path / "album" / "1" / f"{side}.jpg")
    words = [sys.executable, "-c", "from paircams.cli import main; main()", "validate", "album"]
    shadowed = {**os.environ, "PYTHONPATH": f"{tmp_path}:{Path(__file__).resolve().parents[2]}"}
    done = subprocess.run(
        words, cwd=tmp_path, env=shadowed, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert 'pip install "flickrexif[pairs]"' in done.stderr
    assert done.stderr.count("\n") == 1
    words += ["--only", "P001"]
    done = subprocess.run(
        words, cwd=tmp_path, env=shadowed, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
