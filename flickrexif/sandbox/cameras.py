"""The table of simulated cameras, read from ``cameras.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from flickrexif.sandbox.photos import Camera


@dataclass(frozen=True, slots=True)
class Maker:
    """A maker and its models, oldest first; ``share`` is relative to the other makers."""

    make: str
    share: float
    cameras: tuple[Camera, ...]

    @property
    def makes_phones(self) -> bool:
        """True when its models are smartphones (no maker here has both)."""
        return self.cameras[0].is_phone


@cache
def makers() -> tuple[Maker, ...]:
    """All makers with their cameras."""
    text = resources.files("flickrexif.sandbox").joinpath("cameras.toml").read_text("utf-8")
    table = tomllib.loads(text)
    return tuple(_maker(row, table["sensor"]) for row in table["maker"])


@cache
def cameras() -> tuple[Camera, ...]:
    """All cameras, maker by maker."""
    return tuple(camera for maker in makers() for camera in maker.cameras)


def _maker(row: dict[str, Any], sensors: dict[str, dict[str, float]]) -> Maker:
    models = [_camera(row, model, sensors[model["sensor"]]) for model in row["model"]]
    models.sort(key=lambda camera: camera.released)
    return Maker(row["make"], row["share"], tuple(models))


def _camera(maker: dict[str, Any], model: dict[str, Any], sensor: dict[str, float]) -> Camera:
    fields: dict[str, Any] = {**sensor, **maker["look"], **model}
    del fields["sensor"]
    fields["display_name"] = fields.pop("display", fields["model"])
    for pair in ("focal_mm", "widest", "frame"):
        fields[pair] = tuple(fields[pair])
    return Camera(
        make=maker["make"],
        brand=maker["brand"],
        exposure_tenths=maker["exposure_tenths"],
        writes_35mm=maker["writes_35mm"],
        **fields,
    )
