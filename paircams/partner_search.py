"""Which photo of two cameras belongs to which: by content, the nearest in time first.

A few photos spread over the whole are first compared with all of the other folder: the pairs found
tell how far the clocks are apart. With that taken off, each photo is compared with those nearest in
time, and only where none of them fits with all.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from paircams.collection import Sound
from paircams.matching.cascade import passes
from paircams.matching.homography import fit
from paircams.partners import most_alike, sketch

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flickrexif.progress import Progress
    from paircams.layout import PhotoFile
    from paircams.limits import Limits
    from paircams.matching.features import Features

SAMPLED = 24
"""Photos that are compared with all others to learn the clocks' difference."""
NEAREST = 8
"""Photos nearest in time that are compared first."""

Found = tuple[Sound, Sound, int]
"""Smartphone, camera, and the number of matches that agree."""


@dataclass(frozen=True, slots=True)
class Search:
    """The photos of both cameras, and the ``sketches`` of the second's, in their order."""

    phones: Sequence[Sound]
    cameras: Sequence[Sound]
    sketches: Sequence[Features]
    limits: Limits

    def by_content(self, progress: Progress) -> tuple[list[Found], float | None]:
        """Verified pairs, the surest first where photos compete, and the clocks' difference."""
        progress.start("matching", len(self.phones), "photo")
        step = max(1, len(self.phones) // SAMPLED)
        sample = self.phones[::step]
        found = [one for phone in sample for one in self._among_all(phone)]
        clock_s = clock_of(found)
        done = {phone.file for phone in sample}
        progress.advance(len(sample))
        for phone in self.phones:
            if phone.file not in done:
                near = self._fitting(phone, self._nearest(phone, clock_s))
                found += near or self._among_all(phone)
                progress.advance()
        progress.close()
        once = _once(found)
        return once, clock_of(once)

    def by_time(self, found: Sequence[Found], clock_s: float | None) -> list[Found]:
        """The nearest in time of what is left, where both are each other's nearest."""
        used = {photo.file for phone, camera, _ in found for photo in (phone, camera)}
        near: list[tuple[float, int, Found]] = []
        for number, phone in enumerate(p for p in self.phones if p.file not in used):
            for camera in self.cameras:
                apart_s = apart(phone, camera, clock_s)
                if camera.file not in used and apart_s is not None:
                    near.append((apart_s, number, (phone, camera, 0)))
        near.sort(key=lambda one: one[:2])
        close = [one for apart_s, _, one in near if apart_s <= self.limits.capture_gap_s]
        return _once(close, is_sorted=True)

    def _among_all(self, phone: Sound) -> list[Found]:
        alike = most_alike(sketch(phone), self.sketches)
        return self._fitting(phone, [self.cameras[place] for place in alike])

    def _nearest(self, phone: Sound, clock_s: float | None) -> list[Sound]:
        timed = [(apart(phone, camera, clock_s), camera) for camera in self.cameras]
        near = [(apart_s, camera) for apart_s, camera in timed if apart_s is not None]
        near.sort(key=lambda one: one[0])
        return [camera for _, camera in near[:NEAREST]]

    def _fitting(self, phone: Sound, cameras: Iterable[Sound]) -> list[Found]:
        fits = [(camera, fit(phone.look.features, camera.look.features)) for camera in cameras]
        return [
            (phone, camera, found.inliers)
            for camera, found in fits
            if found is not None and passes(found, self.limits)
        ]


def clock_of(found: Iterable[Found]) -> float | None:
    """By how many seconds the cameras' clocks are ahead, in the median of ``found``."""
    gaps = [gap for phone, camera, _ in found if (gap := _gap(phone, camera)) is not None]
    return median(gaps) if gaps else None


def _gap(phone: Sound, camera: Sound) -> float | None:
    taken = phone.contents.taken_at, camera.contents.taken_at
    if taken[0] is None or taken[1] is None:
        return None
    return (taken[1] - taken[0]).total_seconds()


def apart(phone: Sound, camera: Sound, clock_s: float | None) -> float | None:
    """Seconds apart by one clock; None while a time or the clocks' difference is unknown."""
    gap_s = _gap(phone, camera)
    return None if gap_s is None or clock_s is None else abs(gap_s - clock_s)


def _once(found: Iterable[Found], *, is_sorted: bool = False) -> list[Found]:
    """Each photo in one pair: taken in order, by default those with the most matches first."""
    ordered = found if is_sorted else sorted(found, key=lambda one: -one[2])
    used: set[PhotoFile] = set()
    kept: list[Found] = []
    for phone, camera, inliers in ordered:
        if phone.file not in used and camera.file not in used:
            used |= {phone.file, camera.file}
            kept.append((phone, camera, inliers))
    return kept
