"""Golden sets: frozen, distorted images on which an encoder must go on doing what it did."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flickrexif.errors import UsageError
from flickrexif.golden.folder import GoldenSet
from flickrexif.golden.outcome import DistortionRow, GoldenCheck, StressRow
from flickrexif.golden.plan import GoldenPlan
from flickrexif.probing.require import required
from flickrexif.progress import Progress, Silent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flickrexif.imaging.image_set import ImageSet
    from flickrexif.probing.devices import Device
    from flickrexif.probing.encoders.protocol import Encoder

__all__ = [
    "LEAST_COSINE",
    "MARGIN",
    "DistortionRow",
    "GoldenCheck",
    "GoldenPlan",
    "GoldenSet",
    "StressRow",
    "golden_add",
    "golden_check",
    "golden_freeze",
]

MARGIN = 0.02
LEAST_COSINE = 0.99


def golden_freeze(
    images: Path | str | ImageSet,
    plan: GoldenPlan | None = None,
    *,
    out: Path | str,
    progress: Progress | None = None,
) -> GoldenSet:
    """Freeze a seeded choice of ``images``, distorted, with what an encoder makes of them.

    ``images`` is a folder of image files, parquet files as datasets have them, or an opened set. Of
    a set with classes as many images of each are tested, all of a class that has fewer, and a
    linear probe is fitted to others, as they are; of a set without, only the embeddings are kept.
    Where there are fewer than were asked for, `GoldenSet.lacking` tells so. Pixels are stored
    without loss, each with its sha256. Of images with equal pixels one is taken, so that none is
    fitted and tested.
    The folder ``out`` appears whole or not at all. Equal images, plan and library versions freeze
    equal pixels.

    Raises `UsageError` for an ``out`` that exists, for what is no set of images, a set with classes
    too small to be split, too many unreadable images, an unknown encoder or distortion, and when
    the ``probe`` extra is not installed.
    """
    required("torch")
    from flickrexif.golden.freeze import freeze
    from flickrexif.imaging.image_set import ImageSet
    from flickrexif.probing.protocols.embedder import Embedder

    plan = plan or GoldenPlan()
    opened = images if isinstance(images, ImageSet) else ImageSet.open(images)
    embedder = Embedder.of(
        plan.encoder,
        device=plan.device,
        dtype=plan.dtype,
        threads=plan.threads,
        batch=plan.batch,
    )
    return freeze(opened, plan, embedder, out=Path(out), progress=progress or Silent())


def golden_check(
    golden: Path | str | GoldenSet,
    *,
    encoder: str | Encoder | None = None,
    margin: float = MARGIN,
    least_cosine: float = LEAST_COSINE,
    device: Device = "auto",
    threads: int = 1,
    progress: Progress | None = None,
) -> GoldenCheck:
    """Embed the frozen images again, by ``encoder`` or the one they were frozen with, and compare.

    The files are verified first. Of a set with classes the linear probe is fitted anew to the same
    images, and a distortion drops where its accuracy falls by more than ``margin`` (a share)
    below the frozen one; of a set without, where the cosine of any image to its frozen embedding is
    below ``least_cosine``. What dropped is told, not raised. Failures (`golden_add`) are told in a
    row of their own.

    Raises `UsageError` for what is no golden set, naming the image or file for a damaged one, and
    for an encoder of another dimension or crop, or that gives no finite numbers.
    """
    required("torch")
    from flickrexif.golden.check import check
    from flickrexif.probing.protocols.embedder import Embedder

    if not 0 <= margin <= 1:
        raise UsageError(f"margin {margin!r} is outside 0..1: give a share such as 0.02")
    if not -1 <= least_cosine <= 1:
        raise UsageError(f"least_cosine {least_cosine!r} is outside -1..1: give one such as 0.99")
    opened = golden if isinstance(golden, GoldenSet) else GoldenSet.open(golden)
    words = opened.manifest["plan"]
    embedder = Embedder.of(
        encoder or opened.manifest["encoder"]["name"],
        device=device,
        dtype=words["dtype"],
        threads=threads,
        batch=words["batch"],
    )
    return check(
        opened,
        embedder,
        margin=margin,
        least_cosine=least_cosine,
        progress=progress or Silent(),
    )


def golden_add(
    golden: Path | str | GoldenSet,
    images: Sequence[Path | str],
    *,
    label: str,
    reason: str,
    train: Path | str | ImageSet | None = None,
    progress: Progress | None = None,
) -> GoldenSet:
    """Add failures to a golden set: image files of class ``label``, and why they are here.

    They are cropped and stored as the frozen ones, each with its sha256, and only ever tested. All
    are added or none. ``train`` is a set that models were trained on: no image of it may join.
    What was added stays.

    Raises `UsageError` for a damaged golden set or one without classes, for an unknown class, a
    file that cannot be read, and an image whose decoded pixels are those of a training image, of
    one that is frozen, or of one that was added before.
    """
    from flickrexif.golden.add import add
    from flickrexif.imaging.image_set import ImageSet

    opened = golden if isinstance(golden, GoldenSet) else GoldenSet.open(golden)
    trained = ImageSet.open(train) if isinstance(train, Path | str) else train
    return add(
        opened,
        [Path(image) for image in images],
        label=label,
        reason=reason,
        train=trained,
        progress=progress or Silent(),
    )
