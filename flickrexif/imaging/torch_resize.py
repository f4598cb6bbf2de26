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
    """The crop of ``pixels`` (height x width x 3), of the same shape.

    In memory plane follows plane, as networks take them. Views are numpy's: each call of torch lets
    go of Python's lock, and many threads that read photos would wait for it again as often.
    """
    height, width = pixels.shape[:2]
    scaled_width, scaled_height = crop.scaled(width, height)
    planes = pixels.transpose(2, 0, 1)  # the kernel likes this view
    if (scaled_width, scaled_height) != (width, height):
        one, size = torch.from_numpy(planes[None]), [scaled_height, scaled_width]
        planes = interpolate(one, size=size, mode=crop.interpolation, antialias=True).numpy()[0]
    left, top = crop.corner(scaled_width, scaled_height)
    cut = planes[:, top : top + crop.size, left : left + crop.size]
    return np.ascontiguousarray(cut).transpose(1, 2, 0)
