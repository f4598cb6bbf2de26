"""Encoders whose code is timm's: with weights of the Hub, of a file, or with none."""

from __future__ import annotations

import difflib
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import torch

from flickrexif.errors import UsageError
from flickrexif.imaging.crop import Interpolation
from flickrexif.probing.encoders.extras import import_extra
from flickrexif.probing.encoders.module import module_encoder, torch_version
from flickrexif.probing.encoders.weights import (
    cached_weights,
    checkpoints_folder,
    read_weights,
    where_the_hub_looked,
)
from flickrexif.probing.preprocess import PreprocessSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor
    from torch.nn import Module

    from flickrexif.probing.devices import Dtype
    from flickrexif.probing.encoders.catalogue import CatalogueEntry
    from flickrexif.probing.encoders.module import ModuleEncoder

SEED = 0
"""Of the weights of an untrained network."""


def catalogued(
    entry: CatalogueEntry, name: str, *, weights: Path | None, device: str, dtype: Dtype
) -> ModuleEncoder:
    """An encoder of the catalogue: its own weights, or those of the file ``weights``.

    Raises `UsageError` when the weights are neither at hand nor to be had.
    """
    timm = import_extra("timm")
    size = entry.preprocess.crop
    arguments = dict(entry.arguments)
    config = timm.models.get_pretrained_cfg(entry.architecture)
    if config is not None and config.input_size[-1] != size:
        arguments["img_size"] = size  # DINOv2 was trained last at 518 px and is compared at 224
    if weights is None and entry.is_checkpoint:
        weights = cached_weights(entry) or _refuse_missing(entry)
    module = _built(entry.architecture, name, weights, arguments)
    return _encoder(
        module, entry.preprocess, name, entry.family, str(weights or entry.weights), device, dtype
    )


def named(
    model: str, name: str, *, weights: Path | None, device: str, dtype: Dtype
) -> ModuleEncoder:
    """Any model of timm: ``model`` is its name and tag, a folder with config.json, or a repository.

    Its preprocessing is what its configuration says, resized to the crop itself. Raises
    `UsageError` for a model that timm does not know or weights that do not fit.
    """
    import_extra("timm")
    if Path(model).is_dir():
        model = f"local-dir:{model}"
    elif "/" in model and not model.startswith("hf-hub:"):
        model = f"hf-hub:{model}"
    module = _built(model, name, weights, {})
    spec = _spec_of(module, name)
    source = str(weights or _weights_of(module) or model)
    return _encoder(module, spec, name, "other", source, device, dtype)


def untrained(model: str, name: str, *, device: str, dtype: Dtype) -> ModuleEncoder:
    """An architecture of timm with the random weights of `SEED`: the control of a trained one."""
    timm = import_extra("timm")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        module = _without_head(_asked(timm, model, name, pretrained=False))
    spec = _spec_of(module, name)
    source = f"random, seed {SEED}"
    return _encoder(module, spec, name, "control", source, device, dtype)


def keeps_head(config: Mapping[str, Any]) -> bool:
    """Whether a model's last layer is CLIP's projection, which belongs to the embedding.

    Such a tower that was trained on for a classification (``..._ft_in1k``) has a classifier there.
    """
    words = (str(config.get(key) or "") for key in ("architecture", "tag"))
    named = " ".join(words)
    return "clip" in named and "_ft_in" not in named


def _built(model: str, name: str, weights: Path | None, arguments: Mapping[str, Any]) -> Module:
    """A module whose every weight came from its source, without its classifier."""
    timm = import_extra("timm")
    if weights is None:
        return _without_head(_asked(timm, model, name, pretrained=True, **arguments))
    state = read_weights(weights)
    try:
        return _loaded(timm, model, name, state, arguments)
    except RuntimeError as error:
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise UsageError(
            f"{str(weights)!r} does not fit {model!r} ({' '.join(lines)[:200]}): "
            "name the architecture that the weights were saved from"
        ) from error


def _loaded(
    timm: Any, model: str, name: str, state: dict[str, Tensor], arguments: Mapping[str, Any]
) -> Module:
    """The model with all of ``state``: with its classifier where ``state`` has one, else without.

    timm loads with every name matched only where the number of classes is that of the weights;
    elsewhere it would leave what it does not find at random.
    """
    overlay: dict[str, Any] = {"state_dict": dict(state)}
    try:
        whole = _asked(
            timm, model, name, pretrained=True, pretrained_cfg_overlay=overlay, **arguments
        )
    except RuntimeError:
        overlay = {"state_dict": dict(state), "num_classes": 0}
        words = {**arguments, "num_classes": 0}
        return _asked(timm, model, name, pretrained=True, pretrained_cfg_overlay=overlay, **words)
    return _without_head(whole)


def _asked(timm: Any, model: str, name: str, **words: Any) -> Module:
    """timm's create_model, with a line for a model that is unknown or cannot be had."""
    from huggingface_hub.errors import HfHubHTTPError

    if ":" not in model and not timm.is_model(model):
        near = difflib.get_close_matches(model.partition(".")[0], timm.list_models(), n=3)
        meant = f"; near it: {', '.join(near)}" if near else ""
        raise UsageError(f"encoder {name!r} is no model that timm {timm.__version__} knows{meant}")
    try:
        module: Module = timm.create_model(model, **words)
    except (OSError, HfHubHTTPError) as error:
        told = str(error).partition("\n")[0]
        raise UsageError(
            f"the weights of {name!r} are not at hand and cannot be had ({told}): looked in "
            f"{where_the_hub_looked()}; name a file as {name}@FILE, or set HF_HOME to a cache "
            "that has them"
        ) from error
    except RuntimeError as error:
        if "pretrained" not in words or "nvalid pretrained" not in str(error):
            raise
        raise UsageError(f"timm has no weights of {name!r}: {error}") from error
    return module


def _without_head(module: Any) -> Module:
    if not keeps_head(module.pretrained_cfg):
        module.reset_classifier(0)
    found: Module = module
    return found


def _weights_of(module: Any) -> str | None:
    """The repository and with it the tag, which a name without one leaves to timm's version."""
    config = module.pretrained_cfg
    found: str | None = config.get("hf_hub_id") or config.get("url")
    return found


def _spec_of(module: Any, name: str) -> PreprocessSpec:
    config = module.pretrained_cfg
    if config["interpolation"] not in get_args(Interpolation):
        raise UsageError(
            f"encoder {name!r} resizes by {config['interpolation']!r}, which is none of "
            f"{', '.join(get_args(Interpolation))}: give the module and a PreprocessSpec"
        )
    size = int(config["input_size"][-1])
    mean, std = (tuple(float(v) for v in config[key]) for key in ("mean", "std"))
    return PreprocessSpec(size, config["interpolation"], mean, std)  # type: ignore[arg-type]


def _encoder(
    module: Module,
    spec: PreprocessSpec,
    name: str,
    family: Any,
    source: str,
    device: str,
    dtype: Dtype,
) -> ModuleEncoder:
    versions = f"timm {version('timm')}, {torch_version()}"
    words: dict[str, Any] = {"family": family, "device": device, "dtype": dtype}
    return module_encoder(module, spec, name=name, source=source, versions=versions, **words)


def _refuse_missing(entry: CatalogueEntry) -> Path:
    place = checkpoints_folder() / entry.file_name
    raise UsageError(
        f"the weights of {entry.name!r} are not at hand: looked for {str(place)!r}; fetch "
        f"{entry.weights} to there, or name the file as {entry.name}@FILE"
    )
