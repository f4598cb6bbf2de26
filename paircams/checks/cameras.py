"""Do the cameras that the EXIF names fit the sides?

A photo whose EXIF is absent or does not settle the question is unknown and passes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from paircams.checks.check import Fault
from paircams.checks.copies import is_one_picture
from paircams.checks.files import misplaced

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paircams.collection import Collection, Pair
    from paircams.limits import Limits


def same_camera(collection: Collection, limits: Limits) -> Iterator[Fault]:
    """Pairs of two captures by the same make and model."""
    for pair in collection.pairs:
        if _one_model(pair) and not is_one_picture(pair, limits):
            device = pair.camera.contents.device_name
            reason = f"taken with {device}, as is the smartphone's; one is misfiled"
            yield Fault.of(pair.camera.file, reason)


def swapped_sides(collection: Collection, limits: Limits) -> Iterator[Fault]:
    """Pairs where the smartphone is on the camera's side and the camera on the smartphone's."""
    for pair in _two_models(collection, limits):
        phone, camera = pair.smartphone.contents, pair.camera.contents
        if phone.is_phone is False and camera.is_phone is True:
            reason = (
                f"{phone.device_name} is on the smartphone side and {camera.device_name} on the "
                "camera side; swap the photos"
            )
            yield Fault.of(pair.smartphone.file, reason)


def smartphone_side(collection: Collection, limits: Limits) -> Iterator[Fault]:
    """Photos on the smartphone side that no smartphone took."""
    for pair in _two_models(collection, limits):
        phone, camera = pair.smartphone.contents, pair.camera.contents
        if phone.is_phone is False and camera.is_phone is not True:
            reason = f"taken with {phone.device_name}, which is no smartphone"
            yield Fault.of(pair.smartphone.file, reason)


def camera_side(collection: Collection, limits: Limits) -> Iterator[Fault]:
    """Photos on the camera side that a smartphone took: an old one may be meant to stand there."""
    for pair in _two_models(collection, limits):
        phone, camera = pair.smartphone.contents, pair.camera.contents
        if camera.is_phone is True and phone.is_phone is not False:
            reason = f"taken with {camera.device_name}, which is a smartphone; is that meant?"
            yield Fault.of(pair.camera.file, reason)


def unknown_models(collection: Collection, _: Limits) -> Iterator[Fault]:
    """Names of camera models by which no side is declared."""
    return misplaced(collection, "unknown-model")


def coloured_models(collection: Collection, _: Limits) -> Iterator[Fault]:
    """Camera models whose side the pairs tell, as nothing declares it."""
    return misplaced(collection, "coloured-model")


def _two_models(collection: Collection, limits: Limits) -> Iterator[Pair]:
    for pair in collection.pairs:
        if not _one_model(pair) and not is_one_picture(pair, limits):
            yield pair


def _one_model(pair: Pair) -> bool:
    device = pair.smartphone.contents.device
    return device is not None and device == pair.camera.contents.device
