"""Two folders of photos, one from each camera, become a manifest of proposed pairs.

`paircams.partner_search` finds them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from flickrexif.errors import UsageError
from flickrexif.progress import Progress, Silent
from paircams.collection import Collection
from paircams.folder import is_photo
from paircams.layout import PairSet, PhotoFile, Side, Subject, printable
from paircams.limits import limits_of
from paircams.matching.opencv import opencv
from paircams.partner_search import Search, apart
from paircams.partners import sketch
from paircams.proposal import Proposal, ProposedPair

if TYPE_CHECKING:
    from paircams.partner_search import Found

MANIFEST = "pairs.csv"


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
    pairing = Search(sides[0], sides[1], [sketch(photo) for photo in sides[1]], limits)
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


def _proposed(found: Found, by: str, clock_s: float | None) -> ProposedPair:
    phone, camera, inliers = found
    return ProposedPair(
        smartphone=phone.file.name,
        camera=camera.file.name,
        by="content" if by == "content" else "time",
        inliers=inliers,
        apart_s=apart(phone, camera, clock_s),
    )
