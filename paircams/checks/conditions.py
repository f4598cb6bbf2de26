"""Were the photos of a pair taken in the same conditions? Warnings only, by EXIF.

A photo whose EXIF does not say is unknown and passes. Photos of two subjects are not compared.
"""

from __future__ import annotations

import math
from collections import defaultdict
from statistics import median
from typing import TYPE_CHECKING

from paircams.checks.check import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from flickrexif.exif.record import RawRecord
    from paircams.collection import Collection, Pair
    from paircams.limits import Limits

Devices = frozenset[tuple[str, str] | None]

_FIRED = 1
"""Bit 0 of the EXIF Flash code."""


def capture_gaps(collection: Collection, limits: Limits) -> Iterator[Fault]:
    """Pairs taken too far apart, once the usual difference of the two cameras' clocks is taken off.

    Clocks drift and know no zone: the difference is the median over the pairs that the same two
    cameras took on one day or, when those are few, on all days. With fewer still it is unknown.
    """
    gaps = _gaps(collection)
    clocks = _clocks(gaps, limits)
    for (devices, day), taken in gaps.items():
        clock_s = clocks.get((devices, day), clocks.get((devices, None)))
        if clock_s is None:
            continue
        for pair, gap_s in taken:
            apart_s = abs(gap_s - clock_s)
            if apart_s > limits.capture_gap_s:
                yield _gap(pair, apart_s, clock_s, limits)


Gaps = dict[tuple[Devices, "date"], list[tuple["Pair", float]]]


def _gaps(collection: Collection) -> Gaps:
    """By two devices and day: pairs with the seconds from the first device's clock to the other's.

    The devices' order is that of their names, so that a pair on the wrong sides fits in.
    """
    gaps: Gaps = defaultdict(list)
    for pair in _of_one_subject(collection):
        phone, camera = pair.smartphone.contents, pair.camera.contents
        if phone.taken_at is None or camera.taken_at is None:
            continue
        gap_s = (camera.taken_at - phone.taken_at).total_seconds()
        sign = -1 if (camera.device or ("", "")) < (phone.device or ("", "")) else 1
        devices = frozenset((phone.device, camera.device))
        gaps[devices, phone.taken_at.date()].append((pair, sign * gap_s))
    return gaps


def _of_one_subject(collection: Collection) -> Iterator[Pair]:
    """Pairs that did not fail as two subjects; all where nothing was matched."""
    for pair in collection.pairs:
        verdict = collection.verdicts.get(pair.subject_idx)
        if verdict is None or verdict.same_subject != "fail":
            yield pair


def _clocks(gaps: Gaps, limits: Limits) -> Mapping[tuple[Devices, date | None], float]:
    clocks: dict[tuple[Devices, date | None], float] = {}
    always: dict[Devices, list[float]] = defaultdict(list)
    for (devices, day), taken in gaps.items():
        seconds = [gap_s for _, gap_s in taken]
        always[devices] += seconds
        if len(seconds) >= limits.clock_pairs:
            clocks[devices, day] = median(seconds)
    for devices, seconds in always.items():
        if len(seconds) >= limits.clock_pairs:
            clocks[devices, None] = median(seconds)
    return clocks


def _gap(pair: Pair, apart_s: float, clock_s: float, limits: Limits) -> Fault:
    corrected = f", clocks {abs(clock_s):.0f} s apart taken off" if clock_s else ""
    reason = f"taken {apart_s / 60:.0f} min from the smartphone's photo{corrected}"
    return Fault.of(pair.camera.file, reason, value=apart_s, limit=limits.capture_gap_s)


def exposures(collection: Collection, limits: Limits) -> Iterator[Fault]:
    """Pairs whose settings are for very different light."""
    for pair in _of_one_subject(collection):
        phone = exposure_value(pair.smartphone.contents.exif)
        camera = exposure_value(pair.camera.contents.exif)
        if phone is None or camera is None or abs(camera - phone) <= limits.exposure_ev:
            continue
        apart = abs(camera - phone)
        less = "less" if camera < phone else "more"
        reason = f"set for {apart:.1f} EV {less} light than the smartphone's photo; compare them"
        yield Fault.of(pair.camera.file, reason, value=apart, limit=limits.exposure_ev)


def exposure_value(exif: RawRecord) -> float | None:
    """EV100 = log2(N^2 / t) - log2(ISO / 100) (ISO 2720); None where a setting is unknown."""
    aperture = _ratio(exif.aperture_num, exif.aperture_den)
    seconds = _ratio(exif.exposure_num, exif.exposure_den)
    if aperture is None or seconds is None or not exif.iso:
        return None
    return math.log2(aperture**2 / seconds) - math.log2(exif.iso / 100)


def _ratio(numerator: int | None, denominator: int | None) -> float | None:
    return numerator / denominator if numerator and denominator else None


def fields_of_view(collection: Collection, limits: Limits) -> Iterator[Fault]:
    """Pairs whose stated focal lengths do not explain how much larger the subject is."""
    for pair in collection.pairs:
        verdict = collection.verdicts[pair.subject_idx]
        phone = pair.smartphone.contents.exif.focal_length_35mm
        camera = pair.camera.contents.exif.focal_length_35mm
        if verdict.same_subject != "pass" or not verdict.figures or not phone or not camera:
            continue
        stated = camera / phone
        ratio = verdict.figures.scale / stated if verdict.figures.scale else math.inf
        apart = max(ratio, 1 / ratio)
        if apart > limits.field_of_view:
            reason = (
                f"the subject is {verdict.figures.scale:.2f} times as large as in the smartphone's "
                f"photo, by the focal lengths {stated:.2f} times; was one of them cropped?"
            )
            yield Fault.of(pair.camera.file, reason, value=apart, limit=limits.field_of_view)


def flashes(collection: Collection, _: Limits) -> Iterator[Fault]:
    """Pairs of which one photo was taken with flash."""
    for pair in _of_one_subject(collection):
        phone, camera = pair.smartphone.contents.exif.flash, pair.camera.contents.exif.flash
        if phone is None or camera is None or phone & _FIRED == camera & _FIRED:
            continue
        fired = pair.camera if camera & _FIRED else pair.smartphone
        yield Fault.of(fired.file, "taken with flash, the other photo without; take it anew")
