"""Two folders of photos, one from each camera, paired by time and content.

A few photos spread over the whole are first compared with all of the other folder: the pairs found
tell how far the clocks are apart. With that taken off, each photo is compared with those nearest in
time, and only where none of them fits with all.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from flickrexif.errors import UsageError
from flickrexif.progress import Progress, Silent
from paircams.collection import Collection, Sound
from paircams.folder import is_photo
from paircams.layout import PairSet, PhotoFile, Side, Subject, printable
from paircams.limits import limits_of
from paircams.matching.cascade import passes
from paircams.matching.homography import fit
from paircams.matching.opencv import opencv
from paircams.partners import most_alike, sketch
from paircams.proposal import Proposal, ProposedPair

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from paircams.limits import Limits
    from paircams.matching.features import Features

MANIFEST = "pairs.csv"
SAMPLED = 24
"""Photos that are compared with all others to learn the clocks' difference."""
NEAREST = 8
"""Photos nearest in time that are compared first."""

Found = tuple[Sound, Sound, int]
"""Smartphone, camera, and the number of matches that agree."""


def match(
    smartphones: str | os.PathLike[str],
    cameras: str | os.PathLike[str],
    *,
    out: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Proposal:
    """Pair the photos in the folder ``smartphones`` with those in ``cameras``.

    Writes a manifest to ``out`` (by default ``pairs.csv`` in the folder that holds both), to be
    reviewed: a proposal, not a verdict. A photo is used once. Photos that cannot be read are told.

    Raises `UsageError` when a folder holds no photos, when both do not lie below the manifest's
    folder, and when the manifest is there already.
    """
    opencv()
    folders = Path(smartphones), Path(cameras)
    manifest = _manifest(folders, None if out is None else Path(out))
    limits, telling = limits_of("paper"), progress or Silent()
    phones = _photos(folders[0], "smartphone", manifest.parent)
    others = _photos(folders[1], "camera", manifest.parent)
    subjects = tuple(Subject(file.name, (file,)) for file in (*phones, *others))
    declared = PairSet(manifest.parent, subjects)
    opened = Collection.open(declared, telling)
    sides = [[p for p in opened.sound if p.file.side == side] for side in ("smartphone", "camera")]
    pairing = _Pairing(sides[0], sides[1], [sketch(photo) for photo in sides[1]], limits)
    found, clock_s = pairing.by_content(telling)
    pairs = [_proposed(one, "content", clock_s) for one in found]
    pairs += [_proposed(one, "time", clock_s) for one in pairing.by_time(found, clock_s)]
    used = {name for pair in pairs for name in (pair.smartphone, pair.camera)}
    proposal = Proposal(
        manifest=manifest,
        pairs=tuple(sorted(pairs, key=lambda pair: pair.smartphone)),
        left=tuple(p.file.name for p in opened.sound if p.file.name not in used),
        unreadable=tuple(file.name for file, _ in opened.flawed),
        clock_s=clock_s,
    )
    proposal.write()
    return proposal


def _manifest(folders: tuple[Path, Path], out: Path | None) -> Path:
    for folder in folders:
        if not folder.is_dir():
            raise UsageError(f"{printable(folder)!r} is no folder; name a folder of photos")
    absolute = [os.path.abspath(folder) for folder in folders]  # noqa: PTH100 - links unread
    if absolute[0] == absolute[1]:
        raise UsageError("both folders are one; name the smartphone's and the camera's")
    manifest = Path(os.path.commonpath(absolute)) / MANIFEST if out is None else out
    base = os.path.abspath(manifest.parent)  # noqa: PTH100
    if any(not Path(folder).is_relative_to(base) for folder in absolute):
        raise UsageError(f"{printable(manifest)!r} must lie above both folders; name another --out")
    if manifest.exists():
        raise UsageError(f"{printable(manifest)!r} is there already; name another --out")
    return manifest


def _photos(folder: Path, side: Side, root: Path) -> list[PhotoFile]:
    paths = sorted(path for path in folder.iterdir() if is_photo(path))
    if not paths:
        raise UsageError(f"{printable(folder)!r} holds no photos; name another folder")
    base = Path(os.path.abspath(root))  # noqa: PTH100
    names = [Path(os.path.abspath(path)).relative_to(base) for path in paths]  # noqa: PTH100
    return [
        PhotoFile(printable(name), side, printable(name), path)
        for name, path in zip(names, paths, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Pairing:
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
                apart_s = _apart(phone, camera, clock_s)
                if camera.file not in used and apart_s is not None:
                    near.append((apart_s, number, (phone, camera, 0)))
        near.sort(key=lambda one: one[:2])
        close = [one for apart_s, _, one in near if apart_s <= self.limits.capture_gap_s]
        return _once(close, is_sorted=True)

    def _among_all(self, phone: Sound) -> list[Found]:
        alike = most_alike(sketch(phone), self.sketches)
        return self._fitting(phone, [self.cameras[place] for place in alike])

    def _nearest(self, phone: Sound, clock_s: float | None) -> list[Sound]:
        timed = [(_apart(phone, camera, clock_s), camera) for camera in self.cameras]
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


def _apart(phone: Sound, camera: Sound, clock_s: float | None) -> float | None:
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


def _proposed(found: Found, by: str, clock_s: float | None) -> ProposedPair:
    phone, camera, inliers = found
    return ProposedPair(
        smartphone=phone.file.name,
        camera=camera.file.name,
        by="content" if by == "content" else "time",
        inliers=inliers,
        apart_s=_apart(phone, camera, clock_s),
    )
