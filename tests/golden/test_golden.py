"""A golden set: frozen bit for bit, checked against its margin, damage named, failures kept."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
import pytest
from frozen_scenes import CLASSES, SIDE, crowd, encoded, scene, steps, write_scenes, wrong_of
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from flickrexif.errors import UsageError
from flickrexif.golden import GoldenPlan, GoldenSet, golden_add, golden_check, golden_freeze
from flickrexif.golden.check import cosine
from flickrexif.golden.distortions import DISTORTIONS, distortions_named
from flickrexif.golden.pixels import digest, frozen, thawed
from flickrexif.imaging import FAMILIES, SWEEPS, Crop, degrade, process, resize_and_crop, sweep
from flickrexif.imaging.decode import decode_rgb
from flickrexif.imaging.image_set import ImageSet

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

NAMES = ("jpeg/q75-420", "defocus/defocus_4_D", "exposure_time/exposure_40_ms")
PLAN = GoldenPlan(encoder=steps(), distortions=NAMES, images=10, fitted=16, crop=SIDE)


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """25 of each class: 5 are dealt to test, 5 to validation, 15 to train."""
    return write_scenes(tmp_path_factory.mktemp("golden") / "Scenes", 25)


@pytest.fixture(scope="session")
def whole(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> GoldenSet:
    """Not to be written to."""
    return golden_freeze(scenes, PLAN, out=tmp_path_factory.mktemp("golden") / "Golden")


@pytest.fixture
def golden(whole: GoldenSet, tmp_path: Path) -> Path:
    """A copy of one's own."""
    return shutil.copytree(whole.path, tmp_path / "Golden")


# Freezing


def test_every_test_image_is_frozen_in_every_distortion_and_the_fitted_as_they_are(
    whole: GoldenSet,
):
    rows = [words for words, _ in whole.images()]
    tested = [row for row in rows if row.role == "test"]
    assert len(tested) == 10 * 4
    assert {row.distortion for row in tested} == {"original", *NAMES}
    for role, count in (("train", 12), ("validation", 4)):
        own = [row for row in rows if row.role == role]
        assert len(own) == count
        assert {row.distortion for row in own} == {"original"}
    for role in ("test", "train", "validation"):
        labels = [row.label for row in rows if row.role == role]
        assert labels.count("plain") == labels.count("striped")
    names = {row.name: row.role for row in rows}
    assert len(names) == 10 + 12 + 4


def test_frozen_pixels_are_those_that_the_imaging_room_makes(whole: GoldenSet, scenes: Path):
    for words, pixels in whole.images():
        photo = decode_rgb((scenes / words.name).read_bytes())
        assert digest(np.asarray(photo)) == words.source_sha256
        crop = np.asarray(resize_and_crop(photo, SIDE))
        level = {level.name: level for level in sweep("defocus") + sweep("exposure_time")}
        match words.distortion.partition("/"):
            case ("original", _, _):
                expected = crop
            case ("jpeg", _, name):
                made = decode_rgb(process(photo, "jpeg", name, words.name))
                expected = np.asarray(resize_and_crop(made, SIDE))
            case (_, _, name):
                expected = degrade(crop, level[name], words.name)
        assert (pixels == expected).all(), words


def test_the_manifest_tells_what_was_done(whole: GoldenSet):
    told = whole.manifest
    assert told["encoder"]["name"] == "steps"
    assert told["encoder"]["provenance"]["sha256"]
    assert set(told["made_with"]) == {"flickrexif", "numpy", "pillow", "pyarrow", "torch"}
    assert told["plan"]["seed"] == 0
    assert list(told["distortions"]) == ["original", *NAMES]
    assert told["distortions"]["original"]["accuracy"] == 1
    assert told["distortions"]["jpeg/q75-420"]["quality"] == 75
    assert told["distortions"]["defocus/defocus_4_D"]["defocus"]["dioptres"] == 4
    changed = {name: each["changed"] for name, each in told["distortions"].items()}
    # 4 dioptres blur 32 px by a disc that is narrower than a pixel.
    assert changed == {"original": 0, **dict.fromkeys(NAMES, 10), "defocus/defocus_4_D": 0}
    assert "changes no pixel: defocus/defocus_4_D" in whole.lines()
    assert str(whole.path) not in json.dumps(told)


def test_equal_words_freeze_equal_bytes_and_another_seed_other_images(
    whole: GoldenSet, scenes: Path, tmp_path: Path
):
    again = golden_freeze(scenes, PLAN, out=tmp_path / "again")
    for file in whole.path.iterdir():
        assert (again.path / file.name).read_bytes() == file.read_bytes(), file.name
    other = golden_freeze(scenes, replace(PLAN, seed=1), out=tmp_path / "other")
    tested = [{w.name for w, _ in g.images() if w.role == "test"} for g in (whole, other)]
    assert tested[0] != tested[1]


def test_the_order_of_the_images_decides_nothing(whole: GoldenSet, scenes: Path, tmp_path: Path):
    images = ImageSet.open(scenes)
    turned = replace(images, places=images.places[::-1])
    other = golden_freeze(turned, PLAN, out=tmp_path / "Golden")
    one, two = ({(w.name, w.role) for w, _ in golden.images()} for golden in (whole, other))
    assert one == two


def test_of_images_with_equal_pixels_one_is_taken(tmp_path: Path):
    write_scenes(tmp_path / "set", 10)
    for label in CLASSES:
        for image in (tmp_path / "set" / label).glob("00*.png"):
            pixels = np.asarray(decode_rgb(image.read_bytes()))
            image.with_name(f"twin-{image.stem}.bmp").write_bytes(encoded(pixels, "BMP"))
    plan = replace(PLAN, images=50, fitted=50)
    golden = golden_freeze(tmp_path / "set", plan, out=tmp_path / "Golden")
    rows = [w for w, _ in golden.images() if w.distortion == "original"]
    assert len({row.source_sha256 for row in rows}) == len(rows) == 20
    assert len(golden.manifest["twins"]) == 20


def test_an_image_that_cannot_be_read_gives_its_place_to_another(scenes: Path, tmp_path: Path):
    source = shutil.copytree(scenes, tmp_path / "set")
    plan = replace(PLAN, images=2, fitted=8, most_unreadable=1)
    first = golden_freeze(source, plan, out=tmp_path / "first")
    name = next(words.name for words, _ in first.images() if words.role == "test")
    (source / name).write_bytes(b"no image")
    second = golden_freeze(source, plan, out=tmp_path / "second")
    rows = [words for words, _ in second.images()]
    assert sum(row.role == "test" and row.distortion == "original" for row in rows) == 2
    assert second.manifest["unreadable"] == {name: "unknown or damaged format"}
    with pytest.raises(UsageError, match=f"more than 5% of the 10 images .*{name}"):
        golden_freeze(source, replace(plan, most_unreadable=0.05), out=tmp_path / "third")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first", "second", "set"]


@pytest.mark.parametrize("flaw", ["unreadable", "twins"])
def test_a_class_of_which_nothing_can_be_taken_is_refused(tmp_path: Path, flaw: str):
    """One class alone is always said right."""
    source = write_scenes(tmp_path / "set", 5)
    twin = (source / "plain" / "000.png").read_bytes()
    for image in (source / "striped").iterdir():
        image.write_bytes(b"no image" if flaw == "unreadable" else twin)
    plan = replace(PLAN, most_unreadable=1, images=50, fitted=50)
    with pytest.raises(UsageError, match=r"image of class 'striped' of .* can be read"):
        golden_freeze(source, plan, out=tmp_path / "Golden")
    assert not (tmp_path / "Golden").exists()


def test_what_is_lacking_is_told(whole: GoldenSet, scenes: Path, tmp_path: Path):
    assert whole.lacking == {}
    assert not any("asked for" in line for line in whole.lines())
    plan = replace(PLAN, images=1000, fitted=2000, distortions=())
    golden = golden_freeze(scenes, plan, out=tmp_path / "all")
    there = {"images": {"asked": 1000, "there": 10}, "fitted": {"asked": 2000, "there": 40}}
    assert golden.lacking == golden.as_dict()["lacking"] == there
    told = "fewer images than asked for: 1,000 to test, there are 10; 2,000 to fit to, there are 40"
    assert told in golden.lines()


def test_what_is_lacking_of_a_set_without_classes_is_told(scenes: Path, tmp_path: Path):
    plan = replace(PLAN, images=26, distortions=())
    golden = golden_freeze(scenes / "plain", plan, out=tmp_path / "plain")
    assert golden.lacking == {"images": {"asked": 26, "there": 25}}
    assert "fewer images than asked for: 26 to test, there are 25" in golden.lines()


def test_what_equal_classes_round_away_is_not_lacking(scenes: Path, tmp_path: Path):
    """5 of 2 classes are 2 of each, 3 are 2 and 1 to fit to."""
    plan = replace(PLAN, images=5, fitted=5, distortions=())
    assert golden_freeze(scenes, plan, out=tmp_path / "odd").lacking == {}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"distortions": ("fog",)}, "unknown distortion 'fog'"),
        ({"distortions": ("jpeg/q1",)}, "unknown distortion 'jpeg/q1'"),
        ({"images": 0}, "images is 0"),
        ({"fitted": 0}, "fitted is 0"),
        ({"threads": 10_000}, "threads is 10000"),
        ({"device": "tpu"}, "unknown device 'tpu'"),
        ({"dtype": "int8"}, "unknown dtype 'int8'"),
        ({"crop": -1}, "crop -1"),
        ({"most_unreadable": -1}, "most_unreadable -1"),
    ],
)
def test_a_plan_refuses_what_does_not_fit(words: dict[str, object], told: str):
    with pytest.raises(UsageError, match=told):
        GoldenPlan(**words)


def test_every_default_is_known_and_a_family_alone_is_all_of_it():
    assert tuple(each.name for each in distortions_named(DISTORTIONS, seed=0)) == DISTORTIONS
    everything = distortions_named((*FAMILIES, *SWEEPS), seed=0)
    counts = [len(family.classes) for family in FAMILIES.values()]
    assert len(everything) == 1 + sum(counts) + sum(len(sweep(name)) - 1 for name in SWEEPS)
    assert len({each.name for each in everything}) == len(everything)


def test_what_a_distortion_draws_is_of_the_seed_and_the_image():
    pixels = np.random.default_rng(0).integers(0, 256, (300, 200, 3), dtype=np.uint8)
    photo = Image.fromarray(pixels)
    names = ("interpolation/box", "exposure_time/exposure_2.5_ms")
    _, resized, noisy = distortions_named(names, seed=5)
    made = decode_rgb(process(photo, "interpolation", "box", "a.png", seed=5))
    expected = np.asarray(resize_and_crop(made, SIDE))
    assert (resized(photo, Crop(SIDE), "a.png") == expected).all()
    level = next(one for one in sweep("exposure_time", seed=5) if one.name == "exposure_2.5_ms")
    expected = degrade(np.asarray(resize_and_crop(photo, SIDE)), level, "a.png")
    assert (noisy(photo, Crop(SIDE), "a.png") == expected).all()
    assert (noisy(photo, Crop(SIDE), "b.png") != expected).any()


def test_nothing_is_overwritten(golden: Path, scenes: Path):
    with pytest.raises(UsageError, match="exists and a golden set is never overwritten"):
        golden_freeze(scenes, PLAN, out=golden)


def test_a_set_too_small_to_be_split_is_refused(tmp_path: Path):
    write_scenes(tmp_path / "set", 2)
    with pytest.raises(UsageError, match="add images, three or more to a class"):
        golden_freeze(tmp_path / "set", PLAN, out=tmp_path / "Golden")
    assert not (tmp_path / "Golden").exists()


# Checking


def test_the_same_encoder_holds_bit_for_bit(whole: GoldenSet):
    found = golden_check(whole, encoder=steps())
    assert found.identical
    assert found.dropped == ()
    assert [row.drop for row in found.rows] == [0] * 4
    assert {row.least_cosine for row in found.rows} == {1}
    assert "embeddings equal to the frozen ones bit for bit" in found.lines()[0]
    assert found.lines()[-1].startswith("all 4 distortions hold (at most 2.0 % below")


def test_a_checkpoint_with_perturbed_weights_drops(whole: GoldenSet):
    """With two equal taps the encoder sees the mean alone, which both classes share."""
    found = golden_check(whole, encoder=steps(0.5, 0.5))
    assert not found.identical
    assert found.rows[0].distortion == "original"
    assert found.rows[0].dropped
    assert found.rows[0].frozen == 1
    assert found.rows[0].now <= 0.8
    assert found.rows[0].newly_wrong == round(10 * found.rows[0].drop)
    assert "other weights than the frozen steps" in found.lines()[0]
    assert found.as_dict()["rows"][0]["verdict"] == "dropped"


def test_a_checkpoint_that_is_turned_but_tells_as_much_holds(whole: GoldenSet):
    """Another space, so cosines mean nothing, and a probe fitted anew finds all the same."""
    found = golden_check(whole, encoder=steps(2.0, -2.0))
    assert not found.identical
    assert found.dropped == ()


def test_the_margin_is_the_last_drop_that_holds(scenes: Path, tmp_path: Path):
    plan = replace(PLAN, encoder=wrong_of(set()), distortions=("jpeg/q75-420",))
    golden = golden_freeze(scenes, plan, out=tmp_path / "Golden")
    assert golden.manifest["distortions"]["original"]["accuracy"] == 1
    tested = [(w, p) for w, p in golden.images() if w.role == "test"]
    mistaken = {pixels.tobytes() for words, pixels in tested if words.distortion == "original"}
    one = set(sorted(mistaken)[:1])
    two = set(sorted(mistaken)[:2])
    for lost, margin, dropped in (
        (one, 0.1, ()),
        (one, 0.0999, ("original",)),
        (one, 0.02, ("original",)),
        (two, 0.2, ()),
        (two, 0.1, ("original",)),
        (set(), 0.0, ()),
    ):
        found = golden_check(golden, encoder=wrong_of(lost), margin=margin)
        assert found.dropped == dropped, (len(lost), margin)
        assert [row.newly_wrong for row in found.rows] == [len(lost), 0]
    told = golden_check(golden, encoder=wrong_of(one)).lines()
    assert "one of 10 images is 10.0 %, more than the margin of 2.0 %: not one may be lost" in told


def test_a_drop_of_exactly_the_margin_holds_whatever_floats_make_of_it(
    scenes: Path, tmp_path: Path
):
    """0.9 - 0.7 is 0.20000000000000007."""
    plan = replace(PLAN, encoder=wrong_of(set()), distortions=())
    golden = golden_freeze(scenes, plan, out=tmp_path / "whole")
    keys = sorted(pixels.tobytes() for words, pixels in golden.images() if words.role == "test")
    plan = replace(plan, encoder=wrong_of(set(keys[:1])))
    golden = golden_freeze(scenes, plan, out=tmp_path / "Golden")
    assert golden.manifest["distortions"]["original"]["accuracy"] == 0.9
    (row,) = golden_check(golden, encoder=wrong_of(set(keys[:3])), margin=0.2).rows
    assert row.drop > 0.2
    assert not row.dropped


def test_a_set_without_classes_is_held_to_its_cosines(scenes: Path, tmp_path: Path):
    plan = replace(PLAN, images=6)
    golden = golden_freeze(scenes / "striped", plan, out=tmp_path / "Golden")
    assert golden.classes == ()
    assert {w.role for w, _ in golden.images()} == {"test"}
    same = golden_check(golden, encoder=steps())
    assert (same.dropped, same.identical, same.margin) == ((), True, None)
    assert same.rows[0].frozen is None
    assert "each cosine to the frozen embedding at least 0.99" in same.lines()[-1]
    other = golden_check(golden, encoder=steps(-1.0, 3.0))
    least = [row.least_cosine for row in other.rows]
    assert other.dropped == tuple(row.distortion for row in other.rows)
    assert max(least) < 0.99
    between = golden_check(golden, encoder=steps(-1.0, 3.0), least_cosine=sorted(least)[1])
    assert len(between.dropped) == 1


def test_what_an_encoder_does_not_fit_is_refused(whole: GoldenSet):
    with pytest.raises(UsageError, match=r"'pixels' gives 192 numbers, .* was frozen with 4"):
        golden_check(whole, encoder="pixels")
    with pytest.raises(UsageError, match=r"takes 48 px \(bicubic\), .* has 32 px \(bicubic\)"):
        golden_check(whole, encoder=steps(crop=48))
    with pytest.raises(UsageError, match="unknown encoder 'steps'"):
        golden_check(whole)
    for words in ({"margin": 2}, {"margin": -0.1}, {"least_cosine": 2}):
        with pytest.raises(UsageError, match="is outside"):
            golden_check(whole, encoder=steps(), **words)


def test_embeddings_that_are_no_numbers_are_refused_by_name(whole: GoldenSet):
    words, _ = next(whole.images())
    with pytest.raises(UsageError, match=f"no finite numbers for photo .*{words.name}"):
        golden_check(whole, encoder=steps(float("nan")))


# Damage


def test_a_flipped_bit_in_a_frozen_image_is_named(golden: Path):
    rows = list(GoldenSet.open(golden).images())
    file = golden / "images.parquet"
    content = file.read_bytes()
    for words, pixels in (rows[0], rows[17], rows[-1]):
        png = frozen(pixels)
        at = content.index(png) + len(png) // 2
        file.write_bytes(content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :])
        with pytest.raises(UsageError, match="is damaged") as raised:
            golden_check(golden, encoder=steps())
        assert f"image {words.name!r} ({words.distortion}) in" in str(raised.value)
        assert "restore the golden set from a copy" in str(raised.value)
    file.write_bytes(content)
    assert golden_check(golden, encoder=steps()).dropped == ()


def test_a_frozen_image_that_was_replaced_is_named(golden: Path):
    """Sound files of other pixels, which a decoder has no reason to refuse."""
    table = pq.read_table(golden / "images.parquet")
    rows = table.to_pylist()
    rows[5]["image"]["bytes"] = encoded(scene("plain", 999))
    pq.write_table(table.from_pylist(rows, table.schema), golden / "images.parquet")
    with pytest.raises(UsageError, match="its pixels have another sha256") as raised:
        golden_check(golden, encoder=steps())
    assert repr(rows[5]["name"]) in str(raised.value)


@pytest.mark.parametrize("name", ["images.parquet", "embeddings.parquet", "golden.json"])
def test_any_damaged_byte_is_found(whole: GoldenSet, tmp_path: Path, name: str):
    content = (whole.path / name).read_bytes()
    for part in range(1, 8):
        golden = shutil.copytree(whole.path, tmp_path / str(part))
        at = part * len(content) // 8
        (golden / name).write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        with pytest.raises(UsageError, match="damaged"):
            golden_check(golden, encoder=steps())


@pytest.mark.parametrize("name", ["images.parquet", "embeddings.parquet"])
def test_files_that_are_cut_or_gone_are_named(golden: Path, name: str):
    content = (golden / name).read_bytes()
    (golden / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(UsageError, match=f"{name}' is damaged"):
        golden_check(golden, encoder=steps())
    (golden / name).unlink()
    with pytest.raises(UsageError, match=f"{name}' is missing"):
        golden_check(golden, encoder=steps())


def test_what_is_no_golden_set_is_refused(tmp_path: Path):
    with pytest.raises(UsageError, match=r"is no golden set \(no golden.json\)"):
        golden_check(tmp_path)
    (tmp_path / "golden.json").write_text("{}")
    with pytest.raises(UsageError, match=r"golden.json' is damaged"):
        golden_check(tmp_path)


# Failures


def write(path: Path, pixels: NDArray[np.uint8], kind: str = "PNG") -> Path:
    path.write_bytes(encoded(pixels, kind))
    return path


def test_failures_are_told_in_a_row_of_their_own_and_never_fitted(golden: Path, tmp_path: Path):
    before = golden_check(golden, encoder=steps())
    images = [write(tmp_path / f"{n}.png", scene("striped", 500 + n)) for n in range(6)]
    # With the wrong class on purpose: were they fitted, the probe would change.
    made = golden_add(golden, images[:4], label="plain", reason="stripes are called plain")
    made = golden_add(made, images[4:], label="striped", reason=" found by a user ")
    after = golden_check(golden, encoder=steps())
    assert after.rows == before.rows
    assert after.identical
    assert [(row.name, row.right, row.said) for row in after.stress] == [
        *((f"{n}.png", False, "striped") for n in range(4)),
        *((f"{n}.png", True, "striped") for n in (4, 5)),
    ]
    assert after.stress_accuracy == 2 / 6
    told = "\n".join(after.lines())
    assert "failure '0.png' (plain) is said to be striped: stripes are called plain" in told
    (stress,) = (line.split() for line in after.lines() if line.startswith("stress"))
    assert stress[:4] == ["stress", "6", "-", "33.3"]
    assert after.dropped == ()
    assert "failure '5.png' (striped): found by a user" in made.lines()


def test_failures_stand_in_no_batch_with_the_frozen(scenes: Path, tmp_path: Path):
    """So a check goes on to be equal bit for bit, in whatever way kernels round."""
    plan = replace(PLAN, encoder=crowd(), distortions=(), batch=7)
    golden = golden_freeze(scenes, plan, out=tmp_path / "Golden")
    image = write(tmp_path / "a.png", scene("plain", 500))
    golden_add(golden, [image], label="plain", reason="none")
    assert golden_check(golden.path, encoder=crowd()).identical


def test_what_was_added_stays_byte_for_byte(golden: Path, tmp_path: Path):
    first = write(tmp_path / "a.png", scene("plain", 500))
    golden_add(golden, [first], label="plain", reason="one")
    file = golden / "stress" / "00001.parquet"
    content, ledger = file.read_bytes(), json.loads((golden / "stress.json").read_text())
    # What a killed process may leave behind is written over.
    (golden / "stress" / "00002.parquet").write_bytes(b"half")
    golden_add(golden, [write(tmp_path / "b.png", scene("plain", 501))], label="plain", reason="2")
    assert file.read_bytes() == content
    assert json.loads((golden / "stress.json").read_text())["files"][0] == ledger["files"][0]
    assert [words.name for words, _ in GoldenSet.open(golden).stress()] == ["a.png", "b.png"]


def test_no_image_joins_whose_pixels_are_known(golden: Path, scenes: Path, tmp_path: Path):
    rows = [words for words, _ in GoldenSet.open(golden).images()]
    for role, told in (("train", "which the probe is fitted to"), ("test", "which is frozen")):
        name = next(row.name for row in rows if row.role == role)
        pixels = np.asarray(decode_rgb((scenes / name).read_bytes()))
        image = write(tmp_path / f"{role}.bmp", pixels, "BMP")
        with pytest.raises(UsageError, match=f"{role}.bmp' is '{name}', {told}: nothing was"):
            golden_add(golden, [image], label="plain", reason="none")
    new = write(tmp_path / "new.png", scene("plain", 500))
    twin = write(tmp_path / "twin.bmp", scene("plain", 500), "BMP")
    with pytest.raises(UsageError, match=r"twin.bmp' is named twice"):
        golden_add(golden, [new, twin], label="plain", reason="none")
    assert not (golden / "stress.json").exists()
    golden_add(golden, [new], label="plain", reason="none")
    with pytest.raises(UsageError, match=r"twin.bmp' was added before as 'new.png'"):
        golden_add(golden, [twin], label="plain", reason="none")


def test_no_image_of_a_training_set_joins(golden: Path, tmp_path: Path):
    train = write_scenes(tmp_path / "train", 3, first=700)
    (train / "plain" / "cut.png").write_bytes(b"no image")
    image = write(tmp_path / "a.png", scene("plain", 2 * 701))
    with pytest.raises(UsageError, match=r"'plain/701.png' of the training set 'train'"):
        golden_add(golden, [image], label="plain", reason="none", train=train)
    other = write(tmp_path / "b.png", scene("plain", 500))
    golden_add(golden, [other], label="plain", reason="none", train=train)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"label": "sky"}, "class 'sky' is none of plain, striped"),
        ({"reason": "  "}, "a failure needs a reason"),
    ],
)
def test_words_that_do_not_fit_add_nothing(golden: Path, tmp_path: Path, words, told: str):
    image = write(tmp_path / "a.png", scene("plain", 500))
    with pytest.raises(UsageError, match=told):
        golden_add(golden, [image], **{"label": "plain", "reason": "none"} | words)
    broken = tmp_path / "broken.png"
    broken.write_bytes(image.read_bytes()[:90])
    for bad in (broken, tmp_path / "nothing.png"):
        with pytest.raises(UsageError, match=f"{bad.name}' is no readable image"):
            golden_add(golden, [image, bad], label="plain", reason="none")
    assert not (golden / "stress.json").exists()


def test_a_damaged_failure_is_named(golden: Path, tmp_path: Path):
    image = write(tmp_path / "a.png", scene("plain", 500))
    golden_add(golden, [image], label="plain", reason="none")
    file = golden / "stress" / "00001.parquet"
    content = file.read_bytes()
    at = content.index(b"IDAT") + 40
    file.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
    with pytest.raises(UsageError, match=r"image 'a.png' \(stress\) in .* is damaged"):
        golden_check(golden, encoder=steps())
    file.unlink()
    with pytest.raises(UsageError, match=r"00001.parquet' is missing"):
        golden_check(golden, encoder=steps())


def test_a_set_without_classes_takes_no_failures(scenes: Path, tmp_path: Path):
    plan = replace(PLAN, images=2, distortions=())
    golden = golden_freeze(scenes / "plain", plan, out=tmp_path / "Golden")
    image = write(tmp_path / "a.png", scene("plain", 500))
    with pytest.raises(UsageError, match="was frozen without classes"):
        golden_add(golden, [image], label="plain", reason="none")


# Parts


@given(arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3))))
def test_pixels_come_back_and_their_digest_knows_their_shape(pixels: NDArray[np.uint8]):
    back = thawed(frozen(pixels))
    assert (back == pixels).all()
    assert digest(back) == digest(pixels)
    height, width = pixels.shape[:2]
    if height != width:
        assert digest(pixels.reshape(width, height, 3)) != digest(pixels)


@given(arrays(np.float32, (4, 3), elements=st.floats(-9, 9, width=32)))
def test_equal_vectors_have_a_cosine_of_exactly_1(vectors: NDArray[np.float32]):
    assert (cosine(vectors, vectors) == 1).all()
    assert (np.abs(cosine(vectors, vectors[::-1])) <= 1).all()


def test_a_crop_of_another_size_is_frozen_as_asked(scenes: Path, tmp_path: Path):
    plan = replace(PLAN, encoder="pixels", crop=None, images=2, fitted=4, distortions=())
    golden = golden_freeze(scenes, plan, out=tmp_path / "Golden")
    assert golden.crop == Crop(224)
    assert {pixels.shape for _, pixels in golden.images()} == {(224, 224, 3)}


def test_plans_and_sets_are_known_without_torch(whole: GoldenSet):
    code = (
        "import sys, flickrexif.golden as g; g.GoldenPlan(); g.GoldenSet.open(sys.argv[1]).lines();"
        "print({'torch', 'matplotlib'} & set(sys.modules))"
    )
    words = [sys.executable, "-c", code, str(whole.path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "set()\n", "")
