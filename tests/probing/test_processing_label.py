from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from processed_scenes import SIDE, fill, scene
from tiny_releases import png

from flickrexif.errors import UsageError
from flickrexif.imaging import FAMILIES, ImageSet, decode_rgb, process
from flickrexif.probing import (
    NeighboursPlan,
    ProcessingPlan,
    ProcessingReport,
    ProcessingRow,
    neighbours_protocol,
    processing_protocol,
)
from flickrexif.probing.encoders import PreprocessSpec
from flickrexif.probing.protocols.processed import embed_processed
from flickrexif.probing.protocols.protocol_splits import parted
from flickrexif.probing.resampling import crossed_estimate
from flickrexif.progress import Silent
from flickrexif.treating.rows import row_id

if TYPE_CHECKING:
    from pathlib import Path

PLAN = ProcessingPlan(
    families=("jpeg",), encoders=("residual", "pixels"), crop=SIDE, seeds=5, resamples=300
)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty of each of two colours, and two that are no images."""
    folder = fill(tmp_path_factory.mktemp("processed") / "Scenes", 30)
    (folder / "blue" / "cut.png").write_bytes(png(scene(1, (9, 9, 9)))[:300])
    (folder / "red" / "text.jpg").write_bytes(b"no image")
    return folder


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six of each colour in train, two in validation and three in test."""
    folder = tmp_path_factory.mktemp("processed") / "Few"
    for turn, (split, count) in enumerate({"train": 6, "validation": 2, "test": 3}.items()):
        fill(folder, count, split=split, first=10 * turn)
    return folder


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("processed") / "out"


@pytest.fixture(scope="module")
def report(images: Path, out: Path) -> ProcessingReport:
    return processing_protocol(images, PLAN, out=out)


class Watching:
    """An encoder that keeps what it sees, and says how much each image varies."""

    name, family, dim, provenance = "watching", "other", 2, {"weights": "none"}

    def __init__(self, crop: int | None = None) -> None:
        self.preprocess = PreprocessSpec(crop=crop)
        self.seen: list[torch.Tensor] = []

    def __call__(self, images, visible, *, fill=None) -> torch.Tensor:
        assert images.dtype == torch.uint8
        assert visible.all()
        self.seen.append(images)
        return images.double().flatten(1).var(1, keepdim=True).repeat(1, 2).float()


def test_residuals_tell_the_jpeg_class_and_colours_do_not(report: ProcessingReport):
    residual, pixels = report.rows
    assert residual.chance == pixels.chance == 1 / 6
    assert residual.above_chance
    assert residual.low > 0.4
    assert not pixels.above_chance
    assert pixels.low <= 1 / 6 <= pixels.high
    for row in report.rows:
        assert row.shuffled_error is not None
        assert abs(row.shuffled - 1 / 6) < 4 * row.shuffled_error
        assert row.low <= row.accuracy <= row.high


def test_mean_and_deviation_are_those_of_the_draws(report: ProcessingReport):
    for row in report.rows:
        assert len(row.by_seed) == PLAN.seeds
        assert row.accuracy == pytest.approx(np.mean(row.by_seed))
        assert row.deviation == pytest.approx(np.std(row.by_seed, ddof=1))


def test_what_is_unreadable_is_told_and_left_out(report: ProcessingReport):
    assert report.unreadable == {
        "blue/cut.png": report.unreadable["blue/cut.png"],
        "red/text.jpg": "unknown or damaged format",
    }
    assert sum(report.counts.values()) == 60
    assert report.lines()[-1] == "images skipped, as they could not be read: 2"


def test_files_hold_what_the_report_says(report: ProcessingReport, out: Path):
    assert sorted(file.name for file in out.iterdir()) == [
        "processing.png",
        "results.json",
        "results.parquet",
    ]
    told = json.loads((out / "results.json").read_text())
    assert told == json.loads(json.dumps(report.as_dict()))
    assert told["words"]["seeds"] == 5
    assert told["pixels"].startswith("processed by Pillow")
    rows = pl.read_parquet(out / "results.parquet")
    assert rows["accuracy"].to_list() == [row.accuracy for row in report.rows]
    assert rows["verdict"].to_list() == ["above chance", "not above chance"]
    assert (out / "processing.png").read_bytes()[:4] == b"\x89PNG"


def test_equal_words_give_equal_results_and_another_seed_others(few: Path):
    plan = replace(PLAN, encoders=("random:conv",), families=("resizing",), seeds=2, seed=5)
    once = processing_protocol(few, plan)
    assert processing_protocol(few, plan) == once
    assert processing_protocol(few, replace(plan, batch=3)).rows == once.rows
    first = processing_protocol(few, replace(plan, seeds=1))
    assert first.rows[0].by_seed == once.rows[0].by_seed[:1]
    assert first.rows[0].deviation is first.rows[0].shuffled_error is None
    assert "-" in first.lines()[4].split()
    json.dumps(first.as_dict(), allow_nan=False)


def test_each_image_is_embedded_once_in_each_class_however_many_draws(few: Path):
    encoder = Watching()
    plan = replace(PLAN, encoders=(encoder,), families=("sharpening", "resizing"), seeds=7)
    processing_protocol(few, plan)
    assert sum(map(len, encoder.seen)) == 22 * (3 + 3)


def test_an_encoder_sees_the_processed_image_at_its_own_crop(few: Path):
    place = ImageSet.open(few).places[0]
    wide, small = Watching(), Watching(crop=16)
    small.name = "small"
    plan = replace(PLAN, families=("resizing", "interpolation"), crop=48, seed=3)
    done = embed_processed([place], [wide, small], plan, progress=Silent())
    assert [tuple(seen.shape) for seen in wide.seen] == [(1, 3, 48, 48)] * 7
    assert [tuple(seen.shape) for seen in small.seen] == [(1, 3, 16, 16)] * 7
    original, number = decode_rgb(place.file.read_bytes()), 0
    for family in plan.families:
        for name in FAMILIES[family].classes:
            file = process(original, family, name, row_id(place.name), seed=3)
            crop = decode_rgb(file).resize((48, 48), 3)
            seen = wide.seen[number][0].permute(1, 2, 0).numpy()
            np.testing.assert_array_equal(seen, np.asarray(crop))
            number += 1
    assert done.vectors["watching", "resizing"].shape == (3, 1, 2)
    assert done.vectors["small", "interpolation"].shape == (4, 1, 2)


class Telling(Watching):
    """One whose embedding is the class of sharpening itself, of images that it knows in all."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.known = {}
        for image in ImageSet.open(folder):
            original = decode_rgb(image.content)
            for code, name in enumerate(FAMILIES["sharpening"].classes):
                made = decode_rgb(process(original, "sharpening", name, row_id(image.name)))
                self.known[np.asarray(made).tobytes()] = code

    def __call__(self, images, visible, *, fill=None) -> torch.Tensor:
        pixels = images.permute(0, 2, 3, 1).contiguous().numpy()
        return torch.eye(3)[[self.known[each.tobytes()] for each in pixels]]


def test_an_image_is_taken_in_the_class_that_is_its_label(few: Path):
    plan = replace(PLAN, encoders=(Telling(few),), families=("sharpening",), seeds=6)
    assert processing_protocol(few, plan).rows[0].accuracy > 0.9


def test_unlabelled_images_will_do_and_a_validation_stands_in_for_a_test(tmp_path: Path):
    for split, count in (("train", 40), ("validation", 5)):
        (tmp_path / split).mkdir()
        for number in range(count):
            image = png(scene(number + 100 * len(split), (120, 120, 120)))
            (tmp_path / split / f"{number}.png").write_bytes(image)
    report = processing_protocol(tmp_path, replace(PLAN, encoders=("pixels",), seeds=1))
    assert report.counts["test"] == 5
    assert report.counts["train"] + report.counts["validation"] == 40
    assert (
        report.splits == "the set's own train and validation; validation drawn from train by seed 0"
    )


def table_of_owners(file: Path, owners: int, each: int) -> Path:
    rows = [
        {
            "image": {"bytes": png(scene(7 * owner + n, (90 + owner, 110, 130))), "path": None},
            "photo_id": 100 * owner + n,
            "owner_id": f"{owner}@N00",
            "label": "ab"[n % 2],
        }
        for owner in range(owners)
        for n in range(each)
    ]
    pq.write_table(pa.Table.from_pylist(rows), file)
    return file


def test_no_owner_is_in_two_splits_and_intervals_are_over_owners(tmp_path: Path):
    images = ImageSet.open(table_of_owners(tmp_path / "owners.parquet", 20, 3))
    parts = parted(images.places, seed=1)
    by_split = [{p.credit["owner_id"] for p in places} for places in parts.places.values()]
    assert all(by_split)
    assert len(set.union(*by_split)) == sum(map(len, by_split)) == 20
    plan = replace(PLAN, encoders=("pixels",), seeds=2, seed=1)
    report = processing_protocol(images, plan)
    assert report.owners == len(by_split[2])
    assert "intervals over draws and owners" in report.lines()[2]
    kept = NeighboursPlan(families=("jpeg",), encoders=("pixels",), crop=SIDE, k=3, seeds=1, seed=1)
    assert "intervals over owners" in neighbours_protocol(images, kept).lines()[2]


def test_a_set_too_small_for_three_splits_is_refused_before_anything_is_embedded(tmp_path: Path):
    (tmp_path / "only.png").write_bytes(png(scene(0, (9, 9, 9))))
    encoder = Watching()
    with pytest.raises(UsageError, match="a probe needs images in each split, and there are"):
        processing_protocol(tmp_path, replace(PLAN, encoders=(encoder,)))
    assert not encoder.seen


def test_too_many_unreadable_images_stop_the_work(images: Path, out: Path):
    with pytest.raises(UsageError, match="more than 1% of the 62 images cannot be read"):
        processing_protocol(images, replace(PLAN, most_unreadable=0.01), out=out / "none")
    assert not (out / "none").exists()


def test_features_that_are_no_numbers_are_refused_by_the_image(few: Path):
    class Broken(Watching):
        def __call__(self, images, visible, *, fill=None) -> torch.Tensor:
            return super().__call__(images, visible) * torch.nan

    with pytest.raises(UsageError, match="'watching' gives no finite numbers for photo 'test/blue"):
        processing_protocol(few, replace(PLAN, encoders=(Broken(),)))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"families": ("blur",)}, "unknown processing family 'blur': use one of jpeg"),
        ({"families": ()}, "no family is given"),
        ({"encoders": ()}, "name one or more"),
        ({"encoders": ("residual", "residual")}, "each once"),
        ({"seeds": 0}, "seeds is 0"),
        ({"shuffles": 0}, "shuffles is 0"),
        ({"solver": "adam"}, "unknown solver 'adam'"),
        ({"crop": 0}, "crop 0 is not a positive number"),
        ({"most_unreadable": 2}, "most_unreadable 2 is outside 0..1"),
        ({"resamples": 1}, "resamples is 1"),
        ({"device": "tpu"}, "unknown device 'tpu'"),
    ],
)
def test_words_that_do_not_fit_are_refused(words, told: str):
    with pytest.raises(UsageError, match=told):
        ProcessingPlan(**words)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"k": 0}, "k is 0"),
        ({"setups": ("x",)}, "unknown set-up 'x'"),
        ({"setups": ()}, "no set-up"),
    ],
)
def test_words_of_neighbours_that_do_not_fit_are_refused(words, told: str):
    with pytest.raises(UsageError, match=told):
        NeighboursPlan(**words)


def test_neighbours_of_residuals_follow_the_processing_and_those_of_colours_what_is_shown(
    few: Path, tmp_path: Path
):
    plan = NeighboursPlan(
        families=("jpeg",),
        encoders=("residual", "pixels"),
        crop=SIDE,
        k=3,
        seeds=2,
        resamples=300,
    )
    report = neighbours_protocol(few, plan, out=tmp_path / "out")
    values = {(row.encoder, row.setup): row.accuracy for row in report.rows}
    assert [values["pixels", setup] for setup in plan.setups] == [1] * 5
    assert values["residual", "pos-same"] > 0.95
    assert values["residual", "neg-same"] < 0.05
    comparisons = {row.setup: row.comparisons for row in report.rows}
    assert comparisons == {
        "all-same": 6,
        "pos-same": 30,
        "neg-same": 30,
        "uniform": 12,
        "all-diff": 30,
    }
    assert {row.chance for row in report.rows} == {0.5}
    assert report.counts == {"gallery": 16, "queries": 6}
    files = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert files == ["neighbours.png", "results.json", "results.parquet"]
    json.dumps(report.as_dict(), allow_nan=False)


def test_what_the_commonest_label_gives_stands_beside_chance(few: Path, tmp_path: Path):
    """An encoder that sees nothing is right as often as that label is asked about."""
    source = tmp_path / "set"
    shutil.copytree(few, source)
    commonest, other = sorted(folder.name for folder in (source / "train").iterdir())
    for number in range(12):
        image = png(scene(500 + number, (90, 90, 90)))
        (source / "train" / commonest / f"more-{number}.png").write_bytes(image)
    for file in sorted((source / "test" / other).iterdir())[1:]:
        file.unlink()
    plan = NeighboursPlan(families=("resizing",), encoders=("pixels",), crop=SIDE, k=3, seeds=1)
    report = neighbours_protocol(source, plan)
    asked = {label: len(list((source / "test" / label).iterdir())) for label in (commonest, other)}
    assert {row.majority for row in report.rows} == {asked[commonest] / sum(asked.values())}
    assert {row.chance for row in report.rows} == {0.5}
    assert all("majority" in line for line in report.lines()[3:4])


def test_a_processing_is_told_where_the_interval_lies_above_shuffled_labels_too():
    words = {"family": "jpeg", "encoder": "x", "classes": 6, "deviation": None, "by_seed": ()}
    shares = {"accuracy": 0.3, "low": 0.25, "high": 0.35, "chance": 1 / 6, "majority": 0.2}
    for shuffled, verdict in ((0.24, "above chance"), (0.26, "not above chance")):
        row = ProcessingRow(**words, **shares, shuffled=shuffled, shuffled_error=None)
        assert row.verdict == verdict


def test_a_query_of_a_label_that_no_gallery_has_is_left_out_and_told(few: Path, tmp_path: Path):
    for file in few.rglob("*.png"):
        target = tmp_path / "set" / file.relative_to(few)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    (tmp_path / "set" / "test" / "green").mkdir()
    (tmp_path / "set" / "test" / "green" / "0.png").write_bytes(png(scene(77, (90, 150, 90))))
    (tmp_path / "set" / "test" / "none.png").write_bytes(png(scene(78, (90, 150, 90))))
    plan = NeighboursPlan(
        families=("resizing",), encoders=("pixels",), crop=SIDE, k=3, setups=("all-same",)
    )
    report = neighbours_protocol(tmp_path / "set", plan)
    assert report.counts == {"gallery": 16, "queries": 6}
    assert (report.left_out, report.unlabelled) == (1, 1)
    assert report.lines()[-2:] == [
        "images skipped, as they have no label: 1",
        "queries left out, as no gallery has their label: 1",
    ]


def test_what_cannot_be_compared_is_refused_before_anything_is_embedded(few: Path, tmp_path: Path):
    encoder = Watching()
    plan = NeighboursPlan(families=("jpeg",), encoders=(encoder,), k=17)
    with pytest.raises(UsageError, match="k is 17; the gallery has 16 images"):
        neighbours_protocol(few, plan)
    fill(tmp_path / "own", 2, split="train")
    (tmp_path / "own" / "test" / "green").mkdir(parents=True)
    (tmp_path / "own" / "test" / "green" / "0.png").write_bytes(png(scene(1, (9, 99, 9))))
    with pytest.raises(UsageError, match="no image can be asked about"):
        neighbours_protocol(tmp_path / "own", replace(plan, k=1))
    assert not encoder.seen


@given(seed=st.integers(0, 999), rows=st.integers(2, 30), columns=st.integers(1, 8))
@settings(max_examples=20)
def test_a_crossed_interval_holds_the_mean_of_values_alike(seed: int, rows: int, columns: int):
    random = np.random.default_rng(seed)
    values = random.integers(2, size=(rows, columns)).astype(float)
    found = crossed_estimate(values, resamples=200, random=random)
    assert found.value == values.mean()
    assert values.min() <= found.low <= found.high <= values.max()
    same = crossed_estimate(np.full((rows, columns), 0.25), resamples=20, random=random)
    assert (same.low, same.value, same.high) == (0.25, 0.25, 0.25)


def test_a_crossed_interval_knows_that_one_draw_may_err_in_all_images():
    """Ten draws, of which every image has the same: as wide as ten values are, however many."""
    random = np.random.default_rng(0)
    draws = np.array([0, 1] * 5, dtype=float)
    found = crossed_estimate(np.tile(draws, (500, 1)), resamples=2000, random=random)
    assert found.high - found.low == pytest.approx(2 * 1.96 * 0.5 / np.sqrt(10), abs=0.07)
