"""Does an encoder still do on frozen images what it did?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from flickrexif.errors import UsageError
from flickrexif.golden.folder import EMBEDDINGS, IMAGES
from flickrexif.golden.freeze import described, made_with
from flickrexif.golden.judge import Judged, judged
from flickrexif.golden.outcome import DistortionRow, GoldenCheck, StressRow
from flickrexif.golden.tables import read_embeddings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from flickrexif.golden.folder import GoldenSet
    from flickrexif.probing.protocols.embedder import Embedder
    from flickrexif.progress import Progress

ROUNDING = 1e-9
"""Accuracies are counts over one number of images: 1 - 0.98 is 0.02, not a hair more."""


def check(
    golden: GoldenSet,
    embedder: Embedder,
    *,
    margin: float,
    least_cosine: float,
    progress: Progress,
) -> GoldenCheck:
    """See `flickrexif.golden.golden_check`."""
    _require_fit(golden, embedder)
    golden.verify()
    vectors, said = read_embeddings(golden.path / EMBEDDINGS)
    now = judged(
        golden.path / IMAGES,
        embedder,
        golden.classes,
        penalty=golden.manifest["penalty"],
        stress=golden.stress_files,
        progress=progress,
    )
    count = len(vectors)
    before = Judged(now.rows[:count], vectors, said, now.penalty)
    cosines = cosine(before.vectors, now.vectors[:count])
    rows = tuple(
        _row(name, before, now, cosines, margin=margin, least_cosine=least_cosine)
        for name in golden.manifest["distortions"]
    )
    return GoldenCheck(
        golden=golden.path.resolve().name,
        frozen=golden.manifest["encoder"],
        checked=described(embedder),
        identical=bool((before.vectors == now.vectors[:count]).all()),
        made_with=made_with(),
        frozen_with=golden.manifest["made_with"],
        margin=margin if golden.classes else None,
        least_cosine=None if golden.classes else least_cosine,
        rows=rows,
        stress=_stress(now, count),
    )


def cosine(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float64]:
    """Of each row of ``left`` (N x D) with that of ``right``: exactly 1 where the two are equal."""
    one, other = left.astype(np.float64), right.astype(np.float64)
    norms = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    angle = (one * other).sum(axis=1) / np.maximum(norms, np.finfo(np.float64).tiny)
    return np.where((one == other).all(axis=1), 1.0, angle.clip(-1, 1))


def _require_fit(golden: GoldenSet, embedder: Embedder) -> None:
    """`UsageError` for an encoder whose embeddings or crops are not those of the golden set."""
    frozen = golden.manifest["encoder"]
    if embedder.dim != frozen["dim"]:
        raise UsageError(
            f"encoder {embedder.name!r} gives {embedder.dim} numbers, the golden set "
            f"{str(golden.path)!r} was frozen with {frozen['dim']}: freeze another with it"
        )
    if not embedder.takes(golden.crop):
        takes, has = embedder.crop(), golden.crop
        raise UsageError(
            f"encoder {embedder.name!r} takes {takes.size} px ({takes.interpolation}), the golden "
            f"set {str(golden.path)!r} has {has.size} px ({has.interpolation}): freeze another "
            "with it"
        )


def _row(
    name: str,
    before: Judged,
    now: Judged,
    cosines: NDArray[np.float64],
    *,
    margin: float,
    least_cosine: float,
) -> DistortionRow:
    places = before.of(name)
    frozen, found = before.accuracy(name), now.accuracy(name)
    least = float(cosines[places].min())
    if frozen is None or found is None:
        dropped = least < least_cosine
        newly_wrong = None
    else:
        dropped = frozen - found > margin + ROUNDING
        right = [before.said[at] == before.rows[at].label for at in places.tolist()]
        wrong = [now.said[at] != now.rows[at].label for at in places.tolist()]
        newly_wrong = sum(map(bool, np.logical_and(right, wrong)))
    return DistortionRow(
        distortion=name,
        images=len(places),
        frozen=frozen,
        now=found,
        newly_wrong=newly_wrong,
        mean_cosine=float(cosines[places].mean()),
        least_cosine=least,
        dropped=dropped,
    )


def _stress(now: Judged, first: int) -> tuple[StressRow, ...]:
    return tuple(
        StressRow(row.name, str(row.label), str(now.said[first + at]), str(row.reason))
        for at, row in enumerate(now.rows[first:])
    )
