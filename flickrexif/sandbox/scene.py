"""Scenes that never were: sky and ground, shapes far and near, rough and smooth surfaces.

A scene is drawn from its seed and the shape of the frame alone. It knows nothing of the camera.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Plane = NDArray[np.float32]

Colour = tuple[int, int, int]
Outline = tuple[tuple[float, float], ...]

SMALL = 4
"""The backdrop is drawn this many times smaller than the frame."""
BANK = 1 << 22
OCTAVES = 5
MARGIN = 12


@cache
def noise_bank() -> Plane:
    """Return a few million standard normal numbers; pictures read stretches of them.

    Drawing fresh ones for every photo would make rendering about a third slower.
    """
    return np.random.default_rng(20_190_101).standard_normal(BANK, dtype=np.float32)


def normals(chance: np.random.Generator, height: int, width: int) -> Plane:
    """Return a plane of standard normal numbers, a view: do not write to it."""
    start = int(chance.integers(0, BANK - height * width))
    return noise_bank()[start : start + height * width].reshape(height, width)


@dataclass(frozen=True, slots=True)
class Scene:
    """What stands before the camera: two layers, the near one in focus.

    The layers' colours are square roots of linear reflectance, 8 bits; ``rough`` is the contrast of
    surfaces, ``key`` the brightness that the photographer wanted (1 is neutral).
    """

    backdrop: Image.Image
    """RGB, a quarter of the frame in each direction."""
    near: tuple[tuple[Colour, Outline], ...]
    """Colours and outlines (in fractions of the frame) of what stands in front."""
    rough: Image.Image
    """F, small: contrast of the texture over the frame."""
    slope: float
    """How fast the texture's contrast falls from one octave to the finer one."""
    key: float
    tint: tuple[float, float, float]
    """The light's colour that is left after the white balance."""
    seed: int


def make_scene(seed: int, width: int, height: int) -> Scene:
    """Return the scene of a seed for a frame of ``width`` x ``height`` pixels."""
    chance = np.random.default_rng([seed, 1])
    small = (width // SMALL, height // SMALL)
    sky = _sky_and_ground(chance, (small[0] // 2, small[1] // 2))
    backdrop = sky.resize((small[0] * 2, small[1] * 2), Image.Resampling.BILINEAR)
    _far_shapes(chance, backdrop)
    grid = np.exp(chance.normal(0.0, 0.55, (5, 7))).astype(np.float32)
    warm = chance.normal(0.0, 0.05)
    return Scene(
        backdrop=backdrop.reduce(2),
        near=_near_shapes(chance),
        rough=Image.fromarray(grid * np.float32(np.exp(chance.normal(-2.9, 0.35)))),
        slope=float(chance.uniform(0.62, 0.74)),
        key=float(np.exp(chance.normal(0.0, 0.22))),
        tint=(1.0 + warm, 1.0, 1.0 - warm),
        seed=seed,
    )


def texture(scene: Scene, width: int, height: int, blur: float) -> Plane:
    """Return the surfaces' log contrast, seen through a blur of ``blur`` pixels (sigma).

    The plane has half the frame's size, a little more at the right and below. It is octaves of
    noise, each half the size of the one before; a blur dims an octave of wavelength w by
    ``exp(-2 (pi blur / w)**2)``, as it would a sine.
    """
    chance = np.random.default_rng([scene.seed, 2])
    field: Plane = np.zeros((1, 1), np.float32)
    for octave in range(OCTAVES):
        scale = 2 ** (OCTAVES - octave)
        rows, columns = height // scale + 1, width // scale + 1
        dimmed = math.exp(-2 * (math.pi * blur / (3.0 * scale)) ** 2)
        layer = normals(chance, rows, columns) * np.float32(scene.slope**octave * dimmed)
        field = layer + enlarge(field, columns, rows)
    return field * enlarge(np.asarray(scene.rough), field.shape[1], field.shape[0])


def near_layer(scene: Scene, frame: Image.Image) -> None:
    """Draw what stands in front into the frame."""
    pencil = ImageDraw.Draw(frame)
    for colour, outline in scene.near:
        points = [(x * frame.width, y * frame.height) for x, y in outline]
        pencil.polygon(points, fill=colour)


def near_window(scene: Scene, width: int, height: int) -> tuple[slice, slice]:
    """Return the rows and columns of the frame that what stands in front can touch."""
    points = np.array([point for _, outline in scene.near for point in outline])
    low, high = points.min(axis=0), points.max(axis=0)
    size = np.array([width, height])
    first = np.clip(np.floor(low * size).astype(int) - MARGIN, 0, size - 2 * MARGIN)
    last = np.clip(np.ceil(high * size).astype(int) + MARGIN, first + 2 * MARGIN, size)
    return slice(int(first[1]), int(last[1])), slice(int(first[0]), int(last[0]))


def backdrop_layer(scene: Scene, width: int, height: int, blur: float) -> Image.Image:
    """Return the far layer at full size, out of focus by ``blur`` pixels (sigma)."""
    soft = scene.backdrop.filter(ImageFilter.GaussianBlur(blur / SMALL + 0.2))
    return soft.resize((width, height), Image.Resampling.BILINEAR)


def enlarge(plane: Plane, width: int, height: int) -> Plane:
    """Return a plane at another size, bilinear."""
    image = Image.fromarray(plane).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(image)


def _colour(
    chance: np.random.Generator, low: float = 45, high: float = 215
) -> tuple[int, int, int]:
    """Return a colour that is nearer to grey than chance alone would give."""
    grey = chance.uniform(low, high)
    red, green, blue = np.clip(grey + chance.normal(0, 17, 3), 12, 243).astype(int).tolist()
    return red, green, blue


def _sky_and_ground(chance: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    """Return a gradient above and one below a horizon, which may lie outside of the frame."""
    width, height = size
    horizon = chance.uniform(-0.3, 1.3)
    sky = [_colour(chance, 110, 225), _colour(chance, 120, 235)]
    ground = [_colour(chance), _colour(chance, 30, 170)]
    column = np.array([sky[0], sky[1], ground[0], ground[1]], np.float32)
    rows = np.linspace(0, 1, height)
    at = np.where(rows < horizon, np.clip(rows / max(horizon, 0.05), 0, 1), 2.0)
    below = np.clip((rows - horizon) / max(1 - horizon, 0.05), 0, 1)
    place = np.where(rows < horizon, at, 2.0 + below)
    channels = [np.interp(place, [0, 1, 2, 3], column[:, c]) for c in range(3)]
    strip = np.stack(channels, axis=-1)[:, None, :]
    swell = chance.normal(0, 9, (3, 4, 1)).astype(np.float32)
    waves = enlarge(swell[..., 0], width, height)
    picture = np.clip(strip + waves[..., None], 0, 255).astype(np.uint8)
    return Image.fromarray(picture)


def _far_shapes(chance: np.random.Generator, backdrop: Image.Image) -> None:
    """Draw hills, trunks, walls and windows on the backdrop."""
    pencil = ImageDraw.Draw(backdrop)
    width, height = backdrop.size
    for _ in range(int(chance.integers(2, 9))):
        x, y = chance.uniform(-0.1, 1.0) * width, chance.uniform(0.0, 1.0) * height
        wide, tall = chance.exponential(0.22, 2) * (width, height) + 4
        colour, kind = _colour(chance), chance.integers(0, 4)
        if kind == 0:
            pencil.ellipse((x, y, x + wide, y + tall), fill=colour)
        elif kind == 1:
            pencil.rectangle((x, y, x + wide, y + tall), fill=colour)
        elif kind == 2:
            tops = np.cumsum(chance.normal(0, 0.05, 9)) * height + y
            ridge = [(step * width / 8, float(top)) for step, top in enumerate(tops)]
            pencil.polygon([(0, height), *ridge, (width, height)], fill=colour)
        else:
            lean = chance.normal(0, 0.2) * height
            pencil.line((x, height, x + lean, y), fill=colour, width=int(1 + wide / 12))


def _near_shapes(chance: np.random.Generator) -> tuple[tuple[Colour, Outline], ...]:
    """Return a handful of outlines, gathered round the middle."""
    shapes = []
    for _ in range(int(chance.integers(1, 6))):
        centre = 0.5 + chance.normal(0, 0.2, 2)
        corners = int(chance.integers(3, 12))
        turn = np.sort(chance.uniform(0, 2 * math.pi, corners))
        reach = chance.uniform(0.04, 0.28) * chance.uniform(0.6, 1.4, corners)
        xs, ys = centre[0] + reach * np.cos(turn), centre[1] + reach * np.sin(turn)
        outline = tuple(zip(xs.tolist(), ys.tolist(), strict=True))
        shapes.append((_colour(chance), outline))
    return tuple(shapes)
