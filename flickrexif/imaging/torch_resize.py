"""Resize and crop by torch's antialiased kernels for bytes: one level from Pillow's at most.

Only the fast path of `flickrexif.imaging.reading` imports this module, as it imports torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn.functional import interpolate

if TYPE_CHECKING:
    import numpy.typing as npt

    from flickrexif.imaging.crop import Crop

BACKEND = f"torch {torch.__version__} on {torch.backends.cpu.get_cpu_capability()}"
"""What decides the rounding: the library, and the instruction set it found."""


def resize_and_crop(pixels: npt.NDArray[np.uint8], crop: Crop) -> npt.NDArray[np.uint8]:
    """The crop of ``pixels`` (height x width x 3), in the same layout."""
    height, width = pixels.shape[:2]
    scaled_width, scaled_height = crop.scaled(width, height)
    planes = torch.from_numpy(pixels).permute(2, 0, 1)[None]  # a view: the kernel likes HWC
    if (scaled_width, scaled_height) != (width, height):
        size = [scaled_height, scaled_width]
        planes = interpolate(planes, size=size, mode=crop.interpolation, antialias=True)
    left, top = crop.corner(scaled_width, scaled_height)
    cut = planes[0, :, top : top + crop.size, left : left + crop.size]
    return np.ascontiguousarray(cut.permute(1, 2, 0).numpy())
