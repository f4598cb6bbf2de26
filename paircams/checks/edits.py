"""Was a file changed since the camera wrote it? Hints, for people to follow."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from paircams.checks.check import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from paircams.collection import Collection, Sound
    from paircams.limits import Limits

EDITORS = re.compile(
    r"\b(?:acdsee|affinity|aperture \d|capture one|darktable|digikam|dxo|gimp|imagemagick|"
    r"instagram|irfanview|lightroom|luminar|microsoft (?:photo|windows photo)|paint\.net|"
    r"paintshop|photo ?shop|photofiltre|photoscape|picasa|picsart|pixelmator|polarr|"
    r"rawtherapee|snapseed|vsco|xnview)",
    re.IGNORECASE,
)
"""What editors write as EXIF Software, where cameras write the version of their firmware."""

SENSOR_ASPECTS = (1.0, 5 / 4, 4 / 3, 3 / 2, 16 / 10, 16 / 9, 2.0, 19 / 9, 20 / 9, 65 / 24)
"""Long side over short, as cameras and phones offer them."""

PEERS = 3
"""So many photos of one device tell its size."""

Size = tuple[int, int]


def edited(collection: Collection, _: Limits) -> Iterator[Fault]:
    """Photos whose Software tag names an editor."""
    for photo in collection.sound:
        software = photo.contents.provenance.software
        if software is not None and EDITORS.search(software):
            reason = f"written by {software!r}, an editor; use the camera's own file"
            yield Fault.of(photo.file, reason, evidence={"software": software})


def cropped(collection: Collection, limits: Limits) -> Iterator[Fault]:
    """Photos of another aspect than when they were taken, or than any sensor's."""
    usual = _usual_sizes(collection)
    for photo in collection.sound:
        aspect, taken = _aspect(_size(photo)), _taken_size(photo, usual)
        known = SENSOR_ASPECTS if taken is None else (_aspect(taken),)
        apart = min(abs(aspect / other - 1) for other in known)
        if apart <= limits.aspect_tolerance:
            continue
        than = "any camera's" if taken is None else f"its camera's {_aspect(taken):.3f}"
        reason = f"has the aspect {aspect:.3f}, not {than}; use the uncropped photo"
        yield Fault.of(photo.file, reason, value=aspect)


def reduced(collection: Collection, limits: Limits) -> Iterator[Fault]:
    """Photos with fewer pixels than when they were taken, in the same aspect."""
    usual = _usual_sizes(collection)
    for photo in collection.sound:
        size, taken = _size(photo), _taken_size(photo, usual)
        if taken is None or abs(_aspect(size) / _aspect(taken) - 1) > limits.aspect_tolerance:
            continue
        share = size[0] / taken[0]
        if share < 1 - limits.aspect_tolerance:
            reason = (
                f"has {size[0]} x {size[1]} pixels of the camera's {taken[0]} x {taken[1]}; "
                "use the file at full size"
            )
            yield Fault.of(photo.file, reason, value=float(size[0]), limit=float(taken[0]))


def resaved(collection: Collection, _: Limits) -> Iterator[Fault]:
    """JPEGs that were JPEGs of a lower quality before."""
    for photo in collection.sound:
        earlier = collection.earlier_quality.get(photo.file)
        tables = photo.contents.provenance.tables
        if earlier is not None and tables is not None:
            reason = (
                f"was a JPEG of a quality of about {earlier} before it was saved at "
                f"{tables.quality}; use the camera's own file"
            )
            yield Fault.of(photo.file, reason, value=float(earlier))


def _taken_size(photo: Sound, usual: Mapping[object, Size]) -> Size | None:
    """The size when it was taken: as the EXIF says, else the usual one of its device here."""
    stated = photo.contents.provenance.stated_size
    if stated is not None:
        return max(stated), min(stated)
    return usual.get(photo.contents.device)


def _usual_sizes(collection: Collection) -> Mapping[object, Size]:
    """By device, the size of most of its photos, where that can be told."""
    sizes: dict[object, Counter[Size]] = defaultdict(Counter)
    for photo in collection.sound:
        if photo.contents.device is not None:
            sizes[photo.contents.device][_size(photo)] += 1
    commonest = {device: counted.most_common(1)[0] for device, counted in sizes.items()}
    return {
        device: size
        for device, (size, count) in commonest.items()
        if count >= PEERS and 2 * count > sizes[device].total()
    }


def _size(photo: Sound) -> Size:
    """Longer side first: a turned photo is no smaller one."""
    made = photo.contents.provenance
    return max(made.width, made.height), min(made.width, made.height)


def _aspect(size: Size) -> float:
    return size[0] / size[1]
