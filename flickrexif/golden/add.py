"""Failures that join a golden set: never trained on, only ever tested."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flickrexif.atomic import write_text
from flickrexif.errors import UsageError
from flickrexif.golden.folder import LEDGER, STRESS, GoldenSet, sha256_of, to_sealed
from flickrexif.golden.pixels import digest
from flickrexif.golden.tables import Words, write_images
from flickrexif.imaging.crop import resize_and_crop
from flickrexif.imaging.decode import UnreadableImage, decode_rgb

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from flickrexif.imaging.image_set import ImageSet
    from flickrexif.imaging.reading import Pixels
    from flickrexif.progress import Progress


def add(
    golden: GoldenSet,
    images: Sequence[Path],
    *,
    label: str,
    reason: str,
    train: ImageSet | None,
    progress: Progress,
) -> GoldenSet:
    """See `flickrexif.golden.golden_add`."""
    _require_words(golden, label, reason)
    golden.verify()
    known = _known(golden)
    if train is not None:
        known = _of_training(train, progress) | known
    made = []
    for image in images:
        words, pixels = _made(image, golden, label=label, reason=reason)
        for sha256 in (words.source_sha256, words.sha256):
            if sha256 in known:
                raise UsageError(f"{str(image)!r} {known[sha256]}: nothing was added")
        known |= dict.fromkeys((words.source_sha256, words.sha256), "is named twice")
        made.append((words, pixels))
    if not made:
        raise UsageError("no image to add: name one or more")
    return _added(golden, made)


def _added(golden: GoldenSet, made: list[tuple[Words, Pixels]]) -> GoldenSet:
    """The file first, then its entry: one that a killed process left is written over."""
    file = golden.path / STRESS / f"{len(golden.ledger) + 1:05}.parquet"
    file.parent.mkdir(exist_ok=True)
    rows = write_images(file, made)
    entry = {
        "file": file.name,
        "sha256": sha256_of(file),
        "images": [
            {"name": r.name, "label": r.label, "reason": r.reason, "sha256": r.sha256} for r in rows
        ],
    }
    write_text(golden.path / LEDGER, to_sealed({"files": [*golden.ledger, entry]}))
    return GoldenSet.open(golden.path)


def _require_words(golden: GoldenSet, label: str, reason: str) -> None:
    if not golden.classes:
        raise UsageError(
            f"{str(golden.path)!r} was frozen without classes, so nothing tells whether a failure "
            "is one: freeze a labelled set"
        )
    if label not in golden.classes:
        raise UsageError(f"class {label!r} is none of {', '.join(golden.classes)}: use one of them")
    if not reason.strip():
        raise UsageError("a failure needs a reason: tell in a few words what went wrong")


def _known(golden: GoldenSet) -> dict[str, str]:
    """Digest of pixels → what would be wrong with an image that has them."""
    found: dict[str, str] = {}
    for words, _ in golden.images():
        fitted = words.role in ("train", "validation")
        told = f"is {words.name!r}, which {'the probe is fitted to' if fitted else 'is frozen'}"
        for sha256 in (words.sha256, words.source_sha256):
            found.setdefault(sha256, told)
    for words, _ in golden.stress():
        told = f"was added before as {words.name!r}"
        found |= dict.fromkeys((words.sha256, words.source_sha256), told)
    return found


def _of_training(train: ImageSet, progress: Progress) -> dict[str, str]:
    progress.start("look for twins", len(train), "images")
    found = {}
    for image in train:
        progress.advance()
        try:
            whole = decode_rgb(image.content)
        except UnreadableImage:
            continue  # what nothing can read, nothing was trained on
        told = f"is {image.name!r} of the training set {train.path.name!r}"
        found[digest(np.asarray(whole))] = told
    progress.close()
    return found


def _made(image: Path, golden: GoldenSet, *, label: str, reason: str) -> tuple[Words, Pixels]:
    try:
        whole = decode_rgb(image.read_bytes())
        crop = golden.crop
        pixels = np.array(resize_and_crop(whole, crop.size, crop.interpolation))
    except (OSError, UnreadableImage) as error:
        raise UsageError(f"{str(image)!r} is no readable image ({error}): name another") from error
    words = Words(
        name=image.name,
        label=label,
        role="stress",
        distortion="stress",
        reason=reason.strip(),
        sha256=digest(pixels),
        source_sha256=digest(np.asarray(whole)),
    )
    return words, pixels
