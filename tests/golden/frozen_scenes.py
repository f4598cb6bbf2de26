"""Small images of two classes, and encoders of which it is known what they make of them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from flickrexif.probing.encoders import PreprocessSpec, module_encoder

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from flickrexif.probing.encoders import ModuleEncoder

SIDE = 32
CLASSES = ("plain", "striped")


def scene(label: str, seed: int) -> NDArray[np.uint8]:
    """Grey with a little noise; stripes of 2 px leave the mean of 4 px as it is."""
    random = np.random.default_rng(seed)
    pixels = np.full((SIDE, SIDE, 3), 128.0) + random.normal(0, 4, (SIDE, SIDE, 3))
    if label == "striped":
        pixels += np.where(np.arange(SIDE) // 2 % 2, 40, -40)[None, :, None]
    return np.clip(np.rint(pixels + random.uniform(-20, 20)), 0, 255).astype(np.uint8)


def encoded(pixels: NDArray[np.uint8], kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def write_scenes(folder: Path, count: int, *, first: int = 0) -> Path:
    """``count`` images of each class, in a folder per class."""
    for number, label in enumerate(CLASSES):
        (folder / label).mkdir(parents=True, exist_ok=True)
        for image in range(first, first + count):
            content = encoded(scene(label, 2 * image + number))
            (folder / label / f"{image:03}.png").write_bytes(content)
    return folder


class Steps(nn.Module):
    """The mean magnitude of what two taps, ``left`` and ``right``, make of neighbours, and 1."""

    def __init__(self, left: float = -1.0, right: float = 1.0) -> None:
        super().__init__()
        self.taps = nn.Parameter(torch.tensor([left, right]))

    def forward(self, images: Tensor) -> Tensor:
        left, right = self.taps
        made = (left * images[..., :-1] + right * images[..., 1:]).abs().mean((2, 3))
        return torch.cat([made, torch.ones(len(images), 1)], dim=1)


def steps(left: float = -1.0, right: float = 1.0, *, crop: int | None = None) -> ModuleEncoder:
    """An encoder that tells the classes apart as long as its taps are a difference."""
    return module_encoder(Steps(left, right), PreprocessSpec(crop), name="steps")


class Wide(nn.Module):
    """Another module's N x D with zeros up to ``dim`` columns."""

    def __init__(self, module: nn.Module, dim: int) -> None:
        super().__init__()
        self.module, self.dim = module, dim

    def forward(self, images: Tensor) -> Tensor:
        found = self.module(images)
        return nn.functional.pad(found, (0, self.dim - found.shape[1]))


def called_pixels() -> ModuleEncoder:
    """Sees the stripes, which the encoder that really has this name averages away."""
    return module_encoder(Wide(Steps(), 192), PreprocessSpec(), name="pixels")


class Crowd(nn.Module):
    """What an image is, and how many are in its batch: as kernels differ by a last bit."""

    def forward(self, images: Tensor) -> Tensor:
        crowd = torch.full((len(images), 1), float(len(images)))
        return torch.cat([images.mean((2, 3)), crowd], dim=1)


def crowd() -> ModuleEncoder:
    return module_encoder(Crowd(), PreprocessSpec(), name="crowd")


class Wrong(nn.Module):
    """Tells the classes apart, but for the images that ``mistaken`` names by their bytes."""

    def __init__(self, mistaken: set[bytes]) -> None:
        super().__init__()
        self.mistaken = mistaken

    def forward(self, images: Tensor) -> Tensor:
        striped = (images[..., 2:] - images[..., :-2]).abs().mean((1, 2, 3)) > 0.15
        own = [self.key(image) in self.mistaken for image in images]
        said = striped ^ torch.tensor(own)
        return torch.stack([said.float(), 1 - said.float()], dim=1)

    @staticmethod
    def key(image: Tensor) -> bytes:
        """Of an image 3 x H x W as the module gets it."""
        return (image * 255).round().to(torch.uint8).permute(1, 2, 0).contiguous().numpy().tobytes()


def wrong_of(mistaken: set[bytes]) -> ModuleEncoder:
    return module_encoder(Wrong(mistaken), PreprocessSpec(), name="wrong")
