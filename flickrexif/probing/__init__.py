"""What do frozen embeddings of a release's photos tell of the cameras that took them?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flickrexif.probing.embedding.plan import EmbedPlan
from flickrexif.probing.embedding.report import EmbedReport
from flickrexif.probing.encoder_list import ListedEncoder
from flickrexif.probing.plan import ProbePlan
from flickrexif.probing.preprocess import PreprocessSpec
from flickrexif.probing.protocols.degradation_plan import DegradationPlan
from flickrexif.probing.protocols.degradation_summary import DegradationReport
from flickrexif.probing.protocols.leak_plan import LeakPlan
from flickrexif.probing.protocols.leak_report import LeakReport, LeakRow
from flickrexif.probing.protocols.protocol_plan import NeighboursPlan, ProcessingPlan
from flickrexif.probing.protocols.protocol_report import NeighboursReport, ProcessingReport
from flickrexif.probing.protocols.protocol_rows import NeighboursRow, ProcessingRow
from flickrexif.probing.protocols.shift_plan import ShiftPlan
from flickrexif.probing.protocols.shift_report import ShiftMap
from flickrexif.probing.reporting.comparison import ComparedProbe, ProbeComparison
from flickrexif.probing.reporting.report import EncoderRecord, ProbeReport
from flickrexif.probing.require import required
from flickrexif.probing.result import AttributeResult
from flickrexif.progress import Progress, Silent

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray
    from PIL import Image
    from torch import Tensor
    from torch.nn import Module

    from flickrexif.imaging.image_set import ImageSet
    from flickrexif.probing.devices import Dtype
    from flickrexif.probing.encoders.protocol import Encoder, Family

__all__ = [
    "AttributeResult",
    "ComparedProbe",
    "DegradationPlan",
    "DegradationReport",
    "EmbedPlan",
    "EmbedReport",
    "EncoderRecord",
    "LeakPlan",
    "LeakReport",
    "LeakRow",
    "ListedEncoder",
    "NeighboursPlan",
    "NeighboursReport",
    "NeighboursRow",
    "PreprocessSpec",
    "ProbeComparison",
    "ProbePlan",
    "ProbeReport",
    "ProcessingPlan",
    "ProcessingReport",
    "ProcessingRow",
    "ShiftMap",
    "ShiftPlan",
    "compare_probes",
    "degradation_report",
    "embed",
    "leak_check",
    "list_encoders",
    "module_encoder",
    "neighbours_protocol",
    "probe",
    "processing_protocol",
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


def compare_probes(first: Path | str, second: Path | str) -> ProbeComparison:
    """Hold one probe's results against another's, or against the published ones.

    ``first`` and ``second`` are folders that `probe` wrote, or results.json in them; ``second`` may
    be the word ``paper`` (a folder of that name is ``./paper``). Encoders and attributes are those
    that stand on both sides with as many classes; what does not is told with its reason. Runs of
    one encoder each that differ are compared as these two encoders. Two runs
    that answered the same test photos are compared photo by photo, with an interval over owners;
    others by their own intervals, as if they were independent. The published figures have no
    interval: it is told whether they lie inside ours, and in what the set-ups differ. Where no
    encoder of ``first`` is the study's, there are no rows, and `ProbeComparison.beside` has what
    the study found of the same attributes.

    Raises `UsageError` for what is no probe's results, when nothing can be compared, and when the
    ``probe`` extra is not installed.
    """
    required("torch")
    from flickrexif.probing.reporting.compare import PAPER, compare_paper, compare_runs

    if second == PAPER:
        return compare_paper(Path(first))
    return compare_runs(Path(first), Path(second))


def embed(
    images: Path | str,
    plan: EmbedPlan | None = None,
    *,
    out: Path | str,
    progress: Progress | None = None,
) -> EmbedReport:
    """Embed each photo of ``images`` by each encoder of ``plan``, into ``out``/embeddings.

    ``images`` is a release, or any set of images. Each photo is decoded once for all encoders.
    An encoder's file holds ``image_embeddings`` (float32, N x D) and ``Flickr ID`` (int64, N,
    ascending), ``label`` for a set with classes, ``subject`` and ``model`` for camera pairs (tables
    with the columns ``subject_idx`` and ``model``; int64, N), and in its metadata where all of it
    comes from and the names that these count: ``classes``, ``subjects``, ``models``.
    `flickrexif.probe` with the same ``out`` takes the file from there. What is embedded is on disk
    shard by shard: a run that was killed goes on where it was. Photos that cannot be read are
    skipped, with their reason.

    Raises `UsageError` for an encoder that cannot be had or does not fit the photos, for files in
    ``out`` that were made with other words, for embeddings that are no finite numbers, when no
    photo can be read, and when the ``probe`` extra is not installed.
    """
    required("torch", "safetensors")
    from flickrexif.probing.embedding.command import run

    return run(Path(images), plan or EmbedPlan(), out=Path(out), progress=progress or Silent())


def list_encoders(family: str | None = None) -> tuple[ListedEncoder, ...]:
    """The encoders with a name of their own, or those of one family; nothing is downloaded.

    Raises `UsageError` for a family that is none, and when the ``probe`` extra is not installed.
    """
    required("torch")
    from flickrexif.probing.encoders.listing import listed

    return listed(family)


def module_encoder(
    module: Module,
    spec: PreprocessSpec,
    *,
    name: str,
    family: Family = "other",
    device: str = "cpu",
    dtype: Dtype = "float32",
) -> Encoder:
    """Any torch module as an encoder, for `ProbePlan.encoders`, `EmbedPlan.encoders` and others.

    ``module`` takes float32 (N x 3 x H x W, resized, cropped and normalised by ``spec``) and gives
    N x D. It is put into evaluation mode and moved to ``device``; its weights are hashed. Raises
    `UsageError` when it gives no N x D, and when the ``probe`` extra is not installed.
    """
    required("torch")
    from flickrexif.probing.encoders.module import module_encoder as made

    return made(module, spec, name=name, family=family, device=device, dtype=dtype)


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
    from flickrexif.probing.protocols.leak import run

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
    from flickrexif.probing.protocols.shift import run

    subject = Path(image) if isinstance(image, str) else image
    found = run(
        embed, subject, plan or ShiftPlan(), classify=classify, progress=progress or Silent()
    )
    if out is not None:
        found.write(Path(out))
    return found


def degradation_report(
    images: Path | str | ImageSet,
    plan: DegradationPlan | None = None,
    *,
    classify: Callable[[Tensor], Tensor | NDArray[np.floating]] | None = None,
    out: Path | str | None = None,
    progress: Progress | None = None,
) -> DegradationReport:
    """Degrade labelled images level by level and tell which classes a classifier then confuses.

    ``images`` is a folder with a folder per class, parquet with a column ``label``, or an opened
    set. ``classify`` takes images (uint8, N x 3 x crop x crop) and gives probabilities (N x classes
    of the plan, or of the set); it is tested on the set's test split, its validation split where
    there is no test, or all images. Without it a linear head on ``plan.encoder`` is fitted to the
    undegraded train and validation images and tested on the others. Each image is decoded, resized
    and cropped once, then degraded at each level of the sweep in linear light.

    Beside the accuracy of each level stand the mean drop of the probability of the class that was
    said of the original, each class's z-score of it (by mean and deviation of all images), the new
    confusions, and how well the two classes of the commonest of them stay apart. Unreadable images
    are told with their reason and skipped. With ``out``, results, tables and figure are written
    there.

    Raises `UsageError` for a set without labels or with one class, a class that the classifier does
    not have, too many unreadable images, an unknown sweep or encoder, and when the ``probe`` extra
    is not installed; `ValueError` when ``classify`` gives no probabilities.
    """
    required("torch", *(() if out is None else ("matplotlib",)))
    from flickrexif.imaging.image_set import ImageSet
    from flickrexif.probing.protocols.degradation import run

    opened = images if isinstance(images, ImageSet) else ImageSet.open(images)
    report = run(
        opened, plan or DegradationPlan(), classify=classify, progress=progress or Silent()
    )
    if out is not None:
        report.write(Path(out))
    return report


def processing_protocol(
    images: Path | str | ImageSet,
    plan: ProcessingPlan | None = None,
    *,
    out: Path | str | None = None,
    progress: Progress | None = None,
) -> ProcessingReport:
    """Tell how well embeddings tell how an image was processed: the study's processing labels.

    ``images`` is any set, labelled or not: a folder, parquet, or an opened one. Each image is
    decoded once, processed at its full size in every class of the families, and embedded once under
    each. A class is then drawn for it ``plan.seeds`` times and a linear probe fitted as in `probe`;
    the mean accuracy over the draws stands beside chance, the majority class and permuted labels.
    Splits are the set's own, or drawn with owners apart, which the report tells. Unreadable images
    are told with their reason and skipped. With ``out``, results and figure are written there.

    Raises `UsageError` for an unknown family or encoder, a set too small for three splits, too many
    unreadable images, and when the ``probe`` extra is not installed.
    """
    required("torch", *(() if out is None else ("matplotlib",)))
    from flickrexif.imaging.image_set import ImageSet
    from flickrexif.probing.protocols.processing_label import run

    opened = images if isinstance(images, ImageSet) else ImageSet.open(images)
    report = run(opened, plan or ProcessingPlan(), progress=progress or Silent())
    if out is not None:
        report.write(Path(out))
    return report


def neighbours_protocol(
    images: Path | str | ImageSet,
    plan: NeighboursPlan | None = None,
    *,
    out: Path | str | None = None,
    progress: Progress | None = None,
) -> NeighboursReport:
    """Tell whether processing decides which images look alike: the study's kNN in five set-ups.

    ``images`` is a folder with a folder per class, parquet with a column ``label``, or an opened
    set; what is predicted is that label. Train and validation are the gallery, test the queries.
    Images are processed and embedded as in `processing_protocol`; the set-ups are those of
    `flickrexif.probing.protocols.semantics`, each with the mean accuracy over its comparisons and
    its difference from all-same. With ``out``, results and figure are written there.

    Raises `UsageError` for a set without labels or with one class, a ``k`` larger than the gallery,
    an unknown family, set-up or encoder, too many unreadable images, and when the ``probe`` extra
    is not installed.
    """
    required("torch", *(() if out is None else ("matplotlib",)))
    from flickrexif.imaging.image_set import ImageSet
    from flickrexif.probing.protocols.semantics_run import run

    opened = images if isinstance(images, ImageSet) else ImageSet.open(images)
    report = run(opened, plan or NeighboursPlan(), progress=progress or Silent())
    if out is not None:
        report.write(Path(out))
    return report
