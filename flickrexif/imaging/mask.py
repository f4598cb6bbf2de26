"""Masks: which pixels of an image stay visible, and what stands in for the others.

The published protocol is ``MaskSpec()``: after resize and crop, a centre rectangle of 90 % of the
area is painted black. Its margins are ``round((side - sqrt(ratio) * side) / 2)`` with halves to
even, so the hidden share is only near the ratio (`achieved_ratio` tells it: 89.57 % at 224 px);
``align="pixel"`` hides exactly what is asked.

Randomness comes from a Philox stream keyed by blake2b(seed, photo id): it depends on neither order,
process nor batch. Every fill is a function of the visible pixels and the photo id alone, so that
nothing of the hidden ones is left, and applying a mask twice changes nothing.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from flickrexif.errors import UsageError
from flickrexif.imaging import geometry as shapes
from flickrexif.imaging.geometry import Align, Geometry, Hidden, Shape

PhotoName = int | str
"""What tells one photo from another, so that each has its own randomness: "12" is 12."""
Stage = Literal["post_crop", "pre_resize"]
Visible = npt.NDArray[np.bool_]

FILLS = ("black", "mean", "noise", "normalised_zero")

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\Z")
_FIXED = ("center", "border", "checkerboard")
_KEPT_MASKS = 64


@dataclass(frozen=True, slots=True)
class MaskSpec:
    """A mask, whole: two equal specs hide the same pixels of the same photo.

    ``geometry``: ``center`` hides a middle rectangle, ``border`` all but a middle rectangle,
    ``random_patches`` a random choice of ``patch`` x ``patch`` squares for each photo,
    ``checkerboard`` squares spread evenly by an 8 x 8 ordered dither (ratio 0.5 is the board), and
    a function of one's own (`flickrexif.imaging.geometry.Shape`) what it returns.
    ``ratio``: the area to hide, 0..1. ``align``: ``whole`` shapes, or exact to the ``pixel``.
    ``fill``: ``black``, ``mean`` (of the visible pixels, per channel), ``noise`` (uniform bytes),
    ``normalised_zero`` (the encoder's mean) or a colour ``#rrggbb``. ``patch`` in pixels; ``seed``
    matters to random patches and noise. ``stage``: ``post_crop``, after resize and crop; or
    ``pre_resize``, over the photo's own centre square, whose filled pixels the resize then blends
    into the visible ones beside them.
    """

    geometry: Geometry | Shape = "center"
    ratio: float = 0.9
    fill: str = "black"
    patch: int = 16
    seed: int = 0
    stage: Stage = "post_crop"
    align: Align = "whole"

    def __post_init__(self) -> None:
        if self.fill == "zero":  # the name of black in releases made before normalised_zero was one
            object.__setattr__(self, "fill", "black")
        if not callable(self.geometry):
            _require_one_of("geometry", self.geometry, get_args(Geometry))
        if not 0 <= self.ratio <= 1:
            raise UsageError(f"mask ratio {self.ratio!r} is outside 0..1: give the hidden share")
        if not _COLOUR.match(self.fill):
            _require_one_of("fill", self.fill, (*FILLS, "a colour such as #808080"))
        if self.patch < 1:
            raise UsageError(f"mask patch {self.patch!r} is not a positive number of pixels")
        _require_one_of("stage", self.stage, get_args(Stage))
        _require_one_of("align", self.align, get_args(Align))

    @property
    def differs_by_photo(self) -> bool:
        """Whether each photo hides pixels of its own."""
        return self.geometry not in _FIXED

    def words(self) -> dict[str, Any]:
        """The spec as plain values; a geometry of one's own by its name."""
        return asdict(self) | {"geometry": shapes.name_of(self.geometry)}


def visible(spec: MaskSpec, height: int, width: int, photo_id: PhotoName = 0) -> Visible:
    """True where a pixel stays visible, bool of shape (height, width)."""
    return ~hidden(spec, height, width, photo_id)


def achieved_ratio(spec: MaskSpec, height: int, width: int, photo_id: PhotoName = 0) -> float:
    """The share of pixels that ``spec`` really hides at this size."""
    return 1 - float(visible(spec, height, width, photo_id).mean())


def hidden(
    spec: MaskSpec, height: int, width: int, photo_id: PhotoName = 0, *, depth: int = 1
) -> Hidden:
    """The inverse of `visible`, each pixel ``depth`` times in a row: (height, width * depth).

    Not to be written to: what all photos share is kept.
    """
    if spec.differs_by_photo:
        return _hidden(spec, height, width, photo_id, depth)
    return _shared(spec, height, width, depth)


def philox(seed: int, photo_id: PhotoName, purpose: bytes) -> np.random.Philox:
    """The random words of one photo for one purpose: the same on every machine."""
    name = f"{seed}:{photo_id}".encode()
    digest = blake2b(name, digest_size=16, person=purpose).digest()
    return np.random.Philox(key=int.from_bytes(digest, "little"))


@lru_cache(_KEPT_MASKS)
def _shared(spec: MaskSpec, height: int, width: int, depth: int) -> Hidden:
    made = _hidden(spec, height, width, 0, depth)
    made.flags.writeable = False
    return made


def _hidden(spec: MaskSpec, height: int, width: int, photo_id: PhotoName, depth: int) -> Hidden:
    whole = spec.align == "whole"
    match spec.geometry:
        case "center" | "border" if spec.ratio in (0, 1):
            return np.full((height, width * depth), spec.ratio == 1)
        case "center":
            found = shapes.middle(height, width, spec.ratio, spec.align)
        case "border":
            found = shapes.border(height, width, spec.ratio, spec.align)
        case "random_patches" | "checkerboard":
            order, count = _squares(spec, height, width, photo_id)
            size = (height, width, spec.patch)
            if whole:
                return shapes.squares(*size, order[:count], depth=depth)
            return shapes.squares_to_the_pixel(*size, order, spec.ratio, depth=depth)
        case shape:
            words = philox(spec.seed, photo_id, b"shape")
            found = shapes.own_shape(shape, height, width, spec.ratio, words)
    return np.repeat(found, depth, axis=1)


def _squares(
    spec: MaskSpec, height: int, width: int, photo_id: PhotoName
) -> tuple[shapes.Squares, int]:
    """The squares in the order of hiding, and how many of them ``align="whole"`` hides."""
    rows, columns = shapes.grid_of(height, width, spec.patch)
    if spec.geometry == "checkerboard":
        order = shapes.dithered_squares(rows, columns)
        return order, shapes.dithered_count(rows, columns, spec.ratio)
    order = shapes.random_squares(rows, columns, philox(spec.seed, photo_id, b"patches"))
    return order, round(spec.ratio * rows * columns)


def _require_one_of(what: str, word: str, known: tuple[str, ...]) -> None:
    if word not in known:
        raise UsageError(f"unknown mask {what} {word!r}: use one of {', '.join(known)}")
