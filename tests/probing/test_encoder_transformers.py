"""Encoders of transformers from folders alone: tiny models, saved and loaded without a network."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import torch

from flickrexif.errors import UsageError
from flickrexif.probing.encoders import encoder_named

if TYPE_CHECKING:
    from pathlib import Path

transformers = pytest.importorskip("transformers", reason="the extra transformers is not installed")

SIDE = 32
HALF = {"image_mean": [0.5] * 3, "image_std": [0.25] * 3}
TOWER = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
SIZED = {**TOWER, "intermediate_size": 32, "image_size": SIDE, "patch_size": 8}


def saved(model, folder: Path, **processor) -> str:
    model.eval().save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps({**HALF, **processor}))
    return f"transformers:{folder}"


def embedded(encoder) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (2, 3, SIDE, SIDE), dtype=torch.uint8, generator=generator)
    pixels = encoder.preprocess.normalisation(images)
    return encoder(images, torch.ones(SIDE, SIDE, dtype=torch.bool)), pixels


def test_a_model_gives_its_pooled_output(tmp_path: Path):
    model = transformers.ViTModel(transformers.ViTConfig(**SIZED))
    encoder = encoder_named(saved(model, tmp_path, size={"height": SIDE, "width": SIDE}))
    found, pixels = embedded(encoder)
    assert (encoder.dim, encoder.preprocess.interpolation) == (32, "bilinear")
    assert (encoder.preprocess.crop, encoder.preprocess.std) == (SIDE, (0.25, 0.25, 0.25))
    with torch.inference_mode():
        torch.testing.assert_close(found, model(pixel_values=pixels).pooler_output)


def test_a_classifier_gives_its_class_token_as_its_pooling_was_not_saved(tmp_path: Path):
    model = transformers.ViTForImageClassification(transformers.ViTConfig(**SIZED))
    name = saved(model, tmp_path, size={"shortest_edge": SIDE}, resample=3)
    encoder = encoder_named(name)
    found, pixels = embedded(encoder)
    with torch.inference_mode():
        wanted = model.vit(pixel_values=pixels).last_hidden_state[:, 0]
    torch.testing.assert_close(found, wanted)
    assert encoder.preprocess.interpolation == "bicubic"
    assert encoder_named(name).provenance["sha256"] == encoder.provenance["sha256"]


def test_clip_gives_its_projection(tmp_path: Path):
    text = {**TOWER, "intermediate_size": 32, "vocab_size": 8, "bos_token_id": 0, "eos_token_id": 1}
    config = transformers.CLIPConfig(text_config=text, vision_config=SIZED, projection_dim=12)
    model = transformers.CLIPModel(config)
    name = saved(model, tmp_path, crop_size={"height": SIDE, "width": SIDE}, resample=3)
    encoder = encoder_named(name)
    found, pixels = embedded(encoder)
    with torch.inference_mode():
        wanted = model.visual_projection(model.vision_model(pixel_values=pixels).pooler_output)
    assert encoder.dim == 12
    torch.testing.assert_close(found, wanted)


def test_a_checkpoint_that_lacks_weights_is_refused(tmp_path: Path):
    from safetensors.torch import load_file, save_file

    model = transformers.ViTModel(transformers.ViTConfig(**SIZED))
    name = saved(model, tmp_path, size={"height": SIDE, "width": SIDE})
    weights = load_file(tmp_path / "model.safetensors")
    gone = next(key for key in weights if "attention" in key)
    del weights[gone]
    save_file(weights, tmp_path / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(UsageError, match=r"the checkpoint of .* lacks '.*attention"):
        encoder_named(name)


def test_a_processor_without_a_square_crop_is_refused(tmp_path: Path):
    model = transformers.ViTModel(transformers.ViTConfig(**SIZED))
    with pytest.raises(UsageError, match="tells no square crop"):
        encoder_named(saved(model, tmp_path, resample=1))


def test_a_folder_that_is_none_is_refused(tmp_path: Path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UsageError, match=r"cannot be loaded .*looked in .*save_pretrained"):
        encoder_named(f"transformers:{tmp_path}")
