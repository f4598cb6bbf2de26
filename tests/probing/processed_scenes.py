"""Images to be processed: two colours of scene, each with texture and noise of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from tiny_releases import png

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SIDE = 64
COLOURS = {"blue": (90, 110, 150), "red": (150, 110, 90)}


def scene(seed: int, colour: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Smooth light, coarse texture and fine noise around ``colour``: SIDE x SIDE x 3."""
    random = np.random.default_rng(seed)
    layers = [np.asarray(colour, dtype=float)]
    for cells, strength in ((3, 22), (SIDE // 4, 14), (SIDE, 4)):
        cell = random.normal(128, strength, (cells, cells, 3)).clip(0, 255).astype(np.uint8)
        grown = Image.fromarray(cell).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        layers.append(np.asarray(grown, dtype=float) - 128)
    return np.rint(sum(layers)).clip(0, 255).astype(np.uint8)


def fill(folder: Path, count: int, *, split: str = "", first: int = 0) -> Path:
    """``count`` PNG files of each colour, in folders of their own, below that of a split."""
    for turn, (label, colour) in enumerate(COLOURS.items()):
        below = folder / split / label
        below.mkdir(parents=True, exist_ok=True)
        for number in range(first, first + count):
            (below / f"{number:03}.png").write_bytes(png(scene(2 * number + turn, colour)))
    return folder
