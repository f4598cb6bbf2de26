from __future__ import annotations

import csv
import json
import tracemalloc
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor

from flickrexif.errors import UsageError
from flickrexif.probing import ShiftPlan, shift_map
from flickrexif.probing.encoders import encoder_named
from flickrexif.probing.protocols.shift import cosine, seeing_all
from flickrexif.probing.protocols.shift_frames import frames_of, read_object

if TYPE_CHECKING:
    from pathlib import Path

BLACK = ShiftPlan(canvas=20, stride=1, radius=2, background="#000000")
MODES = ("paste", "roll", "crop")
each_mode = pytest.mark.parametrize("mode", MODES)


def square(width: int = 6, height: int = 6, colour: str = "white") -> Image.Image:
    return Image.new("RGB", (width, height), colour)


def textured(width: int, height: int, *, alpha: bool = False, seed: int = 0) -> Image.Image:
    shape = (height, width, 4 if alpha else 3)
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8))


def pixels(images: Tensor) -> Tensor:
    return images.flatten(1).float()


def colour_sums(images: Tensor) -> Tensor:
    return images.long().sum((2, 3))


def histogram(images: Tensor) -> Tensor:
    return images.flatten(1).sort(dim=1).values


def row_sums(images: Tensor) -> Tensor:
    return images.long().sum((1, 3))


# Figures


@pytest.mark.parametrize("embed", [colour_sums, histogram])
@pytest.mark.parametrize("background", ["#405060", "noise"])
def test_an_invariant_encoder_gives_exactly_1_everywhere_when_rolled(embed, background: str):
    plan = replace(BLACK, mode="roll", background=background)
    found = shift_map(embed, textured(7, 5), plan)
    assert found.similarity.shape == (20, 20)
    assert bool((found.similarity == 1).all())
    assert (found.local_similarity, found.global_similarity, found.minimum[0]) == (1, 1, 1)


def test_an_invariant_encoder_is_none_where_the_object_is_cut_off():
    found = shift_map(histogram, textured(7, 5), replace(BLACK, mode="crop"))
    assert found.minimum[0] < 1
    inside = found.similarity[np.ix_(np.abs(found.dy) <= 7, np.abs(found.dx) <= 6)]
    assert bool((inside == 1).all())


@each_mode
def test_pixels_of_a_square_give_the_curve_of_its_overlap(mode: str):
    """White on black: the cosine is the overlap over the geometric mean of what is visible."""
    found = shift_map(pixels, square(), replace(BLACK, mode=mode))

    def overlap(shift: int) -> int:
        around = 20 - abs(shift) if mode == "roll" else 20
        return max(0, 6 - abs(shift)) + max(0, 6 - around)

    def seen(shift: int) -> int:
        return 6 - max(0, shift - 7) - max(0, -shift - 7) if mode == "crop" else 6

    expected = [
        [overlap(dy) * overlap(dx) / (36 * seen(dy) * seen(dx)) ** 0.5 for dx in found.dx.tolist()]
        for dy in found.dy.tolist()
    ]
    np.testing.assert_allclose(found.similarity, expected, atol=1e-12, rtol=0)


def test_local_and_global_are_means_without_the_centre():
    found = shift_map(pixels, square(), BLACK)
    near = [(6 - abs(y)) * (6 - abs(x)) / 36 for y in range(-2, 3) for x in range(-2, 3)]
    assert found.local_similarity == pytest.approx((sum(near) - 1) / 24)
    # each side is passed at 15 places, and 36 shares of a sixth overlap over all of them
    assert found.global_similarity == pytest.approx((36 - 1) / (15 * 15 - 1))
    assert found.minimum == (0, -7, -7)


def test_a_shift_that_the_features_do_not_see_changes_nothing():
    found = shift_map(row_sums, square(), BLACK)
    assert bool((found.similarity == found.similarity[:, :1]).all())
    assert len(np.unique(found.similarity[:, 0])) > 3


def test_a_stride_takes_some_of_the_exhaustive_map():
    whole = shift_map(pixels, textured(5, 4), BLACK)
    some = shift_map(pixels, textured(5, 4), replace(BLACK, stride=3, radius=3))
    assert some.dx.tolist() == [-6, -3, 0, 3, 6]
    rows, columns = np.isin(whole.dy, some.dy), np.isin(whole.dx, some.dx)
    np.testing.assert_array_equal(some.similarity, whole.similarity[np.ix_(rows, columns)])


@each_mode
def test_batches_do_not_change_the_map_and_none_is_larger_than_asked(mode: str):
    sizes: list[int] = []

    def embed(images: Tensor) -> Tensor:
        sizes.append(len(images))
        return pixels(images)

    plan = replace(BLACK, mode=mode, batch=7)
    some = shift_map(embed, textured(5, 4), plan)
    whole = shift_map(pixels, textured(5, 4), replace(plan, batch=999))
    np.testing.assert_array_equal(some.similarity, whole.similarity)
    assert max(sizes) == 7


def test_memory_is_bounded_by_the_map_and_a_batch():
    """Every position at once would be 10,000 images of 30 KB: 300 MB."""
    plan = ShiftPlan(canvas=100, stride=1, radius=1, mode="roll", batch=8)
    tracemalloc.start()
    found = shift_map(lambda images: images[:, :, 0, 0], square(8, 8), plan)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.similarity.size == 10_000
    assert peak < 3_000_000


# Classes


def test_consistency_is_the_share_of_pairs_with_the_same_class():
    def is_left(images: Tensor) -> Tensor:
        return (images[:, 0, :, :10].long().sum((1, 2)) > 0).long()

    found = shift_map(pixels, square(6, 6), BLACK, classify=is_left)
    flat = found.classes.ravel()
    pairs = [(a == b) for i, a in enumerate(flat) for b in flat[:i]]
    assert 0 < found.consistency < 1
    assert found.consistency == pytest.approx(np.mean(pairs), abs=1e-12)
    assert found.lines()[-1] == (
        f"{found.consistency:.4f} of the pairs of positions have the same class"
    )
    np.testing.assert_array_equal(found.classes, np.broadcast_to(found.dx <= 2, (15, 15)))


def test_without_a_classifier_there_is_no_consistency():
    found = shift_map(pixels, square(), BLACK)
    assert found.consistency is None
    assert found.as_dict()["consistency"] is None
    assert len(found.lines()) == 5


# Frames


@settings(max_examples=60)
@given(
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    canvas=st.integers(10, 17),
    seed=st.integers(0, 9),
    background=st.sampled_from(["#102030", "noise"]),
)
def test_the_modes_are_alike_in_the_middle(size, canvas: int, seed: int, background: str):
    plan = ShiftPlan(canvas=canvas, stride=1, radius=1, seed=seed, background=background)
    image = textured(*size, alpha=True, seed=seed)
    pasted, rolled, cropped = (frames_of(image, replace(plan, mode=mode)) for mode in MODES)
    for dy, dx in pasted.offsets():
        frame = pasted.frame(dy, dx)
        assert frame.shape == (3, canvas, canvas)
        if background != "noise":
            np.testing.assert_array_equal(rolled.frame(dy, dx), frame)
            np.testing.assert_array_equal(cropped.frame(dy, dx), frame)
    centre = rolled.frame(0, 0)
    np.testing.assert_array_equal(pasted.frame(0, 0), centre)
    for dy, dx in rolled.offsets():
        expected = np.roll(centre, (dy, dx), axis=(1, 2))
        np.testing.assert_array_equal(rolled.frame(dy, dx), expected)


@settings(max_examples=60)
@given(
    size=st.tuples(st.integers(1, 24), st.integers(1, 24)),
    canvas=st.integers(2, 16),
    stride=st.integers(1, 5),
    mode=st.sampled_from(MODES),
)
def test_offsets_are_multiples_of_the_stride_around_0(size, canvas: int, stride: int, mode: str):
    plan = ShiftPlan(canvas=canvas, stride=stride, radius=stride, mode=mode)
    try:
        frames = frames_of(textured(*size), plan)
    except UsageError:
        return
    for offsets in (frames.dy, frames.dx):
        assert 0 in offsets
        assert bool((np.diff(offsets) == stride).all())
        assert not (offsets % stride).any()
    assert len([*frames.offsets()]) == len(frames)
    assert {frames.frame(dy, dx).shape for dy, dx in frames.offsets()} == {(3, canvas, canvas)}


def test_paste_goes_to_every_corner_and_no_further():
    frames = frames_of(square(5, 4), replace(BLACK, canvas=10))
    assert (frames.dy.tolist(), frames.dx.tolist()) == ([*range(-3, 4)], [*range(-2, 4)])
    for dy, dx in frames.offsets():
        assert int((frames.frame(dy, dx) == 255).sum()) == 3 * 20
    assert frames.frame(-3, -2)[0, 0, 0] == frames.frame(3, 3)[0, -1, -1] == 255


def test_a_crop_moves_over_an_object_larger_than_the_canvas():
    image = textured(27, 21)
    frames = frames_of(image, replace(BLACK, mode="crop"))
    assert (frames.dy.tolist(), frames.dx.tolist()) == ([-1, 0], [*range(-4, 4)])
    whole = np.asarray(image).transpose(2, 0, 1)
    np.testing.assert_array_equal(frames.frame(0, 0), whole[:, :20, 3:23])
    np.testing.assert_array_equal(frames.frame(0, 3), whole[:, :20, :20])
    np.testing.assert_array_equal(frames.frame(-1, -4), whole[:, 1:, 7:])


def test_alpha_blends_with_what_is_behind():
    image = Image.new("RGBA", (2, 2), (200, 100, 0, 100))
    plan = replace(BLACK, canvas=4, background="#0a0a64")
    inside = frames_of(image, plan).frame(0, 0)[:, 1, 1]
    assert inside.tolist() == [85, 45, 61]


def test_noise_is_the_seed_s():
    plan = replace(BLACK, background="noise")
    first, again, other = (
        frames_of(square(), replace(plan, seed=seed)).frame(0, 0) for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_an_object_is_read_with_its_alpha_and_upright(tmp_path: Path):
    image = textured(4, 3, alpha=True)
    image.save(tmp_path / "a.png")
    found = read_object((tmp_path / "a.png").read_bytes())
    np.testing.assert_array_equal(np.asarray(found), np.asarray(image))
    exif = Image.Exif()
    exif[0x0112] = 6
    image.save(tmp_path / "b.png", exif=exif)
    image.convert("RGB").save(tmp_path / "c.png", exif=exif)
    for name, mode in (("b.png", "RGBA"), ("c.png", "RGB")):
        turned = read_object((tmp_path / name).read_bytes())
        assert (turned.mode, turned.size) == (mode, (3, 4))
        expected = image.convert(mode).transpose(Image.Transpose.ROTATE_270)
        np.testing.assert_array_equal(np.asarray(turned), np.asarray(expected))


# Similarity


def test_equal_vectors_are_alike_be_they_zero():
    centre = torch.tensor([[0.1, 0.2, 0.7]], dtype=torch.float64)
    zeros = torch.zeros_like(centre)
    found = cosine(torch.cat([centre, zeros, -centre, 3 * centre]), centre)
    assert found[:3].tolist() == [1, 0, -1]
    assert float(found[3]) == pytest.approx(1, abs=1e-15)
    assert cosine(torch.cat([zeros, centre]), zeros).tolist() == [1, 0]


def test_a_named_encoder_sees_all_of_the_image(tmp_path: Path):
    textured(8, 8).save(tmp_path / "thing.png")
    plan = ShiftPlan(canvas=32, stride=4, radius=4)
    named = shift_map("pixels", tmp_path / "thing.png", plan)
    given = shift_map(seeing_all(encoder_named("pixels")), textured(8, 8), plan)
    np.testing.assert_array_equal(named.similarity, given.similarity)
    assert (named.encoder, named.subject, named.size) == ("pixels", "thing.png", (8, 8))
    assert len(named.provenance["sha256"]) == 64
    assert given.subject == "object"


# Output


def test_map_results_and_figure_are_written(tmp_path: Path):
    plan = replace(BLACK, stride=3, radius=3)
    found = shift_map(pixels, square(6, 4), plan, classify=lambda i: i[:, 0, 10, 10], out=tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["map.csv", "map.png", "results.json"]
    with (tmp_path / "map.csv").open() as file:
        rows = [*csv.DictReader(file)]
    assert [(int(row["dy"]), int(row["dx"])) for row in rows] == [
        (dy, dx) for dy in found.dy.tolist() for dx in found.dx.tolist()
    ]
    assert [float(row["similarity"]) for row in rows] == found.similarity.ravel().tolist()
    assert [int(row["class"]) for row in rows] == found.classes.ravel().tolist()
    told = json.loads((tmp_path / "results.json").read_text())
    assert told == found.as_dict()
    assert (told["mode"], told["canvas"], told["positions"]) == ("paste", 20, 25)
    with Image.open(tmp_path / "map.png") as figure:
        assert figure.format == "PNG"
        assert len(figure.convert("RGB").getcolors(1 << 20)) > 10


def test_equal_words_give_equal_bytes(tmp_path: Path):
    for name in ("a", "b"):
        plan = ShiftPlan(canvas=32, stride=8, radius=8, background="noise", mode="roll")
        shift_map("random:conv", textured(9, 9), plan, out=tmp_path / name)
    for path in (tmp_path / "a").iterdir():
        assert (tmp_path / "b" / path.name).read_bytes() == path.read_bytes()


def test_the_table_tells_local_global_and_minimum():
    lines = shift_map(pixels, square(), replace(BLACK, stride=4, radius=5)).lines()
    assert lines[0] == (
        "object (6 x 6 px), encoder pixels: paste every 4 px on 20 px "
        "(cosine similarity to the centre)"
    )
    assert [line.split()[-2:] for line in lines[2:]] == [
        ["8", f"{(4 * 2 / 6 + 4 * 4 / 36) / 8:.6f}"],
        ["8", f"{(4 * 2 / 6 + 4 * 4 / 36) / 8:.6f}"],
        ["1", f"{4 / 36:.6f}"],
    ]
    assert lines[-1].startswith("minimum, at dx -4 dy -4 ")


# Bad words


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"stride": 0}, "stride is 0 px; give at least 1"),
        ({"canvas": 0}, "canvas is 0 px"),
        ({"radius": 3, "stride": 4}, "give a radius of 4 or more"),
        ({"mode": "slide"}, "unknown shift mode 'slide': use one of paste, roll, crop"),
        ({"background": "grey"}, "background 'grey' is no colour"),
        ({"batch": 0}, "batch is 0"),
        ({"threads": 0}, "threads is 0"),
    ],
)
def test_words_that_do_not_fit_are_refused(words: dict[str, object], told: str):
    with pytest.raises(UsageError, match=told):
        ShiftPlan(**words)


@pytest.mark.parametrize(
    ("image", "plan", "told"),
    [
        (square(21, 6), BLACK, r"\(21 x 6 px\) is larger than the canvas \(20 px\): give a canvas"),
        (square(6, 21), replace(BLACK, mode="roll"), "canvas of 21 or more"),
        (square(20, 20), BLACK, "has no other place"),
        (square(20, 20), replace(BLACK, mode="crop", canvas=20, stride=30, radius=30), "no other"),
        (Image.new("RGBA", (3, 3)), BLACK, "transparent everywhere"),
    ],
)
def test_an_object_that_does_not_fit_is_refused(image: Image.Image, plan: ShiftPlan, told: str):
    with pytest.raises(UsageError, match=told):
        shift_map(pixels, image, plan)


def test_what_is_no_image_is_refused(tmp_path: Path):
    (tmp_path / "text.png").write_text("mine")
    for name in ("text.png", "nothing.png"):
        with pytest.raises(UsageError, match=f"{name}' is no readable image"):
            shift_map(pixels, tmp_path / name, BLACK)


def test_functions_that_give_what_they_should_not_are_refused():
    with pytest.raises(UsageError, match="no finite numbers"):
        shift_map(lambda images: pixels(images) / 0, square(), BLACK)
    with pytest.raises(ValueError, match="need as many rows of features"):
        shift_map(lambda images: images.float().mean(), square(), BLACK)
    with pytest.raises(ValueError, match="whole number to each of"):
        shift_map(pixels, square(), BLACK, classify=pixels)
