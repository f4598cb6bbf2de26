"""Encoders of timm from files alone: tiny models, saved and loaded again without a network."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from flickrexif.errors import UsageError
from flickrexif.probing.encoders import encoder_named

timm = pytest.importorskip("timm")

TINY = "test_vit"


def made(name: str = TINY, **words) -> torch.nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return timm.create_model(name, **words).eval()


def images(side: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (2, 3, side, side), dtype=torch.uint8, generator=generator)


def embedded(encoder) -> torch.Tensor:
    side = encoder.preprocess.crop
    return encoder(images(side), torch.ones(side, side, dtype=torch.bool))


def wanted(module: torch.nn.Module, encoder) -> torch.Tensor:
    with torch.inference_mode():
        return module(encoder.preprocess.normalisation(images(encoder.preprocess.crop)))


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
@pytest.mark.parametrize("head", [1000, 0])
def test_weights_of_a_file_are_loaded_whole_and_the_classifier_left_out(tmp_path, suffix, head):
    file = tmp_path / f"weights{suffix}"
    state = made(num_classes=head).state_dict()
    save_file(state, file) if suffix == ".safetensors" else torch.save({"state_dict": state}, file)
    encoder = encoder_named(f"timm:{TINY}@{file}")
    assert (encoder.dim, encoder.family, encoder.preprocess.crop) == (64, "other", 160)
    headless = made(num_classes=head)
    headless.reset_classifier(0)
    assert torch.equal(embedded(encoder), wanted(headless, encoder))
    assert encoder.provenance["weights"] == str(file)
    assert f"timm {timm.__version__}" in encoder.provenance["versions"]


def test_a_folder_that_timm_writes_is_an_encoder(tmp_path: Path):
    config = made().pretrained_cfg
    told = {key: config[key] for key in ("mean", "std", "interpolation", "crop_pct", "classifier")}
    arguments = {"img_size": 64, "depth": 2, "embed_dim": 48, "num_heads": 2}
    module = made("vit_tiny_patch16_224", **arguments)
    save_file(module.state_dict(), tmp_path / "model.safetensors")
    about = {
        "architecture": "vit_tiny_patch16_224",
        "num_classes": 1000,
        "model_args": arguments,
        "pretrained_cfg": {**told, "input_size": [3, 64, 64], "num_classes": 1000, "tag": "mine"},
    }
    (tmp_path / "config.json").write_text(json.dumps(about))
    encoder = encoder_named(f"timm:{tmp_path}")
    module.reset_classifier(0)
    assert (encoder.dim, encoder.preprocess.crop) == (48, 64)
    assert torch.equal(embedded(encoder), wanted(module, encoder))


def test_weights_of_another_architecture_are_refused_and_never_left_at_random(tmp_path: Path):
    state = made().state_dict()
    del state["blocks.0.attn.qkv.weight"]
    file = tmp_path / "lacking.safetensors"
    save_file(state, file)
    with pytest.raises(UsageError, match=r"lacking.*does not fit 'test_vit'.*blocks.0.attn.qkv"):
        encoder_named(f"timm:{TINY}@{file}")


def test_a_projection_belongs_to_the_embedding_and_a_classifier_does_not():
    projected = encoder_named("random:resnet50_clip")
    assert (projected.dim, projected.family) == (1024, "control")
    assert encoder_named("random:test_convnext").dim == 64


def test_an_untrained_network_is_the_same_each_time_and_leaves_the_generator_alone():
    before = torch.get_rng_state()
    first, second = (encoder_named(f"random:{TINY}") for _ in range(2))
    assert torch.equal(before, torch.get_rng_state())
    assert first.provenance == second.provenance
    assert first.provenance["weights"] == "random, seed 0"
    assert torch.equal(embedded(first), embedded(second))


def moco(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """As MoCo v3 saves it: the encoder with its projection, the momentum encoder, the predictor."""
    base = {f"module.base_encoder.{name}": tensor for name, tensor in state.items()}
    base["module.base_encoder.head.0.weight"] = torch.zeros(2, 2)
    momentum = {f"module.momentum_encoder.{k}": torch.zeros_like(v) for k, v in state.items()}
    return {**base, **momentum, "module.predictor.0.weight": torch.zeros(2, 2)}


def test_moco_is_its_base_encoder(tmp_path: Path):
    module = made("vit_small_patch16_224", num_classes=0, num_heads=12)
    file = tmp_path / "checkpoint.pth.tar"
    torch.save({"epoch": 300, "state_dict": moco(module.state_dict())}, file)
    encoder = encoder_named(f"mocov3:vit_small@{file}")
    assert (encoder.family, encoder.preprocess.interpolation) == ("self-supervised", "bilinear")
    torch.testing.assert_close(embedded(encoder), wanted(module, encoder))


def test_a_checkpoint_is_found_where_torch_keeps_them(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(UsageError, match=r"looked for .*dino_resnet50.*https://") as error:
        encoder_named("dino:resnet50")
    assert "dino:resnet50@FILE" in str(error.value)
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    file = folder / "dino_resnet50_pretrain.pth"
    torch.save(made("resnet50", num_classes=0).state_dict(), file)
    found = encoder_named("dino:resnet50")
    assert (found.dim, found.provenance["weights"]) == (2048, str(file))


class Touching:
    """Code in a checkpoint: what reads it without care makes a file."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.file,)


def test_a_checkpoint_that_holds_code_is_refused_and_the_code_not_run(tmp_path: Path):
    file = tmp_path / "code.pth"
    torch.save({"state_dict": made().state_dict(), "args": Touching(tmp_path / "ran")}, file)
    with pytest.raises(UsageError, match=r"code.pth' holds no weights that can be read safely"):
        encoder_named(f"timm:{TINY}@{file}")
    assert not (tmp_path / "ran").exists()


def test_a_missing_file_or_one_of_something_else_is_refused(tmp_path: Path):
    with pytest.raises(UsageError, match=r"none' is no file"):
        encoder_named(f"timm:{TINY}@{tmp_path / 'none'}")
    (tmp_path / "text.pth").write_text("nothing")
    with pytest.raises(UsageError, match="holds no weights"):
        encoder_named(f"timm:{TINY}@{tmp_path / 'text.pth'}")


def test_an_unknown_model_is_refused_with_those_near_it():
    with pytest.raises(UsageError, match=r"'timm:test_vitt' is no model.*near it: test_vit"):
        encoder_named("timm:test_vitt")
    with pytest.raises(UsageError, match=r"timm has no weights of 'timm:test_vit.wrong'"):
        encoder_named("timm:test_vit.wrong")


@pytest.mark.parametrize("name", ["clip", "timm:", "random:", "unknown:model"])
def test_an_unknown_name_is_refused_with_the_forms(name: str):
    with pytest.raises(UsageError, match=r"unknown encoder .*residual.*timm:MODEL\[@FILE\]"):
        encoder_named(name)


ASKED = """
import os, sys
os.environ |= {{"HF_HUB_OFFLINE": "1", "HF_HOME": {folder!r}}}
from flickrexif.errors import UsageError
from flickrexif.probing.encoders import encoder_named

def ask(name):
    try:
        encoder_named(name)
    except UsageError as error:
        print(error)

sys.modules["timm"] = None
ask("random:test_vit")
del sys.modules["timm"]
sys.path[:0] = [{folder!r}]
ask("random:test_vit")
sys.path[:1] = ["tests/probing"]
from torchvision_ops import name_torchvision_ops
name_torchvision_ops()
ask("clip:ViT-B-32")
"""


def test_what_is_missing_is_one_line_with_the_remedy(tmp_path: Path):
    broken = "raise RuntimeError('operator torchvision::nms does not exist')"
    (tmp_path / "timm.py").write_text(broken)
    code = ASKED.format(folder=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    without, other_build, offline = done.stdout.splitlines()
    assert 'pip install "flickrexif[timm]"' in without
    assert "torchvision is of another build than torch" in other_build
    assert "pip install torch torchvision --index-url" in other_build
    for word in ("'clip:ViT-B-32'", str(tmp_path), "HF_HUB_OFFLINE", "clip:ViT-B-32@FILE"):
        assert word in offline
