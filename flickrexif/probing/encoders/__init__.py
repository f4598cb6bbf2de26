"""The encoders that need no downloaded weights, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flickrexif.errors import UsageError
from flickrexif.probing.encoders.pixels import PixelsEncoder
from flickrexif.probing.encoders.protocol import Encoder
from flickrexif.probing.encoders.random_conv import RandomConvEncoder
from flickrexif.probing.encoders.residual import ResidualEncoder

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["ENCODERS", "Encoder", "encoder_named"]

ENCODERS: Mapping[str, Callable[[], Encoder]] = {
    "residual": ResidualEncoder,
    "pixels": PixelsEncoder,
    "random:conv": RandomConvEncoder,
}


def encoder_named(name: str) -> Encoder:
    """The encoder of that name; `UsageError`, listing the known ones, when there is none."""
    try:
        return ENCODERS[name]()
    except KeyError:
        known = ", ".join(ENCODERS)
        raise UsageError(f"unknown encoder {name!r}; known are: {known}") from None
