"""Which devices of this machine encoders compute on, and an encoder on each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from flickrexif.errors import UsageError
from flickrexif.probing.devices import told_devices
from flickrexif.probing.encoders import ModuleEncoder, encoder_named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flickrexif.probing.devices import Device, Dtype
    from flickrexif.probing.encoders import Encoder


def devices_named(word: Device) -> tuple[str, ...]:
    """The devices of ``word`` by torch's names: ``cpu``, ``cuda:0``, ``mps``.

    Raises `UsageError` for one that this machine, or torch, lacks.
    """
    told = told_devices(word)
    gpus = tuple(f"cuda:{place}" for place in range(torch.cuda.device_count()))
    if told == ("auto",):
        return gpus or (("mps",) if torch.backends.mps.is_available() else ("cpu",))
    return tuple(device for one in told for device in _those(one, gpus))


def device_named(word: Device) -> str:
    """The one device of ``word``, the first of ``auto`` and ``cuda``.

    Raises `UsageError` as `devices_named` does, and for a word that tells several.
    """
    told = told_devices(word)
    if len(told) > 1:
        raise UsageError(f"device {word!r} tells {len(told)}, and one can be used: name it alone")
    return devices_named(word)[0]


@dataclass(frozen=True, slots=True)
class Placed:
    """An encoder on some devices: one of ``encoders`` for each, in their order."""

    encoders: tuple[Encoder, ...]
    at_once: bool
    """Whether several threads may ask at the same time."""

    @property
    def first(self) -> Encoder:
        """The one on the first device."""
        return self.encoders[0]


def placed(one: str | Encoder, devices: Sequence[str], *, dtype: Dtype) -> Placed:
    """An encoder for each of ``devices``, by its name or as it is.

    A module is copied to every device but one, where they are of its kind. One of your own that is
    on another kind, or no module, stays as it is and is asked by one thread at a time. Raises
    `UsageError` for one that cannot be had or copied.
    """
    first = encoder_named(one, device=devices[0], dtype=dtype) if isinstance(one, str) else one
    kind = torch.device(devices[0]).type
    if len(devices) > 1 and isinstance(first, ModuleEncoder) and first.device.type == kind:
        return Placed(_copies(first, devices), at_once=True)
    return Placed((first,) * len(devices), at_once=isinstance(one, str))


def _copies(encoder: ModuleEncoder, devices: Sequence[str]) -> tuple[Encoder, ...]:
    """``encoder`` itself where it is, which may be none of ``devices``, and copies elsewhere."""
    found: list[Encoder] = []
    for device in devices:
        is_home = torch.device(device) == encoder.device and encoder not in found
        found.append(encoder if is_home else encoder.copied_to(device))
    return tuple(found)


def _those(one: str, gpus: tuple[str, ...]) -> tuple[str, ...]:
    """What is there of one told device."""
    if one == "cuda" and gpus:
        return gpus
    if one == "mps" and torch.backends.mps.is_available():
        return (one,)
    if one.startswith("cpu"):
        return ("cpu",)
    if one in gpus:
        return (one,)
    there = f"it finds {', '.join(gpus)}" if gpus and one != "mps" else "take --device cpu, or auto"
    raise UsageError(f"torch finds no {one} device here: {there}")
