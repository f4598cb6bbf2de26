"""Encoders whose code is that of Hugging Face transformers: a folder or a repository."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import Module

from flickrexif.errors import UsageError
from flickrexif.probing.encoders.extras import import_extra, import_failure
from flickrexif.probing.encoders.module import module_encoder, torch_version
from flickrexif.probing.encoders.weights import where_the_hub_looked
from flickrexif.probing.preprocess import PreprocessSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flickrexif.imaging.crop import Interpolation
    from flickrexif.probing.devices import Dtype
    from flickrexif.probing.encoders.module import ModuleEncoder

_RESAMPLING: Mapping[int, Interpolation] = {2: "bilinear", 3: "bicubic"}
"""Pillow's numbers, which an image processor's configuration has."""


class Tower(Module):
    """A model's image side: CLIP's projection, else the pooled output, else the class token."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, pixels: Tensor) -> Tensor:
        """N x 3 x H x W to N x D."""
        projects = hasattr(self.model, "get_image_features")
        ask = self.model.get_image_features if projects else self.model
        found = ask(pixel_values=pixels)
        if isinstance(found, Tensor):
            return found
        pooled = getattr(found, "pooler_output", None)
        vectors: Tensor = found.last_hidden_state[:, 0] if pooled is None else pooled
        return vectors.flatten(1)


def pretrained(source: str, name: str, *, device: str, dtype: Dtype) -> ModuleEncoder:
    """The model of the folder or repository ``source``.

    Photos are resized to the crop itself, without the margin that some configurations have.
    Raises `UsageError` when it cannot be had, has no image side, or lacks weights.
    """
    transformers = import_extra("transformers")
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    try:
        model, info = transformers.AutoModel.from_pretrained(
            source, dtype=torch.float32, output_loading_info=True
        )
        config, _ = transformers.ImageProcessingMixin.get_image_processor_dict(source)
    except ModuleNotFoundError as error:  # its classes are imported when they are first named
        raise import_failure("transformers", error.__cause__ or error) from error
    except (OSError, ValueError) as error:
        told = str(error).partition("\n")[0]
        raise UsageError(
            f"encoder {name!r} cannot be loaded ({told}): looked in {where_the_hub_looked()}; "
            "name a folder that save_pretrained wrote, or set HF_HOME to a cache that has it"
        ) from error
    missing = sorted(info["missing_keys"])
    if any("pooler." not in key for key in missing):
        raise UsageError(f"the checkpoint of {name!r} lacks {missing[0]!r}: name one that is whole")
    if missing:
        model.pooler = None  # it would be random: that of a classifier's checkpoint is not saved
    return module_encoder(
        Tower(model),
        _spec_of(config, name),
        name=name,
        device=device,
        dtype=dtype,
        source=source,
        versions=f"transformers {version('transformers')}, {torch_version()}",
    )


def _spec_of(config: Mapping[str, Any], name: str) -> PreprocessSpec:
    size = config.get("crop_size") or config.get("size")
    if isinstance(size, dict):
        size = size.get("height") or size.get("shortest_edge")
    resampling = config.get("resample", 2)
    mean, std = config.get("image_mean"), config.get("image_std")
    if not isinstance(size, int) or resampling not in _RESAMPLING or not mean or not std:
        raise UsageError(
            f"the image processor of {name!r} tells no square crop, known resampling, mean "
            "and std: give the module and a PreprocessSpec"
        )
    return PreprocessSpec(size, _RESAMPLING[resampling], tuple(mean), tuple(std))
