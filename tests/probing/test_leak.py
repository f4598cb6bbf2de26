from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tiny_releases import png

from flickrexif.errors import UsageError
from flickrexif.imaging.image_set import ImageSet
from flickrexif.imaging.mask import MaskSpec, achieved_ratio
from flickrexif.probing import LeakPlan, LeakReport, leak_check
from flickrexif.probing.preprocess import PreprocessSpec
from flickrexif.probing.protocols.leak import image_interval
from flickrexif.probing.protocols.leak_splits import Labelled, deal
from flickrexif.probing.protocols.unreadable import Unreadable

if TYPE_CHECKING:
    from pathlib import Path

SIDE = 48
PLAN = LeakPlan(encoder="pixels", ratios=(0, 0.75, 1), crop=SIDE, resamples=300)
COLOURS = {"blue": (60, 60, 200), "green": (60, 200, 60), "red": (200, 60, 60)}


def centred(colour: tuple[int, int, int], seed: int) -> bytes:
    """Noise with a square of ``colour`` in its middle: a mask of 75 % hides all of the square."""
    pixels = np.random.default_rng(seed).normal(128, 20, (SIDE, SIDE, 3))
    pixels[14:34, 14:34] = colour
    return png(pixels.clip(0, 255).astype(np.uint8))


def fill(folder: Path, counts: dict[str, int], *, first: int = 0) -> Path:
    for label, count in counts.items():
        (folder / label).mkdir(parents=True, exist_ok=True)
        for number in range(first, first + count):
            image = centred(COLOURS[label], 1000 * number + len(label))
            (folder / label / f"{number:03}.png").write_bytes(image)
    return folder


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three classes of 20, and 2 that are no images."""
    folder = fill(tmp_path_factory.mktemp("leak") / "Squares", dict.fromkeys(COLOURS, 20))
    (folder / "blue" / "cut.png").write_bytes(centred(COLOURS["blue"], 1)[:300])
    (folder / "red" / "text.jpg").write_bytes(b"no image")
    return folder


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("leak") / "out"


@pytest.fixture(scope="module")
def report(images: Path, out: Path) -> LeakReport:
    return leak_check(images, PLAN, out=out)


def test_what_is_seen_is_found_and_what_is_hidden_is_not(report: LeakReport):
    whole, masked, _ = report.rows
    assert whole.above_chance
    assert whole.accuracy == whole.balanced_accuracy == 1
    assert not masked.above_chance
    assert masked.low <= masked.accuracy <= masked.high
    assert report.clean_from == 0.75


def test_when_all_is_hidden_the_accuracy_is_exactly_chance(report: LeakReport):
    last = report.rows[-1]
    assert last.accuracy == last.balanced_accuracy == last.chance == last.majority == 1 / 3
    assert not last.above_chance


@pytest.mark.parametrize("encoder", ["residual", "random:conv"])
@pytest.mark.parametrize("geometry", ["center", "random_patches"])
def test_classes_of_unlike_size_give_chance_when_balanced_and_else_the_majority(
    tmp_path: Path, encoder: str, geometry: str
):
    folder = fill(tmp_path, {"red": 20, "green": 10, "blue": 5})
    mask = MaskSpec(geometry=geometry, patch=8)
    plan = replace(PLAN, encoder=encoder, ratios=(1.0,), mask=mask, batch=13)
    (row,) = leak_check(folder, plan).rows
    assert row.balanced_accuracy == row.chance == 1 / 3
    assert row.accuracy == row.majority == 4 / 7


def test_the_hidden_share_is_the_one_achieved(images: Path, report: LeakReport):
    for row in report.rows:
        mask = replace(PLAN.mask, ratio=row.ratio)
        assert row.hidden == pytest.approx(achieved_ratio(mask, SIDE, SIDE), abs=1e-12)
    patches = MaskSpec(geometry="random_patches", patch=32)
    (row,) = leak_check(images, replace(PLAN, ratios=(0.5,), mask=patches)).rows
    names = [image.name for image in ImageSet.open(images) if image.name not in report.unreadable]
    half = replace(patches, ratio=0.5)
    each = [achieved_ratio(half, SIDE, SIDE, name) for name in names]
    assert len(set(each)) > 1
    assert row.hidden == pytest.approx(np.mean(each), abs=1e-12)


def test_an_encoder_sees_each_image_once_for_each_mask_and_masked(images: Path):
    class Means:
        name, family, dim, provenance = "means", "other", 3, {"weights": "none"}
        preprocess = PreprocessSpec()

        def __init__(self) -> None:
            self.seen: list[int] = []

        def __call__(self, images: torch.Tensor, visible: torch.Tensor) -> torch.Tensor:
            self.seen.append(len(images))
            assert images.dtype == torch.uint8
            assert not images[:, :, ~visible].any()
            return images.float().mean((2, 3))

    encoder = Means()
    report = leak_check(images, replace(PLAN, encoder=encoder, batch=25))
    assert encoder.seen == [25] * 6 + [10] * 3
    assert report.encoder == "means"
    assert report.rows[-1].accuracy == 1 / 3


def test_unreadable_images_are_told_with_their_reason(report: LeakReport):
    assert set(report.unreadable) == {"blue/cut.png", "red/text.jpg"}
    assert report.unreadable["red/text.jpg"] == "unknown or damaged format"
    assert "images skipped, as they could not be read: 2" in report.lines()
    assert (report.train, report.validation, report.test) == (36, 12, 12)


def test_too_many_unreadable_images_stop_the_check(images: Path, tmp_path: Path):
    plan = replace(PLAN, most_unreadable=0.02)
    with pytest.raises(UsageError, match=r"more than 2% of the 62 images .* raise most_unreadable"):
        leak_check(images, plan, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert leak_check(images, replace(PLAN, most_unreadable=2 / 62, ratios=(1,))).rows


def test_images_without_a_label_do_not_outnumber_unreadable_ones(images: Path, tmp_path: Path):
    """They are not looked at, so they are none of the images that could be read."""
    source = tmp_path / "set"
    shutil.copytree(images, source)
    for number in range(62):
        (source / f"{number}.png").write_bytes(b"not looked at")
    with pytest.raises(UsageError, match=r"more than 2% of the 62 images"):
        leak_check(source, replace(PLAN, most_unreadable=0.02))


def test_owners_in_two_splits_are_told():
    images = [
        Labelled(f"{label}{place}", label, split, owner)
        for label in "ab"
        for place, (split, owner) in enumerate(
            [("train", "x"), ("train", "y"), ("validation", "y"), ("test", "x"), ("test", None)]
        )
    ]
    told = "the set's own train, validation and test; owners with images in more than one of them"
    assert deal(images, ["a", "b"], seed=0).how == f"{told}: 2"


def test_a_share_of_unreadable_images_that_is_the_most_is_no_more_than_it():
    """0.29 * 100 is 28.999999999999996."""
    unreadable = Unreadable("100 images", 100, 0.29)
    for number in range(29):
        unreadable.add(str(number), "damaged")
    with pytest.raises(UsageError, match="more than 29% of the 100 images"):
        unreadable.add("29", "damaged")
    with pytest.raises(UsageError, match=r"more than 0\.5% of the 100 images"):
        Unreadable("100 images", 100, 0.005).add("0", "damaged")


def test_the_table_has_a_row_for_each_ratio(report: LeakReport):
    lines = report.lines()
    assert lines[0] == (
        "Squares, encoder pixels: 3 classes, 36 train, 12 validation, 12 test images"
    )
    assert lines[1] == "splits: drawn by seed 0, class by class"
    header, *rows = lines[3:7]
    told = "ratio hidden accuracy [95 % CI] balanced chance majority verdict"
    assert header.split() == told.split()
    assert [row.split()[0] for row in rows] == ["0", "0.75", "1"]
    assert rows[2].endswith("33.3    33.3      33.3  not above chance")
    assert lines[7] == "from ratio 0.75 on, nothing is found above chance"


def test_results_and_figure_are_written(report: LeakReport, out: Path):
    assert sorted(path.name for path in out.iterdir()) == ["leak.png", "results.json"]
    told = json.loads((out / "results.json").read_text())
    assert told["rows"][0]["accuracy"] == 1
    assert told["rows"][2]["verdict"] == "not above chance"
    assert told["mask"]["geometry"] == "center"
    assert told["clean_from"] == 0.75
    with Image.open(out / "leak.png") as figure:
        assert figure.format == "PNG"
        assert len(figure.convert("RGB").getcolors(1 << 20)) > 10


def test_equal_words_give_equal_bytes_whatever_the_batch(
    images: Path, report: LeakReport, out: Path, tmp_path: Path
):
    again = leak_check(images, PLAN, out=tmp_path)
    assert again == report
    for path in out.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()
    other = leak_check(images, replace(PLAN, batch=7))
    assert [row.accuracy for row in other.rows] == pytest.approx(
        [row.accuracy for row in report.rows], abs=0.1
    )


def test_the_set_s_own_splits_are_kept(tmp_path: Path):
    for split, first, count in (("train", 0, 6), ("val", 10, 3), ("test", 20, 4)):
        fill(tmp_path / split, dict.fromkeys(COLOURS, count), first=first)
    report = leak_check(tmp_path, replace(PLAN, ratios=(0.0,)))
    assert report.splits == "the set's own train, validation and test"
    assert (report.train, report.validation, report.test) == (18, 9, 12)


def test_parquet_with_hidden_labels_is_read(tmp_path: Path):
    numbers = [n % 3 for n in range(30)]
    contents = [centred([*COLOURS.values()][n], place) for place, n in enumerate(numbers)]
    labels = [-1 if place >= 24 else n for place, n in enumerate(numbers)]
    names = {"info": {"features": {"label": {"names": [*COLOURS], "_type": "ClassLabel"}}}}
    table = pa.table({"image": contents, "label": labels})
    table = table.replace_schema_metadata({"huggingface": json.dumps(names)})
    pq.write_table(table, tmp_path / "train-00000-of-00001.parquet")
    report = leak_check(tmp_path, replace(PLAN, ratios=(0.0, 1.0)))
    assert report.classes == ("blue", "green", "red")
    assert report.unlabelled == 6
    assert [row.accuracy for row in report.rows] == [1, 1 / 3]


def test_images_of_one_owner_are_no_independent_evidence(tmp_path: Path):
    """Each test owner has a class of its own, and the mask hides all: one in three is right."""
    numbers = [n % 3 for n in range(90)]
    contents = [centred([*COLOURS.values()][n], place) for place, n in enumerate(numbers)]
    columns = {"image": contents, "label": [[*COLOURS][n] for n in numbers]}
    owned = {**columns, "owner_id": [f"{n}@N00" for n in numbers]}
    found = {}
    for name, table in (("images", columns), ("owners", owned)):
        (tmp_path / name).mkdir()
        pq.write_table(pa.table(table), tmp_path / name / "data.parquet")
        report = leak_check(tmp_path / name, replace(PLAN, ratios=(1.0,), resamples=2000))
        assert report.as_dict()["intervals_over"] == name
        assert f"intervals over {name})" in report.lines()[2]
        found[name] = report.rows[0]
    assert found["images"].accuracy == found["owners"].accuracy == 1 / 3
    assert found["owners"].high == 1
    assert found["images"].high < 0.8


# Splits


def labelled(*groups: tuple[str, str | None, int]) -> list[Labelled]:
    return [
        Labelled(f"{split}/{label}/{number}", label, split)
        for label, split, count in groups
        for number in range(count)
    ]


def names(found: object) -> dict[str, list[str]]:
    splits = ("train", "validation", "test")
    return {split: getattr(found.attribute, split).owner_ids.tolist() for split in splits}


@settings(max_examples=40)
@given(
    counts=st.lists(st.integers(3, 30), min_size=2, max_size=5),
    seed=st.integers(0, 99),
    order=st.randoms(use_true_random=False),
)
def test_drawn_splits_are_stratified_disjoint_and_independent_of_order(counts, seed, order):
    images = labelled(*((f"c{at}", None, count) for at, count in enumerate(counts)))
    classes = sorted({image.label for image in images})
    found = names(deal(images, classes, seed=seed))
    together = [name for split in found.values() for name in split]
    assert sorted(together) == sorted(image.name for image in images)
    for at, count in enumerate(counts):
        share = max(1, round(0.2 * count))
        for split in ("validation", "test"):
            assert sum(f"/c{at}/" in name for name in found[split]) == share
    order.shuffle(images)
    again = names(deal(images, classes, seed=seed))
    assert {split: sorted(those) for split, those in again.items()} == {
        split: sorted(those) for split, those in found.items()
    }


def test_another_seed_draws_other_splits():
    images = labelled(("a", None, 20), ("b", None, 20))
    assert names(deal(images, "ab", seed=0)) != names(deal(images, "ab", seed=1))


@pytest.mark.parametrize("tested", ["test", "validation"])
def test_a_missing_split_is_drawn_from_train_alone(tested: str):
    images = labelled(*((label, split, 10) for label in "ab" for split in ("train", tested)))
    dealt = deal(images, "ab", seed=4)
    found = names(dealt)
    assert dealt.how == f"the set's own train and {tested}; validation drawn from train by seed 4"
    assert {name.split("/")[0] for name in found["train"] + found["validation"]} == {"train"}
    assert sorted(found["test"]) == sorted(i.name for i in images if i.split == tested)
    assert len(found["validation"]) == 4


def test_a_lone_split_is_no_split():
    dealt = deal(labelled(("a", "train", 10), ("b", "train", 10)), "ab", seed=0)
    assert dealt.how == "drawn by seed 0, class by class"
    assert [len(split) for split in names(dealt).values()] == [12, 4, 4]


def test_images_outside_the_splits_are_counted():
    own = labelled(*((c, s, 2) for c in "ab" for s in ("train", "validation", "test")))
    dealt = deal([*own, *labelled(("a", None, 3))], "ab", seed=0)
    assert dealt.how.endswith("; 3 images outside them are not used")
    assert len(dealt.attribute.photo_ids) == 12


def test_a_class_too_small_is_left_out_and_the_others_numbered_anew():
    dealt = deal(labelled(("a", None, 2), ("b", None, 9), ("c", None, 9)), "abc", seed=0)
    assert dealt.attribute.classes == ("b", "c")
    assert set(dealt.attribute.train.labels.tolist()) == {0, 1}
    assert dealt.left_out == {
        "a": "an image is needed in each split, it has 0 train, 1 validation, 1 test"
    }


# Intervals


def test_the_interval_is_that_of_resampled_images():
    correct = np.arange(400) < 100
    low, high = image_interval(correct, resamples=20_000, random=np.random.default_rng(0))
    spread = 1.96 * (0.25 * 0.75 / 400) ** 0.5
    assert (low, high) == pytest.approx((0.25 - spread, 0.25 + spread), abs=0.005)
    alike = image_interval(correct[:9], resamples=100, random=np.random.default_rng(0))
    assert alike == (0.025 ** (1 / 9), 1)  # Clopper and Pearson's: nine of nine


# Bad words


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"ratios": (0.5, 1.5)}, r"mask ratio 1\.5 is outside 0\.\.1"),
        ({"ratios": (float("nan"),)}, "mask ratio nan"),
        ({"ratios": ()}, "at least one mask ratio"),
        ({"crop": 0}, "crop 0"),
        ({"most_unreadable": -0.1}, "most_unreadable -0.1 is outside"),
        ({"mask": MaskSpec(stage="pre_resize")}, "post_crop"),
        ({"resamples": 5}, "resamples is 5"),
        ({"batch": 0}, "batch is 0"),
        ({"threads": 0}, "threads is 0"),
    ],
)
def test_words_that_do_not_fit_are_refused(words: dict[str, object], told: str):
    with pytest.raises(UsageError, match=told):
        LeakPlan(**words)


def test_ratios_come_once_and_in_order():
    assert LeakPlan(ratios=(0.9, 0, 0.9)).ratios == (0, 0.9)


def test_a_set_without_labels_or_with_one_class_is_refused(tmp_path: Path):
    (tmp_path / "flat").mkdir()
    (tmp_path / "flat" / "a.png").write_bytes(centred(COLOURS["red"], 0))
    with pytest.raises(UsageError, match=r"'.*flat' have no labels: put them into one folder per"):
        leak_check(tmp_path / "flat", PLAN)
    with pytest.raises(UsageError, match="are of one class, 'red': add a second class"):
        leak_check(fill(tmp_path / "lone", {"red": 4}), PLAN)


def test_a_set_too_small_is_refused(tmp_path: Path):
    folder = fill(tmp_path / "few", {"red": 2, "blue": 8})
    with pytest.raises(UsageError, match=r"1 of 2 classes have .* three or more to a class"):
        leak_check(folder, PLAN)


def test_an_unknown_encoder_is_refused(images: Path):
    with pytest.raises(UsageError, match="unknown encoder 'clip'"):
        leak_check(images, replace(PLAN, encoder="clip"))
