"""Do the cameras that the EXIF names fit the sides, and their clocks the pairs?

A photo whose EXIF is absent or does not settle the question is unknown and passes.
"""

from __future__ import annotations

from collections import defaultdict
from statistics import median
from typing import TYPE_CHECKING

from flickrexif.exif.cameras import identify
from paircams.checks.check import Fault
from paircams.checks.copies import is_one_picture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from paircams.collection import Collection, Pair, Sound
    from paircams.limits import Limits


def same_camera(collection: Collection, limits: Limits) -> Iterator[Fault]:
    """Pairs of two captures by the same make and model."""
    for pair in collection.pairs:
        if _one_model(pair) and not is_one_picture(pair, limits):
            reason = f"taken with {_device(pair.camera)}, as is the smartphone's; one is misfiled"
            yield Fault.of(pair.camera.file, reason)


def swapped_sides(collection: Collection, limits: Limits) -> Iterator[Fault]:
    """Pairs where the smartphone is on the camera's side and the camera on the smartphone's."""
    for pair in _two_models(collection, limits):
        if _is_phone(pair.smartphone) is False and _is_phone(pair.camera) is True:
            reason = (
                f"{_device(pair.smartphone)} is on the smartphone side and {_device(pair.camera)} "
                "on the camera side; swap the photos"
            )
            yield Fault.of(pair.smartphone.file, reason)


def smartphone_side(collection: Collection, limits: Limits) -> Iterator[Fault]:
    """Photos on the smartphone side that no smartphone took."""
    for pair in _two_models(collection, limits):
        if _is_phone(pair.smartphone) is False and _is_phone(pair.camera) is not True:
            reason = f"taken with {_device(pair.smartphone)}, which is no smartphone"
            yield Fault.of(pair.smartphone.file, reason)


def camera_side(collection: Collection, limits: Limits) -> Iterator[Fault]:
    """Photos on the camera side that a smartphone took: an old one may be meant to stand there."""
    for pair in _two_models(collection, limits):
        if _is_phone(pair.camera) is True and _is_phone(pair.smartphone) is not False:
            reason = f"taken with {_device(pair.camera)}, which is a smartphone; is that meant?"
            yield Fault.of(pair.camera.file, reason)


def _two_models(collection: Collection, limits: Limits) -> Iterator[Pair]:
    for pair in collection.pairs:
        if not _one_model(pair) and not is_one_picture(pair, limits):
            yield pair


def _one_model(pair: Pair) -> bool:
    device = pair.smartphone.contents.device
    return device is not None and device == pair.camera.contents.device


def _is_phone(photo: Sound) -> bool | None:
    return identify(photo.contents.make, photo.contents.model).is_smartphone


def _device(photo: Sound) -> str:
    camera = identify(photo.contents.make, photo.contents.model)
    return " ".join(filter(None, (camera.make or photo.contents.make, camera.model)))


def capture_gaps(collection: Collection, limits: Limits) -> Iterator[Fault]:
    """Pairs taken too far apart, once the usual difference of the two cameras' clocks is taken off.

    Clocks drift and know no zone: the difference is the median over the pairs that the same two
    cameras took on one day, when there are enough of them, else none is taken off.
    """
    days: dict[tuple[object, object, date], list[tuple[Pair, float]]] = defaultdict(list)
    for pair in collection.pairs:
        phone, camera = pair.smartphone.contents, pair.camera.contents
        if phone.taken_at is not None and camera.taken_at is not None:
            gap_s = (camera.taken_at - phone.taken_at).total_seconds()
            days[phone.device, camera.device, phone.taken_at.date()].append((pair, gap_s))
    for day in days.values():
        enough = len(day) >= limits.clock_pairs
        clock_s = median(gap_s for _, gap_s in day) if enough else 0.0
        for pair, gap_s in day:
            apart_s = abs(gap_s - clock_s)
            if apart_s > limits.capture_gap_s:
                yield _gap(pair, apart_s, clock_s, limits)


def _gap(pair: Pair, apart_s: float, clock_s: float, limits: Limits) -> Fault:
    corrected = f", clocks {clock_s:+.0f} s apart taken off" if clock_s else ""
    reason = f"taken {apart_s / 60:.0f} min from the smartphone's photo{corrected}"
    return Fault.of(pair.camera.file, reason, value=apart_s, limit=limits.capture_gap_s)
