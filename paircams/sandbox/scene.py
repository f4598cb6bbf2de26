"""What stands before both cameras: a scene of the sandbox, with many small things in it.

`flickrexif.sandbox.scene` draws a few large shapes, which suits probes of the camera. A subject of
a pair has to be known again: bricks, leaves, letters, so a few hundred small shapes are added.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from flickrexif.sandbox.scene import Colour, Outline, Scene, make_scene

SMALL_THINGS = 320
SMALLEST, LARGEST = 0.006, 0.035
"""Half the extent of a small thing, as a fraction of the canvas."""


def make_subject(seed: int, width: int, height: int) -> Scene:
    """Return the subject of a seed for a canvas of ``width`` x ``height`` pixels."""
    scene = make_scene(seed, width, height)
    chance = np.random.default_rng([seed, 7])
    things = tuple(_small_thing(chance, width / height) for _ in range(SMALL_THINGS))
    return replace(scene, near=scene.near + things)


def _small_thing(chance: np.random.Generator, aspect: float) -> tuple[Colour, Outline]:
    """Return a triangle to hexagon of any colour, anywhere."""
    corners = int(chance.integers(3, 7))
    turn = np.sort(chance.uniform(0, 2 * math.pi, corners))
    reach = math.exp(chance.uniform(math.log(SMALLEST), math.log(LARGEST)))
    x, y = chance.uniform(0, 1, 2)
    xs, ys = x + reach * np.cos(turn), y + reach * aspect * np.sin(turn)
    red, green, blue = chance.integers(15, 240, 3).tolist()
    return (red, green, blue), tuple(zip(xs.tolist(), ys.tolist(), strict=True))
