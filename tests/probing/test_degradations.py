"""A degradation report finds the class that a blur was made to hurt, and no other."""

from __future__ import annotations

import io
import json
import math
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from labelled_scenes import SIDE, by_rule, scene, write_scenes
from PIL import Image
from tiny_releases import png

from flickrexif.errors import UsageError
from flickrexif.imaging import Crop, Defocus, Degradation, Sensor, sweep
from flickrexif.probing import DegradationPlan, DegradationReport, degradation_report
from flickrexif.probing.protocols.degradation_scores import scatter
from flickrexif.treating import Degrading

if TYPE_CHECKING:
    from pathlib import Path

PLAN = DegradationPlan(crop=SIDE, resamples=200)
EVEN = {"blue": 12, "red": 12, "stripes": 12}


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_scenes(tmp_path_factory.mktemp("degradations") / "Scenes", EVEN)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("degradations") / "out"


@pytest.fixture(scope="module")
def report(scenes: Path, out: Path) -> DegradationReport:
    return degradation_report(scenes, PLAN, classify=by_rule, out=out)


# The planted failure


def test_each_level_has_the_accuracy_that_the_rule_must_have(report: DegradationReport):
    assert [row.level for row in report.levels] == [level.name for level in sweep("defocus")]
    assert [row.accuracy.value for row in report.levels] == [1, 1, 2 / 3, 2 / 3]
    original, _, blurred, _ = report.levels
    assert (original.accuracy.low, original.accuracy.high, original.drop.value) == (1, 1, 0)
    assert blurred.accuracy.low < 2 / 3 < blurred.accuracy.high < 1
    assert blurred.fall.value == pytest.approx(1 / 3)
    assert blurred.fall.low > 0
    assert blurred.drop.value == pytest.approx((0.9 - 0.05) / 3)
    assert (blurred.changed, blurred.balanced_accuracy) == (1 / 3, 2 / 3)
    assert (report.chance, report.majority, report.tested) == (1 / 3, 1 / 3, 36)


def test_the_class_that_is_hurt_is_the_worst_and_its_z_is_pooled(report: DegradationReport):
    (worst,) = report.worst
    assert (worst.class_name, worst.images, worst.accuracy, worst.least) == ("stripes", 12, 1, 0)
    # A third of the drops is 0.85, the others are 0: z is sqrt(2), and 0 where nothing drops.
    assert worst.z == pytest.approx(2 / 3 * math.sqrt(2), rel=1e-5)
    assert worst.z > 2 * worst.scatter
    assert {row.z for row in report.classes if row.level == "defocus_4_D"} == {0}
    assert [one.z for one in report.standings[1:]] == pytest.approx([-math.sqrt(2) / 3] * 2)


def test_its_confusion_is_named_and_its_auc_falls_to_one_half(report: DegradationReport):
    assert [(row.level, row.class_name, row.said, row.images) for row in report.confusions] == [
        ("defocus_12_D", "stripes", "red", 12),
        ("defocus_20_D", "stripes", "red", 12),
    ]
    (curve,) = report.curves
    assert (curve.class_name, curve.said, curve.images) == ("stripes", "red", 24)
    assert curve.auc == (1, 1, 0.5, 0.5)


def test_a_classifier_that_a_blur_does_not_touch_has_no_confusion(scenes: Path):
    def by_colour(images: torch.Tensor) -> np.ndarray:
        bluer = images[:, 2].float().mean((1, 2)) > images[:, 0].float().mean((1, 2))
        return np.where(bluer[:, None], [[0.8, 0.1, 0.1]], [[0.1, 0.5, 0.4]])

    found = degradation_report(scenes, PLAN, classify=by_colour)
    assert found.confusions == found.curves == ()
    assert {row.accuracy.value for row in found.levels} == {2 / 3}
    assert {standing.z for standing in found.standings} == {0}
    assert "no image that was said right is said wrong at any level" in found.lines()


# What the classifier gets


def test_pixels_are_those_that_degrade_makes_of_the_cropped_photo(tmp_path: Path):
    names = {11: "red", 12: "stripes"}
    photos = {i: png(scene(label, i, side=90)[:70]) for i, label in names.items()}
    table = {
        "image": [{"bytes": content} for content in photos.values()],
        "label": list(names.values()),
        "photo_id": list(photos),
    }
    pq.write_table(pa.table(table), tmp_path / "photos.parquet")
    seen: list[torch.Tensor] = []

    def spy(batch: torch.Tensor) -> torch.Tensor:
        seen.append(batch)
        return torch.full((len(batch), 2), 0.5)

    plan = DegradationPlan(sweep="exposure_time", crop=SIDE, seed=3)
    degradation_report(tmp_path, plan, classify=spy)
    treatment = Degrading("exposure_time", seed=3, crop=Crop(SIDE))
    assert len(seen) == len(treatment.classes)
    for place, (name, photo) in enumerate(photos.items()):
        for (_, made), batch in zip(treatment(photo, str(name)), seen, strict=True):
            expected = np.asarray(Image.open(io.BytesIO(made)))
            assert (batch[place].permute(1, 2, 0).numpy() == expected).all()


def test_an_image_is_classified_once_at_each_level(scenes: Path):
    sizes: list[int] = []

    def spy(batch: torch.Tensor) -> torch.Tensor:
        sizes.append(len(batch))
        assert (batch.dtype, batch.shape[1:]) == (torch.uint8, (3, SIDE, SIDE))
        return by_rule(batch)

    degradation_report(scenes, replace(PLAN, batch=20), classify=spy)
    assert sizes == [20] * 4 + [16] * 4


def test_own_levels_and_own_classes(scenes: Path):
    levels = (
        Degradation("blurred", defocus=Defocus(20)),
        Degradation("dark", sensor=Sensor(exposure_seconds=0.01 / 64)),
    )
    plan = replace(PLAN, sweep=levels, classes=("stripes", "blue", "sky", "red"))

    def four(batch: torch.Tensor) -> torch.Tensor:
        blue, red, stripes = by_rule(batch).T
        return torch.stack([stripes, blue, torch.zeros(len(batch)), red], dim=1)

    found = degradation_report(scenes, plan, classify=four)
    assert [row.level for row in found.levels] == ["original", "blurred", "dark"]
    assert found.levels[0].accuracy.value == 1
    assert found.chance == 1 / 4
    assert {row.class_name for row in found.classes} == {"stripes", "blue", "red"}
    assert found.sweep == "own"


def test_a_given_classifier_is_tested_on_what_it_was_not_trained_on(tmp_path: Path):
    write_scenes(tmp_path, {"red": 3, "blue": 3, "stripes": 3}, split="train")
    write_scenes(tmp_path, {"red": 2, "blue": 1, "stripes": 1}, split="val", first=50)
    found = degradation_report(tmp_path, PLAN, classify=by_rule)
    assert (found.tested, found.splits) == (4, "the set's own validation is tested")
    assert found.majority == 1 / 2
    write_scenes(tmp_path, {"red": 1}, split="test", first=90)
    found = degradation_report(tmp_path, PLAN, classify=by_rule)
    assert (found.tested, found.splits) == (1, "the set's own test is tested")


# The linear head


def test_a_head_on_an_encoder_is_fitted_to_undegraded_images_alone(scenes: Path):
    found = degradation_report(scenes, replace(PLAN, encoder="random:conv"))
    assert (found.fitted, found.tested) == (30, 6)
    assert found.levels[0].accuracy.value == 1
    assert found.levels[3].accuracy.value == 2 / 3
    assert found.worst[0].class_name == "stripes"
    assert found.curves[0].auc[0] == 1
    assert found.curves[0].auc[-1] <= 0.5
    assert found.classifier == "encoder random:conv"
    again = degradation_report(scenes, replace(PLAN, encoder="random:conv", batch=7))
    assert again.as_dict() == found.as_dict()


def test_an_encoder_sees_train_images_once_and_test_images_at_each_level(scenes: Path):
    from flickrexif.probing.encoders.pixels import PixelsEncoder

    class Counting:
        inner = PixelsEncoder()
        name, family, dim = "counting", "control", inner.dim
        preprocess, provenance = inner.preprocess, inner.provenance

        def __init__(self) -> None:
            self.seen: list[int] = []

        def __call__(self, images: torch.Tensor, visible: torch.Tensor) -> torch.Tensor:
            self.seen.append(len(images))
            return self.inner(images, visible)

    encoder = Counting()
    degradation_report(scenes, replace(PLAN, encoder=encoder))
    assert encoder.seen == [24, 6, *[6] * 4]


# Images that cannot be used


def test_unreadable_and_unlabelled_images_are_told(tmp_path: Path):
    write_scenes(tmp_path, EVEN)
    (tmp_path / "red" / "cut.png").write_bytes(png(scene("red", 1))[:200])
    (tmp_path / "loose.png").write_bytes(png(scene("red", 2)))
    found = degradation_report(tmp_path, PLAN, classify=by_rule)
    assert set(found.unreadable) == {"red/cut.png"}
    assert (found.unlabelled, found.tested) == (1, 36)
    assert found.lines()[-2:] == [
        "images skipped, as they could not be read: 1",
        "images skipped, as they have no label: 1",
    ]
    with pytest.raises(UsageError, match=r"more than 1% of the 37 images .* raise most_unreadable"):
        degradation_report(tmp_path, replace(PLAN, most_unreadable=0.01), classify=by_rule)


def test_a_class_that_the_head_cannot_be_fitted_to_is_refused(tmp_path: Path):
    """It would be found nowhere, and stand as the one that a blur hurts most."""
    for split, count in (("train", 12), ("validation", 4), ("test", 4)):
        write_scenes(tmp_path, {"blue": count, "red": count}, split=split)
        write_scenes(tmp_path, {"stripes": 1}, split=split)
    (tmp_path / "train" / "stripes" / "000.png").write_bytes(b"no image")
    with pytest.raises(UsageError, match="no train image of class 'stripes' can be read"):
        degradation_report(tmp_path, replace(PLAN, encoder="pixels"))


def test_unreadable_images_are_a_share_of_those_that_a_classifier_is_tested_on(tmp_path: Path):
    write_scenes(tmp_path, EVEN, split="train")
    write_scenes(tmp_path, {"blue": 3, "red": 3}, split="test")
    (tmp_path / "test" / "red" / "000.png").write_bytes(b"no image")
    with pytest.raises(UsageError, match="more than 10% of the 6 images"):
        degradation_report(tmp_path, PLAN, classify=by_rule)
    plan = replace(PLAN, most_unreadable=0.2)
    assert degradation_report(tmp_path, plan, classify=by_rule).tested == 5


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"sweep": "fog"}, "unknown sweep 'fog'"),
        ({"sweep": ()}, "a sweep needs levels"),
        ({"sweep": (Degradation("still"),)}, "a sweep needs levels"),
        ({"sweep": (Degradation("a", defocus=Defocus(4)),) * 2}, "name of its own"),
        ({"sweep": (Degradation(defocus=Defocus(4)),)}, "name of its own"),
        ({"crop": 0}, "crop 0"),
        ({"shown": 0}, "shown is 0"),
        ({"classes": ("a", "a")}, "named twice"),
        ({"most_unreadable": 2}, "most_unreadable 2"),
        ({"batch": 0}, "batch is 0"),
        ({"device": "tpu"}, "unknown device 'tpu'"),
    ],
)
def test_a_plan_refuses_what_does_not_fit(words: dict[str, object], told: str):
    with pytest.raises(UsageError, match=told):
        DegradationPlan(**words)


def test_sets_without_classes_are_refused(tmp_path: Path, scenes: Path):
    with pytest.raises(UsageError, match="have no labels"):
        degradation_report(scenes / "red", PLAN, classify=by_rule)
    write_scenes(tmp_path, {"red": 3})
    with pytest.raises(UsageError, match="of one class"):
        degradation_report(tmp_path, PLAN, classify=by_rule)
    with pytest.raises(UsageError, match="'stripes' of the images is none of the classifier's 2"):
        degradation_report(scenes, replace(PLAN, classes=("blue", "red")), classify=by_rule)


@pytest.mark.parametrize(
    ("gives", "told"),
    [
        (lambda batch: torch.rand(len(batch), 2), "expected probabilities of shape"),
        (lambda batch: torch.zeros(len(batch), 3) + 4, "did it give logits"),
        (lambda batch: torch.tensor([[2.0, -1, 0]]).expand(len(batch), 3), "did it give logits"),
        (lambda batch: torch.full((len(batch), 3), math.nan), "did it give logits"),
    ],
)
def test_what_is_no_probability_is_refused(scenes: Path, gives, told: str):
    with pytest.raises(ValueError, match=told):
        degradation_report(scenes, PLAN, classify=gives)


# What is written


def test_files_tell_what_the_report_tells(report: DegradationReport, out: Path):
    assert sorted(path.name for path in out.iterdir()) == [
        "classes.parquet",
        "degradations.md",
        "degradations.png",
        "predictions.parquet",
        "results.json",
    ]
    told = json.loads((out / "results.json").read_text())
    assert told == json.loads(json.dumps(report.as_dict()))
    assert told["curves"][0]["auc"] == [1, 1, 0.5, 0.5]
    assert told["degradations"]["defocus_12_D"]["defocus"]["dioptres"] == 12
    assert told["levels"][2]["accuracy"]["value"] == pytest.approx(2 / 3)
    classes = pl.read_parquet(out / "classes.parquet")
    assert classes.height == 3 * 3
    hurt = classes.filter(pl.col("accuracy") < 1)
    assert hurt["class_name"].to_list() == ["stripes"] * 2
    with Image.open(out / "degradations.png") as figure:
        assert min(figure.size) > 500


def test_every_image_is_in_the_predictions_at_every_level(report: DegradationReport, out: Path):
    found = pl.read_parquet(out / "predictions.parquet")
    assert found.height == 4 * 36
    assert found.equals(report.predictions())
    assert found.n_unique(["level", "image"]) == found.height
    wrong = found.filter(pl.col("label") != pl.col("said"))
    assert set(zip(wrong["label"], wrong["said"], strict=True)) == {("stripes", "red")}
    assert wrong["probability_of_the_original_class"].to_list() == pytest.approx([0.05] * 24)


def test_markdown_has_the_cells_of_the_lines(report: DegradationReport, out: Path):
    text = (out / "degradations.md").read_text()
    assert r"| defocus\_12\_D | 66.7 [" in text
    assert "| stripes | red | 24 | 1.000 | 1.000 | 0.500 | 0.500 |" in text
    assert "| class | said instead | images | original |" in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert len(tables) == len([line for line in report.lines() if "  " in line]) + 4


def test_equal_words_give_equal_files(scenes: Path, out: Path, tmp_path: Path, report):
    degradation_report(scenes, PLAN, classify=by_rule, out=tmp_path)
    for path in out.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


@given(st.integers(2, 9), st.data())
def test_the_scatter_is_that_of_all_classes_that_could_be_drawn(of: int, data: st.DataObject):
    """Over every class of n of N z-scores the mean has exactly that deviation, and mean 0."""
    size = data.draw(st.integers(1, of))
    scores = np.array(data.draw(st.lists(st.integers(-9, 9), min_size=of, max_size=of)), float)
    if np.ptp(scores) == 0:
        return
    scores = (scores - scores.mean()) / scores.std()
    means = [scores[list(chosen)].mean() for chosen in combinations(range(of), size)]
    assert np.std(means) == pytest.approx(scatter(size, of), abs=1e-9)
