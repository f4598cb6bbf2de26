"""Fixed high-pass residual statistics: what is left of a photo when its content is filtered out.

Residuals and their truncated histograms follow the "spatial rich model" of Fridrich and Kodovský,
"Rich Models for Steganalysis of Digital Images", IEEE TIFS 7(3), 2012. Noise by intensity follows
the photon transfer curve (Janesick, "Photon Transfer", SPIE, 2007; Healey and Kondepudy,
"Radiometric CCD Camera Calibration and Noise Estimation", IEEE TPAMI 16(3), 1994). Correlations
between neighbours and channels carry demosaicing and resampling (Popescu and Farid, "Exposing
Digital Forgeries in Color Filter Array Interpolated Images", IEEE TSP 53(10), 2005).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from flickrexif.probing.encoders import region as region_module
from flickrexif.probing.encoders import residuals
from flickrexif.probing.encoders.code import code_digest
from flickrexif.probing.encoders.region import regions
from flickrexif.probing.encoders.residuals import KERNELS, Map, Part, filtered, gathered
from flickrexif.probing.preprocess import PreprocessSpec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flickrexif.probing.encoders.protocol import Family

LAGGED = ("second_h", "second_v", "square_3")
LAGS = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0))
THRESHOLDS = (0.57, 1.13, 2.27, 4.53)
"""Grey levels of white noise at which a residual's histogram is cut: between the values that whole
grey levels give, so that rounding decides nothing."""
TONES = 8
TONE_PRIOR = 20.0
"""Residuals of the photo's mean that stand in for those of a tone that it does not have."""
FLOOR = 0.1
"""Grey levels below which 8-bit rounding hides what a residual says."""
BLOCK = 4
PLANES = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.299, 0.587, 0.114]])
"""Red, green, blue and luma (ITU-R BT.601), from red, green and blue."""
OPPONENTS = torch.tensor([[0.299, 0.587, 0.114], [-0.1687, -0.3313, 0.5], [0.5, -0.4187, -0.0813]])
"""Luma and the two chroma planes of JPEG (ITU-R BT.601), from red, green and blue."""


@dataclass(frozen=True, slots=True)
class ResidualEncoder:
    """Statistics of high-pass residuals over every position whose kernel support is visible."""

    name: str = "residual"

    @property
    def family(self) -> Family:
        """Fixed filters."""
        return "filters"

    @property
    def preprocess(self) -> PreprocessSpec:
        """Any size."""
        return PreprocessSpec()

    @property
    def dim(self) -> int:
        """The number of statistics."""
        histograms = len(KERNELS) * len(PLANES) * len(THRESHOLDS)
        channels = len(KERNELS) * 3
        lags = len(LAGGED) * len(LAGS) * len(PLANES)
        return histograms + channels + lags + 3 * TONES + 2 * 3 * (BLOCK * BLOCK - 1)

    @property
    def provenance(self) -> Mapping[str, str]:
        """No weights; the hash is that of the code that computes the statistics."""
        code = (__name__, residuals.__name__, region_module.__name__)
        return {"weights": "fixed filters", "sha256": code_digest(*code), "dtype": "float32"}

    def __call__(self, images: Tensor, visible: Tensor, *, fill: Tensor | None = None) -> Tensor:
        """See `Encoder`; one mask for all images is much faster than one for each."""
        if visible.ndim == 3:
            each = range(len(images))
            return torch.cat([self(images[i : i + 1], visible[i]) for i in each])
        parts = [Part(region, _planes(region.cut(images))) for region in regions(visible)]
        like = images.new_zeros(len(images), len(PLANES), 1, dtype=torch.float32)
        features: list[Tensor] = []
        for name, kernel in KERNELS.items():
            maps = list(filtered(parts, kernel))
            values = gathered(maps, like)
            features += [_histogram(values), _channel_correlations(values)]
            if name in LAGGED:
                features += [_lag_correlation(maps, lag, values) for lag in LAGS]
        features += [_noise_by_tone(parts, like), _block_energies(parts, like)]
        return torch.cat(features, dim=1)


def _planes(images: Tensor) -> Tensor:
    colours = images.float()
    luma = torch.einsum("nchw,c->nhw", colours, PLANES[3])
    return torch.cat([colours, luma[:, None]], dim=1)


def _histogram(values: Tensor) -> Tensor:
    """The shares of residuals below each threshold, whatever their sign."""
    magnitude = values.abs()
    return torch.cat([(magnitude < bound).float().mean(2) for bound in THRESHOLDS], dim=1)


def _channel_correlations(values: Tensor) -> Tensor:
    """Correlations of red with green, green with blue, blue with red: N x 3."""
    colour = values[:, :3]
    other = colour.roll(-1, dims=1)
    power = colour.square().sum(2)
    return (colour * other).sum(2) / (power * power.roll(-1, dims=1)).sqrt().clamp_min(FLOOR)


def _lag_correlation(maps: list[Map], lag: tuple[int, int], values: Tensor) -> Tensor:
    product = gathered([m.lagged(lag) for m in maps], values).mean(2)
    return product / values.square().mean(2).clamp_min(FLOOR)


def _noise_by_tone(parts: list[Part], like: Tensor) -> Tensor:
    """Log mean magnitude of the 3 x 3 residual in each band of local mean intensity, per colour."""
    colours = [Part(region, planes[:, :3]) for region, planes in parts]
    residual = gathered(filtered(colours, KERNELS["square_3"]), like[:, :3]).abs()
    window = gathered(filtered(colours, ((1.0,) * 3,) * 3), like[:, :3]) / 3
    level = (window * (TONES / 256)).long().clamp_max(TONES - 1)
    counts = torch.zeros(*residual.shape[:2], TONES)
    sums = counts.scatter_add(2, level, residual.clamp_max(4 * residual.mean(2, keepdim=True)))
    counts = counts.scatter_add(2, level, torch.ones_like(residual))
    overall = sums.sum(2, keepdim=True) / residual.shape[2]
    means = (sums + TONE_PRIOR * overall) / (counts + TONE_PRIOR)
    return (means + FLOOR).log().flatten(1)


def _block_energies(parts: list[Part], like: Tensor) -> Tensor:
    """Log mean power and mean log magnitude of each 4 x 4 DCT coefficient but the constant one."""
    powers, logs, count = torch.zeros(()), torch.zeros(()), 0
    basis = _cosines(BLOCK)
    for region, planes in parts:
        if min(region.visible.shape) < BLOCK:
            continue
        blocks, valid = _blocks(planes[:, :3]), _blocks(region.visible[None, None])
        whole = valid[0, 0].all(-1).all(-1)
        if not whole.all():
            blocks = blocks[:, :, whole]
        coefficients = torch.einsum("ui,ncpij,vj,kc->nkpuv", basis, blocks, basis, OPPONENTS)
        powers = powers + coefficients.square().sum(2)
        logs = logs + (coefficients.abs() + FLOOR).log().sum(2)
        count += blocks.shape[2]
    if count == 0:
        return torch.zeros(len(like), 2 * 3 * (BLOCK * BLOCK - 1))
    alternating = [t.flatten(2)[:, :, 1:].flatten(1) / count for t in (powers, logs)]
    return torch.cat([(alternating[0] + FLOOR).log(), alternating[1]], dim=1)


def _blocks(planes: Tensor) -> Tensor:
    """Cut N x C x h x w into N x C x P x 4 x 4, without the rest at the bottom and right."""
    height, width = (side // BLOCK * BLOCK for side in planes.shape[2:])
    tiles = planes[:, :, :height, :width].unfold(2, BLOCK, BLOCK).unfold(3, BLOCK, BLOCK)
    return tiles.flatten(2, 3)


def _cosines(size: int) -> Tensor:
    """The orthonormal DCT-II matrix."""
    place = torch.arange(size, dtype=torch.float64)
    matrix = torch.cos(math.pi / size * (place[None] + 0.5) * place[:, None])
    matrix[0] /= math.sqrt(2)
    return (matrix * math.sqrt(2 / size)).float()
