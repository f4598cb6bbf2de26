"""What do frozen embeddings of a release's photos tell of the cameras that took them?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flickrexif.probing.leak_plan import LeakPlan
from flickrexif.probing.leak_report import LeakReport, LeakRow
from flickrexif.probing.plan import ProbePlan
from flickrexif.probing.report import EncoderRecord, ProbeReport
from flickrexif.probing.require import required
from flickrexif.probing.result import AttributeResult
from flickrexif.probing.shift_plan import ShiftPlan
from flickrexif.probing.shift_report import ShiftMap
from flickrexif.progress import Progress, Silent

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image
    from torch import Tensor

    from flickrexif.imaging.image_set import ImageSet

__all__ = [
    "AttributeResult",
    "EncoderRecord",
    "LeakPlan",
    "LeakReport",
    "LeakRow",
    "ProbePlan",
    "ProbeReport",
    "ShiftMap",
    "ShiftPlan",
    "encoder_names",
    "leak_check",
    "probe",
    "shift_map",
]


def probe(
    release: Path | str,
    plan: ProbePlan | None = None,
    *,
    out: Path | str | None = None,
    progress: Progress | None = None,
) -> ProbeReport:
    """Embed each distinct photo of ``release`` once and probe every attribute linearly.

    A multinomial logistic regression is fitted to the train split for each penalty of the path; the
    validation split chooses one, train and validation together are fitted with it, and the test
    split is looked at once. Beside each accuracy stand chance, the majority class, permuted labels,
    and what sizes and colours alone tell. With ``out``, embeddings and results are written there.

    Raises `UsageError` for a folder that is no release or holds no images, for an attribute or
    encoder that is unknown or cannot be probed, and when the ``probe`` extra is not installed.
    """
    required("torch", *(() if out is None else ("matplotlib", "safetensors")))
    from flickrexif.probing.run import run

    return run(
        Path(release),
        plan or ProbePlan(),
        out=None if out is None else Path(out),
        progress=progress or Silent(),
    )


def encoder_names() -> tuple[str, ...]:
    """The names that `ProbePlan.encoders` may have."""
    required("torch")
    from flickrexif.probing.encoders import ENCODERS

    return tuple(ENCODERS)


def leak_check(
    images: Path | str | ImageSet,
    plan: LeakPlan | None = None,
    *,
    out: Path | str | None = None,
    progress: Progress | None = None,
) -> LeakReport:
    """Tell how well an encoder still finds what images show when a mask hides most of them.

    ``images`` is a folder with a folder per class, parquet with a column ``label``, or an opened
    set. Each image is decoded and cropped once and embedded under each mask ratio; a linear probe
    of the labels is fitted as in `probe`, on the set's own splits or on splits that the seed draws,
    which the report tells. Where all is hidden all embeddings are alike: the balanced accuracy is
    then exactly chance, and so is the accuracy when the test classes are of one size. Intervals
    are over owners where the set names them, else over images. Unreadable images are told with
    their reason and skipped. With ``out``, results and figure are written there.

    Raises `UsageError` for a set without labels or with one class, a ratio outside 0..1, too many
    unreadable images, an unknown encoder, and when the ``probe`` extra is not installed.
    """
    required("torch", *(() if out is None else ("matplotlib",)))
    from flickrexif.imaging.image_set import ImageSet
    from flickrexif.probing.leak import run

    opened = images if isinstance(images, ImageSet) else ImageSet.open(images)
    report = run(opened, plan or LeakPlan(), progress=progress or Silent())
    if out is not None:
        report.write(Path(out))
    return report


def shift_map(
    embed: str | Callable[[Tensor], Tensor],
    image: Path | str | Image.Image,
    plan: ShiftPlan | None = None,
    *,
    classify: Callable[[Tensor], Tensor] | None = None,
    out: Path | str | None = None,
    progress: Progress | None = None,
) -> ShiftMap:
    """Move an object over a canvas and compare an encoder's features with those at the centre.

    ``embed`` is the name of an encoder, or takes images (uint8, N x 3 x canvas x canvas) and gives
    features (N x D); ``classify`` takes the same and gives top-1 classes (whole numbers, N).
    ``image`` is the object, of which an alpha channel is kept. Positions are made and embedded
    batch by batch, so that memory holds the map alone, 8 to 16 bytes a position. The three modes of
    `ShiftPlan` give different figures at the borders: say which was used. With ``out``, map,
    results and heat map are written there.

    Raises `UsageError` for an object that cannot be read, is larger than the canvas (but in mode
    ``crop``), transparent everywhere or without room to move, for an unknown encoder, and when the
    ``probe`` extra is not installed; `ValueError` when a function gives what it should not.
    """
    required("torch", *(() if out is None else ("matplotlib",)))
    from flickrexif.probing.shift import run

    subject = Path(image) if isinstance(image, str) else image
    found = run(
        embed, subject, plan or ShiftPlan(), classify=classify, progress=progress or Silent()
    )
    if out is not None:
        found.write(Path(out))
    return found
