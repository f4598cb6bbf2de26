"""Pictures without camera EXIF: scans of old prints and screenshots."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from flickrexif.sandbox.scene import Scene, backdrop_layer, near_layer, normals

GRAIN = 9.0
SEPIA = (1.06, 1.0, 0.82)


def render_scan(scene: Scene, width: int, height: int) -> Image.Image:
    """Return a faded, grainy print of a scene with a light margin, as RGB."""
    chance = np.random.default_rng([scene.seed, 5])
    frame = backdrop_layer(scene, width, height, 1.5)
    near_layer(scene, frame)
    grey = np.asarray(frame.convert("L").filter(ImageFilter.BoxBlur(1)), dtype=np.float32)
    faded = 50 + 0.68 * grey + GRAIN * normals(chance, height, width)
    toned = np.stack([np.clip(faded * tone, 0, 255) for tone in SEPIA], axis=-1)
    margin = int(chance.integers(8, 40))
    toned[:margin] = toned[-margin:] = 236
    toned[:, :margin] = toned[:, -margin:] = 236
    return Image.fromarray(toned.astype(np.uint8))


def render_screenshot(seed: int, width: int, height: int) -> Image.Image:
    """Return flat panels and lines of blocks that could be text, as RGB."""
    chance = np.random.default_rng([seed, 6])
    dark = chance.random() < 0.4
    paper, ink = ((24, 24, 28), (205, 205, 210)) if dark else ((246, 246, 248), (40, 40, 46))
    screen = Image.new("RGB", (width, height), paper)
    pencil = ImageDraw.Draw(screen)
    accent = tuple(chance.integers(40, 220, 3).tolist())
    pencil.rectangle((0, 0, width, height // 16), fill=accent)
    for line in range(height // 16 + 20, height - 30, 34):
        start = 24
        while start < width - 60 and chance.random() < 0.85:
            end = start + int(chance.integers(14, 110))
            pencil.rectangle((start, line, min(end, width - 24), line + 14), fill=ink)
            start = end + 12
    return screen
