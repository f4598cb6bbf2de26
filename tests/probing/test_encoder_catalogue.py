"""The table of the published encoders against timm's own, and the listing."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
import torch

import flickrexif
from flickrexif.errors import UsageError
from flickrexif.probing.encoders.catalogue import catalogue
from flickrexif.probing.encoders.timm_models import keeps_head
from flickrexif.probing.encoders.weights import cached_weights

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import CommandLine

PUBLISHED_FAMILIES = {"CVL": "contrastive", "SUP": "supervised", "SSL": "self-supervised"}
RESIZED = {"dinov2:vits14_reg", "dinov2:vitb14_reg", "dinov2:vitl14_reg", "dinov2:vitg14_reg"}
"""Compared at 224 px, though timm has the 518 px of their last training."""
BUILT = ("clip:RN50", "clip:ViT-B-32", "siglip:base_256", "convnext:tiny", "dinov2:vits14_reg")
"""Of each kind of head one, of the smaller."""

timm = pytest.importorskip("timm")


@pytest.fixture(autouse=True)
def nothing_cached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache of torch.hub; that of the Hub is decided before any test."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    return tmp_path / "hub" / "checkpoints"


def test_there_are_47_and_names_stand_for_one_each():
    assert len(catalogue()) == 47
    assert len({entry.published for entry in catalogue().values()}) == 47
    assert all(name.count(":") == 1 for name in catalogue())


def test_published_labels_and_families_are_those_of_the_paper(oracle: Path):
    with (oracle / "paper" / "acquisition_probe_90pct.csv").open(encoding="utf-8") as file:
        rows = {(row["encoder"], PUBLISHED_FAMILIES[row["family"]]) for row in csv.DictReader(file)}
    assert {(entry.published, entry.family) for entry in catalogue().values()} == rows


@pytest.mark.parametrize("name", catalogue())
def test_timm_has_the_architecture_and_sees_photos_alike(name: str):
    entry = catalogue()[name]
    architecture, _, tag = entry.architecture.partition(".")
    assert timm.is_model(architecture)
    if entry.is_checkpoint:
        assert not tag
        return
    config = timm.models.get_pretrained_cfg(entry.architecture)
    assert config.tag == tag
    assert config.hf_hub_id == entry.weights
    spec = entry.preprocess
    assert (config.mean, config.std) == (spec.mean, spec.std)
    assert config.interpolation == spec.interpolation
    assert (config.input_size[-1] == spec.crop) == (name not in RESIZED)
    if keeps_head(config.to_dict()):
        assert config.num_classes == entry.dim
        assert entry.family == "contrastive"


@pytest.mark.parametrize("name", BUILT)
def test_what_is_built_is_as_wide_as_told(name: str):
    entry = catalogue()[name]
    with torch.device("meta"):
        module = timm.create_model(entry.architecture, **_sized(entry))
        if not keeps_head(module.pretrained_cfg):
            module.reset_classifier(0)
        size = entry.preprocess.crop
        found = module(torch.empty(1, 3, size, size))
    assert found.shape == (1, entry.dim)


def _sized(entry) -> dict[str, int]:
    return {"img_size": entry.preprocess.crop} if entry.name in RESIZED else {}


def test_the_list_tells_all_and_downloads_nothing():
    rows = flickrexif.list_encoders()
    assert [row.name for row in rows[:3]] == ["residual", "pixels", "random:conv"]
    assert len(rows) == 50
    assert all(row.at_hand for row in rows[:3])
    assert not any(row.at_hand for row in rows if row.weights.startswith("https://"))


def test_the_list_knows_a_checkpoint_that_is_at_hand(nothing_cached: Path):
    nothing_cached.mkdir(parents=True)
    entry = catalogue()["mocov3:vit_small"]
    assert cached_weights(entry) is None
    (nothing_cached / "vit-s-300ep.pth.tar").touch()
    assert cached_weights(entry) == nothing_cached / "vit-s-300ep.pth.tar"
    (row,) = [row for row in flickrexif.list_encoders() if row.name == entry.name]
    assert row.at_hand


def test_the_command_lists_one_family(run: CommandLine):
    rows = run("encoders", "--family", "self-supervised", "--json").told
    assert len(rows) == 12
    assert rows[0]["name"] == "dino:vits8"
    assert rows[0] | {"at_hand": False} == {
        "name": "dino:vits8",
        "family": "self-supervised",
        "crop": 224,
        "dim": 384,
        "gflop": 44.8,
        "at_hand": False,
        "weights": "timm/vit_small_patch8_224.dino",
        "published": "DINO (ViT-S/8, ImageNet-1k)",
    }
    lines = run("encoders").out.splitlines()
    assert lines[0].split() == ["encoder", "family", "px", "dim", "GFLOP", "weights"]
    assert len(lines) == 51


def test_a_family_that_is_none_is_refused():
    with pytest.raises(UsageError, match=r"unknown family 'vision'.*contrastive"):
        flickrexif.list_encoders("vision")
