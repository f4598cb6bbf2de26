"""What the CPU gives, from an NVIDIA GPU: skipped where there is none."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cosine_similarity, normalize

from flickrexif import MaskSpec, PreprocessSpec, module_encoder
from flickrexif.probing.embedding.forward import Forward, full_precision
from flickrexif.probing.protocols.neighbours import nearest
from flickrexif.probing.protocols.protocol_plan import NeighboursPlan
from flickrexif.probing.protocols.retrieval import retrieve_pairs
from flickrexif.probing.protocols.semantics import LabelledImages, setup_accuracies
from flickrexif.probing.solvers import Labelled, Lbfgs, Ridge, Sgd, Solver
from flickrexif.probing.solvers.sgd import Point, first_head, shares

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import CommandLine

    from flickrexif.probing.encoders import ModuleEncoder

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")

SIDE = 64
SPEC = PreprocessSpec(SIDE, "bicubic", (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
NAMES = [f"photo-{place}" for place in range(24)]


def images(count: int = 24) -> torch.Tensor:
    random = torch.Generator().manual_seed(3)
    shape = count, 3, SIDE, SIDE
    return torch.randint(256, shape, dtype=torch.uint8, generator=random)


class Network(nn.Module):
    """Convolutions, then a transformer layer: both kinds of kernels that could be in TF32."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Sequential(nn.Conv2d(3, 64, 8, 8), nn.GELU(), nn.Conv2d(64, 64, 3, 1, 1))
        self.layer = nn.TransformerEncoderLayer(64, 4, 128, 0.0, "gelu", batch_first=True)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        tokens = self.patches(pixels).flatten(2).transpose(1, 2)
        return self.layer(tokens).mean(1)  # type: ignore[no-any-return]


def network(device: str, **words: str) -> ModuleEncoder:
    with torch.random.fork_rng():
        torch.manual_seed(5)
        module = Network()
    return module_encoder(module, SPEC, name="own", device=device, **words)  # type: ignore[arg-type]


def embedded(encoder: ModuleEncoder, mask: MaskSpec | None, most: int = 8) -> torch.Tensor:
    with full_precision():
        return Forward(encoder, mask, most)(images(), NAMES)


@pytest.mark.parametrize("fill", ["black", "mean", "noise"])
@pytest.mark.parametrize("geometry", ["center", "random_patches"])
def test_masked_images_are_embedded_alike(geometry: str, fill: str):
    mask = MaskSpec(geometry, 0.75, patch=8, fill=fill, seed=4)  # type: ignore[arg-type]
    here, there = (embedded(network(device), mask) for device in ("cpu", "cuda"))
    apart = (here - there).norm(dim=1) / here.norm(dim=1)
    assert float(apart.max()) < 1e-5  # TF32 would leave about 3e-4


def test_half_precision_stays_near_the_full_one():
    full, half = (
        embedded(network("cuda", dtype=dtype), MaskSpec()) for dtype in ("float32", "bfloat16")
    )
    assert not torch.equal(full, half)
    assert float(cosine_similarity(full, half).min()) > 0.999


def test_a_batch_that_the_memory_does_not_hold_is_halved(caplog: pytest.LogCaptureFixture):
    class Greedy(nn.Module):
        """Takes an eighth of what is left to it for each image."""

        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            taken = torch.empty(len(pixels), 128 << 20, dtype=torch.uint8, device=pixels.device)
            return pixels.flatten(1)[:, :16] + 0 * taken[:, :1]

    encoder = module_encoder(Greedy(), SPEC, name="greedy", device="cuda")
    wanted = embedded(encoder, None, most=4)
    torch.cuda.empty_cache()
    share = (torch.cuda.memory_reserved() + (1 << 30)) / torch.cuda.mem_get_info()[1]
    torch.cuda.set_per_process_memory_fraction(share)
    try:
        with caplog.at_level(logging.WARNING, "flickrexif"):
            found = embedded(encoder, None, most=24)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert torch.equal(found, wanted)
    told = [record.getMessage() for record in caplog.records]
    assert told
    assert told[0] == ("out of memory under greedy with 24 images at once; going on with 12")


def labelled(rows: int, seed: int) -> Labelled:
    random = torch.Generator().manual_seed(99)
    means = 0.35 * torch.randn(7, 32, generator=random)
    random.manual_seed(seed)
    labels = torch.randint(7, (rows,), generator=random)
    return Labelled.of(torch.randn(rows, 32, generator=random) + means[labels] + 1, labels.numpy())


TRAIN, VALIDATION, TEST = (labelled(rows, seed) for seed, rows in enumerate((2100, 500, 3000)))
SOLVERS: dict[str, Solver] = {
    "lbfgs": Lbfgs(),
    "sgd": Sgd(trials=6, epochs=12, batch=256),
    "ridge": Ridge(),
}


def moved(rows: Labelled) -> Labelled:
    return Labelled(rows.features.cuda(), rows.labels.cuda())


@pytest.mark.parametrize("name", SOLVERS)
def test_solvers_choose_and_predict_alike(name: str):
    permutations = np.stack(
        [np.random.default_rng(seed).permutation(2600) % 7 for seed in range(3)]
    )
    words = {"classes": 7, "permutations": permutations}
    here = SOLVERS[name](TRAIN, VALIDATION, **words)
    there = SOLVERS[name](moved(TRAIN), moved(VALIDATION), **words)
    ours, theirs = here.predict(TEST.features), there.predict(TEST.features.cuda()).cpu()
    assert there.heads.weights.is_cuda
    assert theirs.shape == (len(TEST), 4)
    assert float((ours == theirs).double().mean()) > 0.98
    right = [float((said[:, 0] == TEST.labels).double().mean()) for said in (ours, theirs)]
    assert min(right) > 0.5
    assert abs(right[0] - right[1]) < 0.01


def test_recorded_epochs_are_those_of_plain_sgd():
    """Rows that fill no last batch, and two targets: the graph must take each in its turn."""
    solver = Sgd(trials=2, epochs=5, batch=256)
    features = normalize(TRAIN.features).cuda()
    points = Point(0.5, 1e-2), Point(2.0, 1e-4)
    targets = torch.stack([TRAIN.labels, TRAIN.labels.flip(0)]).cuda()
    heads = solver.train(features, targets, points, classes=7)
    for place, point in enumerate(points):
        random = torch.Generator().manual_seed(solver.seed)
        weights, biases = (part.requires_grad_() for part in first_head(features, 7, random))
        optimiser = torch.optim.SGD(
            [weights, biases], point.learning_rate, 0.9, weight_decay=point.weight_decay
        )
        for share in shares(solver.epochs):
            optimiser.param_groups[0]["lr"] = share * point.learning_rate
            for rows in torch.randperm(len(features), generator=random).cuda().split(256):
                optimiser.zero_grad()
                logits = nn.functional.linear(features[rows], weights, biases)
                nn.functional.cross_entropy(logits, targets[place][rows]).backward()
                optimiser.step()
        torch.testing.assert_close(heads.weights[:, place].T, weights, rtol=1e-3, atol=1e-3)
        torch.testing.assert_close(heads.biases[place], biases, rtol=1e-3, atol=1e-3)


def test_sgd_may_be_the_first_that_a_process_does_on_the_gpu():
    """What is recorded must not be what loads a library."""
    code = (
        "import torch\n"
        "from flickrexif.probing.solvers import Labelled, Sgd\n"
        "labels = torch.arange(600) % 3\n"
        "rows = Labelled.of((torch.eye(3)[labels] + 0.1).cuda(), labels.numpy())\n"
        "fitted = Sgd(trials=3, epochs=4, batch=256)(rows, rows, classes=3)\n"
        "assert (fitted.predict(rows.features)[:, 0] == rows.labels).all()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def unit_vectors(rows: int, seed: int) -> torch.Tensor:
    return normalize(torch.randn(rows, 48, generator=torch.Generator().manual_seed(seed)) + 0.5)


@pytest.mark.parametrize("memory", [200_000, 1 << 30])
def test_neighbours_are_the_same_rows(memory: int):
    queries, gallery = unit_vectors(70, 0), unit_vectors(3000, 1)
    gallery[1500:1600] = gallery[:100]  # ties, which the lower row wins
    here = nearest(queries, gallery, k=9, memory=memory)
    there = nearest(queries, gallery, k=9, memory=memory, device="cuda")
    assert torch.equal(here.rows, there.rows)
    torch.testing.assert_close(here.similarities, there.similarities)
    assert there.rows.device.type == "cpu"


def test_pairs_are_ranked_alike():
    sides = unit_vectors(150, 2), unit_vectors(150, 2) + 0.3 * unit_vectors(150, 3)
    here, there = (retrieve_pairs(*sides, device=device) for device in ("cpu", "cuda"))
    np.testing.assert_array_equal(here.ranks, there.ranks)
    assert here.recalls == there.recalls


def test_set_ups_have_the_same_accuracies():
    labels = np.arange(60) % 4
    gallery, queries = (
        LabelledImages(torch.stack([unit_vectors(60, seed + k) for k in range(3)]), labels)
        for seed in (10, 20)
    )
    plan = NeighboursPlan(k=5)
    here, there = (
        setup_accuracies(gallery, queries, plan, device=device) for device in ("cpu", "cuda")
    )
    assert here == there


def test_a_probe_by_the_command_finds_what_it_finds_on_the_cpu(
    release: Path, run: CommandLine, tmp_path: Path
):
    found = {}
    for device in ("cpu", "cuda"):
        words = ("probe", release, "--encoder", "pixels", "--encoder", "residual")
        assert run(*words, "--device", device, "--out", tmp_path / device).code == 0
        found[device] = json.loads((tmp_path / device / "results.json").read_text())["results"]
    assert len(found["cpu"]) == len(found["cuda"]) == 4
    for here, there in zip(found["cpu"], found["cuda"], strict=True):
        assert here["encoder"] == there["encoder"]
        assert there["accuracy"] == pytest.approx(here["accuracy"], abs=0.05)
