"""Checkpoints on this machine, and what is told when there is none."""

from __future__ import annotations

import os
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING

import torch

from flickrexif.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from flickrexif.probing.encoders.catalogue import CatalogueEntry

_WITHIN = ("state_dict", "model")
"""Under what a training script keeps the weights, beside its optimiser and epoch."""
_BASE = "module.base_encoder."
"""Of MoCo v3 (facebookresearch/moco-v3, main_moco.py) this part is the encoder; the momentum
encoder and the predictor stand beside it, and its own head is the projection that is thrown away.
"""
_HEADS = ("head.", "fc.")
_HUB_FILES = (
    "model.safetensors",
    "open_clip_model.safetensors",
    "pytorch_model.bin",
    "open_clip_pytorch_model.bin",
)


def read_weights(path: Path) -> dict[str, Tensor]:
    """The state dict in ``path`` (safetensors, or a checkpoint of tensors alone, never of code).

    Raises `UsageError` for a file that is missing, is neither, or holds no tensors.
    """
    if not path.is_file():
        raise UsageError(f"{str(path)!r} is no file: name the weights of the encoder")
    try:
        state = _read(path)
    except (OSError, ValueError, RuntimeError, UnpicklingError, EOFError) as error:
        told = str(error).partition("\n")[0]
        raise UsageError(
            f"{str(path)!r} holds no weights that can be read safely ({told}): "
            "save them as safetensors, or as a plain state dict"
        ) from error
    return backbone(state)


def backbone(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The encoder's part of a state dict, under the names that the encoder itself has."""
    based = {k.removeprefix(_BASE): v for k, v in state.items() if k.startswith(_BASE)}
    if based:
        return {name: tensor for name, tensor in based.items() if not name.startswith(_HEADS)}
    return dict(state)


def cached_weights(entry: CatalogueEntry) -> Path | None:
    """Where the weights of ``entry`` lie on this machine; nothing is downloaded."""
    if entry.is_checkpoint:
        file = checkpoints_folder() / entry.file_name
        return file if file.is_file() else None
    from huggingface_hub import try_to_load_from_cache

    found = (try_to_load_from_cache(entry.weights, name) for name in _HUB_FILES)
    return next((Path(path) for path in found if isinstance(path, str)), None)


def checkpoints_folder() -> Path:
    """Where torch.hub keeps checkpoints: below ``TORCH_HOME``."""
    return Path(torch.hub.get_dir()) / "checkpoints"


def where_the_hub_looked() -> str:
    """The cache that was looked into, and what decides it."""
    from huggingface_hub import constants

    offline = " and HF_HUB_OFFLINE forbids the Hub" if constants.HF_HUB_OFFLINE else ""
    how = "HF_HOME" if os.environ.get("HF_HOME") else "the default; HF_HOME decides it"
    return f"{constants.HF_HUB_CACHE!r} ({how}){offline}"


def _read(path: Path) -> Mapping[str, Tensor]:
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return load_file(path)
    held = torch.load(path, map_location="cpu", weights_only=True)
    for key in _WITHIN:
        if isinstance(held, dict) and isinstance(held.get(key), dict):
            held = held[key]
    if not isinstance(held, dict):
        raise ValueError(f"it holds a {type(held).__name__}")
    tensors = {name: value for name, value in held.items() if isinstance(value, torch.Tensor)}
    if not tensors:
        raise ValueError("it holds no tensor")
    return tensors
