from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tiny_releases import TinyRelease, photo, png

from flickrexif.errors import UsageError
from flickrexif.probing import ProbePlan, probe
from flickrexif.probing.release_data import ReleaseData

if TYPE_CHECKING:
    from pathlib import Path

SIDE = 32


def rows(ids: range, classes: int) -> list[tuple[int, int, str]]:
    return [(photo_id, photo_id % classes, f"owner-{photo_id}") for photo_id in ids]


def write(path: Path, *, classes: int = 2, train: int = 6, kind: str = "masked") -> Path:
    labels = {
        "make": {
            "train": rows(range(train), classes),
            "validation": rows(range(100, 104), classes),
            "test": rows(range(200, 204), classes),
        }
    }
    images = {
        i: png(photo(i, noise=3, side=SIDE))
        for split in labels["make"].values()
        for i, _, _ in split
    }
    tiny = TinyRelease(path, kind=kind, side=SIDE)
    return tiny.write({"make": [f"c{i}" for i in range(classes)]}, labels, images)


def test_an_attribute_is_read_with_its_classes_and_splits(release: Path):
    iso = ReleaseData.open(release).attribute("iso")
    assert iso.classes == ("100", "800", "6400")
    assert iso.ordinal
    assert (len(iso.train), len(iso.validation), len(iso.test)) == (72, 24, 48)
    assert np.bincount(iso.test.labels).tolist() == [16, 16, 16]
    assert not ReleaseData.open(release).attribute("coin").ordinal


def test_each_distinct_photo_is_yielded_once(release: Path):
    data = ReleaseData.open(release)
    ids = [photo_id for photo_id, _ in data.images(data.attributes)]
    assert len(ids) == len(set(ids)) == 144
    assert set(ids) == set(data.attribute("iso").photo_ids.tolist())


def test_a_photo_of_two_attributes_that_overlap_is_yielded_once(tmp_path: Path):
    starts = {"train": 0, "validation": 100, "test": 200}
    labels = {
        name: {
            split: rows(range(start + skip, start + skip + 6), 2) for split, start in starts.items()
        }
        for name, skip in (("make", 0), ("flash", 3))
    }
    path = TinyRelease(tmp_path / "r", side=SIDE).write(
        {"make": ["a", "b"], "flash": ["off", "on"]}, labels, {}
    )
    ids = [photo_id for photo_id, _ in ReleaseData.open(path).images(("make", "flash"))]
    assert len(ids) == len(set(ids)) == 27


def test_photos_can_be_left_out(release: Path):
    iso = ReleaseData.open(release).attribute("iso")
    kept = iso.among(iso.photo_ids[5:])
    assert len(kept.train) == 67
    assert np.array_equal(kept.train.labels, iso.train.labels[5:])
    assert np.array_equal(kept.test.owner_ids, iso.test.owner_ids)


@pytest.mark.parametrize("content", [None, "not json", "[]", '{"version": "1.0.0"}'])
def test_a_folder_that_is_no_release_is_refused(tmp_path: Path, content: str | None):
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(UsageError, match="release"):
        ReleaseData.open(tmp_path)


def test_a_file_is_no_release(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is no release"):
        ReleaseData.open(tmp_path / "file")


def test_a_release_without_images_is_refused(tmp_path: Path):
    path = write(tmp_path / "r", kind="metadata")
    with pytest.raises(UsageError, match="holds no images"):
        probe(path)


def test_an_unknown_attribute_is_refused_with_the_known_ones(release: Path):
    with pytest.raises(UsageError, match=r"'lens'.*iso, coin"):
        probe(release, ProbePlan(attributes=("lens",)))


def test_an_attribute_with_one_class_is_refused(tmp_path: Path):
    with pytest.raises(UsageError, match="only 1 class"):
        probe(write(tmp_path / "r", classes=1))


def test_more_classes_than_train_photos_are_refused(tmp_path: Path):
    with pytest.raises(UsageError, match="4 classes and only 3 train"):
        probe(write(tmp_path / "r", classes=4, train=3))


def test_labels_outside_the_classes_are_refused(tmp_path: Path):
    path = write(tmp_path / "r")
    tiny = TinyRelease(path, side=SIDE)
    bad = {"train": [(1, 7, "a"), (2, 0, "a"), (3, 1, "b")], "validation": [], "test": []}
    tiny.write({"make": ["x", "y"]}, {"make": bad}, {})
    with pytest.raises(UsageError, match="outside its 2 classes"):
        probe(path)


def test_a_release_that_lost_its_files_is_refused(tmp_path: Path):
    path = write(tmp_path / "r")
    next((path / "make").glob("test-*")).unlink()
    with pytest.raises(UsageError, match="no test files of 'make'"):
        probe(path)


def test_a_mask_over_a_masked_release_is_refused(tmp_path: Path):
    from flickrexif.imaging.mask import MaskSpec

    with pytest.raises(UsageError, match="masked already"):
        probe(write(tmp_path / "r"), ProbePlan(mask=MaskSpec()))


def test_a_mask_of_the_manifest_that_no_one_knows_is_refused(tmp_path: Path):
    path = write(tmp_path / "r")
    manifest = json.loads((path / "manifest.json").read_text())
    manifest["mask"]["geometry"] = "star"
    (path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(UsageError, match="star"):
        probe(path)


@pytest.mark.parametrize(
    "words",
    [
        {"shuffles": 0},
        {"resamples": 3},
        {"threads": 0},
        {"threads": 10_000},
        {"batch": 0},
        {"penalties": ()},
        {"penalties": (0.0,)},
        {"solver": "guess"},
    ],
)
def test_words_that_do_not_fit_are_refused(words: dict):
    with pytest.raises(UsageError):
        ProbePlan(**words)
