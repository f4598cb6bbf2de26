"""Any torch module as an encoder."""

from __future__ import annotations

import copy
import hashlib
import platform
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, get_args

import torch
from torch import Tensor

from flickrexif.errors import UsageError
from flickrexif.probing.devices import Dtype

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch.nn import Module

    from flickrexif.probing.encoders.protocol import Family
    from flickrexif.probing.preprocess import PreprocessSpec

_PROBED_AT = 64
"""Pixels a side of the black image that tells D, for a module that takes any size."""


@dataclass(frozen=True, slots=True, eq=False)
class ModuleEncoder:
    """A torch module in evaluation mode on its device; `module_encoder` makes one.

    ``bfloat16`` is torch's autocast: products in bfloat16, norms and softmax in float32, and the
    weights are left as they are.
    """

    name: str
    module: Module
    preprocess: PreprocessSpec
    family: Family
    dim: int
    device: torch.device
    dtype: Dtype
    source: str
    """Where the weights are from."""
    versions: str
    """The libraries that run the module."""
    sha256: str = field(default="")

    @property
    def provenance(self) -> Mapping[str, str]:
        """Where the weights are from and their hash, how a photo is seen, dtype and libraries."""
        return {
            "weights": self.source,
            "sha256": self.sha256,
            **self.preprocess.words(),
            "dtype": self.dtype,
            "device": self.device.type,
            "versions": self.versions,
        }

    def __call__(self, images: Tensor, visible: Tensor, *, fill: Tensor | None = None) -> Tensor:
        """See `Encoder`; `UsageError` for images of another size than the encoder takes."""
        self._check(images)
        hides = not bool(visible.all())
        images = images.to(self.device, non_blocking=True)
        if hides:
            seen = visible.to(self.device).expand(len(images), *visible.shape[-2:])[:, None]
            behind = images.new_zeros(()) if fill is None else fill.to(self.device)
            images = torch.where(seen, images, behind)
        half = self.dtype != "float32"
        with (
            torch.inference_mode(),
            torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=half),
        ):
            found = self.module(self.preprocess.normalisation(images))
        return vectors_of(found, len(images), self.name)

    def copied_to(self, device: str) -> ModuleEncoder:
        """The same encoder with a module of its own on ``device``; `UsageError` if that fails."""
        try:
            module = copy.deepcopy(self.module).to(device)
        except (copy.Error, RuntimeError, TypeError) as error:
            why = str(error).partition("\n")[0]
            raise UsageError(
                f"encoder {self.name!r} cannot be copied to {device} ({why}): name one device"
            ) from error
        return replace(self, module=module, device=torch.device(device))

    def _check(self, images: Tensor) -> None:
        height, width = images.shape[-2:]
        crop = self.preprocess.crop
        if crop is not None and (height, width) != (crop, crop):
            raise UsageError(
                f"encoder {self.name!r} takes {crop} x {crop} px, not {height} x {width}: "
                f"give it images of {crop} px"
            )


def module_encoder(
    module: Module,
    spec: PreprocessSpec,
    *,
    name: str,
    family: Family = "other",
    device: str = "cpu",
    dtype: Dtype = "float32",
    source: str = "given as a module",
    versions: str = "",
) -> ModuleEncoder:
    """An encoder out of ``module``: floats N x 3 x H x W, normalised by ``spec``, to N x D.

    The module is put into evaluation mode and moved to ``device``. Its weights are hashed and one
    black image is embedded, which tells D. Raises `UsageError` when it gives no N x D.
    """
    if dtype not in get_args(Dtype):
        raise UsageError(f"unknown dtype {dtype!r}: use one of {', '.join(get_args(Dtype))}")
    module = module.eval().to(device)
    side = spec.crop or _PROBED_AT
    black = spec.normalisation(torch.zeros(1, 3, side, side, dtype=torch.uint8, device=device))
    with torch.inference_mode():
        dim = vectors_of(module(black), 1, name).shape[1]
    return ModuleEncoder(
        name=name,
        module=module,
        preprocess=spec,
        family=family,
        dim=dim,
        device=torch.device(device),
        dtype=dtype,
        source=source,
        versions=versions or torch_version(),
        sha256=weights_digest(module.state_dict()),
    )


def vectors_of(found: object, count: int, name: str) -> Tensor:
    """``found`` as float32, N x D on the CPU; N x D x 1 x 1 is taken for it."""
    if isinstance(found, Tensor):
        if found.ndim == 4 and found.shape[2:] == (1, 1):
            found = found.flatten(1)
        if found.ndim == 2 and len(found) == count:
            return found.float().cpu()
    told = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
    raise UsageError(
        f"encoder {name!r} gives {told} for {count} images, not a row for each: "
        "wrap the module so that it returns N x D"
    )


def weights_digest(state: Mapping[str, Tensor]) -> str:
    """SHA-256, in hex, of the names and bytes of ``state`` in the order of the names."""
    digest = hashlib.sha256()
    for name in sorted(state):
        tensor = state[name].detach().cpu().contiguous()
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def torch_version() -> str:
    """torch, and what decides how it rounds on a CPU."""
    return f"torch {torch.__version__} on {platform.machine()}"
