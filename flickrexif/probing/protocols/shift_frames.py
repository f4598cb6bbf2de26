"""An object at every shift: frames that are made when they are asked for.

Offsets are in pixels from the centre position, dy downwards, dx to the right.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from flickrexif.errors import UsageError
from flickrexif.imaging.decode import decode_rgb, opened, orientation_of, upright
from flickrexif.probing.controls import stream
from flickrexif.probing.protocols.shift_plan import NOISE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

    from flickrexif.probing.protocols.shift_plan import ShiftPlan

Planes = NDArray[np.uint8]
"""3 x height x width."""


class _Frame(Protocol):
    def __call__(self, dy: int, dx: int) -> Planes: ...


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """The offsets of a map, ascending, 0 among them, and the frame at each of their pairs."""

    dy: NDArray[np.int64]
    dx: NDArray[np.int64]
    frame: _Frame
    """(dy, dx) → uint8 3 x canvas x canvas."""

    def __len__(self) -> int:
        return len(self.dy) * len(self.dx)

    def offsets(self) -> Iterator[tuple[int, int]]:
        """Every (dy, dx), row by row."""
        for dy in self.dy.tolist():
            for dx in self.dx.tolist():
                yield dy, dx


def read_object(data: bytes) -> Image.Image:
    """The upright image in ``data``: RGBA where it has transparency, else RGB.

    Raises `UnreadableImage` as `flickrexif.imaging.decode_rgb` does.
    """
    with opened(data) as image:
        image.load()
        if image.has_transparency_data:
            return upright(image.convert("RGBA"), orientation_of(image))
    return decode_rgb(data)


def frames_of(image: Image.Image, plan: ShiftPlan) -> Frames:
    """The frames of ``image`` (with or without alpha) that ``plan`` asks for.

    Raises `UsageError` for an object that is larger than the canvas or transparent everywhere, and
    where there is no position but the centre.
    """
    layer = _Layer.of(image)
    if plan.mode != "crop" and max(image.size) > plan.canvas:
        width, height = image.size
        raise UsageError(
            f"the object ({width} x {height} px) is larger than the canvas ({plan.canvas} px): "
            f"give a canvas of {max(image.size)} or more, a smaller object, or the mode crop"
        )
    height, width = layer.alpha.shape
    reaches = [_reach(size, plan) for size in (height, width)]
    dy, dx = (_ticks(low, high, plan.stride) for low, high in reaches)
    if len(dy) * len(dx) == 1:
        raise UsageError(
            f"the object ({width} x {height} px) has no other place at stride {plan.stride} px on "
            f"a canvas of {plan.canvas} px: give a larger canvas or a smaller stride"
        )
    if plan.mode == "paste":
        return Frames(dy, dx, _Pasted(layer, _ground(plan, plan.canvas, plan.canvas)))
    if plan.mode == "roll":
        canvas = layer.over(_ground(plan, plan.canvas, plan.canvas), *layer.middle(plan.canvas))
        return Frames(dy, dx, _Window(np.tile(canvas, (1, 2, 2)), plan.canvas, 0, 0, circular=True))
    (low_y, high_y), (low_x, high_x) = reaches
    ground = _ground(plan, plan.canvas + high_y - low_y, plan.canvas + high_x - low_x)
    top, left = layer.middle(plan.canvas)
    scene = layer.over(ground, high_y + top, high_x + left)
    return Frames(dy, dx, _Window(scene, plan.canvas, high_y, high_x, circular=False))


@dataclass(frozen=True, slots=True, eq=False)
class _Layer:
    """An object: ``colours`` 3 x h x w, ``alpha`` h x w, 255 where it is opaque."""

    colours: Planes
    alpha: NDArray[np.uint8]

    @classmethod
    def of(cls, image: Image.Image) -> _Layer:
        pixels = np.asarray(image.convert("RGBA")).transpose(2, 0, 1)
        layer = cls(pixels[:3], pixels[3])
        if not layer.alpha.any():
            raise UsageError("the object is transparent everywhere: give one that can be seen")
        return layer

    def middle(self, canvas: int) -> tuple[int, int]:
        """Top and left of the centre position; negative where the object is larger."""
        height, width = self.alpha.shape
        return int((canvas - height) / 2), int((canvas - width) / 2)

    def over(self, ground: Planes, top: int, left: int) -> Planes:
        """``ground`` with the object on it, blended by alpha and rounded."""
        height, width = self.alpha.shape
        made = ground.copy()
        place = made[:, top : top + height, left : left + width]
        alpha = self.alpha.astype(np.uint32)
        place[:] = (self.colours * alpha + place * (255 - alpha) + 127) // 255
        return made


@dataclass(frozen=True, slots=True, eq=False)
class _Pasted:
    layer: _Layer
    ground: Planes

    def __call__(self, dy: int, dx: int) -> Planes:
        top, left = self.layer.middle(self.ground.shape[1])
        return self.layer.over(self.ground, top + dy, left + dx)


@dataclass(frozen=True, slots=True, eq=False)
class _Window:
    """A window of ``size``, at (top, left) of ``scene`` for no shift, and against each shift."""

    scene: Planes
    size: int
    top: int
    left: int
    circular: bool

    def __call__(self, dy: int, dx: int) -> Planes:
        top, left = self.top - dy, self.left - dx
        if self.circular:
            top, left = top % self.size, left % self.size
        return self.scene[:, top : top + self.size, left : left + self.size]


def _reach(size: int, plan: ShiftPlan) -> tuple[int, int]:
    """The least and the largest offset of an object of ``size`` px, along one side."""
    free = abs(plan.canvas - size)
    match plan.mode:
        case "paste":
            return -(free // 2), free - free // 2
        case "crop" if size > plan.canvas:
            return free // 2 - free, free // 2
        case "crop":
            return -(plan.canvas // 2), plan.canvas // 2
        case "roll":
            return -(plan.canvas // 2), plan.canvas - plan.canvas // 2 - 1


def _ticks(low: int, high: int, stride: int) -> NDArray[np.int64]:
    """The multiples of ``stride`` from ``low`` to ``high``."""
    return stride * np.arange(-(-low // stride), high // stride + 1, dtype=np.int64)


def _ground(plan: ShiftPlan, height: int, width: int) -> Planes:
    if plan.background == NOISE:
        random = stream(plan.seed, "shift background")
        return random.integers(0, 256, (3, height, width), dtype=np.uint8)
    colour = np.frombuffer(bytes.fromhex(plan.background[1:]), dtype=np.uint8)
    return np.tile(colour[:, None, None], (1, height, width))
