"""Photos to embeddings: decoded once, shard by shard, killed and gone on with."""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.numpy import save_file
from tiny_releases import TinyRelease, photo, png
from torch import nn

from flickrexif import EmbedPlan, MaskSpec, PreprocessSpec, ProbePlan, embed, module_encoder, probe
from flickrexif.errors import UsageError
from flickrexif.imaging.crop import Crop
from flickrexif.imaging.reading import exact_reader, fast_reader
from flickrexif.probing.embedding.forward import Forward, full_precision
from flickrexif.probing.embedding.merge import Part, merged
from flickrexif.probing.embedding.photos import photos_at
from flickrexif.probing.embedding.store import Kept, Shards
from flickrexif.probing.embeddings import IDS, VECTORS, Embeddings
from flickrexif.probing.encoders import embed_masked, encoder_named

if TYPE_CHECKING:
    from command_line import CommandLine

SIDE = 48
MASK = MaskSpec("random_patches", 0.5, fill="noise", patch=8)
PLAN = EmbedPlan(("residual", "pixels"), mask=MASK, crop=SIDE, batch=7, shard=8)


def averaging(name: str, crop: int | None = None, *, interpolation: str = "bicubic"):
    """A module that knows the images apart: means over a 4 x 4 grid."""
    module = nn.Sequential(nn.AdaptiveAvgPool2d(4), nn.Flatten())
    return module_encoder(module, PreprocessSpec(crop, interpolation), name=name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty images in two classes, and one that is none."""
    path = tmp_path_factory.mktemp("images")
    for seed in range(30):
        place = path / ("noisy" if seed % 2 else "calm")
        place.mkdir(exist_ok=True)
        image = photo(seed, noise=1 + 6 * (seed % 2), side=96)
        (place / f"{1000 + seed}.png").write_bytes(png(image[: 80 + seed]))
    (path / "calm" / "text.jpg").write_text("no image")
    return path


def read(file: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    with safe_open(file, "numpy") as opened:
        return {key: opened.get_tensor(key) for key in opened.keys()}, opened.metadata()  # noqa: SIM118


def test_a_set_is_embedded_with_ids_labels_and_provenance(folder: Path, tmp_path: Path):
    report = embed(folder, PLAN, out=tmp_path)
    assert [row.encoder for row in report.rows] == ["residual", "pixels"]
    assert [row.photos for row in report.rows] == [30, 30]
    assert report.skipped == {"calm/text.jpg": "unknown or damaged format"}
    assert report.as_dict()["skipped"] == report.skipped
    assert report.lines()[-1] == "1 photos skipped, as they could not be read"
    tensors, about = read(tmp_path / "embeddings" / "residual.safetensors")
    assert set(tensors) == {VECTORS, IDS, "label"}
    assert (tensors[VECTORS].dtype, tensors[IDS].dtype) == (np.float32, np.int64)
    assert tensors[VECTORS].shape == (30, encoder_named("residual").dim)
    assert bool((np.diff(tensors[IDS]) > 0).all())
    assert json.loads(about["classes"]) == ["calm", "noisy"]
    provenance = json.loads(about["provenance"])
    assert provenance["pixels"] == fast_reader().provenance
    assert (provenance["crop"], len(provenance["sha256"])) == (f"{SIDE} px", 64)
    assert not (tmp_path / "embeddings" / "residual").exists()


def test_which_image_an_id_is_stands_beside(folder: Path, tmp_path: Path):
    import polars as pl

    embed(folder, replace(PLAN, encoders=("pixels",)), out=tmp_path)
    tensors, _ = read(tmp_path / "embeddings" / "pixels.safetensors")
    table = pl.read_parquet(tmp_path / "photos.parquet")
    assert table["name"].to_list()[0] == "calm/1000.png"
    labels = dict(zip(table["photo_id"], table["label"], strict=True))
    told = [labels[photo_id] for photo_id in tensors[IDS].tolist()]
    assert [["calm", "noisy"][label] for label in tensors["label"]] == told


@pytest.mark.parametrize("exact", [False, True])
def test_decoding_once_gives_what_each_encoder_alone_gives(folder: Path, tmp_path: Path, exact):
    odd = averaging("odd", 24, interpolation="bilinear")
    encoders = (averaging("small", 24), averaging("large", 40), odd)
    plan = replace(PLAN, encoders=encoders, exact=exact)
    embed(folder, plan, out=tmp_path / "together")
    reader = exact_reader() if exact else fast_reader()
    source = photos_at(folder)
    for encoder in encoders:
        embed(folder, replace(plan, encoders=(encoder,)), out=tmp_path / "alone")
        file = f"embeddings/{encoder.name}.safetensors"
        together, _ = read(tmp_path / "together" / file)
        alone, _ = read(tmp_path / "alone" / file)
        assert all(np.array_equal(together[key], alone[key]) for key in alone)
        found = Embeddings.read(tmp_path / "together" / file)
        for each in list(source)[:3]:
            spec = encoder.preprocess
            (pixels,) = reader(each.content, (Crop(spec.crop, spec.interpolation),))
            image = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None]
            wanted = embed_masked(encoder, image, MASK, [each.name])
            torch.testing.assert_close(found.of(np.array([each.photo_id])), wanted)


@pytest.mark.parametrize("words", [{"batch": 1}, {"threads": 2}, {"shard": 5}, {"batch": 100}])
def test_batches_threads_and_shards_change_nothing(folder: Path, tmp_path: Path, words):
    plan = replace(PLAN, encoders=(averaging("own", 24),))
    for out, each in (("one", plan), ("two", replace(plan, **words))):
        embed(folder, each, out=tmp_path / out)
    one, two = (
        read(tmp_path / out / "embeddings" / "own.safetensors")[0] for out in ("one", "two")
    )
    assert np.array_equal(one[IDS], two[IDS])
    np.testing.assert_allclose(one[VECTORS], two[VECTORS], atol=1e-6)


KILLED = """
import os, signal, sys
sys.path.insert(0, "tests/probing")
import torch
from dataclasses import replace
from test_embedding import PLAN, averaging
import flickrexif

class Dying(torch.nn.Module):
    batches = 0

    def forward(self, pixels):
        Dying.batches += 1
        if Dying.batches == 5:
            os.kill(os.getpid(), signal.SIGKILL)
        return torch.nn.functional.adaptive_avg_pool2d(pixels, 4).flatten(1)

torch.set_num_threads(1)
own = flickrexif.module_encoder(Dying(), flickrexif.PreprocessSpec(24), name="own")
flickrexif.embed({folder!r}, replace(PLAN, encoders=(own,)), out={out!r})
"""


def test_a_killed_run_goes_on_where_it_was(folder: Path, tmp_path: Path):
    code = KILLED.format(folder=str(folder), out=str(tmp_path / "killed"))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    shards = sorted((tmp_path / "killed" / "embeddings" / "own").iterdir())
    assert [file.name for file in shards][:1] == ["00000.safetensors"]
    kept = np.concatenate([read(file)[0][IDS] for file in shards])

    plan = replace(PLAN, encoders=(averaging("own", 24),))
    (row,) = embed(folder, plan, out=tmp_path / "killed").rows
    assert row.found == len(kept) in {14, 28}
    embed(folder, plan, out=tmp_path / "whole")
    files = (tmp_path / out / "embeddings" / "own.safetensors" for out in ("killed", "whole"))
    (resumed, told), (whole, wanted) = map(read, files)
    assert told == wanted
    assert all(np.array_equal(resumed[key], whole[key]) for key in whole)


class Counting(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.images = 0

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        self.images += len(pixels)
        return pixels.mean((2, 3))


def test_what_is_there_is_not_made_again_and_a_second_encoder_is(folder: Path, tmp_path: Path):
    first, second = Counting(), Counting()
    spec = PreprocessSpec(24)
    one, two = (module_encoder(m, spec, name=n) for m, n in ((first, "one"), (second, "two")))
    first.images = second.images = 0
    plan = replace(PLAN, encoders=(one,))
    embed(folder, plan, out=tmp_path)
    assert first.images == 30
    report = embed(folder, replace(plan, encoders=(one, two)), out=tmp_path)
    assert (first.images, second.images) == (30, 30)
    assert [row.found for row in report.rows] == [30, 0]  # and one that cannot be read
    assert list(report.skipped.values()) == ["unknown or damaged format"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"mask": MaskSpec(ratio=0.5)}, "mask"),
        ({"crop": 40}, "crop"),
        ({"exact": True}, "pixels"),
        ({"dtype": "bfloat16"}, "dtype"),
        ({"seed": 1}, "sha256"),
    ],
)
@pytest.mark.parametrize("state", ["finished", "under way"])
def test_files_of_other_words_are_refused(folder: Path, tmp_path: Path, words, told, state):
    seed = words.get("seed", 0)

    def own(seed: int, dtype: str = "float32"):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            module = nn.Sequential(nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(48, 4))
        return module_encoder(module, PreprocessSpec(), name="own", dtype=dtype)

    plan = replace(PLAN, encoders=(own(0),))
    embed(folder, plan, out=tmp_path)
    whole = tmp_path / "embeddings" / "own.safetensors"
    if state == "under way":
        whole.parent.joinpath("own").mkdir()
        whole.rename(whole.parent / "own" / "00000.safetensors")
    encoder = own(seed, words.get("dtype", "float32"))
    before = {file: file.read_bytes() for file in tmp_path.rglob("*.safetensors")}
    others = {word: value for word, value in words.items() if word != "seed"}
    other_plan = replace(plan, encoders=(encoder,), **others)
    with pytest.raises(UsageError, match=rf"was made with {told} .*name another --out"):
        embed(folder, other_plan, out=tmp_path)
    assert {file: file.read_bytes() for file in tmp_path.rglob("*.safetensors")} == before


def test_changed_images_are_refused(folder: Path, tmp_path: Path):
    images = tmp_path / "images"
    images.mkdir()
    for number in range(3):
        (images / f"{number}.png").write_bytes(png(photo(number, noise=1, side=32)))
    plan = replace(PLAN, encoders=("pixels",))
    embed(images, plan, out=tmp_path / "out")
    (images / "2.png").write_bytes(png(photo(9, noise=1, side=33)))
    with pytest.raises(UsageError, match="was made with photos"):
        embed(images, plan, out=tmp_path / "out")


def test_renamed_folders_are_other_images(tmp_path: Path):
    """An image's id hangs by its name, which the folder is part of."""
    (tmp_path / "set" / "calm").mkdir(parents=True)
    for number in range(3):
        image = png(photo(number, noise=1, side=32))
        (tmp_path / "set" / "calm" / f"{number}.png").write_bytes(image)
    plan = replace(PLAN, encoders=("pixels",))
    embed(tmp_path / "set", plan, out=tmp_path / "out")
    (tmp_path / "set" / "calm").rename(tmp_path / "set" / "quiet")
    with pytest.raises(UsageError, match="was made with photos"):
        embed(tmp_path / "set", plan, out=tmp_path / "out")


def test_parts_that_are_in_the_one_file_already_are_not_taken_twice(folder: Path, tmp_path: Path):
    """As a run leaves them that is killed before it removes them."""
    plan = replace(PLAN, encoders=("pixels",))
    embed(folder, plan, out=tmp_path)
    file = tmp_path / "embeddings" / "pixels.safetensors"
    whole, about = read(file)
    parts = tmp_path / "embeddings" / "pixels"
    parts.mkdir()
    own = {name: tensor for name, tensor in whole.items() if name != "label"}
    save_file(own, parts / "00000.safetensors", metadata=about)
    (row,) = embed(folder, plan, out=tmp_path).rows
    again, _ = read(file)
    assert row.photos == len(again[IDS]) == 30
    assert all(np.array_equal(again[name], whole[name]) for name in whole)


def test_encoders_whose_files_would_be_one_are_refused(folder: Path, tmp_path: Path):
    plan = replace(PLAN, encoders=(averaging("own:a/b", 24), averaging("own:a-b", 32)))
    with pytest.raises(UsageError, match=r"'own:a/b' and 'own:a-b' would be in one file"):
        embed(folder, plan, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_damaged_shard_is_made_again(folder: Path, tmp_path: Path, caplog):
    plan = replace(PLAN, encoders=(averaging("own", 24),))
    parts = tmp_path / "embeddings" / "own"
    parts.mkdir(parents=True)
    (parts / "00000.safetensors").write_bytes(b"half a shard")
    with caplog.at_level(logging.WARNING, "flickrexif"):
        (row,) = embed(folder, plan, out=tmp_path).rows
    assert "00000.safetensors is damaged and made again" in caplog.text
    assert (row.photos, row.found) == (30, 0)


@pytest.mark.parametrize(
    ("tensors", "told"),
    [
        (
            {VECTORS: np.zeros((20, 4), np.float32)},
            r"image_embeddings is F32 \[20, 4\]",
        ),
        ({VECTORS: np.zeros((31, 4), np.float64)}, "image_embeddings is F64"),
        ({VECTORS: np.zeros(31, np.float32)}, r"image_embeddings is F32 \[31\]"),
        ({IDS: np.zeros(31, np.int32)}, r"'Flickr ID' I32 \[31\]"),
        ({IDS: None}, "does not contain tensor Flickr ID"),
        ({VECTORS: None}, "does not contain tensor image_embeddings"),
    ],
)
def test_a_file_of_other_shapes_is_refused(tmp_path: Path, tensors, told):
    """As it was found by `embed`, and as it is read by a probe."""
    shards = Shards(tmp_path, "own", {"a": "b"}, {}, 100)
    shards.add(range(31), torch.zeros(31, 4))
    shards.finish(lambda ids: {}, {})
    whole, about = read(shards.target)
    made = {name: tensor for name, tensor in (whole | tensors).items() if tensor is not None}
    save_file(made, shards.target, metadata=about)
    with pytest.raises(UsageError, match=told):
        Shards(tmp_path, "own", {"a": "b"}, {}, 100)
    with pytest.raises(UsageError, match=told):
        Embeddings.read(shards.target)


def test_a_probe_takes_the_embeddings_it_finds(release: Path, tmp_path: Path):
    plan = ProbePlan(attributes=("iso",), shuffles=1, resamples=100)
    counting = Counting()
    encoder = module_encoder(counting, PreprocessSpec(224), name="own")
    embed(release, EmbedPlan(("pixels", encoder)), out=tmp_path)
    counting.images = 0
    found = probe(release, replace(plan, encoders=(encoder,)), out=tmp_path)
    assert counting.images == 0
    made = probe(release, replace(plan, encoders=(encoder,)))
    assert found.results == made.results
    assert found.photos == made.photos == 144
    tensors, about = read(tmp_path / "embeddings" / "own.safetensors")
    assert len(tensors[IDS]) == 144
    assert about["version"] == "1.2.3"


def test_a_probe_of_more_attributes_adds_their_photos(tmp_path: Path):
    rows = {
        name: {
            split: [(start + shift + i, i % 2, f"{split}{i}") for i in range(6)]
            for split, start in (("train", 0), ("validation", 100), ("test", 200))
        }
        for name, shift in (("make", 0), ("iso", 3))
    }
    ids = {i for splits in rows.values() for each in splits.values() for i, _, _ in each}
    images = {i: png(photo(i, noise=2, side=48)) for i in ids}
    classes = {"make": ["a", "b"], "iso": ["1", "2"]}
    path = TinyRelease(tmp_path / "r", side=48).write(classes, rows, images)
    plan = ProbePlan(("pixels",), shuffles=1, resamples=100)
    assert probe(path, replace(plan, attributes=("make",)), out=tmp_path / "out").photos == 18
    both = probe(path, plan, out=tmp_path / "out")
    assert both.photos == len(ids) == 27
    assert both.results == probe(path, plan).results
    assert probe(path, replace(plan, attributes=("make",)), out=tmp_path / "out").photos == 18


def test_an_encoder_of_another_crop_than_a_masked_release_has_is_refused(release: Path):
    with pytest.raises(
        UsageError, match=r"'own' takes 40 px.*masked at 224 px.*--crop 40"
    ) as error:
        probe(release, ProbePlan((averaging("own", 40),)))
    assert "--kind images" in str(error.value)


def test_a_release_is_embedded_whether_or_not_its_attributes_can_be_learnt(tmp_path: Path):
    """One class, and a split without photos."""
    rows = {
        "train": [(i, 0, f"a{i}") for i in range(4)],
        "validation": [],
        "test": [(10 + i, 0, f"b{i}") for i in range(3)],
    }
    images = {i: png(photo(i, noise=2, side=48)) for split in rows.values() for i, _, _ in split}
    path = TinyRelease(tmp_path / "r", side=48).write({"make": ["a"]}, {"make": rows}, images)
    (row,) = embed(path, EmbedPlan(("pixels",)), out=tmp_path / "out").rows
    assert row.photos == len(images) == 7
    with pytest.raises(UsageError, match="a probe needs two"):
        probe(path, ProbePlan(("pixels",)), out=tmp_path / "out")


def test_a_photo_of_a_release_that_cannot_be_read_is_told_by_its_id(tmp_path: Path):
    rows = {split: [(i, 0, "a")] for i, split in enumerate(("train", "validation", "test"))}
    images = {0: b"no image"} | {i: png(photo(i, noise=2, side=48)) for i in (1, 2)}
    path = TinyRelease(tmp_path / "r", side=48).write({"make": ["a"]}, {"make": rows}, images)
    report = embed(path, EmbedPlan(("pixels",)), out=tmp_path / "out")
    assert report.as_dict()["skipped"] == {"0": "unknown or damaged format"}


class Limited(nn.Module):
    """Has memory for ``most`` images."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most, self.seen = most, []

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        if len(pixels) > self.most:
            raise torch.OutOfMemoryError(f"tried to allocate for {len(pixels)}")
        self.seen.append(len(pixels))
        return pixels.mean((2, 3))


def test_out_of_memory_halves_the_batch_and_goes_on(caplog):
    module = Limited(3)
    encoder = module_encoder(module, PreprocessSpec(16), name="limited")
    images = torch.randint(0, 256, (13, 3, 16, 16), dtype=torch.uint8)
    module.seen.clear()
    forward = Forward(encoder, None, 13)
    with caplog.at_level(logging.WARNING, "flickrexif"):
        found = forward(images, list(range(13)))
    assert module.seen == [3, 3, 3, 3, 1]
    assert forward.most == 3
    assert [record.args[1:] for record in caplog.records] == [(13, 6), (6, 3)]
    module.most = 100
    assert torch.equal(found, encoder(images, torch.ones(16, 16, dtype=torch.bool)))
    module.most = 0
    with pytest.raises(UsageError, match="one image is too much for the memory"):
        forward(images, list(range(13)))


def test_another_error_of_a_module_is_not_taken_for_want_of_memory():
    class Broken(nn.Module):
        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            if len(pixels) > 1:
                raise RuntimeError("shapes do not match")
            return pixels.mean((2, 3))

    forward = Forward(module_encoder(Broken(), PreprocessSpec(16), name="broken"), None, 4)
    with pytest.raises(RuntimeError, match="shapes do not match"):
        forward(torch.zeros(4, 3, 16, 16, dtype=torch.uint8), [1, 2, 3, 4])


def test_an_embedding_that_is_no_number_is_refused_and_what_was_sound_is_kept(tmp_path: Path):
    for number in range(6):
        image = np.full((16, 16, 3), 10 * number, np.uint8)
        (tmp_path / f"{number}.png").write_bytes(png(image))

    class Dividing(nn.Module):
        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            means = pixels.mean((2, 3))
            return torch.where((means * 255).round() == 40, torch.nan, means)

    encoder = module_encoder(Dividing(), PreprocessSpec(16), name="dividing")
    plan = EmbedPlan((encoder,), batch=2)
    with pytest.raises(UsageError, match=r"'dividing' gives no finite numbers for photo '4.png'"):
        embed(tmp_path, plan, out=tmp_path / "out")
    kept, _ = read(tmp_path / "out" / "embeddings" / "dividing" / "00000.safetensors")
    assert len(kept[IDS]) == 4


def test_a_set_of_unreadable_images_is_refused(tmp_path: Path):
    (tmp_path / "1.png").write_text("nothing")
    with pytest.raises(UsageError, match="can be read"):
        embed(tmp_path, EmbedPlan(), out=tmp_path / "out")


def test_the_command_writes_what_the_function_does(run: CommandLine, folder: Path, tmp_path: Path):
    words = ("--encoder", "pixels", "--ratio", 0.5, "--crop", 48, "--json")
    done = run("embed", folder, *words, "--out", tmp_path / "command")
    assert done.code == 3, done
    assert done.err.splitlines()[-1].startswith("error: 1 photos have no embeddings")
    (row,) = done.told["rows"]
    assert (row["encoder"], row["photos"], row["crop"]) == ("pixels", 30, 48)
    assert row["hidden"] == pytest.approx(0.5, abs=0.02)
    plan = EmbedPlan(("pixels",), mask=MaskSpec(ratio=0.5), crop=48)
    embed(folder, plan, out=tmp_path / "function")
    written, wanted = (Path(row["file"]), tmp_path / "function/embeddings/pixels.safetensors")
    assert written.read_bytes() == wanted.read_bytes()


@settings(max_examples=25)
@given(data=st.data())
def test_merging_sorts_by_id_whatever_the_parts(tmp_path_factory, data):
    ids = data.draw(st.lists(st.integers(0, 2**62), min_size=1, max_size=40, unique=True))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(ids)), max_size=4)))
    random = np.random.default_rng(len(ids))
    vectors = random.normal(size=(len(ids), 3)).astype(np.float32)
    folder = tmp_path_factory.mktemp("merge")
    parts = []
    for number, (start, stop) in enumerate(zip([0, *cuts], [*cuts, len(ids)], strict=True)):
        store = Shards(folder, f"part{number}", {}, {}, 10**6)
        if start < stop:
            store.add(ids[start:stop], torch.from_numpy(vectors[start:stop]))
            store.flush()
            parts.append(Part.of(folder / f"part{number}" / "00000.safetensors"))
    merged(parts, folder / "all", lambda those: {"double": those // 2}, {"é": "ü", "n": "1"})
    tensors, about = read(folder / "all")
    order = np.argsort(ids)
    assert np.array_equal(tensors[IDS], np.array(ids)[order])
    assert np.array_equal(tensors[VECTORS], vectors[order])
    assert np.array_equal(tensors["double"], np.array(ids)[order] // 2)
    assert about == {"é": "ü", "n": "1"}


def test_merging_holds_a_block_of_rows_at_a_time(tmp_path: Path):
    store = Shards(tmp_path, "own", {}, {}, 5)
    vectors = torch.arange(60.0).reshape(20, 3)
    for start in (10, 0, 15, 5):
        store.add(list(range(start, start + 5)), vectors[start : start + 5])
    parts = [Part.of(file) for file in sorted((tmp_path / "own").iterdir())]
    assert len(parts) == 4
    merged(parts, tmp_path / "all", lambda ids: {}, {}, block_bytes=7 * 12)
    assert np.array_equal(read(tmp_path / "all")[0][VECTORS], vectors.numpy())


def test_what_is_kept_in_memory_is_what_is_on_disk(folder: Path, tmp_path: Path):
    store, shards = Kept("own", {"a": "b"}), Shards(tmp_path, "own", {"a": "b"}, {}, 2)
    for each in (store, shards):
        each.add([5, 3], torch.tensor([[5.0], [3.0]]))
        each.skip(4, "damaged")
        each.add([1], torch.tensor([[1.0]]))
    shards.finish(lambda ids: {}, {})
    one, two = store.embeddings(), shards.embeddings()
    assert one.photo_ids.tolist() == two.photo_ids.tolist() == [1, 3, 5]
    assert torch.equal(one.vectors, two.vectors)
    assert dict(store.skipped) == dict(shards.skipped) == {4: "damaged"}
    assert dict(Shards(tmp_path, "own", {"a": "b"}, {}, 2).skipped) == {4: "damaged"}


def test_a_file_of_something_else_holds_no_embeddings(tmp_path: Path):
    (tmp_path / "x.safetensors").write_text("nothing")
    with pytest.raises(UsageError, match="holds no embeddings"):
        Embeddings.read(tmp_path / "x.safetensors")


def test_float32_is_not_tf32_while_embedding_and_as_it_was_afterwards():
    before = torch.backends.cudnn.allow_tf32
    with full_precision():
        assert not torch.backends.cudnn.allow_tf32
        assert not torch.backends.cuda.matmul.allow_tf32
    assert torch.backends.cudnn.allow_tf32 == before


@pytest.fixture
def cuda() -> str:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device here")
    return "cuda"


def test_a_gpu_gives_what_the_cpu_gives(cuda: str, folder: Path, tmp_path: Path):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = nn.Sequential(nn.Conv2d(3, 32, 4, 4), nn.GELU(), nn.Flatten(), nn.LazyLinear(16))
        module(torch.zeros(1, 3, SIDE, SIDE))
    found = {}
    for device in ("cpu", cuda):
        encoder = module_encoder(module, PreprocessSpec(SIDE), name="own", device=device)
        embed(folder, replace(PLAN, encoders=(encoder,)), out=tmp_path / device)
        found[device], _ = read(tmp_path / device / "embeddings" / "own.safetensors")
    np.testing.assert_allclose(found["cpu"][VECTORS], found[cuda][VECTORS], atol=1e-5)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"encoders": ()}, "name one or more"),
        ({"encoders": ("pixels", "pixels")}, "each once"),
        ({"batch": 0}, "batch is 0"),
        ({"shard": 0}, "shard is 0"),
        ({"threads": 10**6}, "this machine has"),
        ({"device": "tpu"}, "unknown device 'tpu'"),
        ({"dtype": "int8"}, "unknown dtype 'int8'"),
    ],
)
def test_words_that_do_not_fit_are_refused(words, told: str):
    with pytest.raises(UsageError, match=told):
        EmbedPlan(**words)
