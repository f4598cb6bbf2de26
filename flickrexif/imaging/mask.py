"""Masks: which pixels of a cropped image stay visible, and what stands in for the others.

The published protocol is ``MaskSpec()``: after resize and crop, a centre rectangle of 90 % of the
area is painted black. Its margins are ``round((side - sqrt(ratio) * side) / 2)`` with halves to
even, so the hidden share is only near the ratio (`achieved_ratio` tells it: 89.57 % at 224 px).

Randomness comes from a Philox stream keyed by blake2b(seed, photo id): it depends on neither order,
process nor batch. Every fill is a function of the visible pixels and the photo id alone, so that
nothing of the hidden ones is left, and applying a mask twice changes nothing.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from flickrexif.errors import UsageError

Geometry = Literal["center", "border", "random_patches", "checkerboard"]
Visible = npt.NDArray[np.bool_]
Pixels = npt.NDArray[np.uint8]

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\Z")


@dataclass(frozen=True, slots=True)
class MaskSpec:
    """A mask, whole: two equal specs hide the same pixels of the same photo.

    ``geometry``: ``center`` hides a middle rectangle, ``border`` all but a middle rectangle,
    ``random_patches`` a random choice of ``patch`` x ``patch`` squares for each photo,
    ``checkerboard`` squares spread evenly by an 8 x 8 ordered dither (ratio 0.5 is the board).
    ``ratio``: the area to hide, 0..1. ``fill``: ``zero`` (black), ``mean`` (of the visible pixels,
    per channel), ``noise`` (uniform bytes) or a colour ``#rrggbb``. ``patch`` in pixels; ``seed``
    matters to random patches and noise. ``stage`` says when: always after resize and crop.
    """

    geometry: Geometry = "center"
    ratio: float = 0.9
    fill: str = "zero"
    patch: int = 16
    seed: int = 0
    stage: Literal["post_crop"] = "post_crop"

    def __post_init__(self) -> None:
        if self.geometry not in get_args(Geometry):
            known = ", ".join(get_args(Geometry))
            raise UsageError(f"unknown mask geometry {self.geometry!r}: use one of {known}")
        if not 0 <= self.ratio <= 1:
            raise UsageError(f"mask ratio {self.ratio!r} is outside 0..1: give the hidden share")
        if self.fill not in {"zero", "mean", "noise"} and not _COLOUR.match(self.fill):
            raise UsageError(f"unknown mask fill {self.fill!r}: use zero, mean, noise or #rrggbb")
        if self.patch < 1:
            raise UsageError(f"mask patch {self.patch!r} is not a positive number of pixels")
        if self.stage != "post_crop":
            raise UsageError(f"mask stage {self.stage!r} is unknown: the only one is 'post_crop'")


def visible(spec: MaskSpec, height: int, width: int, photo_id: int = 0) -> Visible:
    """True where a pixel stays visible, bool of shape (height, width)."""
    if spec.ratio in (0, 1):
        return np.full((height, width), spec.ratio == 0)
    if spec.geometry == "center":
        return ~_middle(spec.ratio, height, width)
    if spec.geometry == "border":
        return _middle(1 - spec.ratio, height, width)
    rows, columns = math.ceil(height / spec.patch), math.ceil(width / spec.patch)
    if spec.geometry == "random_patches":
        hidden = _random_patches(spec, rows, columns, photo_id)
    else:
        hidden = _dither(rows, columns) < spec.ratio
    grown = np.repeat(np.repeat(hidden, spec.patch, axis=0), spec.patch, axis=1)
    return ~grown[:height, :width]


def achieved_ratio(spec: MaskSpec, height: int, width: int, photo_id: int = 0) -> float:
    """The share of pixels that ``spec`` really hides at this size."""
    return 1 - float(visible(spec, height, width, photo_id).mean())


def apply(image: Pixels, spec: MaskSpec, photo_id: int = 0) -> Pixels:
    """A copy of ``image`` (uint8, height x width x 3) with the hidden pixels replaced."""
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
        raise ValueError(f"expected uint8 height x width x 3, got {image.dtype} {image.shape}")
    seen = visible(spec, image.shape[0], image.shape[1], photo_id)
    return np.where(seen[:, :, None], image, _fill(image, seen, spec, photo_id))


def _middle(area: float, height: int, width: int) -> Visible:
    top = round((height - math.sqrt(area) * height) / 2)
    left = round((width - math.sqrt(area) * width) / 2)
    inside = np.zeros((height, width), dtype=np.bool_)
    inside[top : height - top, left : width - left] = True
    return inside


def _random_patches(spec: MaskSpec, rows: int, columns: int, photo_id: int) -> Visible:
    count = round(spec.ratio * rows * columns)
    # raw Philox words, not Generator.permutation: NumPy keeps only the former stable for ever
    order = np.argsort(_philox(spec, photo_id, b"patches").random_raw(rows * columns))
    hidden = np.zeros(rows * columns, dtype=np.bool_)
    hidden[order[:count]] = True
    return hidden.reshape(rows, columns)


def _dither(rows: int, columns: int) -> npt.NDArray[np.float64]:
    """Thresholds in 0..1 of an 8 x 8 Bayer matrix, tiled over the patches."""
    bayer = np.zeros((1, 1))
    for _ in range(3):
        bayer = np.block([[4 * bayer, 4 * bayer + 2], [4 * bayer + 3, 4 * bayer + 1]])
    tiles = (math.ceil(rows / 8), math.ceil(columns / 8))
    return np.tile(bayer / 64, tiles)[:rows, :columns]


def _fill(image: Pixels, seen: Visible, spec: MaskSpec, photo_id: int) -> Pixels:
    if spec.fill == "noise":
        words = _philox(spec, photo_id, b"noise").random_raw(math.ceil(image.size / 8))
        noise: Pixels = words.astype("<u8").view(np.uint8)[: image.size].reshape(image.shape)
        return noise
    if spec.fill == "mean" and seen.any():
        mean: Pixels = np.rint(image[seen].mean(axis=0)).astype(np.uint8)
        return mean
    if spec.fill.startswith("#"):
        return np.frombuffer(bytes.fromhex(spec.fill[1:]), dtype=np.uint8)
    return np.zeros(3, dtype=np.uint8)


def _philox(spec: MaskSpec, photo_id: int, purpose: bytes) -> np.random.Philox:
    name = f"{spec.seed}:{photo_id}".encode()
    digest = blake2b(name, digest_size=16, person=purpose).digest()
    return np.random.Philox(key=int.from_bytes(digest, "little"))
