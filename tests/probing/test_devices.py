"""One embedding on several devices at once: equal to that on one, whatever happens to it."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from threading import Barrier, Lock
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pytest
import torch
from safetensors import safe_open
from tiny_releases import photo, png
from torch import nn

from flickrexif import EmbedPlan, MaskSpec, PreprocessSpec, ProbePlan, embed, module_encoder, probe
from flickrexif.errors import UsageError
from flickrexif.probing.devices import told_devices
from flickrexif.probing.embedding.batch import Batch, Shown
from flickrexif.probing.embedding.forward import Forward
from flickrexif.probing.embedding.workers import Workers
from flickrexif.probing.embeddings import IDS, VECTORS
from flickrexif.probing.encoders import encoder_named
from flickrexif.probing.measure import fitting_device
from flickrexif.probing.placing import device_named, devices_named, placed
from flickrexif.progress import Silent
from flickrexif.treating.rows import row_id

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import CommandLine
    from torch import Tensor

SIDE = 24
SPEC = PreprocessSpec(SIDE)
PLAN = EmbedPlan(("pixels",), mask=MaskSpec("center", 0.5), crop=SIDE, batch=4, shard=8)
TWO = "cpu,cpu"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty images, and one that is none in their midst."""
    path = tmp_path_factory.mktemp("images")
    for seed in range(30):
        (path / f"{1000 + seed}.png").write_bytes(png(photo(seed, noise=3, side=32)))
    (path / "1013.png").write_text("no image")
    return path


class Averaging(nn.Module):
    """Means over a 4 x 4 grid."""

    def forward(self, pixels: Tensor) -> Tensor:
        return nn.functional.adaptive_avg_pool2d(pixels, 4).flatten(1)


def contents(out: Path) -> dict[str, bytes]:
    """All files that an embedding wrote."""
    files = sorted(out.rglob("*.safetensors"))
    return {str(file.relative_to(out)): file.read_bytes() for file in files}


def tensors(file: Path) -> tuple[np.ndarray, np.ndarray]:
    """Ids and vectors; a shard's metadata stands in any order."""
    with safe_open(file, "numpy") as opened:
        return opened.get_tensor(IDS), opened.get_tensor(VECTORS)


def on_both(folder: Path, tmp_path: Path, plan: EmbedPlan) -> tuple[dict[str, bytes], ...]:
    """What one CPU and what two of them write."""
    for device in ("cpu", TWO):
        embed(folder, replace(plan, device=device), out=tmp_path / device)
    return contents(tmp_path / "cpu"), contents(tmp_path / TWO)


# Words


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("auto", ("auto",)),
        ("cpu", ("cpu",)),
        ("cuda:0,cuda:1", ("cuda:0", "cuda:1")),
        ("cuda:1, cuda:10", ("cuda:1", "cuda:10")),
        ("cpu,cpu,cpu", ("cpu", "cpu", "cpu")),
    ],
)
def test_devices_are_told_by_words(word: str, told: tuple[str, ...]):
    assert told_devices(word) == told


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("tpu", "unknown device 'tpu': use one of auto, cpu, cuda, cuda:1, mps, or several"),
        ("", "unknown device ''"),
        ("cuda:01", "unknown device 'cuda:01'"),
        ("cuda:", "unknown device 'cuda:'"),
        ("cpu:1", "unknown device 'cpu:1'"),
        ("cuda:0,", "unknown device ''"),
        ("auto,cuda:0", "unknown device 'auto'"),
        ("cuda:0,cpu", "device 'cuda:0,cpu' mixes cpu and cuda: name those of one kind"),
    ],
)
def test_words_that_are_no_devices_are_refused(word: str, told: str):
    with pytest.raises(UsageError) as refused:
        EmbedPlan(device=word)
    assert str(refused.value).startswith(told)
    with pytest.raises(UsageError):
        ProbePlan(device=word)


def test_every_gpu_is_taken_where_none_is_named():
    gpus = tuple(f"cuda:{place}" for place in range(torch.cuda.device_count()))
    mac = ("mps",) if torch.backends.mps.is_available() else ("cpu",)
    assert devices_named("auto") == (gpus or mac)
    assert device_named("auto") == devices_named("auto")[0]
    assert devices_named(TWO) == ("cpu", "cpu")
    if gpus:
        assert devices_named("cuda") == gpus


@pytest.mark.parametrize("word", ["cuda:97", "cuda:0,cuda:97"])
def test_a_device_that_is_not_there_is_refused_with_what_is(word: str):
    absent = "cuda:97" if torch.cuda.is_available() else word.split(",")[0]
    with pytest.raises(UsageError, match=f"torch finds no {absent} device here: ") as refused:
        devices_named(word)
    there = "it finds cuda:0" if torch.cuda.is_available() else "take --device cpu, or auto"
    assert there in str(refused.value)


def test_heads_are_fitted_on_the_first_device():
    assert fitting_device(ProbePlan(device=TWO)) == "cpu"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("embed images --device cuda:97", "torch finds no cuda:97 device here: "),
        ("mask leak images --device cuda:97", "torch finds no cuda:97 device here: "),
        ("shift images/a/1.png --device cuda:97", "torch finds no cuda:97 device here: "),
        ("embed images --device gpu", "unknown device 'gpu': use one of auto, cpu"),
        ("embed images --device cpu,mps", "mixes cpu and mps"),
        (
            "degradations images --sweep defocus --device cpu,cpu",
            "device 'cpu,cpu' tells 2, and one can be used",
        ),
    ],
)
def test_bad_devices_are_refused_in_one_line(
    words: str, told: str, folder: Path, here: Path, run: CommandLine
):
    for label in ("a", "b"):
        (here / "images" / label).mkdir(parents=True)
        (here / "images" / label / "1.png").write_bytes((folder / "1000.png").read_bytes())
    assert told in run.refused(*words.split(), "--out", "out")


# Equal results


def test_two_devices_write_what_one_does(folder: Path, tmp_path: Path):
    own = module_encoder(Averaging(), SPEC, name="own")
    plan = replace(PLAN, encoders=("residual", "pixels", own))
    one, two = on_both(folder, tmp_path, plan)
    assert list(one) == [f"embeddings/{name}.safetensors" for name in ("own", "pixels", "residual")]
    assert one == two


def test_a_probe_on_two_devices_finds_what_one_finds(release: Path):
    plan = ProbePlan(("pixels",), attributes=("iso",), shuffles=1, resamples=100)
    one, two = (probe(release, replace(plan, device=device)) for device in ("cpu", TWO))
    assert one.results == two.results


def test_the_command_tells_its_devices(run: CommandLine, folder: Path, tmp_path: Path):
    done = run("embed", folder, "--encoder", "pixels", "--device", TWO, "--out", tmp_path)
    assert done.code == 3, "one image is no image"
    assert "embedded on cpu, cpu in float32" in done.out


class Dividing(Averaging):
    """No number for the image whose mean is next to ``bad``."""

    def __init__(self, bad: float) -> None:
        super().__init__()
        self.bad = bad

    def forward(self, pixels: Tensor) -> Tensor:
        found = super().forward(pixels)
        is_bad = (pixels.mean((1, 2, 3)) - self.bad).abs() < 0.01
        return torch.where(is_bad[:, None], torch.nan, found)


def test_shards_are_the_same_up_to_where_it_ends(tmp_path: Path):
    """Batches before the one that fails are kept, in order, and none after it."""
    images = tmp_path / "images"
    images.mkdir()
    for number in range(24):
        flat = np.full((SIDE, SIDE, 3), 10 * number, np.uint8)
        (images / f"{100 + number}.png").write_bytes(png(flat))
    bad = float(SPEC.normalisation(torch.full((1, 3, 1, 1), 180, dtype=torch.uint8)).mean())
    encoder = module_encoder(Dividing(bad), SPEC, name="own")
    plan = EmbedPlan((encoder,), batch=3, shard=6)
    found = []
    for device in ("cpu", TWO, "cpu,cpu,cpu"):
        with pytest.raises(UsageError, match=r"no finite numbers for photo '118.png'"):
            embed(images, replace(plan, device=device), out=tmp_path / device)
        files = sorted((tmp_path / device / "embeddings" / "own").iterdir())
        assert [file.name for file in files] == [f"0000{n}.safetensors" for n in range(3)]
        found.append([tensors(file) for file in files])
    for place, (ids, vectors) in enumerate(found[0]):
        names = [f"{100 + 6 * place + number}.png" for number in range(6)]
        assert ids.tolist() == sorted(map(row_id, names))
        for other in found[1:]:
            assert np.array_equal(other[place][0], ids)
            assert np.array_equal(other[place][1], vectors)


# At the same time


class Meeting(Averaging):
    """Goes on only when another one computes as well."""

    place = Barrier(2)
    met: ClassVar[set[int]] = set()

    def forward(self, pixels: Tensor) -> Tensor:
        if len(pixels) > 1:
            self.place.wait(timeout=20)
            self.met.add(id(self))
        return super().forward(pixels)


def test_two_replicas_compute_at_the_same_time(folder: Path, tmp_path: Path):
    encoder = module_encoder(Meeting(), SPEC, name="own")
    (row,) = embed(folder, replace(PLAN, encoders=(encoder,), device=TWO), out=tmp_path).rows
    assert row.photos == 29
    assert len(Meeting.met) == 2
    assert id(encoder.module) in Meeting.met


class Alone:
    """An encoder of one's own that does not bear to be asked by two at once."""

    name, family, dim, preprocess = "alone", "other", 3, PreprocessSpec(SIDE)
    provenance: ClassVar = {"weights": "none", "sha256": "", "dtype": "float32"}

    def __init__(self) -> None:
        self.lock = Lock()

    def __call__(self, images: Tensor, visible: Tensor, *, fill: Tensor | None = None) -> Tensor:
        assert self.lock.acquire(blocking=False), "asked while it computes"
        time.sleep(0.01)
        self.lock.release()
        return images.float().mean((2, 3))


def test_what_cannot_be_copied_is_asked_by_one_at_a_time(folder: Path, tmp_path: Path):
    one, two = on_both(folder, tmp_path, replace(PLAN, encoders=(Alone(),)))
    assert one == two


def test_copies_are_made_of_modules_alone():
    own, residual = module_encoder(Averaging(), SPEC, name="own"), encoder_named("residual")
    two = placed(own, ("cpu", "cpu"), dtype="float32")
    assert two.at_once
    assert two.first is own
    assert two.encoders[1].module is not own.module
    assert two.encoders[1].provenance == own.provenance
    assert placed(own, ("cpu",), dtype="float32").encoders == (own,)
    kept = placed(own, ("cuda:0", "cuda:1"), dtype="float32")
    assert (kept.encoders, kept.at_once) == ((own, own), False)
    assert not placed(residual, ("cpu", "cpu"), dtype="float32").at_once
    assert placed("residual", ("cpu", "cpu"), dtype="float32").at_once


def test_a_module_that_cannot_be_copied_is_refused(folder: Path, tmp_path: Path):
    module = Averaging()
    module.lock = Lock()
    plan = replace(PLAN, encoders=(module_encoder(module, SPEC, name="own"),))
    embed(folder, plan, out=tmp_path / "one")
    with pytest.raises(UsageError, match=r"'own' cannot be copied to cpu \(.*\): name one device"):
        embed(folder, replace(plan, device=TWO), out=tmp_path / "two")
    assert not (tmp_path / "two").exists()


class Late(Averaging):
    """The darker an image, the later it is through."""

    def forward(self, pixels: Tensor) -> Tensor:
        time.sleep(float(0.05 - pixels.mean().clamp(0, 1) / 20))
        return super().forward(pixels)


def test_batches_come_in_order_whichever_is_through_first():
    def batch(place: int) -> Batch:
        images = torch.full((2, 3, SIDE, SIDE), 40 * place, dtype=torch.uint8)
        return Batch([], {0: Shown([place, 100 + place], ["a", "b"], images)})

    taken: list[int] = []

    def batches():
        for place in range(6):
            taken.append(place)
            yield batch(place)

    spec = PreprocessSpec(SIDE, mean=(0, 0, 0), std=(1, 1, 1))
    encoder = module_encoder(Late(), spec, name="late")
    workers = Workers([(Forward(encoder, None, 2),) for _ in range(3)], threads=1)
    seen = []
    for done, vectors in workers(batches()):
        seen.append(done.shown[0].photo_ids[0])
        assert len(taken) - len(seen) <= 3
        assert vectors[0][0, 0] == pytest.approx(40 * seen[-1] / 255)
    assert seen == list(range(6))


# What happens on the way


class Limited(Averaging):
    """Has memory for two images."""

    def forward(self, pixels: Tensor) -> Tensor:
        if len(pixels) > 2:
            raise torch.OutOfMemoryError(f"tried to allocate for {len(pixels)}")
        return super().forward(pixels)


def test_each_device_halves_its_batches_as_its_memory_demands(folder: Path, tmp_path: Path, caplog):
    with caplog.at_level(logging.WARNING, "flickrexif"):
        encoder = module_encoder(Limited(), SPEC, name="own")
        embed(folder, replace(PLAN, encoders=(encoder,), device=TWO, batch=8), out=tmp_path / "few")
    halved = [record.args[1:] for record in caplog.records if "out of memory" in record.msg]
    assert {(8, 4), (4, 2)} <= set(halved)
    assert len(halved) <= 4
    embed(
        folder,
        replace(PLAN, encoders=(module_encoder(Averaging(), SPEC, name="own"),), batch=8),
        out=tmp_path / "all",
    )
    few, whole = (tensors(tmp_path / out / "embeddings/own.safetensors") for out in ("few", "all"))
    assert np.array_equal(few[0], whole[0])
    np.testing.assert_allclose(few[1], whole[1], atol=1e-6)


class Stopped(Silent):
    """Somebody presses Ctrl-C after a while."""

    def __init__(self, after: int) -> None:
        self.left = after

    def advance(self, units: int = 1) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


@pytest.mark.parametrize("first", ["cpu", TWO])
def test_an_interrupted_run_keeps_its_batches_and_goes_on_on_other_devices(
    folder: Path, tmp_path: Path, first: str
):
    encoder = module_encoder(Averaging(), SPEC, name="own")
    plan = replace(PLAN, encoders=("pixels", encoder))
    with pytest.raises(KeyboardInterrupt):
        embed(folder, replace(plan, device=first), out=tmp_path / "two", progress=Stopped(5))
    kept = sorted(file.name for file in (tmp_path / "two/embeddings/own").iterdir())
    assert kept == ["00000.safetensors", "00001.safetensors", "00002.safetensors"]
    (tmp_path / "two/embeddings/own/00001.safetensors").unlink()
    rows = embed(folder, replace(plan, device=TWO, batch=3), out=tmp_path / "two").rows
    assert [row.found for row in rows] == [19, 12]  # and one of the 20 cannot be read
    embed(folder, plan, out=tmp_path / "one")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.fixture
def gpus() -> tuple[str, ...]:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device here")
    return tuple(f"cuda:{place}" for place in range(torch.cuda.device_count()))


def test_gpus_write_what_one_writes(gpus: tuple[str, ...], folder: Path, tmp_path: Path):
    """Every GPU there is, and the first twice, where that is all there is."""
    several = ",".join(gpus if len(gpus) > 1 else gpus * 2)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = nn.Sequential(nn.Conv2d(3, 32, 4, 4), nn.GELU(), nn.Flatten(), nn.LazyLinear(16))
        module(torch.zeros(1, 3, SIDE, SIDE))
    for device in (gpus[0], several):
        encoder = module_encoder(module, SPEC, name="own", device=gpus[0])
        embed(folder, replace(PLAN, encoders=(encoder,), device=device), out=tmp_path / device)
    assert contents(tmp_path / gpus[0]) == contents(tmp_path / several)
